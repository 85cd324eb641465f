//! The file contains a string that the policy forbids.

use super::support::listed;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "forbidden-string",
    summary: "the file contains a string that the policy forbids",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That none of the `forbidden-strings` of the policy is anywhere in the file, byte for byte.

## Why it matters
What must not be in a release differs from project to project: the name of a staging server, a temporary directory
(`/private/var/folders`), a codename, a marker in test code.

## Example
```text
error[forbidden-string]: `dist/app` contains `/private/var/folders`
  = evidence: it contains `/private/var/folders`
  = policy: `forbidden-strings` (seaworthy.toml:1)
  = help: take out what refers to it, or build without the code that does, or see `seaworthy explain forbidden-string`
```

## How to fix
- Go: find who refers to it with `go build -ldflags=-w` and `strings -t x`; constants come in with the package that has
  them, paths of sources go with `-trimpath`.
- Cargo: the same; `--remap-path-prefix` for paths, a `cfg` for code that belongs to tests.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(forbidden) = subject.policy.policy.forbidden_strings.as_ref().filter(|strings| !strings.value.is_empty())
    else {
        return Verdict::NotApplicable("the policy forbids no strings");
    };
    let Some(texts) = &subject.file.texts else {
        return Verdict::Inconclusive("its text was not searched for strings".into());
    };
    if texts.strings.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` contains {}", listed(&texts.strings, 3)),
        evidence: texts.strings.iter().map(|text| format!("it contains `{text}`")).collect(),
        policy: Some(PolicySource { key: "forbidden-strings".into(), origin: forbidden.origin.clone() }),
        help: Some("take out what refers to it, or build without the code that does".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::texts::Texts;
    use crate::rules::support::testing::{Case, from_file};

    fn forbids(found: &[&str]) -> Case {
        let strings = found.iter().map(ToString::to_string).collect();
        Case::elf().with(|case| {
            case.texts = Some(Texts { strings, ..Texts::default() });
            case.policy.forbidden_strings = Some(from_file(vec!["/private/var/folders".to_owned()]));
        })
    }

    #[test]
    fn a_forbidden_string_violates() {
        forbids(&["/private/var/folders"]).documented(&RULE);
    }

    #[test]
    fn a_file_without_it_passes() {
        forbids(&[]).passes(&RULE);
    }

    #[test]
    fn a_search_that_was_not_made_is_no_pass() {
        forbids(&[]).with(|case| case.texts = None).inconclusive(&RULE);
        Case::elf().not_applicable(&RULE);
    }
}
