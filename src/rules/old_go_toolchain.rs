//! The Go release in the file does not support the system it is made for.

use super::{Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::hosts::Version;
use crate::hosts::table::Table;
use crate::policy::Level;

static PORTS: Table = Table::new(include_str!("../../data/go-ports.tsv"));

pub(super) static RULE: Rule = Rule {
    id: "old-go-toolchain",
    summary: "the Go release in the file does not support the system it is made for",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The Go release recorded in the file against the first one whose programs are supported on that system and architecture
(`data/go-ports.tsv`). Where none is recorded, the format of Go's table of functions tells the oldest that it may be.

## Why it matters
Go before 1.12 calls the kernel of macOS directly, through an interface that Apple changes without notice: such a program
starts on one macOS and crashes on the next. A release before a port existed cannot have made a working program for it.

## Example
```text
error[old-go-toolchain]: `dist/app` is built with Go 1.11.13, but darwin/x86_64 needs Go 1.12 at least
  = evidence: older ones call the kernel directly rather than through libSystem, which Apple changes without notice
  = policy: `old-go-toolchain` is `deny` (by default)
  = help: build with Go 1.12 or newer, or see `seaworthy explain old-go-toolchain`
```

## How to fix
- Go: build with a current Go release; `go version -m FILE` shows the one that was used, and a `toolchain` line in `go.mod` sets
  the least one.
- Cargo: not concerned, unless a Go program is an artifact of the build.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(go) = &subject.facts.go else { return Verdict::NotApplicable("Go did not make it") };
    let system = match subject.facts.os {
        Os::MacOs => "darwin",
        Os::Windows => "windows",
        Os::Linux | Os::Unknown => "linux",
        _ => return Verdict::NotApplicable("nothing is known about Go on that system"),
    };
    let port = format!("{system}/{}", subject.facts.arch);
    let Some(row) = PORTS.rows(&port).next() else { return Verdict::Pass };
    let Some((since, why)) = row.split_once('\t') else { return Verdict::Pass };
    let number = go.version.as_deref().and_then(|version| version.strip_prefix("go"));
    let digits =
        number.map(|number| number.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>());
    let release = digits.as_deref().and_then(|digits| digits.trim_end_matches('.').parse::<Version>().ok());
    let Ok(since) = since.parse::<Version>() else { return Verdict::Pass };
    let oldest = go.oldest.and_then(|oldest| oldest.parse::<Version>().ok());
    let Some(release) = release else {
        if oldest.is_some_and(|oldest| oldest >= since) {
            return Verdict::Pass;
        }
        if subject.policy.runs_on.is_empty() {
            return Verdict::NotApplicable("its Go release is not recorded, and the policy names no host to ask about");
        }
        return Verdict::Inconclusive("the Go release that made it is not recorded".into());
    };
    if release >= since {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is built with Go {release}, but {port} needs Go {since} at least"),
        evidence: vec![why.to_owned()],
        help: Some(format!("build with Go {since} or newer")),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::{PORTS, RULE};
    use crate::rules::support::testing::Case;

    fn built_with(release: &str, arch: &str) -> Case {
        let (release, arch) = (release.to_owned(), arch.to_owned());
        Case::macho().go(&[]).with(|case| {
            case.facts.arch = arch.into();
            if let Some(go) = &mut case.facts.go {
                go.version = Some(release);
            }
        })
    }

    #[test]
    fn the_table_is_sorted() {
        PORTS.assert_sorted();
    }

    #[test]
    fn a_release_before_the_port_violates() {
        built_with("go1.11.13", "x86_64").documented(&RULE);
        built_with("go1.15", "aarch64").violations(&RULE);
    }

    #[test]
    fn a_lower_bound_is_enough() {
        let not_before = |oldest: &'static str| {
            let case = built_with("", "aarch64").runs_on(&["macos:13"]);
            case.with(|case| {
                let go = case.facts.go.as_mut().expect("Go");
                (go.version, go.oldest) = (None, Some(oldest));
            })
        };
        not_before("1.20").passes(&RULE);
        not_before("1.2").inconclusive(&RULE);
    }

    #[test]
    fn later_ones_pass() {
        built_with("go1.12", "x86_64").passes(&RULE);
        built_with("go1.27.3", "aarch64").passes(&RULE);
        built_with("devel +0123", "aarch64").not_applicable(&RULE);
        built_with("devel +0123", "aarch64").runs_on(&["macos:13"]).inconclusive(&RULE);
        Case::macho().not_applicable(&RULE);
    }
}
