//! The file needs a newer macOS than it will find.

use super::support::NOT_MACOS;
use super::support::advice::Maker;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::hosts::macos::APPLE_SILICON;
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
supports, against `[macos] min` and the macOS hosts of `runs-on`. And whether those Macs run such code at all: no 32-bit code
for Intel Macs from macOS 10.15 on, none for PowerPC from 10.7 on, and none for Apple silicon before 11. Of a universal file
they take the code for their own processor, and what the rest of it needs is no matter there.

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
    let limits = match limits(subject) {
        Ok(limits) => limits,
        Err(why) => return Verdict::Inconclusive(why),
    };
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no macOS");
    }
    let refused: Vec<Violation> = limits.iter().filter_map(|limit| no_such_processor(subject, limit)).collect();
    if !refused.is_empty() {
        return Verdict::Violated(refused);
    }
    // A Mac takes the code for its own processor out of a universal file: what the rest of it needs is no matter there.
    let limits: Vec<Limit> = limits.into_iter().filter(|limit| !limit.is_older_than(subject)).collect();
    if limits.is_empty() {
        return Verdict::NotApplicable("the Macs that the policy names take the code for another processor");
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
    let older = limits.into_iter().filter(|limit| limit.has.max(first_system(subject)) < floor);
    let violations: Vec<Violation> = older
        .map(|limit| Violation {
            message: match &limit.host {
                Some(host) => format!("`{{artifact}}` needs macOS {floor}, but `{host}` is older"),
                None => format!("`{{artifact}}` needs macOS {floor}, but has to run on {}", limit.has),
            },
            evidence: evidence.clone(),
            help: Some(match subject.maker() {
                Maker::Go if go >= stated => "build with the last Go release for that macOS".into(),
                _ => format!("build with `MACOSX_DEPLOYMENT_TARGET={}`", limit.has.max(first_system(subject))),
            }),
            ..limit.broken()
        })
        .collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

/// A macOS that the policy names.
struct Limit {
    has: Version,
    /// The host of `runs-on`; `None` for `[macos] min`, which means every later one as well.
    host: Option<String>,
    policy: PolicySource,
}

impl Limit {
    /// Whether it is a system for other processors than this code is for: `[macos] min` is one for all that came later.
    fn is_older_than(&self, subject: &Subject<'_>) -> bool {
        self.host.is_some() && self.has < first_system(subject)
    }

    /// A violation that is about this macOS.
    fn broken(&self) -> Violation {
        Violation { host: self.host.clone(), policy: Some(self.policy.clone()), ..Violation::default() }
    }
}

/// Every macOS that the policy names, or why one of them cannot be told.
fn limits(subject: &Subject<'_>) -> Result<Vec<Limit>, String> {
    let mut limits = Vec::new();
    if let Some(min) = &subject.policy.policy.macos.min {
        let key = format!("[macos] min = \"{}\"", min.value);
        let Ok(has) = min.value.parse() else { return Err(format!("`{key}` is no version")) };
        limits.push(Limit { has, host: None, policy: PolicySource { key, origin: min.origin.clone() } });
    }
    for host in subject.hosts {
        if let System::MacOs(has) = host.system {
            limits.push(Limit { has, host: Some(host.name.clone()), policy: subject.listed(&host.name) });
        }
    }
    Ok(limits)
}

/// The first macOS for this processor: no Mac with Apple silicon has one before 11.
fn first_system(subject: &Subject<'_>) -> Version {
    if subject.facts.arch == "aarch64" { APPLE_SILICON } else { Version::new(0, 0) }
}

/// The code is for a processor that no Mac with this macOS has, or does not run any more, and the file has no other.
fn no_such_processor(subject: &Subject<'_>, limit: &Limit) -> Option<Violation> {
    let has = |archs: &[&str]| subject.file.slices.iter().any(|slice| archs.contains(&&*slice.arch));
    let gone = match &*subject.facts.arch {
        "aarch64" if limit.is_older_than(subject) && !has(&["x86_64", "i386", "ppc", "ppc64"]) => {
            return Some(too_early(limit));
        }
        // PowerPC went with Rosetta in 10.7, 32-bit Intel in 10.15.
        "i386" if !has(&["x86_64"]) => (Version::new(10, 15), "32-bit code"),
        "ppc" | "ppc64" if !has(&["i386", "x86_64", "aarch64"]) => (Version::new(10, 7), "code for PowerPC"),
        _ => return None,
    };
    not_any_more(subject, gone, limit)
}

fn too_early(limit: &Limit) -> Violation {
    let host = limit.host.as_deref().unwrap_or_default();
    Violation {
        message: format!("`{{artifact}}` holds code for Apple silicon only, which `{host}` does not run"),
        evidence: vec![format!(
            "it is made for aarch64, and macOS {APPLE_SILICON} is the first on Macs with such a processor"
        )],
        help: Some(format!("build for `x86_64` too, or list `macos:{APPLE_SILICON}` for this file")),
        ..limit.broken()
    }
}

fn not_any_more(subject: &Subject<'_>, (gone, what): (Version, &str), limit: &Limit) -> Option<Violation> {
    (limit.has >= gone).then(|| Violation {
        message: match &limit.host {
            Some(host) => format!("`{{artifact}}` holds {what}, which `{host}` does not run"),
            None => format!("`{{artifact}}` holds {what}, but has to run on macOS {}", limit.has),
        },
        evidence: vec![format!("it is made for {}, and macOS {gone} and newer run no {what}", subject.facts.arch)],
        help: Some("build for `x86_64`, and for `arm64` too".into()),
        ..limit.broken()
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
    fn a_lower_floor_passes() {
        case("11.0").runs_on(&["macos:11", "macos:15"]).passes(&RULE);
        case("11.0").not_applicable(&RULE);
        let catalina = |case: &mut Case| case.policy.macos.min = Some(from_file("10.15".to_owned()));
        case("11.0").with(catalina).passes(&RULE);
        case("11.0").with(|case| case.facts.arch = "x86_64".into()).with(catalina).violations(&RULE);
        Case::macho().runs_on(&["macos:13"]).inconclusive(&RULE);
    }
}
