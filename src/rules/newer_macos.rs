//! The file needs a newer macOS than it will find.

use super::support::NOT_MACOS;
use super::support::advice::Maker;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::hosts::{System, Version, kernel};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-macos",
    summary: "the file needs a newer macOS than the policy allows",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The lowest macOS in the load commands (`LC_BUILD_VERSION`, `LC_VERSION_MIN_MACOSX`), and what the Go release in the file
supports, against `[macos] min` and the macOS hosts of `runs-on`. And the other way round: 32-bit code for Intel Macs against
macOS 10.15 and later, and code for PowerPC against 10.7 and later, unless the universal file has other code for those Macs.

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
- 32-bit code: build for `x86_64`, and for `arm64` too.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macho().filter(|_| subject.facts.os == Os::MacOs) else {
        return Verdict::NotApplicable(NOT_MACOS);
    };
    let mut limits: Vec<(Version, Option<String>, PolicySource)> = Vec::new();
    if let Some(min) = &subject.policy.policy.macos.min {
        let Ok(version) = min.value.parse() else {
            return Verdict::Inconclusive(format!("`[macos] min = \"{}\"` is no version", min.value));
        };
        let key = format!("[macos] min = \"{}\"", min.value);
        limits.push((version, None, PolicySource { key, origin: min.origin.clone() }));
    }
    for host in subject.hosts {
        if let System::MacOs(version) = host.system {
            limits.push((version, Some(host.name.clone()), subject.listed(&host.name)));
        }
    }
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no macOS");
    }
    if let Some(last) = last_system(subject) {
        let gone: Vec<Violation> = limits.iter().filter_map(|limit| not_any_more(subject, last, limit)).collect();
        if !gone.is_empty() {
            return Verdict::Violated(gone);
        }
    }
    let stated = macho.min_os.as_deref().and_then(|version| version.parse::<Version>().ok());
    let release = subject.facts.go.as_ref().and_then(|go| go.version.as_deref());
    let go = release.and_then(kernel::go).map(|floors| floors.macos);
    let Some(floor) = stated.max(go) else {
        return Verdict::Inconclusive("the file does not say which macOS it is for".into());
    };
    let mut evidence = Vec::new();
    evidence.extend(stated.map(|version| format!("its load commands say macOS {version}")));
    evidence.extend(go.zip(release).map(|(version, release)| format!("{release} supports macOS {version} and newer")));
    // The first macOS for arm64 was 11: no such Mac has anything older.
    let oldest = if subject.facts.arch == "aarch64" { Version::new(11, 0) } else { Version::new(0, 0) };
    let older = limits.into_iter().filter(|(has, ..)| (*has).max(oldest) < floor);
    let violations: Vec<Violation> = older
        .map(|(has, host, policy)| Violation {
            message: match &host {
                Some(host) => format!("`{{artifact}}` needs macOS {floor}, but `{host}` is older"),
                None => format!("`{{artifact}}` needs macOS {floor}, but has to run on {has}"),
            },
            evidence: evidence.clone(),
            host,
            policy: Some(policy),
            help: Some(match subject.maker() {
                Maker::Go if go >= stated => "build with the last Go release for that macOS".into(),
                _ => format!("build with `MACOSX_DEPLOYMENT_TARGET={has}`"),
            }),
            ..Violation::default()
        })
        .collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

/// The first macOS that runs no code for this processor any more, where the file has no other code for the same Macs:
/// PowerPC went with Rosetta in 10.7, 32-bit Intel in 10.15.
fn last_system(subject: &Subject<'_>) -> Option<(Version, &'static str)> {
    let has = |archs: &[&str]| subject.file.slices.iter().any(|slice| archs.contains(&&*slice.arch));
    match &*subject.facts.arch {
        "i386" if !has(&["x86_64"]) => Some((Version::new(10, 15), "32-bit code")),
        "ppc" | "ppc64" if !has(&["i386", "x86_64", "aarch64"]) => Some((Version::new(10, 7), "code for PowerPC")),
        _ => None,
    }
}

fn not_any_more(
    subject: &Subject<'_>,
    (gone, what): (Version, &str),
    (has, host, policy): &(Version, Option<String>, PolicySource),
) -> Option<Violation> {
    (*has >= gone).then(|| Violation {
        message: match host {
            Some(host) => format!("`{{artifact}}` holds {what}, which `{host}` does not run"),
            None => format!("`{{artifact}}` holds {what}, but has to run on macOS {has}"),
        },
        evidence: vec![format!("it is made for {}, and macOS {gone} and newer run no {what}", subject.facts.arch)],
        host: host.clone(),
        policy: Some(policy.clone()),
        help: Some("build for `x86_64`, and for `arm64` too".into()),
        ..Violation::default()
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, from_file};

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
    fn a_lower_floor_passes() {
        case("11.0").runs_on(&["macos:11", "macos:15"]).passes(&RULE);
        case("11.0").not_applicable(&RULE);
        let catalina = |case: &mut Case| case.policy.macos.min = Some(from_file("10.15".to_owned()));
        case("11.0").with(catalina).passes(&RULE);
        case("11.0").with(|case| case.facts.arch = "x86_64".into()).with(catalina).violations(&RULE);
        Case::macho().runs_on(&["macos:13"]).inconclusive(&RULE);
    }
}
