//! The file needs a newer glibc than it will find.

use std::cmp::Reverse;

use super::support::advice::{Maker, glibc_target, musl_target, zig_target};
use super::support::hosts::pick;
use super::support::libraries::{is_compiler_runtime, is_glibc, is_runtime};
use super::support::new_functions;
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::VersionNeed;
use crate::hosts::Version;
use crate::hosts::load::Reason;
use crate::policy::{Level, Origin};

pub(super) static RULE: Rule = Rule {
    id: "newer-glibc",
    summary: "the file needs a newer glibc than the policy allows",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Every version of glibc's libraries that the loader insists on (`.gnu.version_r`), against `[linux] glibc`, the version
behind a target of `cargo zigbuild`, and what each host of `runs-on` has. As the loader does it: an entry marked weak
(`VER_FLG_WEAK`) is no demand; an entry counts even when no symbol uses it; the markers `GLIBC_ABI_*` count as the
release that brought them.

## Why it matters
glibc is compatible with older programs, not with newer ones. A program linked on a current distribution takes the newest
version of each function, and an older host answers "version `GLIBC_2.34' not found" and does not start it.

## Example
```text
error[newer-glibc]: `dist/app` needs glibc 2.34, but may need no newer one than 2.17
  = evidence: `__libc_start_main@GLIBC_2.34` and `pthread_create@GLIBC_2.34`
  = evidence: `stat64@GLIBC_2.33`
  = policy: `[linux] glibc = "2.17"` (seaworthy.toml:1)
  = help: build for `x86_64-unknown-linux-musl`, or with `cargo zigbuild --target x86_64-unknown-linux-gnu.2.17`, or see `seaworthy explain newer-glibc`
```

## How to fix
- Go: only cgo brings glibc in. `CGO_ENABLED=0`, or build on the oldest distribution that has to run it, or
  `CC="zig cc -target x86_64-linux-gnu.2.17"`, and with C++ code `CXX="zig c++ -target x86_64-linux-gnu.2.17"` beside it. zig
  does not find the system's libraries: a package that links one (`-lz`) needs its static archive, or the older system.
- Cargo: build for a musl target, or choose the floor with `cargo zigbuild --target x86_64-unknown-linux-gnu.2.17`; a `cdylib`
  and a program with C++ code only so. rustc's own floor for gnu targets is glibc 2.17 since Rust 1.64; what is newer comes
  from the linker's glibc.
- A function that came with a newer release, such as `arc4random` with 2.36, is in no older glibc, whoever links it: do without it.
"#,
};

/// Marker nodes without a number, and the first release that had them (glibc's `elf/Versions` and `sysdeps/x86*/Versions`).
/// Distributions backport them, so a named host may have one earlier; a bare version number promises none.
const MARKERS: &[(&str, Version)] = &[
    ("GLIBC_ABI_DT_RELR", Version::new(2, 36)),
    ("GLIBC_ABI_GNU2_TLS", Version::new(2, 43)),
    ("GLIBC_ABI_GNU_TLS", Version::new(2, 43)),
    ("GLIBC_ABI_DT_X86_64_PLT", Version::new(2, 43)),
];

fn check(subject: &Subject<'_>) -> Verdict {
    let on_hosts = on_hosts(subject);
    match (floor(subject), on_hosts) {
        (Verdict::Violated(mut floor), Verdict::Violated(hosts)) => {
            floor.extend(hosts);
            Verdict::Violated(floor)
        }
        (floor @ (Verdict::Violated(_) | Verdict::Inconclusive(_)), _) => floor,
        (_, hosts @ (Verdict::Violated(_) | Verdict::Inconclusive(_))) => hosts,
        (Verdict::NotApplicable(why), Verdict::NotApplicable(_)) => Verdict::NotApplicable(why),
        _ => Verdict::Pass,
    }
}

/// Version nodes that the glibc of a host lacks; a host is the set of its nodes, since distributions backport some.
fn on_hosts(subject: &Subject<'_>) -> Verdict {
    if !subject.elf().is_some_and(|elf| elf.version_needs.iter().any(|need| is_glibc(&need.file))) {
        return Verdict::NotApplicable("it needs no glibc");
    }
    subject.judge_loads(None, |host, load| {
        let mut missing = pick(load, |reason| match reason {
            Reason::MissingVersion { library, version, symbols, .. } if is_glibc(library) => Some(VersionNeed {
                file: library.as_str().into(),
                version: version.as_str().into(),
                weak: false,
                symbols: symbols.iter().map(String::as_str).collect(),
            }),
            _ => None,
        });
        missing.sort_by_key(|need| Reverse(release(&need.version)));
        let highest = missing.iter().filter_map(|need| release(&need.version)).max();
        let has = host.glibc().map(|version| version.to_string()).unwrap_or_default();
        let (message, floor) = match (missing.first()?, highest) {
            (_, Some(highest)) if highest.to_string() != has => {
                (format!("`{{artifact}}` needs glibc {highest}, but `{}` has {has}", host.name), has)
            }
            (need, _) => (format!("`{{artifact}}` needs `{}`, which `{}` does not have", need.version, host.name), has),
        };
        Some(Violation {
            message,
            evidence: missing.iter().map(shown).collect(),
            causes: missing
                .iter()
                .flat_map(|need| need.symbols.iter())
                .map(|name| Cause::Symbol(name.into()))
                .collect(),
            has: host.glibc(),
            help: Some(help(subject, &floor, &missing.iter().collect::<Vec<_>>())),
            ..Violation::default()
        })
    })
}

/// A floor that is a number, and who named it.
struct Limit {
    version: String,
    source: PolicySource,
}

/// What the policy names, and what the target promises: `--target x86_64-unknown-linux-gnu.2.17` of cargo-zigbuild.
fn limits(subject: &Subject<'_>) -> Vec<Limit> {
    let target = subject.artifact.target.as_deref().unwrap_or_default();
    let promise = subject.provenance.expectations.glibc.get(target).map(|version| Limit {
        version: version.clone(),
        source: PolicySource { key: format!("--target {target}.{version}").into(), origin: Origin::CommandLine },
    });
    let named = subject.policy.policy.linux.glibc.as_ref().map(|limit| Limit {
        version: limit.value.clone(),
        source: PolicySource {
            key: format!("[linux] glibc = \"{}\"", limit.value).into(),
            origin: limit.origin.clone(),
        },
    });
    promise.into_iter().chain(named).collect()
}

/// The strictest floor that is a number.
fn floor(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    let needs = || elf.version_needs.iter().filter(|need| is_glibc(&need.file));
    if needs().next().is_none() {
        return Verdict::NotApplicable("it needs no glibc");
    }
    let mut floors = Vec::new();
    for limit in limits(subject) {
        match limit.version.parse::<Version>() {
            Ok(offered) => floors.push((offered, limit)),
            Err(()) => return Verdict::Inconclusive(format!("`{}` names no version", limit.source.key)),
        }
    }
    let Some((offered, limit)) = floors.into_iter().min_by_key(|(offered, _)| *offered) else {
        return Verdict::NotApplicable("the policy names no glibc floor");
    };
    let mut newer: Vec<(Version, &VersionNeed)> = needs()
        .filter(|need| !need.weak)
        .filter_map(|need| release(&need.version).map(|version| (version, need)))
        .filter(|(version, _)| *version > offered)
        .collect();
    newer.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.version.cmp(&b.1.version)));
    let Some((highest, _)) = newer.first() else { return Verdict::Pass };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` needs glibc {highest}, but may need no newer one than {}", limit.version),
        evidence: newer.iter().map(|(_, need)| shown(need)).collect(),
        causes: newer.iter().flat_map(|(_, need)| need.symbols.iter()).map(|name| Cause::Symbol(name.into())).collect(),
        help: Some(match limit.source.origin {
            Origin::CommandLine => broken_promise(*highest),
            _ => help(subject, &limit.version, &newer.iter().map(|(_, need)| *need).collect::<Vec<_>>()),
        }),
        policy: Some(limit.source),
        ..Violation::default()
    }])
}

/// The glibc release that brought a version node; `None` for nodes that are bound to no release (`GLIBC_PRIVATE`).
fn release(version: &str) -> Option<Version> {
    let number = version.strip_prefix("GLIBC_").and_then(|number| number.parse().ok());
    number.or_else(|| MARKERS.iter().find(|(marker, _)| *marker == version).map(|(_, release)| *release))
}

/// One need with the symbols behind it.
fn shown(need: &VersionNeed) -> String {
    const SHOWN: usize = 3;
    if need.symbols.is_empty() {
        return format!("`{}` of `{}`, which no symbol uses but the loader looks for", need.version, need.file);
    }
    let names: Vec<String> = need.symbols.iter().map(|symbol| format!("{symbol}@{}", need.version)).collect();
    super::support::listed(&names, SHOWN)
}

/// Whoever asked cargo-zigbuild for a floor has no use for the advice to ask it.
fn broken_promise(highest: Version) -> String {
    format!(
        "a library of this machine was linked past zig's own glibc: take its path out of the link (build scripts, \
         `-C link-arg`, pkg-config), or promise no less than `.{highest}`"
    )
}

fn help(subject: &Subject<'_>, limit: &str, needs: &[&VersionNeed]) -> String {
    match new_functions::advice(subject, needs, limit) {
        Some((without, false)) => without,
        Some((without, true)) => format!("{without}; for the rest, {}", older(subject, limit)),
        None => older(subject, limit),
    }
}

/// How to link against an older glibc, or none.
fn older(subject: &Subject<'_>, limit: &str) -> String {
    let arch = &*subject.facts.arch;
    let zig = zig_target(arch, "gnu");
    let has_cxx = subject.needs_cxx();
    let is_program = subject.is_program();
    match subject.maker() {
        // zig does not look where the system's libraries are.
        Maker::Go if needs_others(subject) => {
            format!("build on a system with glibc {limit}, or with static archives (`.a`) of the libraries")
        }
        Maker::Go => {
            // The last object decides who links: g++ would, against this machine's glibc.
            let cxx = if has_cxx { format!(" and `CXX=\"zig c++ -target {zig}.{limit}\"`") } else { String::new() };
            let without = ", or with `CGO_ENABLED=0` where its packages can do without cgo";
            let without = if is_program && !has_cxx { without } else { "" };
            format!("build with `CC=\"zig cc -target {zig}.{limit}\"`{cxx}{without}")
        }
        Maker::Rust => {
            let rust = glibc_target(arch);
            // rustc makes no shared objects for static targets, and no distribution has a C++ compiler for musl.
            let musl = if is_program && !has_cxx { format!("for `{}`, or ", musl_target(arch)) } else { String::new() };
            format!("build {musl}with `cargo zigbuild --target {rust}.{limit}`")
        }
        Maker::Other => {
            let compiler = if has_cxx { "zig c++" } else { "zig cc" };
            format!("link against glibc {limit}: on an older system, or with `{compiler} -target {zig}.{limit}`")
        }
    }
}

/// Whether it needs libraries that come with neither the C library nor the compiler.
fn needs_others(subject: &Subject<'_>) -> bool {
    let is_own = |name: &&String| !is_runtime(name) && !is_compiler_runtime(name);
    subject.elf().is_some_and(|elf| elf.needed.iter().any(|name| is_own(&name)))
}

#[cfg(test)]
mod tests {
    use super::{Origin, RULE};
    use crate::facts::elf::VersionNeed;
    use crate::rules::support::testing::{Case, from_file};

    fn need(file: &str, version: &str, symbols: &[&str]) -> VersionNeed {
        let symbols = symbols.iter().copied().collect();
        VersionNeed { file: file.into(), version: version.into(), weak: false, symbols }
    }

    fn case(needs: Vec<VersionNeed>) -> Case {
        Case::elf().dynamic(&["libc.so.6"]).rust().edit(|elf| elf.version_needs = needs).with(|case| {
            case.policy.linux.glibc = Some(from_file("2.17".to_owned()));
        })
    }

    #[test]
    fn a_newer_version_violates() {
        let needs = vec![
            need("libc.so.6", "GLIBC_2.2.5", &["malloc"]),
            need("libc.so.6", "GLIBC_2.33", &["stat64"]),
            need("libc.so.6", "GLIBC_2.34", &["__libc_start_main", "pthread_create"]),
        ];
        let violation = case(needs).documented(&RULE);
        assert_eq!(violation.causes.len(), 3, "{violation:?}");
    }

    #[test]
    fn a_need_that_no_symbol_uses_counts() {
        case(vec![need("libm.so.6", "GLIBC_2.29", &[])]).violations(&RULE);
        case(vec![need("libc.so.6", "GLIBC_ABI_DT_RELR", &[])]).violations(&RULE);
    }

    #[test]
    fn the_advice_fits_what_was_built() {
        let newer = || vec![need("libc.so.6", "GLIBC_2.34", &["pthread_create"])];
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        let plain = |needed: &[&str]| {
            let case = Case::elf().dynamic(needed).edit(|elf| elf.version_needs = newer());
            case.with(|case| case.policy.linux.glibc = Some(from_file("2.17".to_owned())))
        };
        let cxx = || plain(&["libstdc++.so.6", "libc.so.6"]);
        let zig = "`CC=\"zig cc -target x86_64-linux-gnu.2.17\"`";
        let plain_c = help(plain(&["libc.so.6"]).go(&[]));
        assert!(plain_c.starts_with(&format!("build with {zig}, or with `CGO_ENABLED=0`")), "{plain_c}");
        let both = format!("build with {zig} and `CXX=\"zig c++ -target x86_64-linux-gnu.2.17\"`");
        assert_eq!(help(cxx().go(&[])), both);
        assert_eq!(help(plain(&["libc.so.6"]).go(&[]).shared()), format!("build with {zig}"));
        assert!(help(plain(&["libz.so.1", "libc.so.6"]).go(&[])).starts_with("build on a system with glibc 2.17"));
        let zigbuild = "build with `cargo zigbuild --target x86_64-unknown-linux-gnu.2.17`";
        assert_eq!(help(plain(&["libc.so.6"]).rust().shared()), zigbuild);
        assert_eq!(help(cxx().rust()), zigbuild);
        assert!(help(cxx()).contains("`zig c++ -target x86_64-linux-gnu.2.17`"));
    }

    #[test]
    fn no_older_glibc_is_advised_for_a_function_that_none_has() {
        let help = |needs: Vec<VersionNeed>| case(needs).violations(&RULE).remove(0).help.expect("help");
        let random = || need("libc.so.6", "GLIBC_2.36", &["arc4random"]);
        let without = "do without `arc4random`, which came with glibc 2.36, and which musl has not either";
        assert_eq!(help(vec![random()]), without);
        let both = help(vec![random(), need("libc.so.6", "GLIBC_2.34", &["pthread_create"])]);
        assert!(both.starts_with(&format!("{without}; for the rest, build for `x86_64-unknown-linux-musl`")), "{both}");
        let of_musl = help(vec![need("libc.so.6", "GLIBC_2.30", &["gettid"])]);
        assert_eq!(of_musl, "do without `gettid`, which came with glibc 2.30 (musl has it)");
        assert!(help(vec![need("libc.so.6", "GLIBC_2.33", &["stat"])]).contains("zigbuild"));
    }

    #[test]
    fn weak_needs_and_other_libraries_do_not_count() {
        let weak = VersionNeed { weak: true, ..need("libc.so.6", "GLIBC_2.34", &["getrandom"]) };
        case(vec![weak, need("libc.so.6", "GLIBC_2.17", &["clock_gettime"])]).passes(&RULE);
        case(vec![need("libgcc_s.so.1", "GLIBC_2.99", &["__register_frame_info"])]).not_applicable(&RULE);
        case(vec![need("libc.so.6", "GLIBC_PRIVATE", &["_dl_sym"])]).passes(&RULE);
    }

    #[test]
    fn hosts_are_asked_for_the_nodes_they_have() {
        let newer = || {
            case(vec![need("libc.so.6", "GLIBC_2.34", &["__libc_start_main"])]).with(|case| {
                case.policy.linux.glibc = None;
            })
        };
        let violations = newer().runs_on(&["debian:11", "rhel:9"]).violations(&RULE);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].message, "`{artifact}` needs glibc 2.34, but `debian:11` has 2.31");
        assert_eq!(violations[0].has, "2.31".parse().ok());
        newer().runs_on(&["rhel:9", "scratch"]).passes(&RULE);
        let marker = case(vec![need("libc.so.6", "GLIBC_ABI_DT_RELR", &[])]);
        marker.with(|case| case.policy.linux.glibc = None).runs_on(&["ubuntu:22.04"]).violations(&RULE);
    }

    #[test]
    fn the_version_behind_the_target_is_a_promise() {
        let promised = |glibc: &str, floor: Option<&str>| {
            let needs = vec![need("libc.so.6", "GLIBC_2.25", &["getrandom"])];
            case(needs).with(|case| {
                case.policy.linux.glibc = floor.map(|floor| from_file(floor.to_owned()));
                case.artifact.target = Some("x86_64-unknown-linux-gnu".to_owned());
                let target = "x86_64-unknown-linux-gnu".to_owned();
                case.provenance.expectations.glibc.insert(target, glibc.to_owned());
            })
        };
        let violations = promised("2.17", Some("2.28")).violations(&RULE);
        let source = violations[0].policy.as_ref().expect("a source");
        assert_eq!(source.key, "--target x86_64-unknown-linux-gnu.2.17");
        assert_eq!(source.origin, Origin::CommandLine);
        let violations = promised("2.28", Some("2.9")).violations(&RULE);
        assert_eq!(violations[0].policy.as_ref().expect("a source").key, "[linux] glibc = \"2.9\"");
        promised("2.25", None).passes(&RULE);
    }

    #[test]
    fn without_a_floor_there_is_nothing_to_compare_with() {
        let without = case(vec![need("libc.so.6", "GLIBC_2.34", &[])]).with(|case| case.policy.linux.glibc = None);
        without.not_applicable(&RULE);
        Case::elf().not_applicable(&RULE);
    }
}
