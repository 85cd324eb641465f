//! The file needs a newer macOS than it will find.

use super::support::advice::Maker;
use super::support::macs::{Limit, Processor, first_system, limits, other_system, processor};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::MachOFacts;
use crate::hosts::macos::{self, Command, Newer};
use crate::hosts::{Version, kernel};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-macos",
    summary: "the file needs a newer macOS than the policy allows",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The lowest macOS in the load commands (`LC_BUILD_VERSION`, `LC_VERSION_MIN_MACOSX`), what the Go release in the file
supports, the load commands that dyld has to know (`LC_MAIN` since 10.8, `LC_DYLD_CHAINED_FIXUPS` since 11), and the frameworks
and symbols of the system that are known to have come later (`strchrnul` with 15.4: `data/macos-symbols.tsv`; what is weak may
be missing), against `[macos] min` and the macOS hosts of `runs-on`. And whether those Macs run such code at all: no 32-bit code
for Intel Macs from macOS 10.15 on, none for PowerPC from 10.7 on, and none for Apple silicon before 11. Of a universal file
they take the code for their own processor, and what the rest of it needs is no matter there. A program in arm64e code alone
fails before macOS 26 unless it is Apple's own, and nobody knows from there on. Code for the simulators, tvOS and watchOS fails
on the macOS hosts of `runs-on`; whether one for iOS runs on Apple silicon nobody can tell. Mac Catalyst is macOS.

## Why it matters
dyld refuses a program that is built for a newer macOS than the one it is on, or fails at the first symbol that is not there.
Without a deployment target the linker writes the version of the build machine's SDK. macOS 10.15 and later start no 32-bit
program and load no 32-bit library ("bad CPU type in executable").

## Example
```text
error[newer-macos]: `dist/app` needs macOS 14.0, but has to run on 12.0
  = evidence: its load commands say macOS 14.0
  = policy: `[macos] min = "12.0"` (seaworthy.toml:1)
  = help: build with `MACOSX_DEPLOYMENT_TARGET=12.0`, or see `seaworthy explain newer-macos`
```

## How to fix
- Go: each release raises the floor; take the last one for the oldest macOS. With cgo set `MACOSX_DEPLOYMENT_TARGET`.
- Cargo: set `MACOSX_DEPLOYMENT_TARGET`, for the C code of crates too.
- A newer symbol: compile with the headers of Apple's SDK, which import it weakly or do without it, and for C++ not with those
  of another clang; code of your own that declares it looks it up with `dlsym` instead.
- Fixup chains: `-Wl,-no_fixup_chains`, and no `-Wl,-fixup_chains`.
- 32-bit code: build for `x86_64`, and for `arm64` too.
- arm64e code: build for `arm64`, with or without the other beside it.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else {
        return other_system(subject);
    };
    let limits = match limits(subject) {
        Ok(limits) => limits,
        Err(why) => return Verdict::Inconclusive(why),
    };
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no macOS");
    }
    let mut violations = Vec::new();
    let mut gaps = Vec::new();
    let mut runs = Vec::new();
    for limit in limits {
        match processor(subject, &limit) {
            Processor::Runs => runs.push(limit),
            // What the rest of a universal file needs is no matter there.
            Processor::TakesOther => {}
            Processor::Refuses(violation) => violations.push(violation),
            Processor::Unknown(why) => gaps.push(why),
        }
    }
    if violations.is_empty() && gaps.is_empty() && runs.is_empty() {
        return Verdict::NotApplicable("the Macs that the policy names take the code for another processor");
    }
    if !runs.is_empty() {
        compare(subject, macho, runs, &mut violations, &mut gaps);
    }
    Verdict::of(violations, (!gaps.is_empty()).then(|| gaps.join("; ")))
}

/// What the file needs against every macOS that runs its processor's code.
fn compare(
    subject: &Subject<'_>,
    macho: &MachOFacts,
    limits: Vec<Limit>,
    violations: &mut Vec<Violation>,
    gaps: &mut Vec<String>,
) {
    let stated = macos::min(macho);
    let release = subject.facts.go.as_ref().and_then(|go| go.version.as_deref());
    let go = release.and_then(kernel::go).map(|floors| floors.macos);
    let command = macos::newest_command(macho);
    let mut evidence = Vec::new();
    evidence.extend(stated.map(|version| format!("its load commands say macOS {version}")));
    evidence.extend(go.zip(release).map(|(version, release)| format!("{release} supports macOS {version} and newer")));
    let oldest = first_system(subject);
    let mut told = 0;
    for limit in &limits {
        let has = limit.has.max(oldest);
        // What is no newer than the file itself is not what there is to mend.
        let said = stated.max(go);
        let newer: Vec<Newer<'_>> =
            macos::newer(macho).filter(|import| Some(import.since) > said && import.since > has).collect();
        let known = said.max(newer.iter().map(|import| import.since).max());
        let refused = command.filter(|command| command.refused_before > has.max(known.unwrap_or(has)));
        if let Some(command) = refused {
            violations.push(refused_by_dyld(limit, command));
        } else if let Some(floor) = known.filter(|floor| *floor > has) {
            violations.push(Violation {
                evidence: evidence.iter().cloned().chain(newer.iter().map(shown)).collect(),
                causes: newer.iter().map(cause).collect(),
                help: Some(match subject.maker() {
                    _ if said < Some(floor) => NEWER_IMPORT.into(),
                    Maker::Go if go >= stated => "build with the last Go release for that macOS".into(),
                    _ => format!("build with `MACOSX_DEPLOYMENT_TARGET={has}`"),
                }),
                ..older(limit, floor)
            });
        } else if let Some(command) = command.filter(|command| command.since > has) {
            gaps.push(format!("whether the dyld of {} knows `{}` is not known", limit.name(), command.name));
        } else {
            told += 1;
        }
    }
    if told > 0 && stated.max(go).is_none() {
        gaps.push("the file does not say which macOS it is for".into());
    }
    if let Some(command) = macos::unknown_command(macho) {
        let names: Vec<String> = limits.iter().map(Limit::name).collect();
        gaps.push(format!("whether the dyld of {} knows the load command {command} is not known", names.join(" or ")));
    }
}

/// What to do about imports that are newer than the system the file says it is for.
const NEWER_IMPORT: &str =
    "compile with the headers of Apple's SDK, which import it weakly or do without it, or look it up with `dlsym`";

fn shown(import: &Newer<'_>) -> String {
    match import.symbol {
        Some(symbol) => format!("`{symbol}` of `{}` came with macOS {}", import.library, import.since),
        None => format!("`{}` came with macOS {}", import.library, import.since),
    }
}

fn cause(import: &Newer<'_>) -> Cause {
    match import.symbol {
        Some(symbol) => Cause::Symbol(symbol.to_owned()),
        None => Cause::Library(import.library.to_owned()),
    }
}

fn older(limit: &Limit, floor: Version) -> Violation {
    Violation {
        message: match &limit.host {
            Some(host) => format!("`{{artifact}}` needs macOS {floor}, but `{host}` is older"),
            None => format!("`{{artifact}}` needs macOS {floor}, but has to run on {}", limit.has),
        },
        has: limit.host.is_some().then_some(limit.has),
        ..limit.broken()
    }
}

fn refused_by_dyld(limit: &Limit, command: Command) -> Violation {
    let Command { name, refused_before, .. } = command;
    let flag = match name {
        "LC_DYLD_CHAINED_FIXUPS" | "LC_DYLD_EXPORTS_TRIE" => " and `-Wl,-no_fixup_chains`",
        _ => "",
    };
    Violation {
        evidence: vec![format!("dyld refuses its load command `{name}` on every macOS before {refused_before}")],
        help: Some(format!("link with `MACOSX_DEPLOYMENT_TARGET={}`{flag}", limit.has)),
        ..older(limit, command.since)
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::facts::macho::{ImportedSymbol, LibraryImports};
    use crate::rules::support::testing::{Case, from_file, signed_macho};

    fn case(min: &str) -> Case {
        let min = min.to_owned();
        Case::macho().edit_macho(|macho| macho.min_os = Some(min))
    }

    #[test]
    fn a_newer_floor_violates() {
        let limited = case("14.0").with(|case| case.policy.macos.min = Some(from_file("12.0".to_owned())));
        limited.documented(&RULE);
        case("13.0").runs_on(&["macos:12"]).violations(&RULE);
        case("11.0").go(&[]).runs_on(&["macos:12"]).violations(&RULE);
    }

    #[test]
    fn code_that_macos_runs_no_more_violates() {
        let made_for = |arch: &'static str, others: &[&'static str]| {
            let others = others.to_vec();
            case("10.6").with(|case| {
                case.facts.arch = arch.into();
                case.archs = others;
            })
        };
        let min = |case: Case, min: &str| case.with(|case| case.policy.macos.min = Some(from_file(min.to_owned())));
        made_for("i386", &[]).runs_on(&["macos:15"]).violations(&RULE);
        made_for("i386", &["aarch64"]).runs_on(&["macos:15"]).violations(&RULE);
        made_for("i386", &["x86_64"]).runs_on(&["macos:15"]).passes(&RULE);
        min(made_for("i386", &[]), "10.15").violations(&RULE);
        min(made_for("i386", &[]), "10.14").passes(&RULE);
        min(made_for("ppc", &[]), "10.7").violations(&RULE);
        min(made_for("ppc", &[]), "10.6").passes(&RULE);
        made_for("ppc", &["x86_64"]).runs_on(&["macos:15"]).passes(&RULE);
    }

    #[test]
    fn macs_before_apple_silicon_take_the_other_slice_or_none() {
        let found = case("11.0").runs_on(&["macos:10.15", "macos:11"]).violations(&RULE);
        let hosts: Vec<_> = found.iter().map(|violation| violation.host.as_deref()).collect();
        assert_eq!(hosts, [Some("macos:10.15")]);
        let universal = |min: &str| case(min).with(|case| case.archs = vec!["x86_64"]);
        universal("13.0").runs_on(&["macos:10.15"]).not_applicable(&RULE);
        universal("13.0").runs_on(&["macos:10.15", "macos:13"]).passes(&RULE);
        let found = universal("13.0").runs_on(&["macos:10.15", "macos:12"]).violations(&RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        // A minimum goes for the Macs that came later as well, and for those it is their first system.
        let found = universal("13.0").with(|case| case.policy.macos.min = Some(from_file("10.13".to_owned())));
        let help = found.violations(&RULE).remove(0).help;
        assert_eq!(help.as_deref(), Some("build with `MACOSX_DEPLOYMENT_TARGET=11.0`"));
    }

    #[test]
    fn code_for_another_apple_system_is_not_passed_over() {
        let made_for = |platform: Option<&str>| {
            let platform = platform.map(str::to_owned);
            let os = if platform.is_some() { Os::OtherApple } else { Os::Unknown };
            case("14.0").with(|case| case.facts.os = os).edit_macho(|macho| macho.platform = platform)
        };
        let hosts = &["macos:10.15", "macos:13"];
        for refused in ["ios-simulator", "tvos", "watchos", "visionos-simulator"] {
            assert_eq!(made_for(Some(refused)).runs_on(hosts).violations(&RULE).len(), 2, "{refused}");
        }
        let found = made_for(Some("ios")).runs_on(hosts).violations(&RULE);
        assert!(
            found.len() == 1 && found[0].message.contains("for iOS, which `macos:10.15` does not run"),
            "{found:?}"
        );
        for unknown in [Some("ios"), Some("driverkit"), Some("unknown-77"), None] {
            made_for(unknown).runs_on(&["macos:13"]).inconclusive(&RULE);
        }
        made_for(Some("tvos"))
            .with(|case| case.policy.macos.min = Some(from_file("13.0".to_owned())))
            .not_applicable(&RULE);
        made_for(Some("tvos")).not_applicable(&RULE);
    }

    #[test]
    fn mac_catalyst_has_the_versions_of_ios() {
        let catalyst = || case("14.0").edit_macho(|macho| macho.platform = Some("mac-catalyst".into()));
        catalyst().runs_on(&["macos:11"]).passes(&RULE);
        catalyst().edit_macho(|macho| macho.min_os = Some("15.0".into())).runs_on(&["macos:11"]).violations(&RULE);
    }

    #[test]
    fn load_commands_that_dyld_does_not_know_violate() {
        let with = |names: &[&str], min: &str| {
            let names = names.iter().map(ToString::to_string).collect();
            let case = case(min).with(|case| case.facts.arch = "x86_64".into());
            case.edit_macho(|macho| macho.load_commands = names)
        };
        let chained = || with(&["LC_DYLD_CHAINED_FIXUPS", "LC_MAIN"], "10.9");
        let found = chained().runs_on(&["macos:10.13", "macos:10.15", "macos:11"]).violations(&RULE);
        let hosts: Vec<_> = found.iter().map(|violation| violation.host.as_deref()).collect();
        assert_eq!(hosts, [Some("macos:10.13")]);
        chained().runs_on(&["macos:10.15"]).inconclusive(&RULE);
        chained().runs_on(&["macos:11"]).passes(&RULE);
        // A file that asks for a newer system anyway is told so.
        let found = with(&["LC_MAIN"], "10.13").runs_on(&["macos:10.6"]).violations(&RULE);
        assert!(found[0].evidence[0].contains("say macOS 10.13"), "{found:?}");
        with(&["LC_MAIN"], "10.6").runs_on(&["macos:10.7"]).violations(&RULE);
        with(&["LC_MAIN"], "10.6").runs_on(&["macos:10.8"]).passes(&RULE);
        with(&["LC_MAIN", "0x80000077"], "10.9").runs_on(&["macos:15"]).inconclusive(&RULE);
        with(&["LC_MAIN", "0x77"], "10.9").runs_on(&["macos:15"]).passes(&RULE);
    }

    #[test]
    fn a_symbol_that_came_later_violates() {
        let imports = |min: &str, weak| {
            let symbols = vec![ImportedSymbol { name: "__ZNSt3__122__libcpp_verbose_abortEPKcz".into(), weak }];
            let imports = vec![LibraryImports { library: "/usr/lib/libc++.1.dylib".into(), symbols }];
            case(min).edit_macho(|macho| macho.imports = imports)
        };
        let found = imports("11.0", false).runs_on(&["macos:12", "macos:14"]).violations(&RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("needs macOS 13.3, but `macos:12` is older"), "{found:?}");
        assert!(found[0].evidence[1].contains("came with macOS 13.3"), "{found:?}");
        assert!(found[0].help.as_ref().is_some_and(|help| help.contains("dlsym")), "{found:?}");
        // Where the file says so itself, that is what there is to mend.
        let help = imports("14.0", false).runs_on(&["macos:12"]).violations(&RULE).remove(0).help;
        assert_eq!(help.as_deref(), Some("build with `MACOSX_DEPLOYMENT_TARGET=12.0`"));
        imports("11.0", true).runs_on(&["macos:12"]).passes(&RULE);
    }

    #[test]
    fn programs_in_arm64e_code_alone_run_of_apple_only() {
        let arm64e = |min: &str| case(min).edit_macho(|macho| macho.cpu_subtype = 2);
        arm64e("12.0").runs_on(&["macos:13", "macos:26"]).violations(&RULE);
        arm64e("12.0").runs_on(&["macos:26"]).inconclusive(&RULE);
        arm64e("11.0").with(|case| case.policy.macos.min = Some(from_file("10.15".to_owned()))).violations(&RULE);
        arm64e("11.0").runs_on(&["macos:10.15"]).violations(&RULE);
        let apples = |kind| {
            signed_macho(kind, 0, None).edit_macho(|macho| {
                (macho.cpu_subtype, macho.min_os) = (2, Some("13.0".into()));
                let signature = macho.code_signature.as_mut().expect("a signature");
                signature.code_directories.iter_mut().for_each(|directory| directory.platform = 14);
            })
        };
        apples(SignatureKind::Cms).runs_on(&["macos:13"]).passes(&RULE);
        apples(SignatureKind::Adhoc).runs_on(&["macos:13"]).violations(&RULE);
        // What loads a library decides what it may be.
        let dylib = Case::dylib().edit_macho(|macho| (macho.cpu_subtype, macho.min_os) = (2, Some("13.0".into())));
        dylib.runs_on(&["macos:13"]).passes(&RULE);
    }

    #[test]
    fn a_lower_floor_passes() {
        case("11.0").runs_on(&["macos:11", "macos:15"]).passes(&RULE);
        case("11.0").not_applicable(&RULE);
        let catalina = |case: &mut Case| case.policy.macos.min = Some(from_file("10.15".to_owned()));
        case("11.0").with(catalina).passes(&RULE);
        case("11.0").with(|case| case.facts.arch = "x86_64".into()).with(catalina).violations(&RULE);
        Case::macho().runs_on(&["macos:13"]).inconclusive(&RULE);
    }
}
