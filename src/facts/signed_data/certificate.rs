//! Certificates that come with a signature (RFC 5280).

use der::Encode;
use der::oid::AssociatedOid;
use serde::Serialize;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::name::Name;

use super::algorithms::{decode, key_name};
use super::{Value, asn1};
use crate::facts::bytes::hex;

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Certificate {
    /// Subject, as RFC 4514 writes names: `CN=Jane Doe,O=Example,C=US`.
    pub subject: String,
    /// Issuer, likewise.
    pub issuer: String,
    /// Serial number, in hex.
    pub serial: String,
    /// First moment of its validity, in RFC 3339.
    pub not_before: String,
    /// Last moment of its validity, in RFC 3339.
    pub not_after: String,
    /// Kind of key: `rsa-2048`, `ec-p256`.
    pub key: String,
    /// Why it could not be read; then the other fields are empty.
    pub problem: Option<String>,
}

/// A certificate with what is needed to find it and to verify with it.
#[derive(Debug)]
pub(in crate::facts) struct ParsedCertificate {
    pub(super) facts: Certificate,
    pub(super) inner: Option<x509_cert::Certificate>,
}

impl ParsedCertificate {
    pub(super) fn parse(value: Value<'_>) -> Self {
        match decode::<x509_cert::Certificate>(value.whole) {
            Ok(inner) => ParsedCertificate { facts: facts(&inner), inner: Some(inner) },
            Err(error) => {
                let facts = Certificate { problem: Some(error.to_string()), ..Certificate::default() };
                ParsedCertificate { facts, inner: None }
            }
        }
    }

    /// Whether issuer and serial number (both in DER) are this certificate's.
    pub(super) fn is(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.inner.as_ref().is_some_and(|certificate| {
            let tbs = &certificate.tbs_certificate;
            tbs.serial_number.as_bytes() == serial && tbs.issuer.to_der().is_ok_and(|name| name == issuer)
        })
    }

    /// Whether the subject key identifier is this certificate's.
    pub(super) fn has_key(&self, identifier: &[u8]) -> bool {
        let extensions = self.inner.as_ref().and_then(|certificate| certificate.tbs_certificate.extensions.as_ref());
        let found = extensions.into_iter().flatten().find(|one| one.extn_id == SubjectKeyIdentifier::OID);
        let value = found.and_then(|extension| Value::parse(extension.extn_value.as_bytes()));
        value.and_then(|value| value.tagged(asn1::OCTET_STRING)).is_some_and(|value| value.contents == identifier)
    }
}

fn facts(certificate: &x509_cert::Certificate) -> Certificate {
    let tbs = &certificate.tbs_certificate;
    Certificate {
        subject: tbs.subject.to_string(),
        issuer: tbs.issuer.to_string(),
        serial: hex(tbs.serial_number.as_bytes()),
        not_before: tbs.validity.not_before.to_string(),
        not_after: tbs.validity.not_after.to_string(),
        key: key_name(&tbs.subject_public_key_info),
        problem: None,
    }
}

/// A name in DER, as RFC 4514 writes it.
pub(super) fn name(der: &[u8]) -> String {
    decode::<Name>(der).map_or_else(|_| "a damaged name".to_owned(), |name| name.to_string())
}
