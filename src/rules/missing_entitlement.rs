//! An entitlement that the policy requires is not in the signature.

use serde_json::Value;

use super::support::apple::Entitlement;
use super::support::{NOT_MACOS, NOT_PROGRAM, listed};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-entitlement",
    summary: "a program for macOS lacks an entitlement that the policy requires",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That every key of `[macos] entitlements` is in the program's code signature, and not `false`; of `"KEY=VALUE"`, that it has
this value, or, of an array, that the value is in it. Where the signature says it twice, in XML and in DER, both must.

## Why it matters
With the hardened runtime the kernel refuses what the signature does not claim: a JIT dies without
`com.apple.security.cs.allow-jit`, a program that loads plugins of others without `disable-library-validation`. Signing again
without `--entitlements` drops them in silence.

## Example
```text
error[missing-entitlement]: `dist/app` does not claim `com.apple.security.cs.allow-jit`
  = evidence: the signature claims `com.apple.security.network.client`
  = policy: `[macos] entitlements` (seaworthy.toml:1)
  = help: sign it with the entitlements file: `codesign --entitlements FILE …`, or see `seaworthy explain missing-entitlement`
```

## How to fix
The same for Go and Cargo: sign with the file that claims them, `codesign --entitlements app.entitlements …` on a Mac or
`rcodesign sign --entitlements-xml-file app.entitlements …` elsewhere.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else {
        return Verdict::NotApplicable(NOT_MACOS);
    };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(required) = &subject.policy.policy.macos.entitlements else {
        return Verdict::NotApplicable("the policy requires no entitlements");
    };
    if macho.signature_kind == SignatureKind::Damaged {
        return Verdict::NotApplicable("its signature cannot be read: see `stale-signature`");
    }
    let entitlements = macho.code_signature.as_ref().and_then(|signature| signature.entitlements.as_ref());
    if entitlements.is_some_and(|entitlements| entitlements.unreadable) {
        return Verdict::Inconclusive("a form of its entitlements cannot be read".into());
    }
    let missing: Vec<String> = required
        .value
        .iter()
        .filter(|wanted| {
            let wanted = Entitlement::parse(wanted);
            !entitlements.is_some_and(|found| found.forms().all(|values| wanted.is_in(values)))
        })
        .cloned()
        .collect();
    if missing.is_empty() {
        return Verdict::Pass;
    }
    let evidence = match entitlements {
        Some(found) if found.values.is_empty() => "the signature's entitlements are empty".into(),
        Some(found) if found.der_values.is_some() => "not both forms of the signature's entitlements claim it".into(),
        Some(found) => {
            let claimed = found.values.iter().map(|(key, value)| match value {
                Value::Bool(true) => key.clone(),
                value => format!("{key}={value}"),
            });
            format!("the signature claims {}", listed(&claimed.collect::<Vec<_>>(), 5))
        }
        None if macho.code_signature.is_some() => "the signature has no entitlements".into(),
        None => "the file is not signed".to_owned(),
    };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` does not claim {}", listed(&missing, 3)),
        evidence: vec![evidence],
        policy: Some(PolicySource { key: "[macos] entitlements".into(), origin: required.origin.clone() }),
        help: Some("sign it with the entitlements file: `codesign --entitlements FILE …`".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::{CodeSignature, Entitlements, SignatureKind};
    use crate::rules::support::testing::{Case, from_file};

    const JIT: &str = "com.apple.security.cs.allow-jit";

    fn claims(entitlements: &[(&str, bool)]) -> Case {
        let values = entitlements.iter().map(|(key, value)| (key.to_string(), (*value).into())).collect();
        let entitlements =
            Entitlements { values, has_xml: true, has_der: true, forms_agree: Some(true), ..Entitlements::default() };
        let signature = CodeSignature { entitlements: Some(entitlements), ..CodeSignature::default() };
        unsigned().edit_macho(|macho| macho.code_signature = Some(signature))
    }

    fn unsigned() -> Case {
        Case::macho().with(|case| case.policy.macos.entitlements = Some(from_file(vec![JIT.to_owned()])))
    }

    #[test]
    fn a_missing_or_false_entitlement_violates() {
        claims(&[("com.apple.security.network.client", true)]).documented(&RULE);
        claims(&[(JIT, false)]).violations(&RULE);
        claims(&[]).violations(&RULE);
        unsigned().violations(&RULE);
        unsigned().edit_macho(|macho| macho.signature_kind = SignatureKind::Damaged).not_applicable(&RULE);
    }

    #[test]
    fn a_value_is_asked_for_by_name() {
        let asks = |value: &str| {
            let text = format!("{JIT}={value}");
            claims(&[(JIT, true)]).with(move |case| case.policy.macos.entitlements = Some(from_file(vec![text])))
        };
        asks("true").passes(&RULE);
        asks("false").violations(&RULE);
    }

    #[test]
    fn both_forms_must_claim_it() {
        let apart = claims(&[(JIT, true)]).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.entitlements.as_mut().expect("entitlements").der_values = Some([].into());
        });
        apart.violations(&RULE);
    }

    #[test]
    fn what_cannot_be_read_is_neither_there_nor_missing() {
        let unreadable = |case: Case| {
            case.edit_macho(|macho| {
                let signature = macho.code_signature.as_mut().expect("a signature");
                signature.entitlements.as_mut().expect("entitlements").unreadable = true;
            })
        };
        unreadable(claims(&[])).inconclusive(&RULE);
        unreadable(claims(&[(JIT, true)])).inconclusive(&RULE);
    }

    #[test]
    fn a_claimed_entitlement_passes() {
        claims(&[(JIT, true)]).passes(&RULE);
    }

    #[test]
    fn without_a_requirement_nothing_is_missing() {
        Case::macho().not_applicable(&RULE);
    }
}
