//! CMS `SignedData` (RFC 5652), the form of signatures in both PE (Authenticode) and Mach-O files: who signed, when, and
//! whether the signature is right.
//!
//! The structure is walked by hand because Apple writes it in BER and because one odd certificate must not hide the
//! others; each certificate is read by `x509-cert`, each signature verified by the RustCrypto implementations. Whether a
//! certificate is trusted or revoked cannot be known from the file.

mod algorithms;
mod certificate;
mod signer;
mod timestamp;

use serde::Serialize;

use super::asn1::{self, Value, context};
use certificate::ParsedCertificate;

pub(super) use algorithms::{Digest, oid};
pub use certificate::Certificate;
pub(super) use signer::ParsedSigner;
pub use signer::{Signer, Verification};
pub use timestamp::Timestamp;

/// Most certificates that are looked at; real signatures have fewer than ten.
const MOST_CERTIFICATES: usize = 64;

/// Most signers that are looked at; real signatures have one, and each costs a verification.
const MOST_SIGNERS: usize = 4;

/// `id-signedData`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// A signature with its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SignedData {
    /// The certificates that come with it, in order.
    pub certificates: Vec<Certificate>,
    /// Who signed; one in practice.
    pub signers: Vec<Signer>,
}

impl SignedData {
    /// The certificate of a signer: the one with its issuer and serial number, or, where it names a key, with its subject.
    pub fn certificate_of(&self, signer: &Signer) -> Option<&Certificate> {
        let subject = signer.subject.as_deref()?;
        self.certificates.iter().find(|certificate| {
            certificate.subject == subject
                && signer.issuer.as_deref().is_none_or(|issuer| certificate.issuer == issuer)
                && signer.serial.as_deref().is_none_or(|serial| certificate.serial == serial)
        })
    }
}

/// The parts of a `SignedData`, still in the bytes they came from.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// `eContentType`, as the bytes of its object identifier.
    pub(super) content_type: &'a [u8],
    /// `eContent`, without its explicit tag; `None` in a detached signature.
    pub(super) content: Option<Value<'a>>,
    pub(super) certificates: Vec<ParsedCertificate>,
    pub(super) signers: Vec<ParsedSigner<'a>>,
}

impl<'a> Parsed<'a> {
    /// Parses a `ContentInfo` that holds `SignedData`; `None` when it is something else or damaged.
    pub(super) fn parse(data: &'a [u8]) -> Option<Self> {
        let info = Value::parse(data)?.tagged(asn1::SEQUENCE)?;
        info.child(asn1::OBJECT_IDENTIFIER).filter(|kind| kind.contents == SIGNED_DATA)?;
        let signed = info.child(context(0))?.child(asn1::SEQUENCE)?;
        // version, digestAlgorithms, encapContentInfo, [0] certificates, [1] crls, signerInfos
        let encapsulated = signed.child(asn1::SEQUENCE)?;
        let signers = signed.children().filter(|part| part.tag == asn1::SET).nth(1)?;
        let certificates = signed.child(context(0)).into_iter().flat_map(Value::children);
        Some(Parsed {
            content_type: encapsulated.child(asn1::OBJECT_IDENTIFIER)?.contents,
            content: encapsulated.child(context(0)).and_then(|content| content.children().next()),
            certificates: certificates.take(MOST_CERTIFICATES).map(ParsedCertificate::parse).collect(),
            signers: signers.children().take(MOST_SIGNERS).filter_map(ParsedSigner::parse).collect(),
        })
    }

    /// The facts, with every signer checked against the content that was signed where that is wanted.
    pub(super) fn facts(&self, content: &[u8], verifies: bool) -> SignedData {
        let facts = |signer: &ParsedSigner<'_>| signer.facts(&self.certificates, content, verifies);
        SignedData {
            certificates: self.certificates.iter().map(|certificate| certificate.facts.clone()).collect(),
            signers: self.signers.iter().map(facts).collect(),
        }
    }

    /// What the signature covers when the content comes with it: its octets, or, in the older PKCS #7 form that
    /// Authenticode uses, the contents of whatever value it is.
    pub(super) fn own_content(&self) -> Option<Vec<u8>> {
        let content = self.content?;
        Some(content.octets().unwrap_or_else(|| content.contents.to_vec()))
    }
}
