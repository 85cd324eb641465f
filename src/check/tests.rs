//! What the check makes of rules made for the purpose: every branch of levels, exceptions and verdicts.

use std::path::{Path, PathBuf};

use jiff::civil::date;

use super::*;
use crate::facts::libc::{Certainty, Libc, LibcFamily};
use crate::facts::{Details, Endian, Format, Kind, Linkage, Os};
use crate::hosts::load::NoFiles;
use crate::policy::parse_str;
use crate::rules::{Rule, Subject, Verdict, Violation};
use crate::run::{Dropped, Role};

static BAD: Rule = rule("run-path", Level::Deny, &[Format::Elf], |_| {
    let first = Violation {
        message: "`{artifact}` is bad".into(),
        help: Some("look at {artifact}".into()),
        ..Default::default()
    };
    Verdict::Violated(vec![first, Violation { message: "worse".into(), ..Default::default() }])
});
static SHADY: Rule = rule("executable-stack", Level::Warn, &[Format::Elf], |_| {
    Verdict::Violated(vec![Violation { message: "shady".into(), ..Default::default() }])
});
static FINE: Rule = rule("dynamic-loader", Level::Deny, &[Format::Elf], |_| Verdict::Pass);
static ELSEWHERE: Rule = rule("non-system-dll", Level::Deny, &[Format::Pe, Format::MachO], |_| panic!("not asked"));
static MOOT: Rule = rule("cgo-runtime", Level::Deny, &[Format::Elf], |_| Verdict::NotApplicable("no Go in it"));
static UNSURE: Rule =
    rule("stray-glibc", Level::Deny, &[Format::Elf], |_| Verdict::Inconclusive("no section headers".into()));
static AT_HOME: Rule = rule("dynamic-c-runtime", Level::Deny, &[Format::Pe, Format::MachO], |subject| {
    let message = subject.loads.beside().map(|(directory, _)| directory.to_owned()).unwrap_or_default();
    Verdict::Violated(vec![Violation { message, ..Default::default() }])
});
static ABOUT_THE_RUN: Rule =
    Rule { check: None, ..rule("missing-artifact", Level::Deny, &[Format::Elf], |_| Verdict::Pass) };

const fn rule(
    id: &'static str,
    default: Level,
    formats: &'static [Format],
    check: fn(&Subject<'_>) -> Verdict,
) -> Rule {
    Rule { id, summary: "", default, formats, since: "0.1.0", check: Some(check), docs: "" }
}

fn slice(arch: &str) -> Facts {
    Facts {
        format: Format::Elf,
        arch: arch.to_owned().into(),
        bits: 64,
        endian: Endian::Little,
        os: Os::Linux,
        kind: Kind::Static,
        linkage: Linkage::Static,
        libc: Libc {
            family: LibcFamily::None,
            linked_in: false,
            version: None,
            certainty: Certainty::Certain,
            runtime_parts: Vec::new(),
            evidence: Vec::new(),
        },
        packed: None,
        go: None,
        rust: None,
        details: Details::Elf(Box::default()),
    }
}

fn file(path: &str, facts: Result<Vec<Facts>, Unreadable>) -> Inspected {
    let artifact = Artifact { path: PathBuf::from(path), role: Role::Program, package: None, target: None };
    let facts = facts.map(|slices| FileFacts { size: 1, slices, texts: None, instructions: None });
    Inspected { artifact, facts, image: None }
}

fn good(path: &str) -> Inspected {
    file(path, Ok(vec![slice("x86_64")]))
}

fn judge(policy: &str, rules: &[&'static Rule], inspected: Vec<Inspected>) -> Report {
    judge_build(policy, rules, inspected, &Provenance::default())
}

fn judge_build(policy: &str, rules: &[&'static Rule], inspected: Vec<Inspected>, provenance: &Provenance) -> Report {
    let policy = parse_str(policy, Path::new("seaworthy.toml")).expect("a good policy");
    let surroundings = Surroundings {
        directory: Path::new("/work"),
        today: date(2027, 3, 1),
        hosts: &|_, _| [].into(),
        files: &NoFiles,
        strict_symbols: false,
    };
    let (artifacts, uses) = Bench::with_rules(rules, &policy, provenance).judge_all(inspected, &surroundings);
    let general = conclude(&policy, provenance, &uses, surroundings.today);
    Report { artifacts, general, ..Report::default() }
}

#[test]
fn what_is_shipped_beside_a_file_is_looked_for_in_its_directory_without_hosts_too() {
    for format in [Format::Pe, Format::MachO] {
        let program = file("dist/app.exe", Ok(vec![Facts { format, ..slice("x86_64") }]));
        let report = judge("", &[&AT_HOME], vec![program]);
        assert_eq!(report.artifacts[0].findings[0].message, "/work/dist");
    }
}

fn exception(rule: &str, artifact: &str, until: &str) -> String {
    let until = if until.is_empty() { String::new() } else { format!("until = {until}\n") };
    format!("[[exception]]\nrule = \"{rule}\"\nartifact = \"{artifact}\"\nreason = \"vendor blob\"\n{until}")
}

fn rules_of(findings: &[Finding]) -> Vec<(&str, Level)> {
    findings.iter().map(|finding| (finding.rule, finding.level)).collect()
}

#[test]
fn findings_are_sorted_and_name_their_file() {
    let report = judge("", &[&SHADY, &FINE, &BAD, &ABOUT_THE_RUN], vec![good("bin/a\u{1b}pp")]);
    let result = &report.artifacts[0];
    let (deny, warn) = (Level::Deny, Level::Warn);
    assert_eq!(rules_of(&result.findings), [("run-path", deny), ("run-path", deny), ("executable-stack", warn)]);
    assert_eq!(result.findings[0].message, "`bin/a\\x1bpp` is bad");
    assert_eq!(result.passed, ["dynamic-loader"]);
    assert_eq!(result.findings[0].help.as_deref(), Some("look at bin/a\\x1bpp"));
    assert_eq!(result.findings[0].slice, None);
    assert_eq!((result.verdict, exit_code(&report)), (Overall::Fail, exit::VIOLATED));
}

#[test]
fn warnings_do_not_fail_and_allowed_rules_are_not_run() {
    let report = judge("[rules]\nrun-path = \"allow\"", &[&SHADY, &BAD], vec![good("bin/app")]);
    assert_eq!(rules_of(&report.artifacts[0].findings), [("executable-stack", Level::Warn)]);
    assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Pass, exit::OK));
    let report = judge("[rules]\nnon-system-dll = \"allow\"", &[&ELSEWHERE], vec![good("bin/app")]);
    assert_eq!(report.artifacts[0].not_applicable, []);
}

#[test]
fn what_does_not_apply_says_why() {
    let report = judge("", &[&ELSEWHERE, &MOOT], vec![file("a", Ok(vec![slice("x86_64"), slice("aarch64")]))]);
    let expected = [
        ("non-system-dll", "x86_64: asked of PE and Mach-O only, and this is ELF"),
        ("cgo-runtime", "x86_64: no Go in it"),
        ("non-system-dll", "aarch64: asked of PE and Mach-O only, and this is ELF"),
        ("cgo-runtime", "aarch64: no Go in it"),
    ];
    assert_eq!(report.artifacts[0].not_applicable, expected.map(|(rule, why)| (rule, why.into())));
    assert_eq!(report.artifacts[0].verdict, Overall::Pass);
}

#[test]
fn every_slice_is_judged_and_named() {
    let report = judge("", &[&SHADY], vec![file("a", Ok(vec![slice("x86_64"), slice("aarch64")]))]);
    let slices: Vec<_> = report.artifacts[0].findings.iter().map(|finding| finding.slice.as_deref()).collect();
    assert_eq!(slices, [Some("x86_64"), Some("aarch64")]);
}

#[test]
fn what_could_not_be_told_is_no_pass() {
    let report = judge("", &[&UNSURE, &SHADY], vec![good("a")]);
    assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Inconclusive, exit::VIOLATED));
    let both = judge("", &[&UNSURE, &BAD], vec![good("a")]);
    assert_eq!(both.artifacts[0].verdict, Overall::Fail);
    for level in ["allow", "warn"] {
        let report = judge(&format!("inconclusive = \"{level}\""), &[&UNSURE], vec![good("a")]);
        assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Inconclusive, exit::OK), "{level}");
    }
    let here = "[[artifact]]\npath = \"vendor/*\"\ninconclusive = \"allow\"";
    let report = judge(here, &[&UNSURE], vec![good("vendor/a"), good("b")]);
    assert_eq!(report.artifacts.iter().map(ArtifactResult::is_rejected).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_packed_file_is_not_judged_by_its_stub() {
    let packed = Facts { packed: Some("UPX 4.2".into()), ..slice("x86_64") };
    let report = judge("", &[&BAD], vec![file("a", Ok(vec![packed.clone()]))]);
    assert_eq!(report.artifacts[0].findings, []);
    assert_eq!(report.artifacts[0].inconclusive[0].0, "unreadable-binary");
    assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Inconclusive, exit::VIOLATED));
    let excused = judge(&exception("unreadable-binary", "a", ""), &[&BAD], vec![file("a", Ok(vec![packed]))]);
    assert_eq!((excused.artifacts[0].verdict, exit_code(&excused)), (Overall::Inconclusive, exit::OK));
    assert_eq!(excused.artifacts[0].excepted.len(), 1);
}

#[test]
fn what_a_build_makes_for_a_system_without_rules_is_warned_of() {
    let made_for = |target: &str, why| {
        let mut made = file("a", Err(why));
        made.artifact.target = Some(target.to_owned());
        made
    };
    let wasm = |target| made_for(target, Unreadable::Unsupported("WebAssembly".into()));
    let deny = "[rules]\nunreadable-binary = \"deny\"";
    let damaged = || made_for("js/wasm", Unreadable::NotLinked("an empty file".into()));
    for (policy, made, code) in [
        ("", wasm("js/wasm"), exit::OK),
        (deny, wasm("js/wasm"), exit::VIOLATED),
        ("", wasm("linux/amd64"), exit::VIOLATED),
        ("", damaged(), exit::VIOLATED),
    ] {
        let report = judge(policy, &[&BAD], vec![made]);
        assert_eq!((report.artifacts[0].findings.len(), exit_code(&report)), (1, code), "{:?}", report.artifacts[0]);
        assert_ne!(report.artifacts[0].verdict, Overall::Pass);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_never_a_pass() {
    let unreadable = || vec![file("a", Err(Unreadable::NotLinked("a script".into())))];
    let report = judge("", &[&BAD], unreadable());
    assert_eq!(report.artifacts[0].findings[0].message, "`a` cannot be read: not a linked binary: a script");
    assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Fail, exit::VIOLATED));
    for (policy, findings, excepted) in [
        ("[rules]\nunreadable-binary = \"warn\"".to_owned(), 1, 0),
        ("[rules]\nunreadable-binary = \"allow\"".to_owned(), 0, 1),
        (exception("unreadable-binary", "a", ""), 0, 1),
    ] {
        let report = judge(&policy, &[&BAD], unreadable());
        let result = &report.artifacts[0];
        assert_eq!((result.findings.len(), result.excepted.len()), (findings, excepted), "{policy}");
        assert_eq!((result.verdict, exit_code(&report)), (Overall::Inconclusive, exit::OK), "{policy}");
    }
    let help = |what: &'static str| {
        let report = judge("", &[&BAD], vec![file("a", Err(Unreadable::NotLinked(what.into())))]);
        report.artifacts[0].findings[0].help.clone().unwrap_or_default()
    };
    assert!(!help("an archive (ar)").contains("disk") && help("an empty file").contains("disk"));
    assert!(help("a Debian package").starts_with("unpack it (`dpkg-deb -x a DIR`) and check DIR"));
    let refused = vec![file("a", Err(Unreadable::Io("Permission denied".into())))];
    let help = judge("", &[&BAD], refused).artifacts[0].findings[0].help.clone();
    assert!(help.is_some_and(|help| help.starts_with("make it readable")));
    let empty = judge("", &[&BAD], vec![file("a", Ok(Vec::new()))]);
    assert_eq!(empty.artifacts[0].verdict, Overall::Inconclusive);
}

#[test]
fn an_exception_lets_through_until_its_last_day_is_over() {
    for (until, verdict) in [
        ("", Overall::Pass),
        ("2027-03-01", Overall::Pass),
        ("\"2027-03-02\"", Overall::Pass),
        ("2027-02-28", Overall::Fail),
    ] {
        let report = judge(&exception("run-path", "bin/*", until), &[&BAD], vec![good("bin/app")]);
        assert_eq!(report.artifacts[0].verdict, verdict, "{until}");
        let excepted = if verdict == Overall::Pass { 2 } else { 0 };
        assert_eq!(report.artifacts[0].excepted.len(), excepted, "{until}");
        let said: &[_] = if verdict == Overall::Pass { &[] } else { &[("expired-exception", Level::Warn)] };
        assert_eq!(rules_of(&report.general), said, "{until}");
    }
}

#[test]
fn the_reason_of_an_exception_is_kept() {
    let report = judge(&exception("executable-stack", "app", ""), &[&SHADY], vec![good("/elsewhere/app")]);
    let (finding, reason) = &report.artifacts[0].excepted[0];
    assert_eq!((finding.rule, reason.as_str()), ("executable-stack", "vendor blob"));
}

#[test]
fn unused_exceptions_are_reported_and_only_warned_of_when_their_file_was_not_there() {
    let policy =
        |rule, artifact, until| format!("{}[rules]\nunused-exception = \"deny\"", exception(rule, artifact, until));
    let general = |policy: &str| {
        let report = judge(policy, &[&FINE], vec![good("bin/app")]);
        (report.general[0].message.clone(), report.general[0].level)
    };
    let (message, level) = general(&policy("run-path", "bin/app", ""));
    assert_eq!(message, "the exception for `run-path` on `bin/app` lets nothing through");
    assert_eq!(level, Level::Deny);
    let (message, level) = general(&policy("run-path", "bin/tool", "2020-01-01"));
    assert_eq!(
        message,
        "the exception for `run-path` on `bin/tool` matches no file of this run, and expired on 2020-01-01"
    );
    assert_eq!(level, Level::Warn);
    let quiet = format!("{}[rules]\nunused-exception = \"allow\"", exception("run-path", "bin/tool", ""));
    assert_eq!(judge(&quiet, &[&FINE], vec![good("bin/app")]).general, []);
}

#[test]
fn an_exception_for_what_could_not_be_told_accepts_it() {
    let report = judge(&exception("stray-glibc", "*", ""), &[&UNSURE], vec![good("a")]);
    assert_eq!((report.artifacts[0].verdict, exit_code(&report)), (Overall::Pass, exit::OK));
    assert_eq!(report.artifacts[0].excepted[0].0.message, "`a` cannot be judged: no section headers");
    assert_eq!(report.general, []);
}

#[test]
fn what_the_build_did_not_leave_is_reported() {
    let provenance = Provenance {
        dropped: vec![Dropped { what: "the cdylib of `app`".into(), target: None }],
        degraded: Some("go wrote no action graph".into()),
        discarded: vec!["example.com/a".into(), "example.com/b".into()],
        ..Provenance::default()
    };
    let report = judge_build("", &[], Vec::new(), &provenance);
    let expected =
        [("missing-artifact", Level::Deny), ("degraded-discovery", Level::Warn), ("discarded-artifact", Level::Warn)];
    assert_eq!(rules_of(&report.general), expected);
    assert_eq!(report.general[2].message, "2 programs were built and thrown away, so nothing could be judged");
    assert_eq!(exit_code(&report), exit::VIOLATED);
    let allowed = judge_build("[rules]\nmissing-artifact = \"allow\"", &[], Vec::new(), &provenance);
    assert_eq!(exit_code(&allowed), exit::OK);
    let dropped =
        vec![Dropped { what: "the cdylib of `app`".into(), target: Some("x86_64-unknown-linux-musl".into()) }];
    let for_target = |target: &str| {
        let policy = format!("[[artifact]]\ntarget = \"{target}\"\nrules.missing-artifact = \"allow\"\n");
        judge_build(&policy, &[], Vec::new(), &Provenance { dropped: dropped.clone(), ..Provenance::default() })
    };
    assert_eq!(exit_code(&for_target("*-musl")), exit::OK);
    assert_eq!(exit_code(&for_target("*-gnu")), exit::VIOLATED);
}

#[test]
fn many_artifacts_keep_their_order() {
    let paths: Vec<String> = (0..1_000).map(|number| format!("bin/{number}")).collect();
    let report = judge(&exception("run-path", "bin/7", ""), &[&BAD], paths.iter().map(|path| good(path)).collect());
    let order: Vec<_> = report.artifacts.iter().map(|result| result.artifact.path.display().to_string()).collect();
    assert_eq!(order, paths);
    let passed = report.artifacts.iter().filter(|result| result.verdict == Overall::Pass).count();
    assert_eq!((passed, report.general.len()), (1, 0));
}
