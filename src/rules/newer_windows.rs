//! The file needs a newer Windows than it will find.

use super::support::NOT_WINDOWS;
use super::support::windows::imports;
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::pe::PeFacts;
use crate::facts::{Format, Os};
use crate::hosts::table::Table;
use crate::hosts::{System, Version, kernel};
use crate::policy::Level;

static FUNCTIONS: Table = Table::new(include_str!("../../data/windows-functions.tsv"));

pub(super) static RULE: Rule = Rule {
    id: "newer-windows",
    summary: "the file needs a newer Windows than the policy allows",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Against `[windows] min` and the Windows hosts of `runs-on`: the subsystem version in the header, each imported function that
is known to have come with a later Windows (`data/windows-functions.tsv`), and what the Go release or Rust's std in the file
supports. Functions of delay-loaded DLLs do not count: a program can ask for them before it calls them.

## Why it matters
The loader refuses an image whose subsystem version is newer than the system, and one whose function is not there: "the
procedure entry point could not be located". On the build machine both are.

## Example
```text
error[newer-windows]: `dist/app.exe` needs Windows 10.0.20348, but `windows:servercore-ltsc2019` is 10.0.17763
  = evidence: `GetTempPath2W` of `kernel32.dll` came with Windows 10.0.20348 (unverified)
  = policy: `runs-on` lists `windows:servercore-ltsc2019` (seaworthy.toml:1)
  = help: build with the last release of the toolchain for that Windows, or look newer functions up at run time, or see `seaworthy explain newer-windows`
```

## How to fix
- Go: Go 1.20 is the last release for Windows 7 and 8.
- Cargo: Rust 1.77 is the last whose std runs on Windows 7; after it there are the `*-win7-windows-*` targets.
- C: set `_WIN32_WINNT` to the oldest Windows, and ask for newer functions with `GetProcAddress`.
"#,
};

/// What needs a version, and what brought it in.
struct Need {
    version: Version,
    evidence: String,
    cause: Option<Cause>,
}

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.pe().filter(|_| subject.facts.os == Os::Windows) else {
        return Verdict::NotApplicable(NOT_WINDOWS);
    };
    let mut limits: Vec<(Version, Option<String>, PolicySource)> = Vec::new();
    if let Some(min) = &subject.policy.policy.windows.min {
        let Ok(version) = min.value.parse() else {
            return Verdict::Inconclusive(format!("`[windows] min = \"{}\"` is no version", min.value));
        };
        let key = format!("[windows] min = \"{}\"", min.value);
        limits.push((version, None, PolicySource { key, origin: min.origin.clone() }));
    }
    for host in subject.hosts {
        if let System::Windows(version) = host.system {
            limits.push((version, Some(host.name.clone()), subject.listed(&host.name)));
        }
    }
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no Windows");
    }
    let needs = needs(subject, pe);
    let violations: Vec<Violation> = limits.into_iter().filter_map(|limit| violation(&needs, limit)).collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

fn violation(needs: &[Need], (has, host, policy): (Version, Option<String>, PolicySource)) -> Option<Violation> {
    let newer: Vec<&Need> = needs.iter().filter(|need| need.version > has).collect();
    let highest = newer.iter().map(|need| need.version).max()?;
    Some(Violation {
        message: match &host {
            Some(host) => format!("`{{artifact}}` needs Windows {highest}, but `{host}` is {has}"),
            None => format!("`{{artifact}}` needs Windows {highest}, but has to run on {has}"),
        },
        evidence: newer.iter().map(|need| need.evidence.clone()).collect(),
        causes: newer.iter().filter_map(|need| need.cause.clone()).collect(),
        host,
        policy: Some(policy),
        help: Some(
            "build with the last release of the toolchain for that Windows, or look newer functions up at run time"
                .into(),
        ),
    })
}

fn needs(subject: &Subject<'_>, pe: &PeFacts) -> Vec<Need> {
    let mut needs = Vec::new();
    if let Ok(version) = pe.subsystem_version.parse() {
        let evidence = format!("its subsystem version is {}", pe.subsystem_version);
        needs.push(Need { version, evidence, cause: None });
    }
    for (import, _) in imports(pe).filter(|(_, how)| *how == "imports") {
        for function in &import.functions {
            let since = FUNCTIONS.rows(&function.to_ascii_lowercase()).next().and_then(|since| since.parse().ok());
            needs.extend(since.map(|version: Version| Need {
                version,
                evidence: format!("`{function}` of `{}` came with Windows {version} (unverified)", import.dll),
                cause: Some(Cause::Symbol(function.clone())),
            }));
        }
    }
    if let Some(release) = subject.facts.go.as_ref().and_then(|go| go.version.as_deref()) {
        needs.extend(kernel::go(release).map(|floors| Need {
            version: floors.windows,
            evidence: format!("{release} supports Windows {} and newer", floors.windows),
            cause: None,
        }));
    }
    if let Some(release) = subject.facts.rust.as_ref().and_then(|rust| rust.version.as_deref())
        && release.parse::<Version>().is_ok_and(|version| version >= Version::new(1, 78))
    {
        let evidence = format!("the std of Rust {release} supports Windows 10 and newer");
        needs.push(Need { version: Version::new(10, 0), evidence, cause: None });
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, RULE};
    use crate::facts::pe::DllImport;
    use crate::rules::support::testing::{Case, from_file};

    fn importing(function: &str) -> Case {
        let import = DllImport { dll: "kernel32.dll".into(), functions: vec!["ExitProcess".into(), function.into()] };
        Case::pe().edit_pe(|pe| {
            pe.subsystem_version = "6.0".into();
            pe.imports = vec![import];
        })
    }

    #[test]
    fn the_table_is_sorted() {
        FUNCTIONS.assert_sorted();
    }

    #[test]
    fn a_newer_function_violates() {
        importing("GetTempPath2W").runs_on(&["windows:servercore-ltsc2019", "windows:11"]).documented(&RULE);
    }

    #[test]
    fn what_the_system_has_passes() {
        importing("GetTempPath2W").runs_on(&["windows:11"]).passes(&RULE);
        importing("CreatePseudoConsole").runs_on(&["windows:servercore-ltsc2019"]).passes(&RULE);
        importing("GetTempPath2W").not_applicable(&RULE);
    }

    #[test]
    fn releases_of_toolchains_have_floors() {
        let min = |case: Case| case.with(|case| case.policy.windows.min = Some(from_file("6.1".to_owned())));
        min(importing("Sleep").go(&[])).violations(&RULE);
        min(importing("Sleep").rust()).violations(&RULE);
        min(importing("Sleep")).passes(&RULE);
    }
}
