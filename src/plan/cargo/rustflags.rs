//! The rustflags cargo would use, whence they come, and how ours are added without losing any.
//!
//! cargo takes exactly one of four places: `CARGO_ENCODED_RUSTFLAGS`; `RUSTFLAGS`; everything under `target.*`; everything
//! under `build.*`. An empty variable counts. Source: `src/cargo/core/compiler/build_context/target_info.rs` of cargo 1.95.

use std::ffi::OsString;

use super::config::{Config, Source, Sourced, cargo_home};
use crate::plan::environment::Environment;

/// Separates flags in `CARGO_ENCODED_RUSTFLAGS`.
const UNIT_SEPARATOR: char = '\u{1f}';
/// The first place.
const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";
/// The second place.
const PLAIN: &str = "RUSTFLAGS";
/// The last place, as a variable.
const BUILD: &str = "CARGO_BUILD_RUSTFLAGS";

/// The flags that count for one target.
#[derive(Debug)]
pub(super) struct RustFlags {
    /// The flags, in cargo's order.
    pub flags: Vec<Sourced>,
    /// A variable to which flags are to be added, and its present value.
    slot: (String, Option<OsString>),
    /// The variable that hides configured flags, and those.
    pub hidden: Option<(String, Vec<Sourced>)>,
}

impl RustFlags {
    /// Finds out what cargo would use for `triple`.
    pub(super) fn of(triple: &str, config: &Config, environment: &Environment) -> Self {
        let target_variable = format!("CARGO_TARGET_{}_RUSTFLAGS", shouted(triple));
        let mut targets = config.strings(&["target", triple, "rustflags"]).unwrap_or_default();
        targets.extend(from_variable(&target_variable, environment));
        targets.extend(from_cfg_tables(triple, config, environment));
        let mut builds = config.strings(&["build", "rustflags"]).unwrap_or_default();
        builds.extend(from_variable(BUILD, environment));
        let configured = if targets.is_empty() { &builds } else { &targets };
        for (name, separator) in [(ENCODED, UNIT_SEPARATOR), (PLAIN, ' ')] {
            let Some(value) = environment.get(name) else { continue };
            let hidden = (!configured.is_empty()).then(|| (name.to_owned(), configured.clone()));
            let source = Source::Variable(name.to_owned());
            let text = value.to_string_lossy();
            let flags = text.split(separator).filter(|flag| !flag.is_empty());
            let flags = flags.map(|flag| Sourced { value: flag.to_owned(), source: source.clone() }).collect();
            return RustFlags { flags, slot: (name.to_owned(), Some(value.to_owned())), hidden };
        }
        let slot = if targets.is_empty() && !builds.is_empty() { BUILD.to_owned() } else { target_variable };
        let value = environment.get(&slot).map(OsString::from);
        RustFlags { flags: if targets.is_empty() { builds } else { targets }, slot: (slot, value), hidden: None }
    }

    /// The variable, with its new value, that makes cargo use these flags and `-C target-feature=+crt-static`.
    pub(super) fn with_crt_static(&self) -> (OsString, OsString) {
        let (name, value) = &self.slot;
        let encoded = name == ENCODED;
        let separator = if encoded { UNIT_SEPARATOR.to_string() } else { " ".to_owned() };
        let ours = ["-C", "target-feature=+crt-static"].join(&separator);
        let mut joined = value.clone().unwrap_or_default();
        if !joined.is_empty() {
            joined.push(&separator);
        }
        joined.push(ours);
        (name.into(), joined)
    }

    /// The flag that turns `crt-static` off, unless another turns it on: `+` wins whatever the order.
    pub(super) fn without_crt_static(&self) -> Option<&Sourced> {
        let has = |flag: &Sourced, feature: &str| features(&flag.value).any(|one| one == feature);
        if self.flags.iter().any(|flag| has(flag, "+crt-static")) {
            return None;
        }
        self.flags.iter().find(|flag| has(flag, "-crt-static"))
    }

    /// Whether a flag says this, in one word or two: `relocation-model=static`.
    pub(super) fn says(&self, codegen: &str) -> bool {
        self.flags.iter().any(|flag| flag.value.ends_with(codegen))
    }
}

/// Target features in a flag: `-Ctarget-feature=…`, `target-feature=…` (after `-C`), `--codegen=target-feature=…`.
pub(super) fn features(flag: &str) -> impl Iterator<Item = &str> {
    let list = flag.split_once("target-feature=").map(|(_, list)| list);
    list.into_iter().flat_map(|list| list.split(','))
}

/// The CPU in a flag: `-Ctarget-cpu=…`, `target-cpu=…` (after `-C`), `--codegen=target-cpu=…`.
pub(super) fn target_cpu(flag: &str) -> Option<&str> {
    let (before, cpu) = flag.split_once("target-cpu=")?;
    matches!(before, "" | "-C" | "--codegen=").then_some(cpu)
}

/// `x86_64-unknown-linux-musl` as variables spell it.
pub(super) fn shouted(triple: &str) -> String {
    triple.to_uppercase().replace(['-', '.'], "_")
}

/// The target of the toolchain's own programs, as `rustc` says (70 ms).
pub(super) fn host(environment: &Environment) -> Option<String> {
    let options = cargo_config2::ResolveOptions::default().env(environment.iter()).cargo_home(cargo_home(environment));
    let resolved = cargo_config2::Config::load_with_options(&environment.cwd, options).ok()?;
    resolved.host_triple().ok().map(str::to_owned)
}

fn from_variable(name: &str, environment: &Environment) -> Vec<Sourced> {
    let source = Source::Variable(name.to_owned());
    let flags = environment.text(name).unwrap_or_default().split_whitespace();
    flags.map(|flag| Sourced { value: flag.to_owned(), source: source.clone() }).collect()
}

/// Flags of the `target.'cfg(…)'` tables that match. Only when there are such tables is `rustc` asked (70 ms), by
/// `cargo-config2`, what they are matched against.
fn from_cfg_tables(triple: &str, config: &Config, environment: &Environment) -> Vec<Sourced> {
    let tables: Vec<_> = config.names(&["target"]).into_iter().filter(|name| name.starts_with("cfg(")).collect();
    let tables = tables.into_iter().filter_map(|name| config.strings(&["target", name, "rustflags"]));
    let mut flags: Vec<Sourced> = tables.flatten().collect();
    if flags.is_empty() {
        return flags;
    }
    // Hide what has its own place, so that exactly the flags of the tables come back.
    let hidden = [ENCODED, PLAIN, BUILD];
    let own = format!("CARGO_TARGET_{}_RUSTFLAGS", shouted(triple));
    let variables = environment.iter().filter(|(name, _)| !hidden.contains(name) && *name != own);
    let options = cargo_config2::ResolveOptions::default().env(variables).cargo_home(cargo_home(environment));
    let resolved = cargo_config2::Config::load_with_options(&environment.cwd, options);
    let Ok(Some(matching)) = resolved.and_then(|resolved| resolved.rustflags(triple)) else { return Vec::new() };
    flags.retain(|flag| matching.flags.contains(&flag.value));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUSL: &str = "x86_64-unknown-linux-musl";

    fn flags(config: &str, variables: &[(&str, &str)]) -> RustFlags {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("config.toml"), config).expect("a file");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = [("CARGO_HOME", home.path().as_os_str().to_owned()), ("PATH", path)];
        let variables = variables.iter().map(|(name, value)| (*name, OsString::from(value)));
        let environment = Environment::new(own.into_iter().chain(variables), home.path());
        RustFlags::of(MUSL, &Config::load(&environment, &[]), &environment)
    }

    fn values(flags: &RustFlags) -> Vec<&str> {
        flags.flags.iter().map(|flag| flag.value.as_str()).collect()
    }

    const BOTH: &str = "build.rustflags = ['-Cb']\ntarget.x86_64-unknown-linux-musl.rustflags = ['-Ct']";
    const TARGET_VARIABLE: &str = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS";

    #[test]
    fn one_place_is_taken() {
        assert_eq!(values(&flags(BOTH, &[])), ["-Ct"]);
        assert_eq!(values(&flags(BOTH, &[(TARGET_VARIABLE, "-Ce")])), ["-Ct", "-Ce"]);
        assert_eq!(values(&flags("build.rustflags = '-Ca -Cb'", &[(BUILD, "-Ce")])), ["-Ca", "-Cb", "-Ce"]);
        assert_eq!(values(&flags(BOTH, &[(PLAIN, "")])), [""; 0]);
        assert_eq!(values(&flags(BOTH, &[(PLAIN, "-Cp"), (ENCODED, "-C\u{1f}e")])), ["-C", "e"]);
        assert!(flags(BOTH, &[(PLAIN, "")]).hidden.is_some());
        assert!(flags("", &[(PLAIN, "-Cx")]).hidden.is_none());
    }

    #[test]
    fn ours_go_where_nothing_is_lost() {
        let slot = |config, variables: &[(&str, &str)]| {
            let (name, value) = flags(config, variables).with_crt_static();
            (name.into_string().expect("text"), value.into_string().expect("text"))
        };
        let ours = "-C target-feature=+crt-static";
        assert_eq!(slot("", &[]), (TARGET_VARIABLE.into(), ours.into()));
        assert_eq!(slot(BOTH, &[]), (TARGET_VARIABLE.into(), ours.into()));
        assert_eq!(slot("build.rustflags = ['-Cb']", &[]), (BUILD.into(), ours.into()));
        assert_eq!(slot("", &[(TARGET_VARIABLE, "-g")]), (TARGET_VARIABLE.into(), format!("-g {ours}")));
        assert_eq!(slot(BOTH, &[(PLAIN, "-g")]), (PLAIN.into(), format!("-g {ours}")));
        let encoded = "-C\u{1f}target-feature=+crt-static";
        assert_eq!(slot("", &[(ENCODED, "")]), (ENCODED.into(), encoded.into()));
    }

    #[test]
    fn crt_static_is_off_only_if_nobody_turns_it_on() {
        let off = |variables: &[(&str, &str)]| flags("", variables).without_crt_static().map(|flag| flag.value.clone());
        assert_eq!(
            off(&[(PLAIN, "-C target-feature=+sse2,-crt-static")]),
            Some("target-feature=+sse2,-crt-static".into())
        );
        assert_eq!(off(&[(PLAIN, "-Ctarget-feature=-crt-static -Ctarget-feature=+crt-static")]), None);
        assert_eq!(off(&[(PLAIN, "-g")]), None);
    }

    #[test]
    fn cfg_tables_count_when_they_match() {
        let config = "target.'cfg(unix)'.rustflags = ['-Cyes']\ntarget.'cfg(windows)'.rustflags = ['-Cno']";
        assert_eq!(values(&flags(config, &[])), ["-Cyes"]);
    }
}
