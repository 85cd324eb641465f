//! An entitlement that the policy forbids is in the signature.

use std::collections::BTreeMap;

use serde_json::Value;

use super::support::apple::{Entitlement, NOT_SIGNED, signature};
use super::support::{NOT_MACOS, listed};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::{Level, Origin};

pub(super) static RULE: Rule = Rule {
    id: "forbidden-entitlement",
    summary: "code for macOS claims an entitlement that the policy forbids",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That no key of `[macos] forbidden-entitlements` is claimed by the code signature, in XML or in DER; a key that is `false` is
not claimed, `"KEY=VALUE"` forbids this value alone, and a key may be a glob, as `com.apple.private.*`. With
`notarizable = true`, `com.apple.security.get-task-allow` is forbidden as well.

## Why it matters
`get-task-allow` lets any process of the same user attach to the program and read its memory. Development builds need it for
the debugger, releases must not have it, and Apple's notary refuses it.

## Example
```text
error[forbidden-entitlement]: `dist/app` claims `com.apple.security.get-task-allow`, which is forbidden
  = evidence: the signature claims `com.apple.security.get-task-allow` = true
  = policy: `[macos] forbidden-entitlements` (seaworthy.toml:1)
  = help: take the key out of the entitlements file, and sign again, or see `seaworthy explain forbidden-entitlement`
```

## How to fix
The same for Go and Cargo: take the key out of the entitlements file that is given to `codesign --entitlements` or
`rcodesign sign --entitlements-xml-file`, and sign again.
"#,
};

/// What the notary refuses ("Resolving common notarization issues").
const REFUSED_BY_NOTARY: &str = "com.apple.security.get-task-allow";

/// An entitlement that is forbidden and claimed.
struct Claim<'a> {
    key: &'a str,
    /// The line of the policy that forbids it, and who set it.
    line: &'static str,
    origin: &'a Origin,
    /// The form that claims it.
    values: &'a BTreeMap<String, Value>,
}

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    let policy = &subject.policy.policy.macos;
    let mut forbidden: Vec<(&str, &'static str, &Origin)> = Vec::new();
    if let Some(keys) = &policy.forbidden_entitlements {
        forbidden.extend(keys.value.iter().map(|key| (key.as_str(), "[macos] forbidden-entitlements", &keys.origin)));
    }
    if let Some(notarizable) = policy.notarizable.as_ref().filter(|setting| setting.value)
        && !forbidden.iter().any(|(key, ..)| *key == REFUSED_BY_NOTARY)
    {
        forbidden.push((REFUSED_BY_NOTARY, "[macos] notarizable = true", &notarizable.origin));
    }
    if forbidden.is_empty() {
        return Verdict::NotApplicable("the policy forbids no entitlements");
    }
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    let Some(entitlements) = &signature.entitlements else { return Verdict::Pass };
    let mut claimed: Vec<Claim<'_>> = Vec::new();
    for (text, line, origin) in forbidden {
        let wanted = Entitlement::parse(text);
        for values in entitlements.forms() {
            for key in wanted.claimed_in(values) {
                if !claimed.iter().any(|claim| claim.key == key) {
                    claimed.push(Claim { key, line, origin, values });
                }
            }
        }
    }
    let Some(first) = claimed.first() else {
        return match entitlements.unreadable {
            true => Verdict::Inconclusive("a form of its entitlements cannot be read".into()),
            false => Verdict::Pass,
        };
    };
    let keys: Vec<String> = claimed.iter().map(|claim| claim.key.to_owned()).collect();
    let shown = |claim: &Claim<'_>| {
        let form = if entitlements.der_values.as_ref() == Some(claim.values) { " in its DER form" } else { "" };
        let value = claim.values.get(claim.key).map(ToString::to_string).unwrap_or_default();
        format!("the signature claims `{}` = {value}{form}", claim.key)
    };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` claims {}, which is forbidden", listed(&keys, 3)),
        evidence: claimed.iter().map(shown).collect(),
        policy: Some(PolicySource { key: first.line.into(), origin: first.origin.clone() }),
        help: Some("take the key out of the entitlements file, and sign again".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::{CodeSignature, Entitlements, SignatureKind};
    use crate::rules::support::testing::{Case, from_file};

    const DEBUG: &str = "com.apple.security.get-task-allow";

    fn claims(value: bool) -> Case {
        let entitlements =
            Entitlements { values: [(DEBUG.to_owned(), value.into())].into(), ..Entitlements::default() };
        Case::macho().edit_macho(|macho| {
            macho.signature_kind = SignatureKind::Adhoc;
            macho.code_signature = Some(CodeSignature { entitlements: Some(entitlements), ..CodeSignature::default() });
        })
    }

    fn forbids(case: Case) -> Case {
        case.with(|case| case.policy.macos.forbidden_entitlements = Some(from_file(vec![DEBUG.to_owned()])))
    }

    #[test]
    fn a_forbidden_entitlement_violates() {
        forbids(claims(true)).documented(&RULE);
        claims(true).with(|case| case.policy.macos.notarizable = Some(from_file(true))).violations(&RULE);
    }

    #[test]
    fn the_form_of_newer_systems_counts_too() {
        let der = |case: Case| {
            case.edit_macho(|macho| {
                let signature = macho.code_signature.as_mut().expect("a signature");
                let entitlements = signature.entitlements.as_mut().expect("entitlements");
                entitlements.der_values = Some([(DEBUG.to_owned(), true.into())].into());
            })
        };
        forbids(der(claims(false))).violations(&RULE);
        let value = |text: &str| {
            let text = format!("{DEBUG}={text}");
            claims(true).with(move |case| case.policy.macos.forbidden_entitlements = Some(from_file(vec![text])))
        };
        value("true").violations(&RULE);
        value("false").passes(&RULE);
        let unreadable = claims(false).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.entitlements.as_mut().expect("entitlements").unreadable = true;
        });
        forbids(unreadable).inconclusive(&RULE);
    }

    #[test]
    fn a_glob_forbids_whatever_it_matches() {
        let case = || {
            claims(true).edit_macho(|macho| {
                let signature = macho.code_signature.as_mut().expect("a signature");
                let values = &mut signature.entitlements.as_mut().expect("entitlements").values;
                values.extend([("com.apple.security.cs.allow-jit".to_owned(), true.into()), ("a".into(), true.into())]);
            })
        };
        let forbids = |texts: &[&str]| {
            let texts = texts.iter().map(ToString::to_string).collect();
            case().with(move |case| case.policy.macos.forbidden_entitlements = Some(from_file(texts)))
        };
        let found = forbids(&[DEBUG, "com.apple.security.*"]).violations(&RULE).remove(0);
        assert_eq!(found.evidence.len(), 2, "{found:?}");
        assert!(found.message.contains("`com.apple.security.get-task-allow` and `com.apple.security.cs.allow-jit`"));
        forbids(&["com.apple.security.*=false", "com.apple.private.*"]).passes(&RULE);
    }

    #[test]
    fn an_entitlement_that_is_false_or_absent_passes() {
        forbids(claims(false)).passes(&RULE);
        let without = Case::macho().edit_macho(|macho| {
            macho.signature_kind = SignatureKind::Adhoc;
            macho.code_signature = Some(CodeSignature::default());
        });
        forbids(without).passes(&RULE);
    }

    #[test]
    fn without_a_signature_or_a_list_nothing_is_said() {
        forbids(Case::macho()).not_applicable(&RULE);
        claims(true).not_applicable(&RULE);
    }
}
