//! After the tool itself failed: whether the policy's own settings are the likely cause, and the command that fixes it.
//!
//! The tool's output has gone to the terminal and is not read; only what the failed build left behind counts.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::go::packages;
use super::needs::{self, CargoBuild, Machine};
use super::{cargo, fixes};
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
        Tool::Go => of_go(build),
    }
}

fn of_cargo(build: &FailedBuild<'_>, machine: impl FnOnce() -> Machine) -> Vec<Hint> {
    let Some((target, origin)) = &build.plan.expectations.target else { return Vec::new() };
    let why = format!("cargo.target, {origin}");
    let machine = machine();
    let names_linker = crate::plan::cargo::names_linker(target, build.environment);
    let needs = CargoBuild { target, why: &why, directory: build.directory, names_linker };
    let missing = needs::of_cargo(&machine, needs).into_iter().filter(|need| !need.present);
    let mut hints: Vec<Hint> = missing
        .filter_map(|need| {
            let cause = format!("{} is not installed, and the build needs it: {}", need.what, need.why);
            need.fix.map(|fix| Hint { cause, fix })
        })
        .collect();
    let folder = cargo::target_directory(&build.plan.program, &build.plan.args).map(|folder| folder.join(target));
    for name in folder.iter().flat_map(|folder| failed_scripts(folder, build.started)) {
        if let Some(advice) = fixes::of_crate(&name) {
            let cause = format!("the build script of crate `{name}` failed for {target}");
            hints.push(Hint { cause, fix: advice.to_owned() });
        }
    }
    if target.contains("-musl") {
        let cargo = cargo::CargoBlame::new(build.plan, &build.provenance.cargo_messages);
        hints.extend(cargo.glibc_code(target).into_iter().map(|who| Hint {
            cause: format!("{who}, which glibc has and musl lacks"),
            fix: format!(
                "compile that C code with a musl compiler (`CC_{}=musl-gcc`) or with `-U_FORTIFY_SOURCE`",
                target.replace('-', "_")
            ),
        }));
    }
    hints
}

/// Packages whose build script was started for this target after `since` and did not finish: cargo makes their `out`
/// folder before the run, and writes `output` beside it after a success (cargo `src/cargo/core/compiler/custom_build.rs`).
fn failed_scripts(folder: &Path, since: SystemTime) -> Vec<String> {
    let mut failed = Vec::new();
    for profile in folders(folder) {
        for script in folders(&profile.join("build")) {
            let fresh =
                |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).is_ok_and(|time| time >= since);
            let started = fresh(&script) || fresh(&script.join("out"));
            if !started || !script.join("out").is_dir() || fresh(&script.join("output")) {
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

fn of_go(build: &FailedBuild<'_>) -> Vec<Hint> {
    let Some((value, origin)) = &build.plan.expectations.cgo_enabled else { return Vec::new() };
    if value != "0" {
        return Vec::new();
    }
    let all = packages::ask(build.plan).unwrap_or_default();
    let cgo_only = all.iter().filter(|package| {
        package.go_files.is_empty() && !package.ignored_go_files.is_empty() && !package.standard && package.is_broken()
    });
    cgo_only
        .map(|package| {
            let way = packages::way(&all, &package.import_path).filter(|way| way.len() > 1);
            let way = way.map(|way| format!(" (imported by {})", way.join(" → "))).unwrap_or_default();
            Hint {
                cause: format!(
                    "package `{}`{way} has only cgo files, and go.cgo = \"off\" ({origin}) leaves them out",
                    package.import_path
                ),
                fix: "use a package in pure Go, or set `go.cgo = \"static\"` with `go.cc = \"musl-gcc\"`".into(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_script_that_started_now_and_did_not_finish_failed() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("debug/build");
        for script in ["openssl-sys-1234", "zstd-sys-5678"] {
            std::fs::create_dir_all(build.join(script).join("out")).unwrap();
        }
        std::fs::create_dir_all(build.join("serde-9abc")).unwrap();
        std::fs::write(build.join("zstd-sys-5678/output"), "").unwrap();
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(failed_scripts(folder.path(), SystemTime::now() - hour), ["openssl-sys"]);
        assert!(failed_scripts(folder.path(), SystemTime::now() + hour).is_empty());
    }
}
