//! Another certificate than the policy's signed the Windows image.

use super::support::NOT_WINDOWS;
use super::support::names::attributes;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "wrong-signer",
    summary: "another certificate than the policy names signed a Windows image",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The subject of every certificate that signed the image against `[windows] signer`, which has to be a part of it: of a value
(`signer = "Jane Doe, Inc."`), of an attribute with its value (`"O=Example GmbH"`), or of the whole name as RFC 4514 writes it,
which is how reports show it (`'CN=Jane Doe\, Inc.,C=US'`). Whether the certificate is trusted is for Windows to say.

## Why it matters
SmartScreen's reputation and the allow lists of companies are bound to the certificate. A build that signs with a test
certificate, or with that of another department, looks like another publisher.

## Example
```text
error[wrong-signer]: `dist/app.exe` is not signed by `O=Example GmbH`
  = evidence: signed by CN=Jane Doe
  = policy: `[windows] signer = "O=Example GmbH"` (seaworthy.toml:1)
  = help: name the certificate in full: `signtool sign /n NAME …`, `osslsigncode sign -certs FILE …`, or see `seaworthy explain wrong-signer`
```

## How to fix
The same for Go and Cargo: name the certificate in full, `signtool sign /n "Example GmbH" …` or `osslsigncode sign -certs
FILE …`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    let Some(wanted) = &subject.policy.policy.windows.signer else {
        return Verdict::NotApplicable("the policy names no signer");
    };
    let signatures = pe.certificates.iter().filter_map(|entry| entry.authenticode.as_ref());
    let signers: Vec<_> =
        signatures.flat_map(|signature| signature.all()).flat_map(|signature| &signature.signed_data.signers).collect();
    if signers.is_empty() {
        return Verdict::NotApplicable("it carries no Authenticode signature: see `unsigned-image`");
    }
    let others: Vec<String> = signers
        .iter()
        .filter(|signer| !signer.subject.as_deref().is_some_and(|name| has(name, &wanted.value)))
        .map(|signer| format!("signed by {}", signer.subject.as_deref().unwrap_or("an unnamed certificate")))
        .collect();
    if others.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is not signed by `{}`", wanted.value),
        evidence: others,
        policy: Some(PolicySource {
            key: format!("[windows] signer = \"{}\"", wanted.value).into(),
            origin: wanted.origin.clone(),
        }),
        help: Some("name the certificate in full: `signtool sign /n NAME …`, `osslsigncode sign -certs FILE …`".into()),
        ..Violation::default()
    }])
}

/// Whether this is a part of a name: as it is written, or of one attribute without what is escaped in writing.
fn has(name: &str, wanted: &str) -> bool {
    let is_in = |(kind, value): (&str, String)| format!("{kind}={value}").contains(wanted);
    name.contains(wanted) || attributes(name).into_iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::signed_data::{SignedData, Verification};
    use crate::rules::support::testing::{Case, from_file, signed_pe, signer};

    fn wanted(name: &str) -> Case {
        signed_by("CN=Jane Doe", name)
    }

    fn signed_by(subject: &str, name: &str) -> Case {
        let mut signer = signer(Verification::Valid, None);
        signer.subject = Some(subject.to_owned());
        let signed_data = SignedData { signers: vec![signer], certificates: Vec::new() };
        signed_pe(|authenticode| authenticode.signed_data = signed_data)
            .with(|case| case.policy.windows.signer = Some(from_file(name.to_owned())))
    }

    #[test]
    fn another_certificate_violates() {
        wanted("O=Example GmbH").documented(&RULE);
    }

    #[test]
    fn the_named_certificate_passes() {
        wanted("Jane Doe").passes(&RULE);
    }

    #[test]
    fn a_name_may_be_written_without_escapes() {
        let subject = r"CN=Jane Doe\, Inc.,O=\#1 \+ 2,C=US";
        for name in ["Jane Doe, Inc.", "CN=Jane Doe, Inc.", r"CN=Jane Doe\, Inc.,O", "#1 + 2", "C=US"] {
            signed_by(subject, name).passes(&RULE);
        }
        for name in ["O=Jane Doe, Inc.", "CN=Jane Doe, Inc.,O"] {
            signed_by(subject, name).violations(&RULE);
        }
    }

    #[test]
    fn unsigned_images_and_silent_policies_are_left_alone() {
        Case::pe().with(|case| case.policy.windows.signer = Some(from_file("Jane".to_owned()))).not_applicable(&RULE);
        Case::pe().not_applicable(&RULE);
    }
}
