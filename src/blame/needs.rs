//! What this machine lacks for the policy, with the command that gets it on this system.
//!
//! `seaworthy doctor` asks beforehand; after a failed build the same answers say whether the policy's own settings are the
//! likely cause.

mod packages;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::toolchain;
use crate::listing::listed;
use crate::plan::{Plan, Tool};
use crate::policy::{CgoPolicy, Policy};
use crate::rules::static_cxx_of_rust;
pub use packages::System;

/// Crates named as the reason for one need; the rest is counted.
const CRATES_SHOWN: usize = 3;

/// One thing a build under the policy needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// What it is: `the Rust target x86_64-unknown-linux-musl`.
    pub what: String,
    /// What wants it: `cargo.target`, `a C dependency: libsqlite3-sys` …
    pub why: String,
    /// Whether it is there.
    pub present: bool,
    /// The command that gets it, when it is not.
    pub fix: Option<String>,
}

/// What is asked of the machine; everything a need is judged by, so that the judgement is a function.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// `rustc --print sysroot`, when there is a rustc.
    pub sysroot: Option<PathBuf>,
    /// Whether rustup manages that toolchain.
    pub rustup: bool,
    /// The system's package manager.
    pub system: System,
}

impl Machine {
    /// Looks at this machine; runs `rustc --print sysroot` of the toolchain that `plan` built with, or of the default one.
    pub fn look(path: Option<OsString>, plan: Option<&Plan>) -> Self {
        let folders: Vec<PathBuf> =
            path.iter().flat_map(std::env::split_paths).filter(|dir| dir.is_absolute()).collect();
        let sysroot = toolchain::sysroot(plan);
        let machine = Machine { path: folders, sysroot, rustup: false, system: System::of_this_machine() };
        Machine { rustup: machine.has("rustup"), ..machine }
    }

    fn has(&self, program: &str) -> bool {
        let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        self.path.iter().any(|folder| folder.join(&file).is_file())
    }

    fn has_target(&self, target: &str) -> bool {
        self.sysroot.as_ref().is_some_and(|sysroot| sysroot.join("lib/rustlib").join(target).join("lib").is_dir())
    }

    fn program(&self, name: &str, why: String) -> Need {
        let present = self.has(name);
        Need { what: format!("`{name}`"), why, present, fix: (!present).then(|| self.system.install(name)) }
    }
}

/// A cargo build whose needs are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CargoBuild<'a> {
    /// The target triple.
    pub target: &'a str,
    /// What wants that target.
    pub why: &'a str,
    /// The toolchain that was asked for, as rustup names it.
    pub toolchain: Option<&'a str>,
    /// Where the project is.
    pub directory: &'a Path,
    /// A linker for the target is named by the environment or a configuration file.
    pub names_linker: bool,
    /// The C compiler for the target, when the environment names one.
    pub compiler: Option<&'a str>,
    /// Crates that compile C code and are linked into something, as cargo says; `None` where it cannot, before everything is
    /// downloaded: `Cargo.lock` is read then, which also has what other systems and features need.
    pub c_crates: Option<&'a [String]>,
    /// The C++ compiler for the target, when the environment names one.
    pub cxx_compiler: Option<&'a str>,
    /// The same for C++ code, where cargo can say.
    pub cxx_crates: &'a [String],
}

/// What a cargo build needs.
pub fn of_cargo(machine: &Machine, build: CargoBuild<'_>) -> Vec<Need> {
    let CargoBuild { target, why, toolchain, directory, names_linker, .. } = build;
    let mut needs = vec![machine.program(Tool::Cargo.name(), "cargo builds".into())];
    let present = machine.has_target(target);
    let fix = if machine.rustup {
        let of = toolchain.map_or_else(String::new, |toolchain| format!("--toolchain {toolchain} "));
        format!("rustup target add {of}{target}")
    } else {
        format!("install the standard library of {target} with the package manager that installed Rust")
    };
    // Of a toolchain that is not there, rustup says so itself.
    if toolchain.is_none() || machine.sysroot.is_some() {
        needs.push(Need {
            what: format!("the Rust target `{target}`"),
            why: why.to_owned(),
            present,
            fix: (!present).then_some(fix),
        });
    }
    if !names_linker {
        needs.extend(linker(machine, target));
    }
    let c_crates = build.c_crates.map_or_else(|| c_dependencies(directory), <[String]>::to_vec);
    let compilers = build.compiler.map_or_else(|| c_compilers(target).to_vec(), |named| vec![named]);
    if let (Some(compiler), false) = (compilers.last(), c_crates.is_empty()) {
        let found = compilers.iter().find(|compiler| machine.has(compiler)).unwrap_or(compiler);
        needs.push(machine.program(found, format!("C code of {}", listed(&c_crates, CRATES_SHOWN))));
    }
    needs.extend(cxx_for_musl(machine, &build));
    needs
}

/// C++ code for musl: the crate `cc` looks for a compiler that no distribution has, and what the system's own compiles asks
/// for the system's C library. On Alpine that is musl.
fn cxx_for_musl(machine: &Machine, build: &CargoBuild<'_>) -> Option<Need> {
    let CargoBuild { target, cxx_crates, cxx_compiler, .. } = build;
    if !target.contains("-linux-musl") || cxx_crates.is_empty() || machine.system == System::Alpine {
        return None;
    }
    let of_musl = format!("{}-linux-musl-g++", target.split('-').next().unwrap_or_default());
    let named = cxx_compiler.unwrap_or(&of_musl);
    let present = !matches!(named, "g++" | "c++") && machine.has(named);
    Some(Need {
        what: format!("`{of_musl}`"),
        why: format!("C++ code of {}", listed(cxx_crates, CRATES_SHOWN)),
        present,
        fix: (!present).then(|| format!("no distribution has it; {}", static_cxx_of_rust(target))),
    })
}

/// What a Go build needs.
pub fn of_go(machine: &Machine, policy: &Policy) -> Vec<Need> {
    let mut needs = vec![machine.program(Tool::Go.name(), "go builds".into())];
    if policy.go.cgo.value == CgoPolicy::Static {
        let compiler = policy.go.cc.as_ref().map_or("cc", |cc| cc.value.split(' ').next().unwrap_or("cc"));
        needs.push(machine.program(compiler, format!("go.cgo = \"static\" ({})", policy.go.cgo.origin)));
    }
    needs
}

/// The linker rustc runs for a target when none is named. `cc` links for this machine's own architecture only; for
/// another one with musl, rustc's own `rust-lld` does, since the start-up files come with the target.
fn linker(machine: &Machine, target: &str) -> Option<Need> {
    let why = format!("links for {target}");
    match target {
        "x86_64-pc-windows-gnu" => return Some(machine.program("x86_64-w64-mingw32-gcc", why)),
        "i686-pc-windows-gnu" => return Some(machine.program("i686-w64-mingw32-gcc", why)),
        _ if !target.contains("-linux-") => return None,
        _ => {}
    }
    let arch = target.split('-').next().unwrap_or_default();
    if arch.starts_with(std::env::consts::ARCH) {
        return Some(machine.program("cc", why));
    }
    let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    let fix = match target.contains("-musl") {
        true => format!("set `{variable}=rust-lld`, which comes with Rust"),
        false => format!("install a C compiler for {arch}, and set `{variable}` to its name"),
    };
    Some(Need { what: format!("a linker for `{target}`"), why, present: false, fix: Some(fix) })
}

/// The C compilers the `cc` crate looks for when it builds C code for a target (its documentation, "Compile-time
/// Requirements"; `prefix_for_target` in its source). The last one is what packages bring.
fn c_compilers(target: &str) -> &'static [&'static str] {
    match target {
        "x86_64-unknown-linux-musl" => &["x86_64-linux-musl-gcc", "musl-gcc"],
        "aarch64-unknown-linux-musl" => &["aarch64-linux-musl-gcc"],
        "x86_64-pc-windows-gnu" => &["x86_64-w64-mingw32-gcc"],
        _ => &[],
    }
}

/// The crates of the project here that compile C code and are linked into what is built for `target`, as cargo says; and of
/// those the ones that compile C++.
pub fn c_and_cxx_crates(target: &str) -> Option<(Vec<String>, Vec<String>)> {
    super::cargo::c_and_cxx_crates(&super::helper(Tool::Cargo.name())?, target)
}

/// Packages in `Cargo.lock` that compile C code themselves: those that depend on the crates `cc` or `cmake`.
fn c_dependencies(directory: &Path) -> Vec<String> {
    let lock = directory.ancestors().map(|folder| folder.join("Cargo.lock")).find(|path| path.is_file());
    let text = lock.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let mut found = Vec::new();
    for package in text.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let compiles = package.lines().any(|line| {
            let dependency = line.trim().trim_matches([',', '"']);
            matches!(dependency.split(' ').next(), Some("cc" | "cmake")) && line.starts_with(' ')
        });
        found.extend(name.filter(|_| compiles).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(folder: &Path, programs: &[&str], targets: &[&str]) -> Machine {
        for program in programs {
            std::fs::write(folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)), "").unwrap();
        }
        for target in targets {
            std::fs::create_dir_all(folder.join("lib/rustlib").join(target).join("lib")).unwrap();
        }
        Machine { path: vec![folder.into()], sysroot: Some(folder.into()), rustup: true, system: System::Debian }
    }

    fn musl(directory: &Path) -> CargoBuild<'_> {
        let target = "x86_64-unknown-linux-musl";
        CargoBuild {
            target,
            why: "by default",
            toolchain: None,
            directory,
            names_linker: false,
            compiler: None,
            c_crates: None,
            cxx_compiler: None,
            cxx_crates: &[],
        }
    }

    #[test]
    fn another_architecture_needs_a_linker_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let target =
            if cfg!(target_arch = "aarch64") { "x86_64-unknown-linux-musl" } else { "aarch64-unknown-linux-musl" };
        let machine = machine(folder.path(), &["cargo", "cc"], &[target]);
        let needs = of_cargo(&machine, CargoBuild { target, ..musl(folder.path()) });
        let missing: Vec<_> = needs.iter().filter(|need| !need.present).collect();
        assert!(missing.len() == 1 && missing[0].fix.as_ref().is_some_and(|fix| fix.contains("rust-lld")), "{needs:?}");
        let named = of_cargo(&machine, CargoBuild { target, names_linker: true, ..musl(folder.path()) });
        assert!(named.iter().all(|need| need.present), "{named:?}");
    }

    #[test]
    fn what_is_missing_comes_with_its_command() {
        let folder = tempfile::tempdir().unwrap();
        let project = tempfile::tempdir().unwrap();
        let lock = "[[package]]\nname = \"libsqlite3-sys\"\ndependencies = [\n \"cc\",\n \"vcpkg\",\n]\n[[package]]\nname = \"cc\"\n";
        std::fs::write(project.path().join("Cargo.lock"), lock).unwrap();
        let machine = machine(folder.path(), &["cargo", "cc"], &[]);
        let needs = of_cargo(&machine, musl(project.path()));
        let missing: Vec<_> = needs.iter().filter(|need| !need.present).collect();
        assert_eq!(missing.len(), 2, "{needs:?}");
        assert_eq!(missing[0].fix.as_deref(), Some("rustup target add x86_64-unknown-linux-musl"));
        assert_eq!(missing[1].fix.as_deref(), Some("apt-get install musl-tools"));
        assert_eq!(missing[1].why, "C code of `libsqlite3-sys`");
    }

    #[test]
    fn the_compiler_that_is_named_counts_and_only_code_that_is_linked() {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(folder.path(), &["cargo", "cc", "my-cc"], &["x86_64-unknown-linux-musl"]);
        let crates = ["ring".to_owned()];
        let build = CargoBuild { c_crates: Some(&crates), ..musl(folder.path()) };
        let missing = |build| of_cargo(&machine, build).into_iter().filter(|need| !need.present).count();
        assert_eq!(missing(build), 1);
        assert_eq!(missing(CargoBuild { compiler: Some("my-cc"), ..build }), 0);
        assert_eq!(missing(CargoBuild { c_crates: Some(&[]), ..build }), 0);
    }

    #[test]
    fn cxx_code_for_musl_needs_a_compiler_for_musl() {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(folder.path(), &["cargo", "cc", "g++", "zig"], &["x86_64-unknown-linux-musl"]);
        let crates = ["cxx".to_owned()];
        let missing = |machine: &Machine, cxx_compiler| {
            let build = CargoBuild { c_crates: Some(&[]), cxx_crates: &crates, cxx_compiler, ..musl(folder.path()) };
            of_cargo(machine, build).into_iter().filter(|need| !need.present).collect::<Vec<_>>()
        };
        for named in [None, Some("g++")] {
            let missing = missing(&machine, named);
            assert!(missing.len() == 1 && missing[0].what == "`x86_64-linux-musl-g++`", "{missing:?}");
            assert!(missing[0].fix.as_ref().is_some_and(|fix| fix.contains("`crt-static = true`")), "{missing:?}");
        }
        assert!(missing(&machine, Some("zig")).is_empty());
        assert!(missing(&Machine { system: System::Alpine, ..machine }, None).is_empty());
    }

    #[test]
    fn a_toolchain_that_is_not_there_lacks_no_target() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { sysroot: None, ..machine(folder.path(), &["cargo", "cc"], &[]) };
        let missing = |toolchain| {
            let needs = of_cargo(&machine, CargoBuild { toolchain, ..musl(folder.path()) });
            needs.into_iter().filter(|need| !need.present).count()
        };
        assert_eq!((missing(Some("nosuch")), missing(None)), (0, 1));
    }

    #[test]
    fn nothing_is_asked_for_twice_or_without_need() {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(folder.path(), &["cargo", "cc"], &["x86_64-unknown-linux-musl"]);
        let needs = of_cargo(&machine, musl(folder.path()));
        assert!(needs.iter().all(|need| need.present), "{needs:?}");
    }
}
