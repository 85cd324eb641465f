//! A universal file was asked for, and an architecture is missing.

use super::support::{NOT_MACOS, listed};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-slice",
    summary: "a file for macOS lacks one of the architectures of a universal binary",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a file holds slices for both arm64 and x86_64, when `[macos] universal = true` or the target is called `universal…`.

## Why it matters
A download for "macOS" that holds one architecture does not start on the other Macs, or only through Rosetta, which is not
there by default and goes away.

## Example
```text
error[missing-slice]: `dist/app` is not universal: it has no code for `x86_64`
  = evidence: the file holds code for aarch64 only
  = policy: `[macos] universal = true` (seaworthy.toml:1)
  = help: build for both architectures, and join the files with `lipo -create -output FILE …`, or see `seaworthy explain missing-slice`
```

## How to fix
- Go: build for `darwin/amd64` and `darwin/arm64`, and join the two with `lipo -create` (or `llvm-lipo`, `makefat`).
- Cargo: `cargo zigbuild --target universal2-apple-darwin`, or build for both targets and join them with `lipo -create`.
"#,
};

const BOTH: &[&str] = &["aarch64", "x86_64"];

fn check(subject: &Subject<'_>) -> Verdict {
    if subject.macos().is_none() {
        return Verdict::NotApplicable(NOT_MACOS);
    }
    let asked = subject.policy.policy.macos.universal.as_ref().filter(|asked| asked.value);
    let named = subject.artifact.target.as_ref().filter(|target| target.starts_with("universal"));
    if asked.is_none() && named.is_none() {
        return Verdict::NotApplicable("nobody asks for a universal file");
    }
    let found: Vec<&str> = subject.file.slices.iter().map(|slice| &*slice.arch).collect();
    let missing: Vec<String> = BOTH.iter().filter(|arch| !found.contains(arch)).map(ToString::to_string).collect();
    if missing.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is not universal: it has no code for {}", listed(&missing, 2)),
        evidence: vec![format!("the file holds code for {} only", found.join(", "))],
        policy: asked
            .map(|asked| PolicySource { key: "[macos] universal = true".into(), origin: asked.origin.clone() }),
        help: Some("build for both architectures, and join the files with `lipo -create -output FILE …`".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, from_file};

    fn universal() -> Case {
        Case::macho().with(|case| case.policy.macos.universal = Some(from_file(true)))
    }

    #[test]
    fn a_single_architecture_violates() {
        universal().documented(&RULE);
        Case::macho().target("universal2-apple-darwin").violations(&RULE);
    }

    #[test]
    fn both_architectures_pass() {
        universal().with(|case| case.archs = vec!["x86_64"]).passes(&RULE);
    }

    #[test]
    fn where_nobody_asks_nothing_is_missing() {
        Case::macho().not_applicable(&RULE);
    }
}
