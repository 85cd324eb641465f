//! Blame for one artifact of a cargo build.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::messages::{ProgramFiles, Script};
use super::{CargoBlame, inputs, settings, source};
use crate::blame::objects::{self, LinkInput, Owner, Reference};
use crate::blame::ways::Ways;
use crate::blame::{About, Culprits, flags, one_of, symbols, with_symbols};
use crate::facts::{Facts, Kind, Linkage, object};
use crate::listing::only_once;
use crate::plan::cargo::targets;
use crate::plan::users::TargetSettings;
use crate::rules::{Cause, static_cxx_of_rust};
use crate::run::Artifact;
use crate::run::cargo::name_and_version;

/// Symbols beyond this number are not looked for: a report lists a few.
const MOST_SYMBOLS: usize = 64;

/// One artifact, and what has been found out about it so far.
#[derive(Debug)]
pub(crate) struct ArtifactBlame<'b> {
    pub(super) blame: &'b CargoBlame<'b>,
    pub(super) artifact: &'b Artifact,
    kind: Option<Kind>,
    is_static: bool,
    ways: OnceCell<Option<Ways>>,
    inputs: OnceCell<Vec<LinkInput>>,
    /// The names in its symbol table; `None` when it has none.
    present: OnceCell<Option<HashSet<String>>>,
}

impl<'b> ArtifactBlame<'b> {
    pub(super) fn new(blame: &'b CargoBlame<'b>, artifact: &'b Artifact, facts: Option<&Facts>) -> Self {
        let (ways, inputs, present) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let kind = facts.map(|facts| facts.kind);
        let is_static = facts.is_some_and(|facts| facts.linkage == Linkage::Static);
        ArtifactBlame { blame, artifact, kind, is_static, ways, inputs, present }
    }

    /// Who is behind a finding.
    pub(crate) fn of(&self, about: About<'_>) -> Culprits {
        let causes = about.causes;
        if let Some((at, phrase)) = self.named_loader(causes) {
            let mut rest = causes.to_vec();
            rest.remove(at);
            let mut culprits = self.of(About { causes: &rest, ..about });
            culprits.phrases.insert(0, phrase);
            culprits.help = Some("take that flag out: the linker then names the loader of the target".into());
            return culprits;
        }
        let mut culprits = Culprits::default();
        self.of_libraries(causes, &mut culprits);
        let symbols: BTreeSet<&str> = symbols(causes).take(MOST_SYMBOLS).collect();
        if !symbols.is_empty() {
            culprits.phrases.extend(self.of_symbols(&symbols));
        }
        if causes.contains(&Cause::ExecutableStack) {
            let found = objects::executable_stacks(&self.native_inputs());
            culprits.phrases.extend(self.phrases(found, |who, _| format!("{who} has no `.note.GNU-stack` section")));
        }
        let of_settings = self.of_settings(about);
        if culprits.phrases.is_empty() && !of_settings.is_empty() {
            culprits.help = without_flag(causes).map(str::to_owned);
        }
        culprits.phrases.extend(of_settings);
        culprits.help = self.static_cxx(causes).or(culprits.help);
        only_once(&mut culprits.phrases);
        culprits
    }

    /// What to do about a program with C++ code that asks for a loader, or for what only static linking takes out of it.
    fn static_cxx(&self, causes: &[Cause]) -> Option<String> {
        let asks = |cause: &Cause| match cause {
            Cause::Loader(_) => true,
            Cause::Library(name) => name.starts_with("libgcc_s."),
            _ => false,
        };
        let is_cxx = |entry: &String| matches!(entry.rsplit('=').next(), Some("stdc++" | "c++"));
        let mut scripts = self.scripts();
        let applies = self.kind.is_some_and(Kind::is_program)
            && causes.iter().any(asks)
            && scripts.any(|script| script.libs.iter().any(is_cxx));
        let musl = match self.artifact.target.as_deref().filter(|_| applies) {
            Some(target) if targets::is_glibc(target) => target.replace("-gnu", "-musl"),
            None if applies && cfg!(target_os = "linux") => targets::host_musl()?.to_owned(),
            _ => return None,
        };
        Some(static_cxx_of_rust(&musl))
    }

    /// The loader among the causes that a flag names, and the flag.
    fn named_loader(&self, causes: &[Cause]) -> Option<(usize, String)> {
        let is_musl = self.artifact.target.as_deref().is_some_and(|target| target.contains("-musl"));
        let at = flags::odd_loader(causes, is_musl)?;
        let cause = causes.get(at)?;
        let of_user = self.settings().find_map(|settings| settings::of_loader(&settings.flags, cause));
        let of_user = of_user.or_else(|| settings::of_loader(&self.last_flags(), cause));
        let about = About { causes: std::slice::from_ref(cause), evidence: &[] };
        let phrase = of_user.or_else(|| self.scripts().find_map(|script| self.of_own_args(script, about).pop()))?;
        Some((at, phrase))
    }

    /// What the user set for the artifact's target.
    fn settings(&self) -> impl Iterator<Item = &'b TargetSettings> + '_ {
        self.blame.plan.users.targets.iter().filter(|settings| self.is_for(&settings.target.value))
    }

    /// What the user set that explains a finding.
    fn of_settings(&self, about: About<'_>) -> Vec<String> {
        let mut phrases: Vec<String> =
            self.settings().flat_map(|settings| settings::of_target(settings, about)).collect();
        phrases.extend(settings::of_flags(&self.last_flags(), about));
        phrases.extend(self.scripts().flat_map(|script| self.of_own_args(script, about)));
        let is_about_settings = |cause: &Cause| matches!(cause, Cause::Setting(_));
        if about.causes.iter().any(is_about_settings) {
            let manifest = self.blame.tree(self.artifact.target.as_deref()).map(|tree| tree.manifest().to_path_buf());
            phrases.extend(settings::of_profile(&self.blame.plan.users.profile, manifest.as_deref(), about.causes));
        }
        phrases
    }

    /// What a build script gives the linker that explains a finding.
    fn of_own_args(&self, script: &Script, about: About<'_>) -> Vec<String> {
        let args = self.own_args(script);
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let of = |range| {
            let text = flags::text(&words, range);
            format!("`{text}`, which the build script of {} gives the linker", self.named(&script.package))
        };
        flags::behind(&words, about).into_iter().map(of).collect()
    }

    fn of_symbols(&self, symbols: &BTreeSet<&str>) -> Vec<String> {
        let inputs = self.inputs.get_or_init(|| {
            let mut inputs = self.native_inputs();
            inputs.extend(inputs::of_toolchain(self.blame.sysroot(), self.artifact.target.as_deref(), self.kind));
            inputs
        });
        let references = objects::references(inputs, |name| symbols.contains(name));
        let complete = references.unreadable.is_empty();
        let mut found = self.that_made_it(references.found);
        let needed: BTreeSet<String> =
            found.iter().filter(|reference| !reference.is_weak).map(|reference| reference.symbol.clone()).collect();
        let left: BTreeSet<&str> = symbols.iter().copied().filter(|symbol| !needed.contains(*symbol)).collect();
        if !complete {
            // Whoever is found in a stripped program is found among those that could be read.
            let open = if self.present().is_none() { symbols } else { &left };
            found.extend(objects::bitcode_with(inputs, open));
        }
        // rustc throws the objects of the program's own crate away, but its sources tell.
        let own = if complete { self.own_crate(symbols, &left) } else { None };
        if let Some((_, mentioned)) = &own {
            found.retain(|reference| !reference.is_weak || !mentioned.contains(reference.symbol.as_str()));
        }
        let mut phrases = self.phrases(found, with_symbols);
        phrases.extend(own.map(|(who, mentioned)| with_symbols(&who, &mentioned)));
        phrases
    }

    /// The program's own crate, and those of the symbols that its sources refer to: by a mention where nobody else is known to,
    /// by a declaration where somebody is.
    fn own_crate<'s>(&self, symbols: &BTreeSet<&'s str>, left: &BTreeSet<&str>) -> Option<(String, BTreeSet<&'s str>)> {
        let (package, program) = (self.artifact.package.as_deref()?, self.program()?);
        let refers = |symbol: &&str| match left.contains(*symbol) {
            true => source::mentions(program, symbol),
            false => source::declares(program, symbol),
        };
        let mentioned: BTreeSet<&str> = symbols.iter().copied().filter(refers).collect();
        (!mentioned.is_empty()).then(|| (format!("crate `{package}` itself"), mentioned))
    }

    /// What cargo said about the artifact itself.
    pub(super) fn program(&self) -> Option<&'b ProgramFiles> {
        // The artifact's path may be relative to here.
        let is_it = |file: &PathBuf| !self.artifact.path.as_os_str().is_empty() && file.ends_with(&self.artifact.path);
        self.blame.build.programs.iter().find(|files| files.files.iter().any(is_it))
    }

    /// Objects in archives of build scripts that refer to what `wanted` accepts: one phrase per owner.
    pub(super) fn in_scripts_archives(&self, wanted: impl Fn(&str) -> bool + Sync) -> Vec<String> {
        self.phrases(objects::references(&self.script_archives(), wanted).found, with_symbols)
    }

    /// Every rlib of the build that is linked into the artifact, and its native archives.
    fn native_inputs(&self) -> Vec<LinkInput> {
        let crates = self.blame.build.crates.iter().filter(|files| self.is_linked(&files.package));
        let rlibs = crates.flat_map(|files| files.rlibs.iter().map(|path| (path, &files.package)));
        let mut inputs: Vec<LinkInput> = rlibs
            .filter(|(path, _)| self.is_of_target(path))
            .map(|(path, package)| LinkInput { path: path.clone(), owner: Owner::Crate(package.clone()) })
            .collect();
        inputs.extend(self.script_archives());
        inputs
    }

    fn script_archives(&self) -> Vec<LinkInput> {
        let of = |script: &'b Script| {
            let owner = Owner::Crate(script.package.clone());
            let given = inputs::given(script, self.own_args(script));
            let asked = inputs::archives(script, self.is_static);
            asked.chain(given).map(move |path| LinkInput { path, owner: owner.clone() })
        };
        self.scripts().flat_map(of).collect()
    }

    /// Build scripts that ran for the artifact's target, of packages that are linked into it.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &'b Script> + '_ {
        let scripts = self.blame.build.scripts.iter();
        scripts.filter(|script| self.is_of_target(&script.out) && self.is_linked(&script.package))
    }

    fn is_of_target(&self, path: &Path) -> bool {
        super::is_of_target(path, self.artifact.target.as_deref())
    }

    /// Whether a package is part of the artifact, as far as cargo says.
    pub(super) fn is_linked(&self, package: &str) -> bool {
        self.ways().is_none_or(|ways| ways.lead_to(package))
    }

    fn ways(&self) -> Option<&Ways> {
        self.ways.get_or_init(|| self.blame.ways(self.artifact)).as_ref()
    }

    fn present(&self) -> Option<&HashSet<String>> {
        self.present.get_or_init(|| object::names_of_file(&self.artifact.path)).as_ref()
    }

    fn that_made_it(&self, references: Vec<Reference>) -> Vec<Reference> {
        objects::that_made_it(references, self.present())
    }

    /// One phrase per owner, about the symbols it refers to. A program without a symbol table does not tell which of several
    /// was linked in, nor does bitcode; start-up files always are.
    fn phrases(&self, found: Vec<Reference>, say: impl Fn(&str, &BTreeSet<&str>) -> String) -> Vec<String> {
        let found = self.that_made_it(found);
        let mut by_owner: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut unsure: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let was_linked = !self.artifact.path.as_os_str().is_empty();
        let is_stripped = was_linked && self.present().is_none();
        for reference in &found {
            let who = self.owner(reference);
            if reference.is_bitcode || (is_stripped && reference.owner != Owner::CStartup) {
                unsure.entry(&reference.symbol).or_default().insert(who);
            } else {
                by_owner.entry(who).or_default().insert(&reference.symbol);
            }
        }
        for (symbol, mut owners) in unsure {
            let only = BTreeSet::from([symbol]);
            owners.extend(self.own_crate(&only, &only).map(|(who, _)| who));
            let owners: Vec<String> = owners.into_iter().collect();
            let who = match owners.as_slice() {
                [only] => only.clone(),
                several => one_of(several),
            };
            by_owner.entry(who).or_default().insert(symbol);
        }
        by_owner.into_iter().map(|(who, symbols)| say(&who, &symbols)).collect()
    }

    fn owner(&self, reference: &Reference) -> String {
        let file = reference.file.file_name().unwrap_or_default().to_string_lossy();
        let who = match &reference.owner {
            Owner::Crate(package) => self.named(package),
            Owner::Std => return "the Rust standard library".to_owned(),
            Owner::CStartup => return format!("`{file}` of the C toolchain"),
            Owner::LinkLine | Owner::Package(_) => format!("`{file}`"),
        };
        match reference.member.as_deref().filter(|member| !member.ends_with(".rcgu.o")) {
            Some(member) => format!("{who}, object `{member}`"),
            None => who,
        }
    }

    /// `crate `libz-sys 1.1.20` (app → reqwest → libz-sys)`.
    pub(super) fn named(&self, package: &str) -> String {
        let (name, version) = name_and_version(package);
        match self.ways().and_then(|ways| ways.to(package)).filter(|way| way.len() > 1) {
            Some(way) => {
                let names: Vec<&str> = way.iter().map(|package| name_and_version(package).0).collect();
                format!("crate `{name} {version}` ({})", names.join(" → "))
            }
            None => format!("crate `{name} {version}`"),
        }
    }
}

/// What to do about a flag that alone brings the cause about.
fn without_flag(causes: &[Cause]) -> Option<&'static str> {
    let [cause] = causes else { return None };
    match flags::property(cause)? {
        "stack" => Some("take that flag out"),
        "std" => Some("take that flag out: the standard library is then linked in"),
        "text" => Some("take that flag out: the linker then names the object, whose source wants `-fPIC`"),
        _ => None,
    }
}
