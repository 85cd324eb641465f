//! The entitlements in the signature are not those of the project, or its two forms disagree.

use std::collections::BTreeMap;

use serde_json::Value;

use super::support::apple::{NOT_SIGNED, signature};
use super::support::{NOT_MACOS, NOT_PROGRAM};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "entitlements-differ",
    summary: "the entitlements in the signature are not those of the project's file, or its two forms disagree",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
With `[macos] entitlements-file`: that the signature claims exactly what that property list says, key by key and value by
value. In any case: that the XML form and the DER form of the signature say the same.

## Why it matters
The file in the repository is reviewed; what is signed is what some script passed to `codesign`. macOS 12 and later read the
DER form, older systems the XML, so a program whose forms differ has other rights depending on the system.

## Example
```text
error[entitlements-differ]: the entitlements of `dist/app` are not those of `app.entitlements`
  = evidence: `com.apple.security.cs.allow-jit` is missing
  = evidence: `com.apple.security.get-task-allow` = true is there as well
  = policy: `[macos] entitlements-file` (seaworthy.toml:1)
  = help: sign it with `--entitlements app.entitlements`, or see `seaworthy explain entitlements-differ`
```

## How to fix
The same for Go and Cargo: sign with the reviewed file, `codesign --entitlements app.entitlements …` or `rcodesign sign
--entitlements-xml-file app.entitlements …`; both tools write both forms.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    let entitlements = signature.entitlements.as_ref();
    let mut violations = Vec::new();
    if let Some((found, der)) = entitlements.and_then(|found| Some((found, found.der_values.as_ref()?))) {
        let mut evidence =
            vec!["the XML form, which macOS 11 reads, says other than the DER form, which later ones read".to_owned()];
        evidence.extend(differences(&found.values, der).iter().map(|line| format!("in the DER form, {line}")));
        violations.push(Violation {
            message: "the two forms of the entitlements of `{artifact}` disagree".into(),
            evidence,
            help: Some("sign it again with a current `codesign` or `rcodesign`".into()),
            ..Violation::default()
        });
    }
    if entitlements.is_some_and(|entitlements| entitlements.unreadable) {
        return Verdict::Inconclusive("a form of its entitlements cannot be read".into());
    }
    let policy = &subject.policy.policy.macos;
    if let Some(file) = &policy.entitlements_file {
        let Some(wanted) = &policy.exact_entitlements else {
            return Verdict::Inconclusive(format!("`{}` was not read", file.value.display()));
        };
        let empty = BTreeMap::new();
        let evidence = differences(wanted, entitlements.map_or(&empty, |entitlements| &entitlements.values));
        if !evidence.is_empty() {
            violations.push(Violation {
                message: format!("the entitlements of `{{artifact}}` are not those of `{}`", file.value.display()),
                evidence,
                policy: Some(PolicySource { key: "[macos] entitlements-file".into(), origin: file.origin.clone() }),
                help: Some(format!("sign it with `--entitlements {}`", file.value.display())),
                ..Violation::default()
            });
        }
    } else if violations.is_empty() && entitlements.is_none_or(|entitlements| entitlements.forms_agree.is_none()) {
        return Verdict::NotApplicable(
            "the policy names no file of entitlements, and the signature has not both forms",
        );
    }
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

fn differences(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> Vec<String> {
    let mut lines: Vec<String> = wanted
        .iter()
        .filter_map(|(key, value)| match found.get(key) {
            None => Some(format!("`{key}` is missing")),
            Some(other) if other != value => Some(format!("`{key}` is {other}, not {value}")),
            Some(_) => None,
        })
        .collect();
    lines.extend(
        found
            .iter()
            .filter(|(key, _)| !wanted.contains_key(*key))
            .map(|(key, value)| format!("`{key}` = {value} is there as well")),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::{Entitlements, SignatureKind};
    use crate::rules::support::testing::{Case, from_file, signed_macho};

    const JIT: &str = "com.apple.security.cs.allow-jit";
    const DEBUG: &str = "com.apple.security.get-task-allow";

    fn claims(key: &str, forms_agree: Option<bool>) -> Case {
        let values = [(key.to_owned(), true.into())].into();
        let der_values = (forms_agree == Some(false)).then(Default::default);
        let entitlements = Entitlements { values, forms_agree, der_values, ..Entitlements::default() };
        signed_macho(SignatureKind::Adhoc, 0, None).edit_macho(|macho| {
            macho.code_signature.as_mut().expect("a signature").entitlements = Some(entitlements);
        })
    }

    fn wanted(case: Case) -> Case {
        case.with(|case| {
            case.policy.macos.entitlements_file = Some(from_file("app.entitlements".into()));
            case.policy.macos.exact_entitlements = Some([(JIT.to_owned(), true.into())].into());
        })
    }

    #[test]
    fn other_entitlements_than_the_files_violate() {
        wanted(claims(DEBUG, Some(true))).documented(&RULE);
        wanted(signed_macho(SignatureKind::Adhoc, 0, None)).violations(&RULE);
    }

    #[test]
    fn forms_that_disagree_violate_under_any_policy() {
        claims(JIT, Some(false)).violations(&RULE);
        assert_eq!(wanted(claims(DEBUG, Some(false))).violations(&RULE).len(), 2);
    }

    #[test]
    fn the_same_entitlements_pass() {
        wanted(claims(JIT, Some(true))).passes(&RULE);
        claims(JIT, Some(true)).passes(&RULE);
    }

    #[test]
    fn a_form_that_cannot_be_read_is_no_pass() {
        let unreadable = claims(JIT, None).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.entitlements.as_mut().expect("entitlements").unreadable = true;
        });
        wanted(unreadable).inconclusive(&RULE);
    }

    #[test]
    fn a_file_that_was_not_read_is_no_pass() {
        wanted(claims(JIT, None)).with(|case| case.policy.macos.exact_entitlements = None).inconclusive(&RULE);
        claims(JIT, None).not_applicable(&RULE);
        wanted(Case::macho()).not_applicable(&RULE);
    }
}
