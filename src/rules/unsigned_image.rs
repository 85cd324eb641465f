//! A Windows image without an Authenticode signature where the policy wants one.

use super::support::NOT_WINDOWS;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "unsigned-image",
    summary: "a Windows image carries no Authenticode signature although the policy asks for one",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That the certificate table holds at least one Authenticode signature that can be read, when `[windows] signed = true`.

## Why it matters
SmartScreen warns of unsigned downloads, many companies allow signed programs only, and an installer's own signature does
not cover what it unpacks.

## Example
```text
error[unsigned-image]: `dist/app.exe` is not signed
  = evidence: the certificate table holds no Authenticode signature
  = policy: `[windows] signed = true` (seaworthy.toml:1)
  = help: sign it after the build: `signtool sign …` on Windows, `osslsigncode sign …` elsewhere, or see `seaworthy explain unsigned-image`
```

## How to fix
The same for Go and Cargo: sign after the build, `signtool sign /fd sha256 /tr URL /td sha256 FILE` on Windows, or
`osslsigncode sign …` elsewhere.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    let Some(signed) = subject.policy.policy.windows.signed.as_ref().filter(|signed| signed.value) else {
        return Verdict::NotApplicable("the policy does not ask for a signature");
    };
    if pe.certificates.iter().any(|entry| entry.authenticode.is_some()) {
        return Verdict::Pass;
    }
    let mut evidence: Vec<String> = pe.certificates.iter().filter_map(|entry| entry.problem.clone()).collect();
    if evidence.is_empty() {
        evidence.push("the certificate table holds no Authenticode signature".into());
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is not signed".into(),
        evidence,
        policy: Some(PolicySource { key: "[windows] signed = true".into(), origin: signed.origin.clone() }),
        help: Some("sign it after the build: `signtool sign …` on Windows, `osslsigncode sign …` elsewhere".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::pe::CertificateEntry;
    use crate::rules::support::testing::{Case, from_file, signed_pe};

    fn asked() -> Case {
        Case::pe().with(|case| case.policy.windows.signed = Some(from_file(true)))
    }

    #[test]
    fn an_unsigned_image_violates_where_a_signature_is_asked_for() {
        asked().documented(&RULE);
        let damaged =
            CertificateEntry { problem: Some("the signature cannot be read".into()), ..CertificateEntry::default() };
        asked().edit_pe(|pe| pe.certificates = vec![damaged]).violations(&RULE);
    }

    #[test]
    fn a_signature_passes() {
        signed_pe(|_| {}).with(|case| case.policy.windows.signed = Some(from_file(true))).passes(&RULE);
    }

    #[test]
    fn where_nobody_asks_nothing_is_said() {
        Case::pe().not_applicable(&RULE);
    }
}
