//! A Windows image without an Authenticode signature where the policy wants one.

use super::support::NOT_WINDOWS;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::{Level, Origin, WindowsPolicy};

pub(super) static RULE: Rule = Rule {
    id: "unsigned-image",
    summary: "a Windows image carries no Authenticode signature although the policy asks for one",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That the certificate table holds an Authenticode signature, when `[windows]` asks for `signed` or a `signer`. One that is
there and cannot be read is a `stale-signature`.

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
    let Some(policy) = demand(&subject.policy.policy.windows) else {
        return Verdict::NotApplicable("the policy does not ask for a signature");
    };
    if pe.certificates.iter().any(|entry| entry.authenticode.is_some()) {
        return Verdict::Pass;
    }
    if pe.certificates.iter().any(|entry| entry.problem.is_some()) {
        return Verdict::NotApplicable("its signature cannot be read: see `stale-signature`");
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is not signed".into(),
        evidence: vec!["the certificate table holds no Authenticode signature".into()],
        policy: Some(policy),
        help: Some("sign it after the build: `signtool sign …` on Windows, `osslsigncode sign …` elsewhere".into()),
        ..Violation::default()
    }])
}

/// The line of `[windows]` that asks for a signature.
fn demand(windows: &WindowsPolicy) -> Option<PolicySource> {
    let line =
        |key: String, origin: &Origin| PolicySource { key: format!("[windows] {key}").into(), origin: origin.clone() };
    let signed = windows.signed.as_ref().filter(|signed| signed.value);
    signed.map(|signed| line("signed = true".into(), &signed.origin)).or_else(|| {
        windows.signer.as_ref().map(|signer| line(format!("signer = \"{}\"", signer.value), &signer.origin))
    })
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
        Case::pe().with(|case| case.policy.windows.signer = Some(from_file("Jane Doe".into()))).violations(&RULE);
        let damaged =
            CertificateEntry { problem: Some("the signature cannot be read".into()), ..CertificateEntry::default() };
        asked().edit_pe(|pe| pe.certificates = vec![damaged]).not_applicable(&RULE);
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
