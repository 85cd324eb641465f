//! After the tool itself failed: whether the policy's own settings are the likely cause, and the command that fixes it.
//!
//! The tool's output has gone to the terminal and is not read; only what the failed build left behind counts.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::go::left_out::{self, LeftOut};
use super::needs::{self, CargoBuild, Machine, Need};
use super::{cargo, fixes, go, toolchain};
use crate::plan::environment::Environment;
use crate::plan::{Plan, Tool};
use crate::policy::Policy;
use crate::run::Provenance;

/// A likely cause and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// One sentence, lower case, no full stop.
    pub cause: String,
    /// What to do.
    pub fix: String,
}

/// A build that failed.
#[derive(Debug, Clone, Copy)]
pub struct FailedBuild<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// The policy behind it.
    pub policy: &'a Policy,
    /// What it left behind.
    pub provenance: &'a Provenance,
    /// Where it ran.
    pub directory: &'a Path,
    /// With which variables.
    pub environment: &'a Environment,
    /// When it started: older traces are of other builds.
    pub started: SystemTime,
}

/// The likely causes that lie in what the policy set; empty when nothing points there.
pub fn hints(build: &FailedBuild<'_>, machine: impl FnOnce() -> Machine) -> Vec<Hint> {
    match build.plan.tool {
        Tool::Cargo => of_cargo(build, machine),
        Tool::Go => of_go(build, machine),
    }
}

fn of_cargo(build: &FailedBuild<'_>, machine: impl FnOnce() -> Machine) -> Vec<Hint> {
    let cargo = cargo::CargoBlame::new(build.plan, &build.provenance.cargo_messages);
    let Some((target, origin)) = &build.plan.expectations.target else {
        return crt_static_in_macros(build, &cargo).into_iter().collect();
    };
    let why = format!("cargo.target, {origin}");
    let machine = machine();
    let names_linker = crate::plan::cargo::names_linker(target, build.environment);
    let named = |tool| crate::plan::cargo::names_compiler(tool, target, build.environment);
    let (compiler, cxx_compiler) = (named("CC"), named("CXX"));
    let c_crates = cargo.c_crates(target);
    // cargo-zigbuild names its own.
    let is_zigbuild = build.plan.verb.as_deref() == Some("zigbuild");
    let cxx_crates = if is_zigbuild { Vec::new() } else { cargo.cxx_crates(target) };
    let needs = CargoBuild {
        target,
        why: &why,
        toolchain: toolchain::chosen(&build.plan.args).and_then(|word| word.to_str()?.strip_prefix('+')),
        directory: build.directory,
        names_linker,
        compiler: compiler.as_deref(),
        c_crates: c_crates.as_deref(),
        cxx_compiler: cxx_compiler.as_deref(),
        cxx_crates: &cxx_crates,
    };
    let mut hints: Vec<Hint> = needs::of_cargo(&machine, needs).into_iter().filter_map(missing).collect();
    let folder = cargo::build_directory(&build.plan.program, &build.plan.args).map(|folder| folder.join(target));
    for name in folder.iter().flat_map(|folder| failed_scripts(folder, build.started)) {
        if let Some(advice) = fixes::of_crate(&name) {
            let cause = format!("the build script of {} failed for {target}", cargo.by_name(&name, target));
            hints.push(Hint { cause, fix: advice.to_owned() });
        }
    }
    if target.contains("-musl") {
        hints.extend(cargo.only_shared(build.directory).iter().map(|name| only_shared(name, target, &why)));
        hints.extend(glibc_code(&cargo, target));
    }
    hints
}

/// C code that cannot be linked against musl. The linker's words go to the terminal and are not read, so that the hint is for the
/// case that it was the link which failed.
fn glibc_code(cargo: &cargo::CargoBlame<'_>, target: &str) -> Vec<Hint> {
    let code = cargo.glibc_code(target).into_iter();
    let hint = |(who, made_by_headers)| Hint {
        cause: format!("if it was the link that failed: {who}, which glibc has and musl lacks"),
        fix: match made_by_headers {
            true => format!(
                "compile that C code with a musl compiler (`CC_{}=musl-gcc`) or with `-U_FORTIFY_SOURCE`",
                target.replace('-', "_")
            ),
            false => "do without these functions, or build that crate without what calls them".to_owned(),
        },
    };
    code.map(hint).collect()
}

/// cargo drops a `cdylib` that cannot be made where something else is left of the package, and fails where nothing is.
fn only_shared(name: &str, target: &str, why: &str) -> Hint {
    Hint {
        cause: format!("`{name}` makes a shared object only (`crate-type`), and none can be made for {target}: {why}"),
        fix: format!(
            "build the others with `--workspace --exclude {name}`, and `{name}` in its own folder, where no target is given"
        ),
    }
}

/// What the machine lacks.
fn missing(need: Need) -> Option<Hint> {
    let cause = format!("{} is not installed, and the build needs it: {}", need.what, need.why);
    need.fix.filter(|_| !need.present).map(|fix| Hint { cause, fix })
}

/// Without a target, flags reach procedural macros too, and those cannot be linked with `+crt-static`.
fn crt_static_in_macros(build: &FailedBuild<'_>, cargo: &cargo::CargoBlame<'_>) -> Option<Hint> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let is_native = build.plan.targets.is_empty() && cfg!(target_os = "linux");
    let flag = is_native.then(|| crate::plan::cargo::asks_for_crt_static(&host, build.environment)).flatten()?;
    let name = cargo.a_procedural_macro()?;
    Some(Hint {
        cause: format!(
            "`{}`, set by {}, reaches procedural macros such as `{name}` too, which cannot be linked so",
            flag.value,
            flag.place()
        ),
        fix: format!("add `--target {host}`: flags are then for that target alone"),
    })
}

/// Packages whose build script was started for this target after `since` and did not finish: cargo writes
/// `invoked.timestamp` when it starts one, and `output` beside it after a success (`src/cargo/core/compiler/custom_build.rs`
/// of cargo 1.95).
fn failed_scripts(folder: &Path, since: SystemTime) -> Vec<String> {
    let mut failed = Vec::new();
    for profile in folders(folder) {
        for script in folders(&profile.join("build")) {
            let changed = |file: &str| std::fs::metadata(script.join(file)).and_then(|data| data.modified()).ok();
            let Some(started) = changed("invoked.timestamp").filter(|started| *started >= since) else { continue };
            if changed("output").is_some_and(|finished| finished >= started) {
                continue;
            }
            let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
            failed.extend(name.rsplit_once('-').map(|(name, _)| name.to_owned()));
        }
    }
    failed.sort();
    failed.dedup();
    failed
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn of_go(build: &FailedBuild<'_>, machine: impl FnOnce() -> Machine) -> Vec<Hint> {
    let Some((value, origin)) = &build.plan.expectations.cgo_enabled else { return Vec::new() };
    if value != "0" {
        return needs::of_go(&machine(), build.policy).into_iter().filter_map(missing).collect();
    }
    let goal = go::Goal { target: build.plan.targets.first().map(String::as_str), is_shared: false };
    let hint = |left: &LeftOut| {
        let way = match left.way.split_last() {
            Some((_, importers)) if !importers.is_empty() => format!(", imported by {},", importers.join(" → ")),
            _ => String::new(),
        };
        let what = match left.is_empty {
            true => "has only cgo files".to_owned(),
            false => {
                format!("has what is undefined in its cgo files, such as `{}`", left.package.cgo_files.join("`, `"))
            }
        };
        Hint {
            cause: format!(
                "{}{way} {what}, and go.cgo = \"off\" ({origin}) leaves them out",
                go::called(&left.package)
            ),
            fix: go::advice(&[&left.package], goal)
                .unwrap_or_else(|| "allow it: `go.cgo = \"allow\"`, `CGO_ENABLED=1` and a `CC` for that system".into()),
        }
    };
    let external = go::external(&build.plan.users.go).map(|flag| Hint {
        cause: format!("{flag} needs cgo, and go.cgo = \"off\" ({origin}) turns it off"),
        fix: "take that flag out, or allow cgo: `go.cgo = \"static\"` or `\"allow\"`".into(),
    });
    external.into_iter().chain(left_out::of(build.plan).iter().map(hint)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_script_that_started_now_and_did_not_finish_failed() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("debug/build");
        for script in ["openssl-sys-1234", "zstd-sys-5678", "native-tls-9abc"] {
            std::fs::create_dir_all(build.join(script).join("out")).unwrap();
        }
        for file in ["openssl-sys-1234/invoked.timestamp", "zstd-sys-5678/invoked.timestamp", "zstd-sys-5678/output"] {
            std::fs::write(build.join(file), "").unwrap();
        }
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(failed_scripts(folder.path(), SystemTime::now() - hour), ["openssl-sys"]);
        assert!(failed_scripts(folder.path(), SystemTime::now() + hour).is_empty());
    }
}
