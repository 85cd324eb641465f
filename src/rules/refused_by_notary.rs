//! What Apple's notary refuses beside what other rules look at.

use super::support::NOT_MACOS;
use super::support::apple::demand;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::{Format, Kind};
use crate::hosts::Version;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "refused-by-notary",
    summary: "a certificate or an SDK that Apple's notary does not take",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
With `[macos] notarizable = true`: that the certificate calls itself a "Developer ID Application", and that the code was
linked against the SDK of macOS 10.9 or newer. What else the notary asks for has rules of its own: `unsigned-code`,
`adhoc-signature`, `stale-signature`, `missing-hardened-runtime`, `missing-timestamp`, `forbidden-entitlement`. Whether the
certificate is Apple's, valid and not revoked, and whether the notary holds the code for malware, only Apple can answer.

## Why it matters
The notary is asked after the build, often by another job, and answers minutes later: "The binary is not signed with a valid
Developer ID certificate." A certificate for development or for the App Store signs just as well, until then.

## Example
```text
error[refused-by-notary]: Apple's notary does not take `dist/app`
  = evidence: it is signed by `CN=Apple Development: Jane Doe (ABCDE12345)`, which is no Developer ID Application
  = policy: `[macos] notarizable = true` (seaworthy.toml:1)
  = help: sign it with a certificate `Developer ID Application: NAME (TEAM)`, and link with a current SDK, or see `seaworthy explain refused-by-notary`
```

## How to fix
The same for Go and Cargo: sign with `codesign --sign "Developer ID Application: NAME (TEAM)" …`, or with that certificate's
key elsewhere. An SDK that is missing comes from a linker that was told none: `-platform_version macos 11.0 14.0` for LLD,
`SDKROOT` for Apple's.
"#,
};

/// What Apple calls the certificate for code outside of its store.
const DEVELOPER_ID: &str = "Developer ID Application:";

/// The oldest SDK that the notary takes ("Resolving common notarization issues").
const OLDEST_SDK: Version = Version::new(10, 9);

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if subject.facts.kind == Kind::Other {
        return Verdict::NotApplicable("dyld does not load it");
    }
    let Some(policy) = demand(subject, "notarizable", |macos| &macos.notarizable) else {
        return Verdict::NotApplicable("the policy does not ask whether it can be notarized");
    };
    let mut evidence = other_certificates(macho);
    match macho.sdk.as_deref().map(str::parse::<Version>) {
        Some(Ok(sdk)) if sdk >= OLDEST_SDK => {}
        Some(Ok(sdk)) => {
            evidence.push(format!("its load commands name the SDK of macOS {sdk}, not {OLDEST_SDK} or newer"))
        }
        Some(Err(_)) | None => evidence.push("its load commands name no SDK".into()),
    }
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "Apple's notary does not take `{artifact}`".into(),
        evidence,
        policy: Some(policy),
        help: Some(
            "sign it with a certificate `Developer ID Application: NAME (TEAM)`, and link with a current SDK".into(),
        ),
        ..Violation::default()
    }])
}

/// Signers whose certificate is for something else. One that does not come with the signature is `stale-signature`'s matter.
fn other_certificates(macho: &MachOFacts) -> Vec<String> {
    let cms = macho.code_signature.iter().filter(|_| macho.signature_kind == SignatureKind::Cms);
    let signers = cms.filter_map(|signature| signature.cms.as_ref()).flat_map(|cms| &cms.signers);
    let names = signers.filter_map(|signer| signer.subject.as_deref());
    names
        .filter(|name| !name.contains(&format!("CN={DEVELOPER_ID}")))
        .map(|name| format!("it is signed by `{name}`, which is no Developer ID Application"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::facts::signed_data::{SignedData, Verification};
    use crate::rules::support::testing::{Case, from_file, signed_macho, signer};

    fn signed_by(name: &str) -> Case {
        let mut signer = signer(Verification::Valid, None);
        signer.subject = Some(name.into());
        signed_macho(SignatureKind::Cms, 0x10000, None)
            .edit_macho(|macho| {
                let cms = SignedData { signers: vec![signer], certificates: Vec::new() };
                macho.code_signature.as_mut().expect("a signature").cms = Some(cms);
                macho.sdk = Some("14.0".into());
            })
            .with(|case| case.policy.macos.notarizable = Some(from_file(true)))
    }

    const RIGHT: &str = "CN=Developer ID Application: Jane Doe (ABCDE12345),OU=ABCDE12345,C=US";

    #[test]
    fn another_certificate_violates() {
        signed_by("CN=Apple Development: Jane Doe (ABCDE12345)").documented(&RULE);
    }

    #[test]
    fn an_old_sdk_and_none_violate() {
        for sdk in [Some("10.8"), Some("0.0"), None] {
            signed_by(RIGHT).edit_macho(|macho| macho.sdk = sdk.map(String::from)).violations(&RULE);
        }
    }

    #[test]
    fn a_developer_id_passes() {
        signed_by(RIGHT).passes(&RULE);
    }

    #[test]
    fn where_nobody_asks_nothing_is_said() {
        signed_by("CN=Jane Doe").with(|case| case.policy.macos.notarizable = None).not_applicable(&RULE);
    }
}
