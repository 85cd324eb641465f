//! `cargo install`, whose artifacts end up elsewhere than its messages say, and packages that make no program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::config::{Config, cargo_home};
use super::verbs::Resolved;
use crate::plan::environment::Environment;
use crate::plan::scan::Flag;
use crate::plan::{Discovery, Plan};

/// Where `cargo install` puts programs: `--root`, `CARGO_INSTALL_ROOT`, `install.root`, `CARGO_HOME`; in that order.
pub(super) fn discovery(flags: &[Flag], config: &Config, environment: &Environment, pass_on: bool) -> Discovery {
    let given = flags.iter().rev().find(|flag| flag.name == "root").and_then(|flag| flag.value.clone());
    let variable = || environment.non_empty("CARGO_INSTALL_ROOT").map(Into::into);
    let configured = || Some(config.whole_strings(&["install", "root"])?.pop()?.value.into());
    let root = given.or_else(variable).or_else(configured).map(PathBuf::from).or_else(|| cargo_home(environment));
    let bin = environment.cwd.join(root.unwrap_or_default()).join("bin");
    Discovery::CargoInstall { bin, pass_on }
}

/// Whether the package of the working directory (or of `--manifest-path`) makes nothing but a `cdylib` or `dylib`. Targets
/// that are static by nature cannot make those, so none is given then; says so in the plan.
pub(super) fn makes_no_program(
    resolved: &Resolved,
    flags: &[Flag],
    environment: &Environment,
    plan: &mut Plan,
) -> bool {
    if resolved.verb == "install" {
        return false;
    }
    let named = flags.iter().rev().find(|flag| flag.name == "manifest-path").and_then(|flag| flag.value.as_deref());
    let only_shared = own_manifest(named, &environment.cwd).is_some_and(|path| is_only_shared(&path));
    if only_shared {
        plan.not_applicable.push(
            "static linkage: the package makes a shared object only (`crate-type`), so no target is given".to_owned(),
        );
    }
    only_shared
}

/// The manifest that cargo starts from: the one of `--manifest-path`, or the nearest.
pub(crate) fn own_manifest(named: Option<&OsStr>, directory: &Path) -> Option<PathBuf> {
    match named {
        Some(path) => Some(directory.join(path)),
        None => directory.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file()),
    }
}

fn is_only_shared(manifest: &Path) -> bool {
    let Some(table) = std::fs::read_to_string(manifest).ok().and_then(|text| text.parse::<toml::Table>().ok()) else {
        return false;
    };
    let kinds = table.get("lib").and_then(|lib| lib.get("crate-type").or_else(|| lib.get("crate_type")));
    let Some(kinds) = kinds.and_then(toml::Value::as_array) else { return false };
    let shared = |kind: &toml::Value| matches!(kind.as_str(), Some("cdylib" | "dylib"));
    let directory = manifest.parent().unwrap_or(manifest);
    let programs = table.contains_key("bin")
        || table.contains_key("workspace")
        || ["src/main.rs", "src/bin"].iter().any(|path| directory.join(path).exists());
    !kinds.is_empty() && kinds.iter().all(shared) && !programs
}
