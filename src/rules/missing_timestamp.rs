//! A signature without a timestamp of its own.

use super::support::apple::{NOT_SIGNED, demand};
use super::support::{NO_SIGNATURES, NOT_MACOS, NOT_WINDOWS};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::signed_data::{Certificate, SignedData, Signer, Verification};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-timestamp",
    summary: "a signature carries no timestamp within its certificate's validity, and ends with it",
    default: Level::Deny,
    formats: &[Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That every signer of a signature made with a certificate has a timestamp of an authority (RFC 3161, or the older
countersignature) that fits the signature, and whose time lies within the validity of the signer's certificate: for macOS with
`[macos] notarizable`, for Windows with `[windows] signed`. Whether one in an algorithm that is not known here fits cannot be
told. What day it is does not matter: without a timestamp, the report says when the certificate ends.

## Why it matters
A certificate lasts a year or three. With a timestamp, a signature made in that time stays good; without one, the program
that was released last year turns untrusted on the day the certificate ends. Apple's notary demands one. A timestamp from
after that day, or from before the certificate began, helps nobody: macOS and Windows refuse the signature as expired, or not
yet valid.

## Example
```text
error[missing-timestamp]: `dist/app.exe` is signed without a timestamp: the signature ends with its certificate
  = evidence: the signature by CN=Jane Doe has no timestamp, and the certificate ends at 2027-01-01T00:00:00Z
  = policy: `[windows] signed = true` (seaworthy.toml:1)
  = help: sign with a timestamp: `signtool sign /tr URL /td sha256 …`, or see `seaworthy explain missing-timestamp`
```

## How to fix
The same for Go and Cargo: `codesign --timestamp …` or `rcodesign sign --timestamp-url http://timestamp.apple.com/ts01 …`
for macOS; `signtool sign /tr URL /td sha256 …` or `osslsigncode sign -ts URL …` for Windows; with a certificate that is valid
on that day.
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
    let signers = || signatures.iter().flat_map(|signed| signed.signers.iter().map(move |signer| (*signed, signer)));
    if signers().next().is_none() {
        return Verdict::Inconclusive("its signature names no signer".into());
    }
    let told = |fault: fn(&Signer, Option<&Certificate>) -> Option<String>| -> Vec<String> {
        let tell = |(signed, signer): (&SignedData, &Signer)| {
            let name = signer.subject.as_deref().unwrap_or("an unnamed certificate");
            let fault = fault(signer, signed.certificate_of(signer))?;
            Some(format!("the signature by {name} {fault}"))
        };
        signers().filter_map(tell).collect()
    };
    let violation = |message: &str, help: String, evidence: Vec<String>| {
        (!evidence.is_empty()).then(|| Violation {
            message: message.into(),
            evidence,
            policy: Some(policy.clone()),
            help: Some(help),
            ..Violation::default()
        })
    };
    let missing = violation(
        "`{artifact}` is signed without a timestamp: the signature ends with its certificate",
        format!("sign with a timestamp: `{command}`"),
        told(fault),
    );
    let outside = violation(
        "`{artifact}` was signed when its certificate was not valid",
        format!("sign it with a certificate that is valid today: `{command}`"),
        told(outside),
    );
    let violations: Vec<Violation> = missing.into_iter().chain(outside).collect();
    if !violations.is_empty() {
        return Verdict::Violated(violations);
    }
    match signers().find_map(|(signed, signer)| unknown(signer, signed.certificate_of(signer))) {
        Some(why) => Verdict::Inconclusive(why),
        None => Verdict::Pass,
    }
}

/// What is surely wrong with a timestamp, or that there is none.
fn fault(signer: &Signer, certificate: Option<&Certificate>) -> Option<String> {
    match signer.timestamp.as_ref().map(|timestamp| &timestamp.verification) {
        None => {
            let end = certificate.map(|certificate| certificate.not_after.as_str()).filter(|end| !end.is_empty());
            let end = end.map(|end| format!(", and the certificate ends at {end}")).unwrap_or_default();
            Some(format!("has no timestamp{end}"))
        }
        Some(Verification::Invalid(why)) => Some(format!("has a timestamp that does not fit it: {why}")),
        Some(Verification::Valid | Verification::NotChecked(_)) => None,
    }
}

/// That the time of a timestamp lies outside of the certificate's validity. Both are in RFC 3339, in UTC and of one length, so
/// that their texts are in the order of the times.
fn outside(signer: &Signer, certificate: Option<&Certificate>) -> Option<String> {
    let timestamp =
        signer.timestamp.as_ref().filter(|stamp| !matches!(stamp.verification, Verification::Invalid(_)))?;
    let (time, certificate) = (timestamp.time.as_deref()?, certificate.filter(|one| one.problem.is_none())?);
    if time < certificate.not_before.as_str() {
        return Some(format!("is of {time}, and the certificate begins at {}", certificate.not_before));
    }
    let ended = time > certificate.not_after.as_str();
    ended.then(|| format!("is of {time}, and the certificate ended at {}", certificate.not_after))
}

/// What cannot be told about a timestamp with nothing surely wrong.
fn unknown(signer: &Signer, certificate: Option<&Certificate>) -> Option<String> {
    let timestamp = signer.timestamp.as_ref()?;
    match &timestamp.verification {
        Verification::NotChecked(why) => return Some(format!("its timestamp could not be checked: {why}")),
        Verification::Valid | Verification::Invalid(_) => {}
    }
    if timestamp.time.is_none() {
        return Some("its timestamp names no time".into());
    }
    let read = certificate.is_some_and(|certificate| certificate.problem.is_none());
    (!read).then(|| "the signer's certificate, which its timestamp has to fit, cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::facts::signed_data::{Certificate, SignedData, Timestamp, Verification};
    use crate::rules::support::testing::{Case, from_file, signed_macho, signed_pe, signer};

    fn signed_data(timestamp: Option<Verification>) -> SignedData {
        signed_within(timestamp, ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"])
    }

    fn signed_within(timestamp: Option<Verification>, validity: [&str; 2]) -> SignedData {
        let timestamp = timestamp.map(|verification| Timestamp {
            kind: "rfc3161",
            time: Some("2026-11-22T12:00:00Z".into()),
            authority: None,
            verification,
        });
        let [not_before, not_after] = validity.map(str::to_owned);
        let certificate =
            Certificate { subject: "CN=Jane Doe".into(), not_before, not_after, ..Certificate::default() };
        SignedData { signers: vec![signer(Verification::Valid, timestamp)], certificates: vec![certificate] }
    }

    fn macos(timestamp: Option<Verification>) -> Case {
        let cms = signed_data(timestamp);
        signed_macho(SignatureKind::Cms, 0x10000, None)
            .edit_macho(|macho| macho.code_signature.as_mut().expect("a signature").cms = Some(cms))
            .with(|case| case.policy.macos.notarizable = Some(from_file(true)))
    }

    fn windows(timestamp: Option<Verification>) -> Case {
        windows_with(signed_data(timestamp))
    }

    fn windows_with(signed_data: SignedData) -> Case {
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
    fn a_timestamp_outside_of_the_certificates_validity_violates() {
        let stamped = |from: &str, to: &str, how| windows_with(signed_within(Some(how), [from, to]));
        let evidence = |case: Case| case.violations(&RULE).remove(0).evidence.remove(0);
        let ended = stamped("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", Verification::Valid);
        assert_eq!(
            evidence(ended),
            "the signature by CN=Jane Doe is of 2026-11-22T12:00:00Z, and the certificate ended at 2021-01-01T00:00:00Z"
        );
        let begins = stamped("2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z", Verification::NotChecked("odd".into()));
        assert!(evidence(begins).ends_with("and the certificate begins at 2030-01-01T00:00:00Z"));
        stamped("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", Verification::Valid).passes(&RULE);
    }

    #[test]
    fn without_a_time_or_a_certificate_it_is_no_pass() {
        let edited = |change: fn(&mut SignedData)| {
            let mut signed = signed_data(Some(Verification::Valid));
            change(&mut signed);
            windows_with(signed)
        };
        edited(|signed| signed.signers[0].timestamp.as_mut().expect("a timestamp").time = None).inconclusive(&RULE);
        edited(|signed| signed.certificates.clear()).inconclusive(&RULE);
        edited(|signed| signed.certificates[0].problem = Some("damaged".into())).inconclusive(&RULE);
        // Another certificate of the same name.
        edited(|signed| signed.signers[0].serial = Some("02".into())).inconclusive(&RULE);
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
