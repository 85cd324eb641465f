//! Subjects made by hand for the unit tests of rules.

mod shipped;

use std::path::{Path, PathBuf};

use shipped::Shipped;

use crate::check::Finding;
use crate::facts::elf::ElfFacts;
use crate::facts::go_build_info::GoBuild;
use crate::facts::libc::{Certainty, Libc, LibcFamily, RuntimePart};
use crate::facts::macho::code_signature::{CodeDirectory, CodeSignature, SignatureKind};
use crate::facts::macho::{Dylib, MachOFacts};
use crate::facts::pe::{Authenticode, CertificateEntry, PeFacts};
use crate::facts::rust_build_info::RustBuild;
use crate::facts::signed_data::{Signer, Timestamp, Verification};
use crate::facts::texts::Texts;
use crate::facts::{Details, Endian, Facts, FileFacts, Format, Kind, Linkage, Os};
use crate::hosts::load::Loads;
use crate::hosts::{self, Host};
use crate::images::{InImage, Part, Platform};
use crate::policy::{Level, LinkagePolicy, Origin, Policy, Setting};
use crate::report::{self, Report};
use crate::rules::{Rule, Subject, Verdict, Violation};
use crate::run::{Artifact, Provenance, Role};

/// One subject with everything a rule may look at; tests change what they are about.
pub(in crate::rules) struct Case {
    pub(crate) artifact: Artifact,
    pub(crate) facts: Facts,
    pub(crate) policy: Policy,
    pub(crate) provenance: Provenance,
    pub(crate) hosts: Vec<Host>,
    /// Architectures of further slices.
    pub(crate) archs: Vec<&'static str>,
    pub(crate) texts: Option<Texts>,
    pub(crate) image: Option<InImage>,
    /// What lies beside the artifact, by absolute path.
    shipped: Shipped,
}

impl Case {
    /// A static-pie program for Linux on x86_64, the default policy, nothing known about the build.
    pub(crate) fn elf() -> Self {
        Case::of(Format::Elf, Os::Linux, Kind::StaticPie, Details::Elf(Box::default()))
    }

    /// A program for Windows on x86_64.
    pub(crate) fn pe() -> Self {
        Case::of(Format::Pe, Os::Windows, Kind::Exe, Details::Pe(Box::default()))
    }

    /// A program for macOS on arm64.
    pub(crate) fn macho() -> Self {
        let mut case = Case::of(Format::MachO, Os::MacOs, Kind::Execute, Details::MachO(Box::default()));
        case.facts.arch = "aarch64".into();
        case
    }

    /// A dylib for macOS on arm64.
    pub(crate) fn dylib() -> Self {
        Case::macho()
            .with(|case| case.facts.kind = Kind::SharedObject)
            .edit_macho(|macho| macho.file_type = "dylib".into())
    }

    /// Ships another file with it, by absolute path; the artifact lies in `/app/dist`.
    pub(crate) fn beside(mut self, path: &str, other: Case) -> Self {
        self.shipped.code.insert(path.to_owned(), other.facts);
        self
    }

    /// Ships a file that is no code with it, likewise.
    pub(crate) fn beside_data(mut self, path: &str, text: &str) -> Self {
        self.shipped.data.insert(path.to_owned(), text.to_owned());
        self
    }

    fn of(format: Format, os: Os, kind: Kind, details: Details) -> Self {
        let path = if format == Format::Pe { "dist/app.exe" } else { "dist/app" };
        Case {
            artifact: Artifact { path: PathBuf::from(path), role: Role::Unknown, package: None, target: None },
            facts: Facts {
                format,
                arch: "x86_64".into(),
                bits: 64,
                endian: Endian::Little,
                os,
                kind,
                linkage: if format == Format::Elf { Linkage::Static } else { Linkage::Dynamic },
                libc: libc(if format == Format::Elf { LibcFamily::Musl } else { LibcFamily::System }, true),
                packed: None,
                go: None,
                rust: None,
                details,
            },
            policy: Policy::default_policy(),
            provenance: Provenance::default(),
            hosts: Vec::new(),
            archs: Vec::new(),
            texts: None,
            image: None,
            shipped: Shipped::default(),
        }
    }

    /// Makes it an ordinary dynamically linked glibc program that needs these libraries.
    pub(crate) fn dynamic(mut self, needed: &[&str]) -> Self {
        self.facts.kind = Kind::Pie;
        self.facts.linkage = Linkage::Dynamic;
        self.facts.libc = libc(LibcFamily::Glibc, false);
        let needed = needed.iter().map(ToString::to_string).collect();
        self.edit(|elf| {
            elf.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into());
            elf.has_dynamic = true;
            elf.needed = needed;
        })
    }

    /// Makes it a shared object.
    pub(crate) fn shared(mut self) -> Self {
        self.facts.kind = Kind::SharedObject;
        self.facts.linkage = Linkage::Dynamic;
        self.edit(|elf| elf.has_dynamic = true)
    }

    /// Changes its ELF facts.
    pub(crate) fn edit(mut self, change: impl FnOnce(&mut ElfFacts)) -> Self {
        if let Details::Elf(elf) = &mut self.facts.details {
            change(elf);
        }
        self
    }

    /// Changes its PE facts.
    pub(crate) fn edit_pe(mut self, change: impl FnOnce(&mut PeFacts)) -> Self {
        if let Details::Pe(pe) = &mut self.facts.details {
            change(pe);
        }
        self
    }

    /// Changes its Mach-O facts.
    pub(crate) fn edit_macho(mut self, change: impl FnOnce(&mut MachOFacts)) -> Self {
        if let Details::MachO(macho) = &mut self.facts.details {
            change(macho);
        }
        self
    }

    /// Changes anything.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Lists these hosts in `runs-on`, on line 1.
    pub(crate) fn runs_on(mut self, names: &[&str]) -> Self {
        self.policy.runs_on = names.iter().map(|name| from_file(name.to_string())).collect();
        let host = |name: &&str| hosts::find(name, &self.facts.arch).expect("a host of the catalogue");
        self.hosts = names.iter().map(host).collect();
        self
    }

    /// Puts it into an image whose root is a host of the catalogue.
    pub(crate) fn in_image(mut self, host: &str, platform: &str, part: Part) -> Self {
        let mut words = platform.split('/').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let (os, architecture, variant) = (word(), word(), word());
        let variant = Some(variant).filter(|variant| !variant.is_empty());
        let mut root = hosts::find(host, &self.facts.arch).expect("a host of the catalogue");
        root.name = "image.tar".into();
        self.hosts = vec![root];
        self.artifact.path = PathBuf::from("image.tar:/app");
        self.image = Some(InImage {
            image: "image.tar".into(),
            path: "/app".into(),
            configured: Platform { os: os.clone(), architecture: architecture.clone(), variant: variant.clone() },
            platform: Platform { os, architecture, variant },
            part,
            named: false,
            loader_cpu: None,
            script: None,
            fault: None,
        });
        self
    }

    /// Says which target it was built for.
    pub(crate) fn target(mut self, target: &str) -> Self {
        self.artifact.target = Some(target.into());
        self
    }

    /// Makes it a Go program with these build settings.
    pub(crate) fn go(mut self, settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        self.facts.go = Some(GoBuild { version: Some("go1.27.3".into()), settings, ..GoBuild::default() });
        self
    }

    /// Makes it a Rust program.
    pub(crate) fn rust(mut self) -> Self {
        self.facts.rust = Some(RustBuild { version: Some("1.95.0".into()), ..RustBuild::default() });
        self
    }

    /// Sets `linkage`.
    pub(crate) fn linkage(mut self, linkage: LinkagePolicy) -> Self {
        self.policy.linkage = from_file(linkage);
        self
    }

    /// Asks a rule.
    pub(crate) fn judge(&self, rule: &Rule) -> Verdict {
        let effective =
            self.policy.for_artifact(&self.artifact.path.to_string_lossy(), self.artifact.target.as_deref());
        let path = format!("/app/{}", self.artifact.path.display());
        let slices = self.archs.iter().map(|arch| Facts { arch: (*arch).to_owned().into(), ..self.facts.clone() });
        let slices = slices.chain([self.facts.clone()]).collect();
        let file = FileFacts { size: 0, slices, texts: self.texts.clone(), instructions: None };
        let loads = Loads::new(&self.facts, &path, &self.hosts, &self.shipped).with_symbols(false, &effective.provided);
        let subject = Subject {
            artifact: &self.artifact,
            facts: &self.facts,
            file: &file,
            policy: &effective,
            hosts: &self.hosts,
            loads: &loads,
            provenance: &self.provenance,
            image: self.image.as_ref(),
        };
        assert!(rule.formats.contains(&self.facts.format), "`{}` does not look at this format", rule.id);
        rule.check.expect("a check")(&subject)
    }

    /// The violations a rule finds; panics on any other verdict.
    #[track_caller]
    pub(crate) fn violations(&self, rule: &Rule) -> Vec<Violation> {
        match self.judge(rule) {
            Verdict::Violated(violations) | Verdict::PartlyOpen(violations, _) => {
                assert!(
                    violations.iter().all(|violation| !violation.evidence.is_empty()),
                    "no evidence: {violations:?}"
                );
                violations
            }
            other => panic!("{}: {other:?}", rule.id),
        }
    }

    /// The violations a rule finds, and what it leaves open beside them.
    #[track_caller]
    pub(crate) fn partly_open(&self, rule: &Rule) -> (Vec<Violation>, String) {
        match self.judge(rule) {
            Verdict::PartlyOpen(violations, open) => (violations, open),
            other => panic!("{}: {other:?}", rule.id),
        }
    }

    /// The only violation a rule finds, which its page has to show as its example, word for word.
    #[track_caller]
    pub(crate) fn documented(&self, rule: &Rule) -> Violation {
        let mut found = self.violations(rule);
        assert_eq!(found.len(), 1, "{found:?}");
        let violation = found.remove(0);
        let shown = render(rule, &violation, &self.artifact.path);
        if option_env!("SEAWORTHY_BLESS").is_some() {
            bless(rule, &shown);
        } else {
            let how = "SEAWORTHY_BLESS=1 cargo test --lib rules::";
            assert!(rule.docs.contains(&shown), "{how}\nthe page of `{}` has to show:\n{shown}", rule.id);
        }
        violation
    }

    #[track_caller]
    pub(crate) fn passes(&self, rule: &Rule) {
        assert_eq!(self.judge(rule), Verdict::Pass, "{}", rule.id);
    }

    #[track_caller]
    pub(crate) fn not_applicable(&self, rule: &Rule) {
        let verdict = self.judge(rule);
        assert!(matches!(verdict, Verdict::NotApplicable(_)), "{}: {verdict:?}", rule.id);
    }

    #[track_caller]
    pub(crate) fn inconclusive(&self, rule: &Rule) {
        let verdict = self.judge(rule);
        assert!(matches!(verdict, Verdict::Inconclusive(_)), "{}: {verdict:?}", rule.id);
    }
}

/// Writes the example anew into the rule's own source, as snapshot tests do.
fn bless(rule: &Rule, shown: &str) {
    let path = format!("{}/src/rules/{}.rs", env!("CARGO_MANIFEST_DIR"), rule.id.replace('-', "_"));
    let source = std::fs::read_to_string(&path).expect("the rule's source");
    let (before, rest) = source.split_once("```text\n").expect("an example");
    let (_, after) = rest.split_once("```").expect("the end of the example");
    std::fs::write(&path, format!("{before}```text\n{shown}```{after}")).expect("the source can be written");
}

/// A violation as the text report shows it.
fn render(rule: &Rule, violation: &Violation, path: &Path) -> String {
    let violation = violation.clone();
    let named = |text: String| text.replace("{artifact}", &path.to_string_lossy());
    // What is allowed is not shown until a policy asks for it.
    let (level, level_origin) = match rule.default {
        Level::Allow => (Level::Warn, Origin::File { path: "seaworthy.toml".into(), line: 2 }),
        level => (level, Origin::Default),
    };
    let finding = Finding {
        rule: rule.id,
        level,
        level_origin,
        artifact: path.to_path_buf(),
        slice: None,
        message: named(violation.message),
        evidence: violation.evidence,
        causes: violation.causes,
        host: violation.host,
        has: violation.has,
        blame: None,
        policy: violation.policy,
        help: violation.help.map(named),
    };
    let report = Report { general: vec![finding], ..Report::default() };
    report::text::render(&report, &report::Styles::PLAIN, report::Detail::Quiet)
}

/// A static program with glibc, of which these parts are loaded at run time.
pub(in crate::rules) fn static_glibc(parts: &[RuntimePart]) -> Case {
    let inside = Libc { runtime_parts: parts.to_vec(), ..libc(LibcFamily::Glibc, true) };
    Case::elf().with(|case| case.facts.libc = inside)
}

/// A C library, certain.
pub(in crate::rules) fn libc(family: LibcFamily, linked_in: bool) -> Libc {
    Libc {
        family,
        linked_in,
        certainty: Certainty::Certain,
        evidence: Vec::new(),
        version: None,
        runtime_parts: Vec::new(),
    }
}

/// A program for macOS with a signature of this kind, these CodeDirectory flags and this team.
pub(in crate::rules) fn signed_macho(kind: SignatureKind, flags: u32, team: Option<&str>) -> Case {
    let team_id = team.map(String::from);
    Case::macho().edit_macho(|macho| {
        macho.signature_kind = kind;
        let mut directory = CodeDirectory::default();
        directory.flags = flags;
        directory.team_id = team_id;
        macho.code_signature =
            Some(CodeSignature { kind, code_directories: vec![directory], ..CodeSignature::default() });
    })
}

/// A program for Windows with an Authenticode signature.
pub(in crate::rules) fn signed_pe(change: impl FnOnce(&mut Authenticode)) -> Case {
    let mut authenticode = Authenticode::default();
    change(&mut authenticode);
    let entry = CertificateEntry { authenticode: Some(authenticode), ..CertificateEntry::default() };
    Case::pe().edit_pe(|pe| pe.certificates = vec![entry])
}

/// A dylib that a load command of this kind names.
pub(in crate::rules) fn dylib(name: &str, kind: &str) -> Dylib {
    Dylib { name: name.into(), kind: kind.into(), current: "1.0.0".into(), compat: "1.0.0".into() }
}

/// A signer whose signature is as this says.
pub(in crate::rules) fn signer(verification: Verification, timestamp: Option<Timestamp>) -> Signer {
    Signer {
        subject: Some("CN=Jane Doe".into()),
        issuer: None,
        serial: None,
        digest_algorithm: "sha256".into(),
        signature_algorithm: "rsa".into(),
        message_digest: None,
        verification,
        signing_time: None,
        timestamp,
    }
}

/// A value set by line 1 of a policy file.
pub(in crate::rules) fn from_file<T>(value: T) -> Setting<T> {
    Setting { value, origin: Origin::File { path: PathBuf::from("seaworthy.toml"), line: 1 } }
}
