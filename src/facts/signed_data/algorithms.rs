//! Digests and signature algorithms by their object identifiers.

use der::Decode;
use der::asn1::ObjectIdentifier;
use der::referenced::OwnedToRef;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::Verification;

/// The dotted form of an object identifier's bytes.
pub(in crate::facts) fn oid(bytes: &[u8]) -> String {
    ObjectIdentifier::from_bytes(bytes).map_or_else(|_| "a damaged identifier".to_owned(), |oid| oid.to_string())
}

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// From the bytes of an object identifier.
    pub(in crate::facts) fn from_oid(bytes: &[u8]) -> Option<Digest> {
        match oid(bytes).as_str() {
            "1.3.14.3.2.26" => Some(Digest::Sha1),
            "2.16.840.1.101.3.4.2.1" => Some(Digest::Sha256),
            "2.16.840.1.101.3.4.2.2" => Some(Digest::Sha384),
            "2.16.840.1.101.3.4.2.3" => Some(Digest::Sha512),
            _ => None,
        }
    }

    pub(in crate::facts) fn name(self) -> &'static str {
        match self {
            Digest::Sha1 => "sha1",
            Digest::Sha256 => "sha256",
            Digest::Sha384 => "sha384",
            Digest::Sha512 => "sha512",
        }
    }

    pub(in crate::facts) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Digest::Sha1 => Sha1::digest(data).to_vec(),
            Digest::Sha256 => Sha256::digest(data).to_vec(),
            Digest::Sha384 => Sha384::digest(data).to_vec(),
            Digest::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// A hasher that is fed piece by piece.
    pub(in crate::facts) fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Digest::Sha1 => Box::new(Sha1::new()),
            Digest::Sha256 => Box::new(Sha256::new()),
            Digest::Sha384 => Box::new(Sha384::new()),
            Digest::Sha512 => Box::new(Sha512::new()),
        }
    }

    fn pkcs1v15(self) -> Pkcs1v15Sign {
        match self {
            Digest::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            Digest::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Digest::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Digest::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        }
    }
}

/// `rsaEncryption` and the forms of it that name their digest; the digest itself stands beside it in CMS.
const RSA: [&str; 5] = [
    "1.2.840.113549.1.1.1",
    "1.2.840.113549.1.1.5",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
];

/// `id-ecPublicKey` and `ecdsa-with-*`.
const ECDSA: [&str; 5] =
    ["1.2.840.10045.2.1", "1.2.840.10045.4.1", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4"];

/// The name of a signature algorithm, or its identifier.
pub(super) fn signature_name(bytes: &[u8]) -> String {
    let oid = oid(bytes);
    match oid.as_str() {
        id if RSA.contains(&id) => "rsa".to_owned(),
        id if ECDSA.contains(&id) => "ecdsa".to_owned(),
        "1.2.840.113549.1.1.10" => "rsa-pss".to_owned(),
        _ => oid,
    }
}

/// Verifies a signature over bytes with the key of a certificate.
pub(super) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &[u8],
    digest: Digest,
    signed: &[u8],
    signature: &[u8],
) -> Verification {
    let hash = digest.of(signed);
    match signature_name(algorithm).as_str() {
        "rsa" => rsa(key, digest, &hash, signature),
        "ecdsa" => ecdsa(key, &hash, signature),
        other => Verification::NotChecked(format!("the signature algorithm {other} is not known here")),
    }
}

fn rsa(key: &SubjectPublicKeyInfoOwned, digest: Digest, hash: &[u8], signature: &[u8]) -> Verification {
    let Ok(key) = RsaPublicKey::try_from(key.owned_to_ref()) else {
        return Verification::NotChecked("the certificate has no RSA key of up to 4096 bits".into());
    };
    verdict(key.verify(digest.pkcs1v15(), hash, signature).is_ok())
}

fn ecdsa(key: &SubjectPublicKeyInfoOwned, hash: &[u8], signature: &[u8]) -> Verification {
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let point = key.subject_public_key.raw_bytes();
    let checked = match curve.map(|curve| curve.to_string()).as_deref() {
        Some("1.2.840.10045.3.1.7") => p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .and_then(|key| key.verify_prehash(hash, &p256::ecdsa::Signature::from_der(signature)?)),
        Some("1.3.132.0.34") => p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .and_then(|key| key.verify_prehash(hash, &p384::ecdsa::Signature::from_der(signature)?)),
        _ => return Verification::NotChecked("the certificate's curve is neither P-256 nor P-384".into()),
    };
    verdict(checked.is_ok())
}

fn verdict(valid: bool) -> Verification {
    if valid {
        Verification::Valid
    } else {
        Verification::Invalid("the signature is not by this certificate's key".into())
    }
}

/// Kind and size of a public key: `rsa-2048`, `ec-p256`.
pub(super) fn key_name(key: &SubjectPublicKeyInfoOwned) -> String {
    let algorithm = key.algorithm.oid.to_string();
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    match (algorithm.as_str(), curve.map(|curve| curve.to_string()).as_deref()) {
        ("1.2.840.113549.1.1.1", _) => rsa_name(key.subject_public_key.raw_bytes()),
        (_, Some("1.2.840.10045.3.1.7")) => "ec-p256".to_owned(),
        (_, Some("1.3.132.0.34")) => "ec-p384".to_owned(),
        (_, Some("1.3.132.0.35")) => "ec-p521".to_owned(),
        _ => algorithm,
    }
}

fn rsa_name(key: &[u8]) -> String {
    let modulus = super::Value::parse(key).and_then(|key| key.child(super::asn1::INTEGER));
    let modulus = modulus.map_or(&[][..], |modulus| modulus.contents);
    let significant = modulus.iter().skip_while(|&&octet| octet == 0).count();
    format!("rsa-{}", significant * 8)
}

/// Reads a structure in DER. The readers of the certificate crates set memory aside for what a length claims before they look
/// whether it is there.
pub(super) fn decode<'a, T: Decode<'a>>(der: &'a [u8]) -> der::Result<T> {
    if super::Value::parse(der).is_some_and(super::Value::lengths_fit) {
        T::from_der(der)
    } else {
        Err(der::Tag::Sequence.length_error())
    }
}
