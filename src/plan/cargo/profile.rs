//! The profile of a call, and what configuration and environment say in it.

use super::config::{Config, Source, Sourced};
use crate::plan::environment::Environment;
use crate::plan::scan::Flag;
use crate::plan::users::ProfileSettings;

/// Keys of a profile that show in a program (The Cargo Book, "Profiles").
pub(crate) const KEYS: &[&str] = &["debug", "strip", "rpath", "lto", "panic"];

/// The profile that `flags` choose: `--profile`, `--release`; else `release` for `install`, `dev` for the rest.
pub(super) fn settings(flags: &[Flag], verb: &str, config: &Config, environment: &Environment) -> ProfileSettings {
    let named = flags.iter().rev().find(|flag| flag.name == "profile").map(|flag| flag.text());
    let release = flags.iter().any(|flag| matches!(flag.name.as_str(), "release" | "r"));
    let debug = flags.iter().any(|flag| flag.name == "debug");
    let name = named.unwrap_or(if release || (verb == "install" && !debug) { "release" } else { "dev" });
    let name = if name == "debug" { "dev" } else { name };
    let value = |key: &'static str| {
        let variable = format!("CARGO_PROFILE_{}_{}", name.to_uppercase().replace('-', "_"), key.to_uppercase());
        let set = environment.text(&variable).map(str::to_owned);
        let set = set.map(|value| Sourced { value, source: Source::Variable(variable) });
        Some((key, set.or_else(|| config.scalar(&["profile", name, key]))?))
    };
    ProfileSettings { name: name.to_owned(), values: KEYS.iter().copied().filter_map(value).collect() }
}
