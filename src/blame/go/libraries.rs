//! Who brings a shared library into a Go program: a package's `#cgo` lines, its C++ code, an import without cgo, or a flag.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::packages::Package;
use super::{Program, advice};
use crate::blame::words::{LinkWords, is_of_every_program, link_name};
use crate::blame::{Culprits, helper};
use crate::listing::only_once;
use crate::plan::Plan;
use crate::plan::go::for_c_linker;
use crate::plan::go_quoting::split;

/// Asks for a shared library without cgo (`cmd/link`, "Directives"; what `github.com/ebitengine/purego` does).
const IMPORT: &str = "//go:cgo_import_dynamic ";

/// Who asks for these libraries, named as a file names them; `None` when nobody is found who does.
pub(super) fn of(program: &Program<'_>, wanted: &[&str], plan: &Plan) -> Option<Culprits> {
    let users: Vec<Asking<'_>> = program.users().into_iter().map(|package| Asking::of(package, plan)).collect();
    let mut found: Vec<(&Package, String)> = Vec::new();
    let mut flags = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    for library in wanted {
        let before = found.len() + flags.len();
        found.extend(users.iter().filter_map(|user| Some((user.package, user.asks_for(library)?))));
        flags.extend(by_flags(library, plan));
        if before == found.len() + flags.len() {
            found.extend(imports(&program.packages, Some(library)));
        }
        unknown.extend(Some(library).filter(|_| before == found.len() + flags.len()));
    }
    if found.is_empty() && flags.is_empty() {
        found.extend(the_only_one(&users).map(|package| (package, "uses cgo".to_owned())));
    }
    if found.is_empty() && flags.is_empty() {
        return None;
    }
    let mut phrases: Vec<String> =
        found.iter().map(|(package, how)| program.phrase(package, &format!(" {how}"))).collect();
    phrases.extend(flags);
    if wanted.len() > unknown.len() {
        phrases.extend(unknown.iter().map(|library| format!("nobody is found who asks for `{library}`")));
    }
    let third: Vec<&Package> = found.iter().map(|(package, _)| *package).filter(|package| !package.standard).collect();
    let help = match third.iter().any(|package| !package.cgo_files.is_empty()) {
        true => advice(&third, program.goal),
        false => wanted.first().filter(|_| third.is_empty()).map(|library| {
            let name = link_name(library);
            format!("take `-l{name}` out, or write `-l:lib{name}.a` for it, its static archive")
        }),
    };
    let mut culprits = Culprits { phrases, help };
    only_once(&mut culprits.phrases);
    Some(culprits)
}

/// A package that uses cgo, and the libraries it asks for.
struct Asking<'p> {
    package: &'p Package,
    flags: LinkWords,
    pkg_config: LinkWords,
}

impl<'p> Asking<'p> {
    fn of(package: &'p Package, plan: &Plan) -> Self {
        let flags = LinkWords::read(package.cgo_ldflags.iter().map(String::as_str));
        Asking { package, flags, pkg_config: of_pkg_config(package, plan) }
    }

    /// How it asks for a library.
    fn asks_for(&self, library: &str) -> Option<String> {
        if let Some(word) = self.flags.asking_for(library) {
            return Some(format!("asks for `{word}`"));
        }
        if let Some(word) = self.pkg_config.asking_for(library) {
            return Some(format!("asks for `{word}` by `#cgo pkg-config: {}`", self.package.cgo_pkg_config.join(" ")));
        }
        let is_cpps = matches!(link_name(library), "stdc++" | "c++");
        (is_cpps && !self.package.cxx_files.is_empty()).then(|| "has C++ code".to_owned())
    }

    fn has_libraries(&self) -> bool {
        !self.package.cxx_files.is_empty() || [&self.flags, &self.pkg_config].iter().any(|words| words.has_own())
    }
}

/// What pkg-config says for a package, as go asks it.
fn of_pkg_config(package: &Package, plan: &Plan) -> LinkWords {
    if package.cgo_pkg_config.is_empty() {
        return LinkWords::default();
    }
    let program = plan.users.go.iter().rfind(|setting| setting.name == "PKG_CONFIG").map(|set| set.value.as_str());
    let Some(program) = helper(program.unwrap_or("pkg-config")) else { return LinkWords::default() };
    let names = package.cgo_pkg_config.iter().map(String::as_str);
    let mut command = duct::cmd(program, ["--libs", "--"].into_iter().chain(names));
    for (name, value) in &plan.env {
        command = command.env(name, value);
    }
    let answer = command.stdin_null().stderr_null().unchecked().read().unwrap_or_default();
    LinkWords::read(answer.split_whitespace())
}

/// `CGO_LDFLAGS`, and the `-extldflags` of the last `-ldflags`.
fn by_flags(library: &str, plan: &Plan) -> Vec<String> {
    let settings = &plan.users.go;
    let asked =
        |words: Vec<String>| LinkWords::read(words.iter().map(String::as_str)).asking_for(library).map(str::to_owned);
    let variable = settings.iter().rfind(|setting| setting.name == "CGO_LDFLAGS");
    let variable = variable.and_then(|set| {
        let word = asked(split(&set.value).ok()?)?;
        Some(format!("`{word}` in `CGO_LDFLAGS`, set by {}", set.place))
    });
    let flag = settings.iter().rfind(|setting| setting.name == "ldflags");
    let flag = flag.and_then(|set| {
        let word = asked(for_c_linker(&set.value))?;
        Some(format!("`{word}` in `-extldflags` of {}", set.place))
    });
    variable.into_iter().chain(flag).collect()
}

/// Who asks for libraries without cgo.
pub(super) fn imported(program: &Program<'_>) -> Culprits {
    let found = imports(&program.packages, None);
    let phrases = found.iter().map(|(package, how)| program.phrase(package, &format!(" {how}"))).collect();
    Culprits { phrases, help: None }
}

/// Packages that import symbols of the library, or of any, without cgo.
fn imports<'p>(packages: &[&'p Package], library: Option<&str>) -> Vec<(&'p Package, String)> {
    let name = library.map(|library| format!("\"{library}\""));
    let names_it = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let is_wanted = |line: &str| name.as_ref().is_none_or(|name| line.contains(name));
        text.lines().any(|line| line.starts_with(IMPORT) && is_wanted(line))
    };
    let third = packages.par_iter().filter(|package| !package.standard);
    let asking = third.filter(|package| package.go_files.iter().any(|file| names_it(&package.dir.join(file))));
    asking.map(|package| (*package, "asks for a library by `//go:cgo_import_dynamic`".to_owned())).collect()
}

/// The package behind a library of which nothing tells the name: the only one that uses cgo, or that asks for any library.
fn the_only_one<'p>(users: &[Asking<'p>]) -> Option<&'p Package> {
    let with_libraries: Vec<&Asking<'_>> = users.iter().filter(|user| user.has_libraries()).collect();
    match (users, with_libraries.as_slice()) {
        ([only], _) => Some(only.package),
        (_, [only]) => Some(only.package),
        _ => None,
    }
}

/// Static archives that the `#cgo` lines of a package name.
pub(super) fn archives(package: &Package) -> Vec<PathBuf> {
    let flags = LinkWords::read(package.cgo_ldflags.iter().map(String::as_str));
    flags.code().map(|path| package.dir.join(path)).collect()
}

/// Whether a package asks for libraries that are not part of every C program.
pub(super) fn asks_for_any(package: &Package) -> bool {
    let flags = LinkWords::read(package.cgo_ldflags.iter().map(String::as_str));
    flags.has_own() || !package.cgo_pkg_config.is_empty()
}

/// Whether a package opens libraries at run time by itself. C code beside its Go files may do so as an option of many
/// (SQLite's extensions), and counts for nothing.
pub(super) fn opens_any(package: &Package) -> bool {
    let mut files = package.cgo_files.iter().map(|file| package.dir.join(file));
    files.any(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("dlopen(")))
}

/// Whether a needed library tells nothing about who asked for it.
pub(super) fn tells_nothing(library: &str) -> bool {
    is_of_every_program(link_name(library))
}
