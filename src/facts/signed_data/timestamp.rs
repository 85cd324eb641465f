//! Timestamps on a signature: RFC 3161 tokens, as Apple and Microsoft embed them, and the older countersignature.

use serde::Serialize;

use super::certificate::ParsedCertificate;
use super::{Digest, Parsed, ParsedSigner, Value, Verification, asn1};

/// Apple's attribute for a token (`id-aa-timeStampToken`).
const TOKEN: &str = "1.2.840.113549.1.9.16.2.14";
/// Microsoft's (`SPC_RFC3161_OBJID`).
const MICROSOFT_TOKEN: &str = "1.3.6.1.4.1.311.3.3.1";
/// PKCS #9 countersignature.
const COUNTERSIGNATURE: &str = "1.2.840.113549.1.9.6";
/// `signingTime`.
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";

/// When an authority saw the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timestamp {
    /// `rfc3161` or `countersignature`.
    pub kind: &'static str,
    /// The time, in RFC 3339; `None` when the timestamp is damaged.
    pub time: Option<String>,
    /// Subject of the authority's certificate.
    pub authority: Option<String>,
    /// Whether it is a timestamp of this signature, signed by that certificate's key.
    pub verification: Verification,
}

/// The timestamp of a signer, if it has one, verified where that is wanted.
pub(super) fn read(signer: &ParsedSigner<'_>, certificates: &[ParsedCertificate], verifies: bool) -> Option<Timestamp> {
    let token = signer.unsigned_attribute(TOKEN).or_else(|| signer.unsigned_attribute(MICROSOFT_TOKEN));
    if let Some(token) = token {
        return Some(rfc3161(token, &signer.signature, verifies).unwrap_or_else(|| damaged("rfc3161")));
    }
    let counter = signer.unsigned_attribute(COUNTERSIGNATURE)?;
    let Some(counter) = ParsedSigner::parse(counter) else { return Some(damaged("countersignature")) };
    let certificate = counter.certificate(certificates);
    Some(Timestamp {
        kind: "countersignature",
        time: counter.signed_attribute(SIGNING_TIME).and_then(time),
        authority: certificate.map(|certificate| certificate.facts.subject.clone()),
        verification: counter.verify(certificate, &signer.signature, verifies),
    })
}

fn damaged(kind: &'static str) -> Timestamp {
    let verification = Verification::Invalid("the timestamp is damaged".into());
    Timestamp { kind, time: None, authority: None, verification }
}

/// A token holds a `TSTInfo` with the digest of what was stamped: here the signature's bytes.
fn rfc3161(token: Value<'_>, signature: &[u8], verifies: bool) -> Option<Timestamp> {
    let parsed = Parsed::parse(token.whole)?;
    let content = parsed.own_content()?;
    let info = Value::parse(&content)?;
    // version, policy, messageImprint, serialNumber, genTime
    let imprint = info.child(asn1::SEQUENCE)?;
    let digest = imprint.child(asn1::SEQUENCE)?.child(asn1::OBJECT_IDENTIFIER)?;
    let stamped = imprint.child(asn1::OCTET_STRING)?.contents;
    let signer = parsed.signers.first()?;
    let certificate = signer.certificate(&parsed.certificates);
    let verification = match Digest::from_oid(digest.contents).map(|digest| digest.of(signature) == stamped) {
        Some(true) => signer.verify(certificate, &content, verifies),
        Some(false) => Verification::Invalid("the timestamp is of another signature".into()),
        None => Verification::NotChecked("the digest algorithm of the timestamp is not known here".into()),
    };
    Some(Timestamp {
        kind: "rfc3161",
        time: info.child(GENERALIZED_TIME).and_then(time),
        authority: certificate.map(|certificate| certificate.facts.subject.clone()),
        verification,
    })
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// A time in RFC 3339, without fractions of seconds.
pub(super) fn time(value: Value<'_>) -> Option<String> {
    let text = std::str::from_utf8(value.contents).ok()?.strip_suffix('Z')?;
    let digits = match value.tag {
        // Years below 50 are of this century (RFC 5280, 4.1.2.5.1).
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.split('.').next()?.to_owned(),
        _ => return None,
    };
    if digits.len() != 14 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &digits[from..to];
    Some(format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_time_are_written_in_rfc_3339() {
        let of = |tag: u8, text: &str| {
            let value = [&[tag, text.len() as u8], text.as_bytes()].concat();
            time(Value::parse(&value).unwrap())
        };
        assert_eq!(of(UTC_TIME, "260513093246Z").as_deref(), Some("2026-05-13T09:32:46Z"));
        assert_eq!(of(UTC_TIME, "991231235959Z").as_deref(), Some("1999-12-31T23:59:59Z"));
        assert_eq!(of(GENERALIZED_TIME, "20261119154647.123Z").as_deref(), Some("2026-11-19T15:46:47Z"));
        assert_eq!(of(UTC_TIME, "2605130932Z"), None);
        assert_eq!(of(UTC_TIME, "ééééééZ"), None);
    }
}
