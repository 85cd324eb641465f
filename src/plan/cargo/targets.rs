//! Which targets a call of cargo builds for, who said so, and whether the policy's linkage can hold for them.

use std::path::Path;

use super::config::{Config, Source, Sourced};
use super::rustflags;
use crate::plan::Conflict;
use crate::plan::environment::Environment;
use crate::plan::scan::Flag;
use crate::policy::{LinkagePolicy, Origin, Policy};

/// Where the configuration names targets.
const KEY: &[&str] = &["build", "target"];
/// The same as a variable.
const VARIABLE: &str = "CARGO_BUILD_TARGET";

/// How programs of a target are linked unless flags say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Libc {
    /// Linux with musl: static, for the targets of this name rustc has.
    Musl,
    /// Linux with glibc: dynamic.
    Glibc,
    /// Windows with Microsoft's C runtime.
    Msvc,
    /// Anything else; guarded, not changed.
    Other,
}

/// The libc of a target triple, which may be a path to a target specification or carry cargo-zigbuild's glibc version.
pub(super) fn libc(triple: &str) -> Libc {
    let name = Path::new(triple).file_name().and_then(|name| name.to_str()).unwrap_or(triple);
    if name.contains("-linux-musl") {
        Libc::Musl
    } else if name.contains("-linux-gnu") {
        Libc::Glibc
    } else if name.contains("-windows-msvc") {
        Libc::Msvc
    } else {
        Libc::Other
    }
}

/// A target without the version of glibc that cargo-zigbuild takes behind it, and that version.
pub(super) fn without_glibc(triple: &str) -> (&str, Option<&str>) {
    let version = |text: &str| text.starts_with("2.") && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match triple.split_once('.') {
        Some((plain, glibc)) if libc(plain) == Libc::Glibc && version(glibc) => (plain, Some(glibc)),
        _ => (triple, None),
    }
}

/// Whether programs for that target are linked against glibc, dynamically unless flags say otherwise.
pub(crate) fn is_glibc(triple: &str) -> bool {
    libc(triple) == Libc::Glibc
}

/// The targets the user chose: `--target`, else the environment and the configuration, as cargo weighs them. An array in a
/// file is not replaced by the variable but extended.
pub(super) fn chosen(
    flags: &[Flag],
    config: &Config,
    environment: &Environment,
    source: impl Fn(&Flag) -> Source,
) -> Vec<Sourced> {
    let given = flags.iter().filter(|flag| flag.name == "target");
    let given: Vec<_> = given.map(|flag| sourced(flag.text(), source(flag))).collect();
    if !given.is_empty() {
        return given;
    }
    let configured = config.whole_strings(KEY).unwrap_or_default();
    let by_option = configured.last().is_some_and(|target| target.source == Source::CommandLine);
    match environment.text(VARIABLE).map(|target| sourced(target, Source::Variable(VARIABLE.into()))) {
        Some(target) if config.is_array(KEY) => configured.into_iter().chain([target]).collect(),
        Some(target) if !by_option => vec![target],
        _ => configured,
    }
}

/// Puts the host's target in the place of `host-tuple` (The Cargo Book, `--target`), which rustc is asked for.
pub(super) fn resolve(targets: &mut [Sourced], environment: &Environment) {
    for target in targets.iter_mut().filter(|target| target.value == "host-tuple") {
        target.value = rustflags::host(environment).unwrap_or_else(own);
    }
}

fn sourced(value: &str, source: Source) -> Sourced {
    Sourced { value: value.to_owned(), source }
}

/// The target given when the user chose none: the policy's, else this machine's architecture with musl where programs for
/// Linux have to be static.
pub(crate) fn to_give(policy: &Policy) -> Option<(String, &'static str, Origin)> {
    if let Some(target) = &policy.cargo.target {
        return Some((target.value.clone(), "cargo.target", target.origin.clone()));
    }
    let wanted = cfg!(target_os = "linux") && policy.linkage.value == LinkagePolicy::Static;
    wanted.then(host_musl).flatten().map(|target| (target.to_owned(), "cargo.target", Origin::Default))
}

/// The musl target of the architecture this program was built for. Source: `rustc --print target-list` of 1.95.
pub(crate) fn host_musl() -> Option<&'static str> {
    Some(match std::env::consts::ARCH {
        "x86_64" => "x86_64-unknown-linux-musl",
        "aarch64" => "aarch64-unknown-linux-musl",
        "x86" => "i686-unknown-linux-musl",
        "arm" => "armv7-unknown-linux-musleabihf",
        "riscv64" => "riscv64gc-unknown-linux-musl",
        "powerpc64" if cfg!(target_endian = "little") => "powerpc64le-unknown-linux-musl",
        "loongarch64" => "loongarch64-unknown-linux-musl",
        "s390x" => "s390x-unknown-linux-musl",
        _ => return None,
    })
}

/// The target of this machine's own programs, as rustup names it, for which cargo builds when it is given none. Only rustc knows
/// it for sure, and asking takes longer than all the rest.
pub(super) fn own() -> String {
    let arch = std::env::consts::ARCH;
    match std::env::consts::OS {
        "macos" => format!("{arch}-apple-darwin"),
        "windows" => format!("{arch}-pc-windows-msvc"),
        _ => host_musl().unwrap_or_default().replace("-musl", "-gnu"),
    }
}

/// Whether the policy wants programs of that target static; `[[artifact]]` entries for it may say otherwise.
pub(super) fn must_be_static(triple: &str, policy: &Policy) -> bool {
    let entries = policy
        .artifacts
        .iter()
        .rev()
        .filter(|entry| entry.target.as_ref().is_none_or(|pattern| pattern.value.matches(without_glibc(triple).0)));
    // An entry for some paths only cannot be weighed before there are paths; the check does that.
    let mut decisions = entries.filter_map(|entry| entry.linkage.as_ref());
    let linkage = decisions.next().unwrap_or(&policy.linkage).value;
    matches!(libc(triple), Libc::Musl | Libc::Glibc) && linkage == LinkagePolicy::Static
}

/// Whether `+crt-static` is to be given for that target: never for musl, which has it; for the others when the policy says
/// so, or when it names the target itself and wants it static.
pub(super) fn needs_crt_static(triple: &str, policy: &Policy) -> bool {
    let asked = policy.cargo.crt_static.value;
    let said = asked && policy.cargo.crt_static.origin != Origin::Default;
    match libc(triple) {
        Libc::Glibc => said || (asked && must_be_static(triple, policy) && is_the_policys(triple, policy)),
        Libc::Msvc => said,
        Libc::Musl | Libc::Other => false,
    }
}

fn is_the_policys(triple: &str, policy: &Policy) -> bool {
    policy.cargo.target.as_ref().is_some_and(|target| target.value == triple)
}

/// The clash of a target the user chose with `linkage = "static"`.
pub(super) fn conflict(target: &Sourced, policy: &Policy) -> Option<Conflict> {
    let triple = &target.value;
    let clashes = libc(triple) == Libc::Glibc
        && must_be_static(triple, policy)
        && !needs_crt_static(triple, policy)
        && !is_the_policys(triple, policy);
    clashes.then(|| Conflict {
        user: match &target.source {
            Source::CommandLine | Source::Alias(..) => format!("--target {triple}"),
            Source::Variable(name) => format!("{name}={triple}"),
            Source::File(_) | Source::Policy(..) => format!("build.target = \"{triple}\""),
        },
        user_source: place(target),
        policy: "linkage = \"static\"".to_owned(),
        origin: policy.linkage.origin.clone(),
        help: format!(
            "programs for `{triple}` are linked dynamically against glibc; choose a musl target, or allow it with \
             `[cargo] crt-static = true` (static glibc), with `linkage = \"any\"`, or for this target alone with \
             `[[artifact]]`, `target = \"{}\"`, `linkage = \"any\"`",
            without_glibc(triple).0
        ),
    })
}

/// The place without the variable's name, which the other half of the message says.
fn place(target: &Sourced) -> String {
    match target.source {
        Source::Variable(_) => "the environment".to_owned(),
        _ => target.place(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_tells_its_libc() {
        for (triple, expected) in [
            ("x86_64-unknown-linux-musl", Libc::Musl),
            ("armv7-unknown-linux-musleabihf", Libc::Musl),
            ("x86_64-unknown-linux-gnu.2.17", Libc::Glibc),
            ("arm-unknown-linux-gnueabihf", Libc::Glibc),
            ("targets/x86_64-acme-linux-gnu.json", Libc::Glibc),
            ("aarch64-pc-windows-msvc", Libc::Msvc),
            ("x86_64-pc-windows-gnu", Libc::Other),
            ("aarch64-apple-darwin", Libc::Other),
            ("aarch64-linux-android", Libc::Other),
            ("wasm32-wasip1", Libc::Other),
        ] {
            assert_eq!(libc(triple), expected, "{triple}");
        }
    }

    #[test]
    fn the_version_of_glibc_behind_a_triple_is_told_from_the_triple() {
        for (given, plain, glibc) in [
            ("x86_64-unknown-linux-gnu.2.17", "x86_64-unknown-linux-gnu", Some("2.17")),
            ("arm-unknown-linux-gnueabihf.2.28", "arm-unknown-linux-gnueabihf", Some("2.28")),
            ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu", None),
            ("targets/x86_64-acme-linux-gnu.json", "targets/x86_64-acme-linux-gnu.json", None),
            ("x86_64-unknown-linux-musl.2.17", "x86_64-unknown-linux-musl.2.17", None),
        ] {
            assert_eq!(without_glibc(given), (plain, glibc), "{given}");
        }
    }

    #[test]
    fn the_variable_extends_an_array_and_replaces_a_string() {
        let directory = tempfile::tempdir().expect("a directory");
        let home = directory.path().as_os_str().to_owned();
        let environment = Environment::new([("CARGO_HOME", home), (VARIABLE, "b".into())], directory.path());
        let values = |text: &str| {
            std::fs::write(directory.path().join("config.toml"), text).expect("a file");
            let config = Config::load(&environment, &[]);
            chosen(&[], &config, &environment, |_| Source::CommandLine)
                .into_iter()
                .map(|target| target.value)
                .collect::<Vec<_>>()
        };
        assert_eq!(values("build.target = 'a'"), ["b"]);
        assert_eq!(values("build.target = ['a']"), ["a", "b"]);
        assert_eq!(values(""), ["b"]);
    }
}
