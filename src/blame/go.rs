//! Blame in a Go build: packages that use cgo, and the flags that made the link dynamic.

pub(crate) mod packages;

use std::cell::OnceCell;

use super::Culprits;
use crate::facts::Facts;
use crate::plan::Plan;
use crate::rules::Cause;
use packages::Package;

/// Packages of Go itself whose cgo half has a pure Go twin, and the tag that chooses it (`go doc net`, `go doc os/user`).
const PURE_TAGS: &[(&str, &str)] = &[("net", "netgo"), ("os/user", "osusergo")];
/// Package of Go itself that every cgo program contains: never a culprit.
const CGO_RUNTIME: &str = "runtime/cgo";

/// What is known about a Go build, found out when a finding asks for it.
#[derive(Debug)]
pub(crate) struct GoBlame<'a> {
    plan: &'a Plan,
    packages: OnceCell<Option<Vec<Package>>>,
}

impl<'a> GoBlame<'a> {
    /// Nothing is asked yet.
    pub(crate) fn new(plan: &'a Plan) -> Self {
        GoBlame { plan, packages: OnceCell::new() }
    }

    /// Who is behind these causes.
    pub(crate) fn of(&self, causes: &[Cause], facts: Option<&Facts>) -> Culprits {
        let asks_for_c =
            |cause: &Cause| matches!(cause, Cause::Cgo | Cause::Loader(_) | Cause::Library(_) | Cause::Symbol(_));
        if !causes.iter().any(asks_for_c) {
            return Culprits::default();
        }
        let Some(packages) = self.packages.get_or_init(|| packages::ask(self.plan)) else {
            return Culprits::default();
        };
        let users: Vec<&Package> = packages
            .iter()
            .filter(|package| !package.cgo_files.is_empty() && package.import_path != CGO_RUNTIME)
            .collect();
        let wanted: Vec<&str> = causes.iter().filter_map(library).collect();
        let exact: Vec<&Package> =
            users.iter().copied().filter(|package| wanted.iter().any(|name| asks_for(package, name))).collect();
        if !exact.is_empty() {
            return of_packages(packages, &exact);
        }
        if users.is_empty() {
            return of_build_mode(facts);
        }
        of_packages(packages, &users)
    }
}

/// The `-l` name of a needed library; those of every C program name nobody.
fn library(cause: &Cause) -> Option<&str> {
    let Cause::Library(name) = cause else { return None };
    let name = super::cargo::link_name(name);
    (!matches!(name, "c" | "m" | "pthread" | "dl" | "rt" | "resolv" | "gcc_s")).then_some(name)
}

fn asks_for(package: &Package, library: &str) -> bool {
    package.cgo_ldflags.iter().any(|flag| flag.strip_prefix("-l").is_some_and(|name| name == library))
        || package.cgo_pkg_config.iter().any(|name| name == library || name.strip_prefix("lib") == Some(library))
}

/// Third parties first: they decide; Go's own packages would be pure without them.
fn of_packages(all: &[Package], users: &[&Package]) -> Culprits {
    let third: Vec<&Package> = users.iter().copied().filter(|package| !package.standard).collect();
    let named = if third.is_empty() { users.to_vec() } else { third.clone() };
    let phrases = named.iter().map(|package| phrase(all, package)).collect();
    let tags: Vec<&str> = PURE_TAGS
        .iter()
        .filter(|(path, _)| users.iter().any(|package| package.import_path == *path))
        .map(|(_, tag)| *tag)
        .collect();
    let help = (third.is_empty() && !tags.is_empty()).then(|| {
        format!("build with `-tags {}`, or set `go.cgo = \"off\"`: these packages have a pure Go half", tags.join(","))
    });
    Culprits { phrases, help }
}

fn phrase(all: &[Package], package: &Package) -> String {
    let path = &package.import_path;
    let who = match &package.module {
        _ if package.standard => format!("package `{path}` of the Go standard library"),
        Some(module) if !module.version.is_empty() => format!("package `{path}` ({} {})", module.path, module.version),
        _ => format!("package `{path}`"),
    };
    match packages::way(all, path).filter(|way| way.len() > 1) {
        Some(way) => format!("{who} uses cgo, imported by {}", way.join(" → ")),
        None => format!("{who} uses cgo"),
    }
}

/// Without any cgo, only the build mode asks for a loader.
fn of_build_mode(facts: Option<&Facts>) -> Culprits {
    let mode = facts.and_then(|facts| facts.go.as_ref()).and_then(|go| go.setting("-buildmode"));
    match mode {
        Some("pie") => Culprits {
            phrases: vec!["`-buildmode=pie`: without cgo, Go still asks for the system's loader".into()],
            help: Some("build with `-buildmode=exe`".into()),
        },
        _ => Culprits::default(),
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
        let blame = of_packages(&[], &[&net, &sqlite]);
        assert_eq!(blame.phrases, ["package `example.org/sqlite` uses cgo"]);
        assert_eq!(blame.help, None);
        let alone = of_packages(&[], &[&net]);
        assert!(alone.help.unwrap().contains("-tags netgo"));
    }

    #[test]
    fn a_library_names_the_package_that_asks_for_it() {
        let package = Package {
            cgo_ldflags: vec!["-lsqlite3".into()],
            cgo_pkg_config: vec!["libgit2".into()],
            ..user("a", false)
        };
        assert!(asks_for(&package, "sqlite3") && asks_for(&package, "git2") && !asks_for(&package, "sqlite"));
        assert_eq!(library(&Cause::Library("libc.so.6".into())), None);
        assert_eq!(library(&Cause::Library("libz.so.1".into())), Some("z"));
    }
}
