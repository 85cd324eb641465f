//! A signature without a timestamp of its own.

use super::support::apple::{NOT_SIGNED, demand};
use super::support::{NO_SIGNATURES, NOT_MACOS, NOT_WINDOWS};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::signed_data::{SignedData, Timestamp, Verification};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-timestamp",
    summary: "a signature carries no timestamp, and ends with its certificate",
    default: Level::Deny,
    formats: &[Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That every signer of a signature made with a certificate has a timestamp of an authority (RFC 3161, or the older
countersignature) that fits the signature: for macOS with `[macos] notarizable`, for Windows with `[windows] signed`. Whether
one in an algorithm that is not known here fits cannot be told.

## Why it matters
A certificate lasts a year or three. With a timestamp, a signature made in that time stays good; without one, the program
that was released last year turns untrusted on the day the certificate ends. Apple's notary demands one.

## Example
```text
error[missing-timestamp]: `dist/app.exe` is signed without a timestamp: the signature ends with its certificate
  = evidence: the signature by CN=Jane Doe has no timestamp
  = policy: `[windows] signed = true` (seaworthy.toml:1)
  = help: sign with a timestamp: `signtool sign /tr URL /td sha256 …`, or see `seaworthy explain missing-timestamp`
```

## How to fix
The same for Go and Cargo: `codesign --timestamp …` or `rcodesign sign --timestamp-url http://timestamp.apple.com/ts01 …`
for macOS; `signtool sign /tr URL /td sha256 …` or `osslsigncode sign -ts URL …` for Windows.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    match subject.facts.format {
        Format::MachO => check_macho(subject),
        Format::Pe => check_pe(subject),
        Format::Elf => Verdict::NotApplicable(NO_SIGNATURES),
    }
}

fn check_macho(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    let Some(policy) = demand(subject, "notarizable", |macos| &macos.notarizable) else {
        return Verdict::NotApplicable("the policy does not ask for a timestamp");
    };
    match macho.signature_kind {
        SignatureKind::None | SignatureKind::Damaged => Verdict::NotApplicable(NOT_SIGNED),
        SignatureKind::LinkerAdhoc | SignatureKind::Adhoc => {
            Verdict::NotApplicable("an ad hoc signature has no timestamp: see `adhoc-signature`")
        }
        SignatureKind::Cms => {
            let cms = macho.code_signature.as_ref().and_then(|signature| signature.cms.as_ref());
            verdict(cms.into_iter().collect(), policy, "codesign --timestamp …")
        }
    }
}

fn check_pe(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    let Some(signed) = subject.policy.policy.windows.signed.as_ref().filter(|signed| signed.value) else {
        return Verdict::NotApplicable("the policy does not ask for a timestamp");
    };
    let signatures = pe.certificates.iter().filter_map(|entry| entry.authenticode.as_ref());
    let signatures: Vec<_> =
        signatures.flat_map(|signature| signature.all()).map(|signature| &signature.signed_data).collect();
    if signatures.is_empty() {
        return Verdict::NotApplicable("it carries no Authenticode signature: see `unsigned-image`");
    }
    let policy = PolicySource { key: "[windows] signed = true".into(), origin: signed.origin.clone() };
    verdict(signatures, policy, "signtool sign /tr URL /td sha256 …")
}

fn verdict(signatures: Vec<&SignedData>, policy: PolicySource, command: &str) -> Verdict {
    let signers: Vec<_> = signatures.iter().flat_map(|signed| &signed.signers).collect();
    if signers.is_empty() {
        return Verdict::Inconclusive("its signature names no signer".into());
    }
    let evidence: Vec<String> = signers
        .iter()
        .filter_map(|signer| {
            let name = signer.subject.as_deref().unwrap_or("an unnamed certificate");
            fault(signer.timestamp.as_ref()).map(|fault| format!("the signature by {name} {fault}"))
        })
        .collect();
    if evidence.is_empty() {
        let unchecked = signers.iter().find_map(|signer| match &signer.timestamp.as_ref()?.verification {
            Verification::NotChecked(why) => Some(why),
            Verification::Valid | Verification::Invalid(_) => None,
        });
        return match unchecked {
            Some(why) => Verdict::Inconclusive(format!("its timestamp could not be checked: {why}")),
            None => Verdict::Pass,
        };
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is signed without a timestamp: the signature ends with its certificate".into(),
        evidence,
        policy: Some(policy),
        help: Some(format!("sign with a timestamp: `{command}`")),
        ..Violation::default()
    }])
}

/// What is surely wrong with a timestamp.
fn fault(timestamp: Option<&Timestamp>) -> Option<String> {
    match timestamp.map(|timestamp| &timestamp.verification) {
        None => Some("has no timestamp".into()),
        Some(Verification::Invalid(why)) => Some(format!("has a timestamp that does not fit it: {why}")),
        Some(Verification::Valid | Verification::NotChecked(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::facts::signed_data::{SignedData, Timestamp, Verification};
    use crate::rules::support::testing::{Case, from_file, signed_macho, signed_pe, signer};

    fn signed_data(timestamp: Option<Verification>) -> SignedData {
        let timestamp = timestamp.map(|verification| Timestamp {
            kind: "rfc3161",
            time: Some("2026-11-22T12:00:00Z".into()),
            authority: None,
            verification,
        });
        SignedData { signers: vec![signer(Verification::Valid, timestamp)], certificates: Vec::new() }
    }

    fn macos(timestamp: Option<Verification>) -> Case {
        let cms = signed_data(timestamp);
        signed_macho(SignatureKind::Cms, 0x10000, None)
            .edit_macho(|macho| macho.code_signature.as_mut().expect("a signature").cms = Some(cms))
            .with(|case| case.policy.macos.notarizable = Some(from_file(true)))
    }

    fn windows(timestamp: Option<Verification>) -> Case {
        let signed_data = signed_data(timestamp);
        signed_pe(|authenticode| authenticode.signed_data = signed_data)
            .with(|case| case.policy.windows.signed = Some(from_file(true)))
    }

    #[test]
    fn a_signature_without_timestamp_violates() {
        windows(None).documented(&RULE);
        macos(None).violations(&RULE);
        macos(Some(Verification::Invalid("another signature".into()))).violations(&RULE);
    }

    #[test]
    fn a_timestamp_passes() {
        windows(Some(Verification::Valid)).passes(&RULE);
        macos(Some(Verification::Valid)).passes(&RULE);
    }

    #[test]
    fn a_timestamp_that_nobody_checked_is_no_pass() {
        let unknown = || Some(Verification::NotChecked("the signature algorithm 1.2.3 is not known here".into()));
        windows(unknown()).inconclusive(&RULE);
        macos(unknown()).inconclusive(&RULE);
    }

    #[test]
    fn a_signature_without_signer_cannot_be_judged() {
        let nobody = macos(None).edit_macho(|macho| {
            macho.code_signature.as_mut().expect("a signature").cms = Some(SignedData::default());
        });
        nobody.inconclusive(&RULE);
    }

    #[test]
    fn where_nobody_asks_nothing_is_said() {
        windows(None).with(|case| case.policy.windows.signed = None).not_applicable(&RULE);
        macos(None).with(|case| case.policy.macos.notarizable = None).not_applicable(&RULE);
        macos(None).edit_macho(|macho| macho.signature_kind = SignatureKind::Adhoc).not_applicable(&RULE);
    }
}
