//! The file runs in fewer places than that of the last release.

use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::diff::{About, Built, Change, Effect, Found, slices};
use crate::facts::Format;
use crate::policy::Level;
use crate::profile::Profile;

pub(super) static RULE: Rule = Rule {
    id: "less-portable",
    summary: "the file needs more of its host, or is less protected there, than in the report of the last release",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The file against the report that `[baseline] report` names: whether its floors rose (glibc, kernel, macOS, Windows,
CPU), whether it needs another loader, further libraries or newer versions of them, was static and is no more, or lost a
protection or an architecture. It is what `seaworthy diff` calls worse. A file that the report does not have is not
compared: it is found by its path, else by its name.

## Why it matters
A new compiler, a builder with a newer distribution, or one more dependency raises what a program needs without a word, and
those who could run the last release learn it from an error message.

## Example
```text
error[less-portable]: compared with the last release, `dist/app` needs glibc 2.34 instead of 2.31
  = evidence: `__libc_start_main@GLIBC_2.34`
  = policy: `[baseline] report = "last.json"` (seaworthy.toml:1)
  = help: build as the last release was built; or accept it, by the report of this build as the new baseline: `--report json=last.json`, or see `seaworthy explain less-portable`
```

## How to fix
- Go: without cgo nothing but Go's own floors can rise; a newer Go raises those (`go.dev/doc/go1.N` says to what).
- Cargo: build where the last release was built, or for a fixed floor: a musl target, or `cargo zigbuild --target
  x86_64-unknown-linux-gnu.2.17`.
- When it is meant to be, accept it: keep this build's report as the baseline.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let policy = subject.policy.policy;
    let (Some(baseline), Some(report)) = (&policy.last_release, &policy.baseline) else {
        return Verdict::NotApplicable("the policy names no report of a last release: `[baseline] report`");
    };
    let new = Built::of(&subject.artifact.path, Some(subject.file));
    let old = match baseline.find(&new) {
        Found::One(old) => old,
        Found::None => return Verdict::NotApplicable("the report of the last release does not have it"),
        Found::Several => {
            return Verdict::Inconclusive(
                "the report of the last release has several files of this name, and none at this path".into(),
            );
        }
    };
    if old.profiles.is_empty() {
        return Verdict::Inconclusive("the last release's file was not read, or is packed".into());
    }
    let shown = report.value.to_string_lossy();
    let source = PolicySource { key: format!("[baseline] report = \"{shown}\"").into(), origin: report.origin.clone() };
    let changes = compare(subject, old);
    let worse = changes.iter().filter(|change| change.effect == Effect::Worse);
    let violations: Vec<Violation> = worse.map(|change| violation(change, &source, &shown)).collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

/// What changed in this slice; what the file lost as a whole is told with its first one.
fn compare(subject: &Subject<'_>, old: &Built) -> Vec<Change> {
    let new = Profile::of(subject.facts);
    let before = old.profiles.iter().find(|before| before.arch == new.arch);
    let mut changes = before.map(|before| slices(before, &new)).unwrap_or_default();
    let is_first = subject.file.slices.first().is_some_and(|first| first.arch == new.arch);
    let has = |arch: &str| subject.file.slices.iter().any(|slice| slice.arch == arch);
    if is_first {
        let gone = old.profiles.iter().filter(|before| !has(&before.arch));
        changes.extend(gone.map(|before| Change::lost_architecture(&before.arch)));
    }
    changes
}

fn violation(change: &Change, source: &PolicySource, report: &str) -> Violation {
    let evidence = match (change.details.is_empty(), change.about) {
        (false, _) => change.details.iter().map(|detail| format!("`{detail}`")).collect(),
        (true, About::Architecture | About::Hardening) => vec![format!("`{report}` says that it had")],
        (true, _) => {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
            vec![format!("{}: `{}`, and in `{report}` `{}`", change.name, side(&change.new), side(&change.old))]
        }
    };
    Violation {
        message: format!("compared with the last release, `{{artifact}}` {}", change.sentence()),
        evidence,
        causes: causes(change),
        policy: Some(source.clone()),
        help: Some(format!(
            "build as the last release was built; or accept it, by the report of this build as the new baseline: `--report json={report}`"
        )),
        ..Violation::default()
    }
}

fn causes(change: &Change) -> Vec<Cause> {
    let symbols = change.details.iter().map(|detail| detail.split('@').next().unwrap_or(detail).to_owned());
    match change.about {
        About::Library => vec![Cause::Library(change.name.clone())],
        About::Loader => change.new.clone().map(Cause::Loader).into_iter().collect(),
        About::Floor | About::Version => symbols.map(Cause::Symbol).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::RULE;
    use crate::diff::{Build, Built};
    use crate::facts::elf::VersionNeed;
    use crate::profile::Profile;
    use crate::rules::support::testing::{Case, from_file};

    fn needs(glibc: &[u32], symbol: &str) -> Case {
        let version = format!("GLIBC_{}.{}", glibc[0], glibc[1]);
        Case::elf().dynamic(&["libc.so.6"]).edit(|elf| {
            elf.glibc_floor = Some(glibc.to_vec());
            let (version, symbols) = (version.as_str().into(), [symbol].into());
            elf.version_needs = vec![VersionNeed { file: "libc.so.6".into(), version, weak: false, symbols }];
        })
    }

    fn after(case: Case, last: &[(&str, &Case)]) -> Case {
        let built = |(path, old): &(&str, &Case)| Built {
            path: (*path).to_owned(),
            size: None,
            profiles: vec![Profile::of(&old.facts)],
        };
        let files = last.iter().map(built).collect();
        case.with(|case| {
            case.policy.baseline = Some(from_file(PathBuf::from("last.json")));
            case.policy.last_release = Some(Build { files });
        })
    }

    #[test]
    fn a_floor_that_rose_violates() {
        let old = needs(&[2, 31], "__libc_start_main");
        after(needs(&[2, 34], "__libc_start_main"), &[("dist/app", &old)]).documented(&RULE);
    }

    #[test]
    fn the_same_and_less_pass() {
        let (old, new) = (needs(&[2, 34], "stat"), needs(&[2, 31], "stat"));
        after(new, &[("dist/app", &old)]).passes(&RULE);
        after(Case::elf(), &[("dist/app", &Case::elf())]).passes(&RULE);
    }

    #[test]
    fn what_stood_alone_and_does_not_any_more_violates() {
        after(Case::elf().dynamic(&["libc.so.6"]), &[("dist/app", &Case::elf())]).violations(&RULE);
    }

    #[test]
    fn a_file_is_found_by_its_name_and_never_guessed() {
        let (old, new) = (needs(&[2, 31], "stat"), || needs(&[2, 34], "stat"));
        after(new(), &[("elsewhere/app", &old)]).violations(&RULE);
        after(new(), &[("dist/other", &old)]).not_applicable(&RULE);
        after(new(), &[("a/app", &old), ("b/app", &old)]).inconclusive(&RULE);
        after(new(), &[("a/app", &old), ("x/dist/app", &old)]).violations(&RULE);
    }

    #[test]
    fn without_a_baseline_nothing_is_asked() {
        needs(&[2, 34], "stat").not_applicable(&RULE);
    }
}
