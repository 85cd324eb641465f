//! `SignerInfo`: who signed, what was signed, and whether the signature is right.

use serde::Serialize;

use super::algorithms::{Digest, oid, signature_name, verify};
use super::certificate::{ParsedCertificate, name};
use super::timestamp::{self, Timestamp};
use super::{Value, asn1, context};
use crate::facts::bytes::hex;

/// Object identifiers of attributes (PKCS #9).
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";

/// Most values of one attribute that are looked at.
const MOST_VALUES: usize = 8;

/// One signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// Subject of the signer's certificate; `None` when it does not come with the signature.
    pub subject: Option<String>,
    /// Issuer of the certificate, as the signer names it; `None` when it is named by its key.
    pub issuer: Option<String>,
    /// Serial number of the certificate, in hex, as the signer names it.
    pub serial: Option<String>,
    /// `sha1`, `sha256`, `sha384`, `sha512`, or an object identifier.
    pub digest_algorithm: String,
    /// `rsa`, `ecdsa`, or an object identifier.
    pub signature_algorithm: String,
    /// The digest of what was signed, in hex; `None` when the signature is over the content itself.
    pub message_digest: Option<String>,
    /// Whether the digest is that of the content, and the signature by the key in the certificate.
    pub verification: Verification,
    /// When the signer says it was signed, in RFC 3339.
    pub signing_time: Option<String>,
    /// When somebody else says it was signed.
    pub timestamp: Option<Timestamp>,
}

/// What checking a signature showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// It is right. This says nothing about trust in the certificate.
    Valid,
    /// It is wrong, with the reason.
    Invalid(String),
    /// It could not be checked, with the reason.
    NotChecked(String),
}

/// A `SignerInfo`, still in its bytes.
#[derive(Debug)]
pub(in crate::facts) struct ParsedSigner<'a> {
    identifier: Value<'a>,
    digest: &'a [u8],
    algorithm: &'a [u8],
    signed_attributes: Option<Value<'a>>,
    unsigned_attributes: Option<Value<'a>>,
    pub(super) signature: Vec<u8>,
}

impl<'a> ParsedSigner<'a> {
    pub(super) fn parse(value: Value<'a>) -> Option<Self> {
        let mut parts = value.tagged(asn1::SEQUENCE)?.children().skip(1).peekable();
        let identifier = parts.next()?;
        let digest = parts.next()?.child(asn1::OBJECT_IDENTIFIER)?.contents;
        let signed_attributes = parts.next_if(|part| part.tag == context(0));
        let algorithm = parts.next()?.child(asn1::OBJECT_IDENTIFIER)?.contents;
        let signature = parts.next()?.octets()?;
        let unsigned_attributes = parts.next_if(|part| part.tag == context(1));
        Some(ParsedSigner { identifier, digest, algorithm, signed_attributes, unsigned_attributes, signature })
    }

    /// The first value of a signed attribute.
    pub(in crate::facts) fn signed_attribute(&self, id: &str) -> Option<Value<'a>> {
        values(self.signed_attributes?, id).next()
    }

    /// The first value of an attribute outside of the signature.
    pub(super) fn unsigned_attribute(&self, id: &str) -> Option<Value<'a>> {
        self.unsigned_values(id).first().copied()
    }

    /// All values of an attribute outside of the signature.
    pub(in crate::facts) fn unsigned_values(&self, id: &str) -> Vec<Value<'a>> {
        self.unsigned_attributes.map_or_else(Vec::new, |attributes| values(attributes, id).collect())
    }

    pub(super) fn facts(&self, certificates: &[ParsedCertificate], content: &[u8], verifies: bool) -> Signer {
        let certificate = self.certificate(certificates);
        let (issuer, serial) = self.issuer_and_serial().unzip();
        let digest = Digest::from_oid(self.digest);
        Signer {
            subject: certificate.map(|certificate| certificate.facts.subject.clone()),
            issuer: issuer.map(name),
            serial: serial.map(hex),
            digest_algorithm: digest.map_or_else(|| oid(self.digest), |digest| digest.name().to_owned()),
            signature_algorithm: signature_name(self.algorithm),
            message_digest: self.message_digest().map(hex),
            verification: self.verify(certificate, content, verifies),
            signing_time: self.signed_attribute(SIGNING_TIME).and_then(timestamp::time),
            timestamp: timestamp::read(self, certificates, verifies),
        }
    }

    /// Checks the digest of the content and the signature over the attributes (or over the content, without them), where that is
    /// wanted.
    pub(super) fn verify(
        &self,
        certificate: Option<&ParsedCertificate>,
        content: &[u8],
        verifies: bool,
    ) -> Verification {
        if !verifies {
            return Verification::NotChecked("nobody wanted to know".into());
        }
        let Some(digest) = Digest::from_oid(self.digest) else {
            return Verification::NotChecked(format!("the digest algorithm {} is not known here", oid(self.digest)));
        };
        let Some(certificate) = certificate.and_then(|certificate| certificate.inner.as_ref()) else {
            return Verification::NotChecked("the signer's certificate does not come with the signature".into());
        };
        let signed = match self.signed_attributes {
            None => content.to_vec(),
            Some(_) if self.message_digest() != Some(&digest.of(content)) => {
                return Verification::Invalid("the digest in the signature is not that of the signed content".into());
            }
            Some(attributes) => as_set(attributes.contents),
        };
        let key = &certificate.tbs_certificate.subject_public_key_info;
        verify(key, self.algorithm, digest, &signed, &self.signature)
    }

    pub(super) fn certificate<'c>(&self, certificates: &'c [ParsedCertificate]) -> Option<&'c ParsedCertificate> {
        match self.issuer_and_serial() {
            Some((issuer, serial)) => certificates.iter().find(|certificate| certificate.is(issuer, serial)),
            None => certificates.iter().find(|certificate| certificate.has_key(self.identifier.contents)),
        }
    }

    /// Issuer in DER and serial number, unless the signer names a key.
    fn issuer_and_serial(&self) -> Option<(&'a [u8], &'a [u8])> {
        let identifier = self.identifier.tagged(asn1::SEQUENCE)?;
        let serial = identifier.children().nth(1)?.tagged(asn1::INTEGER)?;
        Some((identifier.children().next()?.whole, serial.contents))
    }

    fn message_digest(&self) -> Option<&'a [u8]> {
        Some(self.signed_attribute(MESSAGE_DIGEST)?.tagged(asn1::OCTET_STRING)?.contents)
    }
}

/// The values of the attributes with an identifier.
fn values<'a>(attributes: Value<'a>, id: &str) -> impl Iterator<Item = Value<'a>> {
    let named = move |attribute: &Value<'_>| {
        attribute.child(asn1::OBJECT_IDENTIFIER).is_some_and(|found| oid(found.contents) == id)
    };
    let sets = attributes.children().filter(named).filter_map(|attribute| attribute.child(asn1::SET));
    sets.flat_map(Value::children).take(MOST_VALUES)
}

/// The signed attributes as they are signed: with the tag of a SET instead of the implicit one, in DER (RFC 5652, 5.4).
fn as_set(contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let octets: Vec<u8> = length.iter().copied().skip_while(|&octet| octet == 0).collect();
    let mut set = vec![asn1::SET];
    if contents.len() >= 0x80 {
        set.push(0x80 | octets.len() as u8);
    } else if octets.is_empty() {
        set.push(0);
    }
    set.extend(octets);
    set.extend_from_slice(contents);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_signed_as_a_set_in_der() {
        assert_eq!(as_set(&[]), [0x31, 0]);
        assert_eq!(as_set(&[5, 0]), [0x31, 2, 5, 0]);
        assert_eq!(as_set(&[0; 300])[..4], [0x31, 0x82, 1, 44]);
    }
}
