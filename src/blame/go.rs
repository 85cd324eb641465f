//! Blame in a Go build: packages that use cgo, and the flags that made the link dynamic.

mod advice;
mod flags;
pub(crate) mod left_out;
mod libraries;
pub(crate) mod packages;
mod settings;
mod symbols;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::ways::Ways;
use super::{About, Culprits, symbols};
use crate::facts::Facts;
use crate::plan::Plan;
use crate::plan::users::GoSetting;
use crate::rules::Cause;
use crate::run::{Artifact, Role};
use advice::without_cgo;
pub(crate) use advice::{Goal, advice};
pub(crate) use flags::external;
use packages::Package;

/// Package of Go itself that every cgo program contains: never a culprit.
const CGO_RUNTIME: &str = "runtime/cgo";

/// What is known about a Go build, found out when a finding asks for it.
#[derive(Debug)]
pub(crate) struct GoBlame<'a> {
    plan: &'a Plan,
    packages: OnceCell<Option<Vec<Package>>>,
    exported: OnceCell<Option<Vec<Package>>>,
}

/// The packages of one program.
struct Program<'p> {
    packages: Vec<&'p Package>,
    ways: Option<Ways>,
    goal: Goal<'p>,
}

impl<'a> GoBlame<'a> {
    /// Nothing is asked yet.
    pub(crate) fn new(plan: &'a Plan) -> Self {
        GoBlame { plan, packages: OnceCell::new(), exported: OnceCell::new() }
    }

    /// Who is behind a finding.
    pub(crate) fn of(&self, about: About<'_>, artifact: &Artifact, facts: Option<&Facts>) -> Culprits {
        if let Some((at, phrase)) = self.named_loader(about) {
            let mut rest = about.causes.to_vec();
            rest.remove(at);
            let mut culprits = self.of(About { causes: &rest, ..about }, artifact, facts);
            culprits.phrases.insert(0, phrase);
            return Culprits { help: Some("take that flag out".into()), ..culprits };
        }
        let causes = about.causes;
        let symbols: BTreeSet<&str> = symbols(causes).collect();
        if !symbols.is_empty() {
            let program = self.exported().map(|packages| Program::of(packages, artifact));
            return program.map(|program| program.of_symbols(&symbols, artifact, facts)).unwrap_or_default();
        }
        if causes.contains(&Cause::ExecutableStack) {
            let program = self.exported().map(|packages| Program::of(packages, artifact));
            let mut culprits = program.as_ref().map(Program::of_executable_stack).unwrap_or_default();
            let flags = flags::of(self.plan, about, program.as_ref());
            let help = (!flags.is_empty() && culprits.phrases.is_empty()).then(|| "take that flag out".to_owned());
            culprits.phrases.extend(flags);
            return Culprits { help, ..culprits };
        }
        if causes.iter().any(|cause| matches!(cause, Cause::Setting(_))) {
            let is_about_linking =
                |cause: &Cause| matches!(crate::blame::flags::property(cause), Some("run-path" | "relro" | "pie"));
            let packages = if causes.iter().any(is_about_linking) { self.packages() } else { None };
            let program = packages.map(|packages| Program::of(packages, artifact));
            let mut culprits = Culprits { phrases: flags::of(self.plan, about, program.as_ref()), help: None };
            culprits.phrases.extend(settings::replaced(&self.plan.users.go, causes));
            return culprits;
        }
        self.of_c(about, artifact, facts)
    }

    /// Who is behind what C code brings: a loader, a library, cgo itself.
    fn of_c(&self, about: About<'_>, artifact: &Artifact, facts: Option<&Facts>) -> Culprits {
        let causes = about.causes;
        let asks_for_c =
            |cause: &Cause| matches!(cause, Cause::Cgo | Cause::Loader(_) | Cause::Library(_) | Cause::Module(_));
        let mut culprits = Culprits { phrases: settings::replaced(&self.plan.users.go, causes), help: None };
        if !causes.iter().any(asks_for_c) {
            return culprits;
        }
        let Some(program) = self.packages().map(|packages| Program::of(packages, artifact)) else {
            return culprits;
        };
        let found =
            match causes.iter().find_map(|cause| if let Cause::Module(path) = cause { Some(path) } else { None }) {
                Some(path) => program.of_module(path),
                None => program.of_c_code(causes, facts, self.plan),
            };
        culprits.phrases.extend(found.phrases);
        Culprits { help: found.help, ..culprits }
    }

    fn named_loader(&self, about: About<'_>) -> Option<(usize, String)> {
        let is_named = about.causes.iter().any(|cause| matches!(cause, Cause::Loader(path) if !path.is_empty()));
        let packages = if is_named { self.packages() } else { None };
        flags::named_loader(self.plan, about, packages.unwrap_or_default())
    }

    fn packages(&self) -> Option<&[Package]> {
        self.packages.get_or_init(|| packages::ask(self.plan)).as_deref()
    }

    /// The same, with their archives in go's cache.
    fn exported(&self) -> Option<&[Package]> {
        self.exported.get_or_init(|| packages::ask_more(self.plan, Some("-export"), &[])).as_deref()
    }
}

impl<'p> Program<'p> {
    fn of(packages: &'p [Package], artifact: &'p Artifact) -> Self {
        let ways = packages::ways(packages, artifact.package.as_deref());
        // No import names `runtime/cgo`: it comes with the first package that uses cgo.
        let is_part = |package: &&Package| {
            let path = &package.import_path;
            path == CGO_RUNTIME || ways.as_ref().is_none_or(|ways| ways.lead_to(path))
        };
        let packages = packages.iter().filter(is_part).collect();
        let goal = Goal { target: artifact.target.as_deref(), is_shared: artifact.role == Role::SharedObject };
        Program { packages, ways, goal }
    }

    fn of_c_code(&self, causes: &[Cause], facts: Option<&Facts>, plan: &Plan) -> Culprits {
        // A loader is asked for by every package that uses cgo, a library by those that name it.
        let wanted: Vec<&str> = causes.iter().filter_map(library).collect();
        if !wanted.is_empty() && !causes.iter().any(|cause| matches!(cause, Cause::Loader(_))) {
            return libraries::of(self, &wanted, plan).unwrap_or_default();
        }
        let settings = &plan.users.go;
        let users = self.users();
        let external = flags::external(settings);
        if users.is_empty() {
            let imports = libraries::imported(self);
            return match external {
                _ if !imports.phrases.is_empty() => imports,
                Some(flag) => flags::of_external(&flag),
                None => of_build_mode(facts, settings),
            };
        }
        let mut culprits = self.of_packages(&users);
        if let Some(flag) = external.filter(|_| users.iter().all(|package| package.standard)) {
            let of_flag = flags::of_external(&flag);
            culprits.phrases.extend(of_flag.phrases);
            culprits.help = culprits.help.map(|help| format!("{help}; and take `-linkmode` out"));
        }
        culprits.phrases.extend(settings::cgo_by(settings));
        culprits
    }

    /// Packages of a module, none of which does anything as it was built.
    fn of_module(&self, path: &str) -> Culprits {
        let is_of = |package: &&&Package| package.module.as_ref().is_some_and(|module| module.path == path);
        let packages = self.packages.iter().filter(is_of).map(|package| self.phrase(package, ""));
        Culprits { phrases: packages.collect(), help: None }
    }

    /// Packages that use cgo, but for the one that comes with them.
    fn users(&self) -> Vec<&'p Package> {
        let uses = |package: &&Package| !package.cgo_files.is_empty() && package.import_path != CGO_RUNTIME;
        self.packages.iter().copied().filter(uses).collect()
    }

    /// Third parties first: they decide; Go's own packages would be pure without them.
    fn of_packages(&self, users: &[&Package]) -> Culprits {
        let third: Vec<&Package> = users.iter().copied().filter(|package| !package.standard).collect();
        let named = if third.is_empty() { users.to_vec() } else { third.clone() };
        let phrases = named.iter().map(|package| self.phrase(package, " uses cgo")).collect();
        let help = if third.is_empty() { without_cgo(users) } else { advice(&third, self.goal) };
        Culprits { phrases, help }
    }

    /// The package, what it does, and how it is imported.
    fn phrase(&self, package: &Package, does: &str) -> String {
        format!("{}{does}{}", called(package), self.imported_by(package))
    }

    /// The package, more of it, and how it is imported, for words about it to follow.
    fn subject(&self, package: &Package, more: &str) -> String {
        let by = self.imported_by(package);
        let comma = if by.is_empty() && more.is_empty() { "" } else { "," };
        format!("{}{more}{by}{comma}", called(package))
    }

    /// `, imported by A → B`; empty for the program's own package.
    fn imported_by(&self, package: &Package) -> String {
        let way = self.ways.as_ref().and_then(|ways| ways.to(&package.import_path)).unwrap_or_default();
        match way.split_last() {
            Some((_, importers)) if !importers.is_empty() => format!(", imported by {}", importers.join(" → ")),
            _ => String::new(),
        }
    }
}

/// A needed library that tells who asked for it: those of every C program do not.
fn library(cause: &Cause) -> Option<&str> {
    let Cause::Library(name) = cause else { return None };
    (!libraries::tells_nothing(name)).then_some(name.as_str())
}

/// `package `P` (M v1.0.0)`.
pub(crate) fn called(package: &Package) -> String {
    let path = &package.import_path;
    match &package.module {
        _ if package.standard => format!("package `{path}` of the Go standard library"),
        Some(module) if !module.version.is_empty() => format!("package `{path}` ({})", module.in_words()),
        _ => format!("package `{path}`"),
    }
}

/// Without any cgo, only the build mode asks for a loader.
fn of_build_mode(facts: Option<&Facts>, settings: &[GoSetting]) -> Culprits {
    let go = facts.and_then(|facts| facts.go.as_ref());
    let mode = go.and_then(|go| go.setting("-buildmode"));
    let why = loader_of_pie(go.and_then(|go| go.setting("CGO_ENABLED")));
    let place = settings::build_mode_by(settings).map(|place| format!(" of {place}")).unwrap_or_default();
    match mode {
        Some("pie") => Culprits {
            phrases: vec![format!("`-buildmode=pie`{place}: {why}")],
            help: Some("build with `-buildmode=exe`".into()),
        },
        _ => Culprits::default(),
    }
}

/// Why a program of that build mode has a loader, by `CGO_ENABLED`.
fn loader_of_pie(cgo: Option<&str>) -> &'static str {
    match cgo {
        // musl-gcc passes `-static-pie` on and names the loader all the same.
        Some("1") => "the C compiler that links it asks for a loader then",
        _ => "without cgo, Go still asks for the system's loader",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(path: &str, standard: bool) -> Package {
        Package { import_path: path.into(), standard, cgo_files: vec!["x.go".into()], ..Package::default() }
    }

    #[test]
    fn third_parties_come_before_the_standard_library() {
        let (net, sqlite) = (user("net", true), user("example.org/sqlite", false));
        let program = Program { packages: vec![&net, &sqlite], ways: None, goal: Goal::default() };
        let blame = program.of_packages(&[&net, &sqlite]);
        assert_eq!(blame.phrases, ["package `example.org/sqlite` uses cgo"]);
        assert!(blame.help.unwrap().contains("go.cgo = \"static\""));
        let alone = program.of_packages(&[&net]);
        assert!(alone.help.unwrap().contains("-tags netgo"));
    }

    #[test]
    fn a_pie_is_blamed_on_what_linked_it() {
        assert!(loader_of_pie(Some("0")).starts_with("without cgo"));
        assert!(loader_of_pie(Some("1")).starts_with("the C compiler"));
    }

    #[test]
    fn libraries_of_every_program_tell_nothing() {
        assert_eq!(library(&Cause::Library("libc.so.6".into())), None);
        assert_eq!(library(&Cause::Library("libz.so.1".into())), Some("libz.so.1"));
    }
}
