//! What to do about cgo, by what is built and for which machine.

use super::libraries;
use super::packages::Package;
use crate::blame::fixes;
use crate::facts::OWN_ARCH;
use crate::rules::{goarch_of, zig_target};

/// Packages of Go itself whose cgo half has a pure Go twin, and the tag that chooses it (`go doc net`, `go doc os/user`).
const PURE_TAGS: &[(&str, &str)] = &[("net", "netgo"), ("os/user", "osusergo")];

/// What is built, as far as advice depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Goal<'t> {
    /// `GOOS/GOARCH`; this machine's own where it is not known.
    pub(crate) target: Option<&'t str>,
    /// A library for C, which `go.cgo = "static"` is not about.
    pub(crate) is_shared: bool,
}

/// Whose compiler links static programs for Linux.
enum Compiler {
    /// This machine's.
    Own,
    /// One that is told its target, as zig names it.
    Zig(String),
}

impl Goal<'_> {
    /// `None` where nothing is linked statically: C code for other systems than Linux needs the system's libraries, and those
    /// of a library are its program's.
    fn compiler(&self) -> Option<Compiler> {
        if self.is_shared {
            return None;
        }
        let Some((os, arch)) = self.target.and_then(|target| target.split_once('/')) else {
            return cfg!(target_os = "linux").then_some(Compiler::Own);
        };
        if os != "linux" {
            return None;
        }
        let arch = goarch_of(arch)?;
        let is_own = cfg!(target_os = "linux") && arch == OWN_ARCH;
        Some(if is_own { Compiler::Own } else { Compiler::Zig(zig_target(arch, "musl")) })
    }
}

/// What to do about packages of Go itself.
pub(super) fn without_cgo(users: &[&Package]) -> Option<String> {
    let tag = |package: &&Package| PURE_TAGS.iter().find(|(path, _)| package.import_path == *path).map(|(_, tag)| *tag);
    let tags: Vec<&str> = users.iter().filter_map(tag).collect();
    let build = format!("build with `-tags {}`", tags.join(","));
    match users.iter().find(|package| tag(package).is_none()) {
        None if tags.is_empty() => None,
        None => Some(format!("{build}, or set `go.cgo = \"off\"`: these packages have a pure Go half")),
        Some(plugin) if plugin.import_path == "plugin" => {
            let also = if tags.is_empty() { String::new() } else { format!(" and {build},") };
            Some(format!("leave out `plugin`, which needs a loader,{also} or allow `linkage = \"any\"`"))
        }
        Some(_) => None,
    }
}

/// What to do about packages of third parties: without them, or with their C code linked in. `None` where neither helps.
pub(crate) fn advice(packages: &[&Package], goal: Goal<'_>) -> Option<String> {
    let instead = packages.iter().find_map(|package| {
        let instead = fixes::instead_of_package(&package.import_path)?;
        Some(format!("use {instead} in the place of `{}`", package.import_path))
    });
    let link = goal.compiler().map(|compiler| match packages.iter().find(|package| libraries::opens_any(package)) {
        // `stub_dlopen` in musl's `src/ldso/dlopen.c`; "Static linking" in glibc's FAQ.
        Some(package) => format!(
            "do without `{}`, which opens libraries by `dlopen`: in a static program that always fails with musl, and wants the \
             same glibc with glibc",
            package.import_path
        ),
        None => linked_in(packages, &compiler),
    });
    match (instead, link) {
        (Some(instead), Some(link)) => Some(format!("{instead}, or {link}")),
        (instead, link) => instead.or(link),
    }
}

fn linked_in(packages: &[&Package], compiler: &Compiler) -> String {
    let has_cxx = packages.iter().any(|package| !package.cxx_files.is_empty());
    let has_libraries = packages.iter().any(|package| libraries::asks_for_any(package));
    let code = if has_cxx { "C++" } else { "C" };
    let with = match compiler {
        // musl-gcc does not look where the system's libraries are, and those are made for the system's C library.
        Compiler::Own if has_libraries => {
            ", with the system's compilers and static archives (`.a`) of the libraries".to_owned()
        }
        Compiler::Own if has_cxx => ", with the system's compilers, or with both `CC` and `CXX` for musl".to_owned(),
        Compiler::Own => " with `go.cc = \"musl-gcc\"`".to_owned(),
        Compiler::Zig(target) => {
            let cxx = if has_cxx { format!(" and `CXX=\"zig c++ -target {target}\"`") } else { String::new() };
            let archives = if has_libraries { ", and static archives (`.a`) of the libraries for it" } else { "" };
            format!(" with `CC=\"zig cc -target {target}\"`{cxx}{archives}")
        }
    };
    let code = if has_libraries { "C" } else { code };
    format!("link the {code} code in: `go.cgo = \"static\"`{with}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(path: &str, standard: bool) -> Package {
        Package { import_path: path.into(), standard, cgo_files: vec!["x.go".into()], ..Package::default() }
    }

    fn built_for(target: &str) -> Goal<'_> {
        Goal { target: Some(target), is_shared: false }
    }

    /// This machine's architecture, or the other one, in Go's words.
    fn linux(is_own: bool) -> &'static str {
        if cfg!(target_arch = "aarch64") == is_own { "linux/arm64" } else { "linux/amd64" }
    }

    #[test]
    fn plugin_has_no_pure_half() {
        let (net, plugin) = (user("net", true), user("plugin", true));
        let help = without_cgo(&[&net, &plugin]).unwrap();
        assert!(help.starts_with("leave out `plugin`") && help.contains("`-tags netgo`"), "{help}");
        assert_eq!(without_cgo(&[&user("runtime/race", true)]), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn musl_gcc_is_no_advice_where_the_systems_libraries_are_linked() {
        let advice = |packages: &[&Package]| advice(packages, built_for(linux(true))).unwrap();
        let own = Package { cgo_ldflags: vec!["-lm".into()], ..user("a", false) };
        assert!(advice(&[&own]).contains("musl-gcc"));
        let systems = Package { cgo_pkg_config: vec!["zlib".into()], ..user("a", false) };
        assert!(!advice(&[&own, &systems]).contains("musl-gcc"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn static_linking_is_no_advice_for_what_opens_libraries() {
        let folder = tempfile::tempdir().unwrap();
        let package = Package { dir: folder.path().into(), ..user("a", false) };
        let code = "package a\n\n// void *open(const char *path) { return dlopen(path, RTLD_LAZY); }\nimport \"C\"\n";
        std::fs::write(folder.path().join("x.go"), code.replace("dlopen(", "fopen(")).unwrap();
        assert!(advice(&[&package], built_for(linux(true))).unwrap().contains("musl-gcc"));
        std::fs::write(folder.path().join("x.go"), code).unwrap();
        assert!(
            advice(&[&package], built_for(linux(true))).unwrap().starts_with("do without `a`, which opens libraries")
        );
    }

    #[test]
    fn static_linking_is_no_advice_for_other_systems_and_for_libraries() {
        let own = user("a", false);
        for target in ["windows/amd64", "darwin/arm64", "freebsd/amd64"] {
            assert_eq!(advice(&[&own], built_for(target)), None, "{target}");
        }
        let replaced = user("github.com/mattn/go-sqlite3", false);
        let help = advice(&[&replaced], built_for("windows/amd64")).unwrap();
        assert!(help.starts_with("use ") && !help.contains("static"), "{help}");
        assert_eq!(advice(&[&own], Goal { is_shared: true, ..built_for(linux(true)) }), None);
    }

    #[test]
    fn another_architecture_needs_a_compiler_that_knows_it() {
        let zig = if cfg!(target_arch = "aarch64") { "x86_64-linux-musl" } else { "aarch64-linux-musl" };
        let own = user("a", false);
        let help = advice(&[&own], built_for(linux(false))).unwrap();
        assert_eq!(help, format!("link the C code in: `go.cgo = \"static\"` with `CC=\"zig cc -target {zig}\"`"));
        let cxx = Package { cxx_files: vec!["x.cc".into()], ..own };
        let help = advice(&[&cxx], built_for(linux(false))).unwrap();
        assert!(help.contains(&format!("`CXX=\"zig c++ -target {zig}\"`")), "{help}");
    }
}
