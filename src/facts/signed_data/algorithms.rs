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

/// A hash that is shorter than the curve's field is a smaller number (SEC 1, 4.1.4): the verifier takes none below half of the
/// field's length, so it gets zeros in front. A key that cannot be read shows nothing about the signature.
fn ecdsa(key: &SubjectPublicKeyInfoOwned, hash: &[u8], signature: &[u8]) -> Verification {
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let point = key.subject_public_key.raw_bytes();
    let checked = match curve.map(|curve| curve.to_string()).as_deref() {
        Some("1.2.840.10045.3.1.7") => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(|key| {
            p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&padded(hash, 32), &signature).is_ok())
        }),
        Some("1.3.132.0.34") => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(|key| {
            p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&padded(hash, 48), &signature).is_ok())
        }),
        _ => return Verification::NotChecked("the certificate's curve is neither P-256 nor P-384".into()),
    };
    match checked {
        Ok(valid) => verdict(valid),
        Err(_) => Verification::NotChecked("the certificate's key is no point of its curve".into()),
    }
}

/// A hash as a number of at least this many octets.
fn padded(hash: &[u8], length: usize) -> Vec<u8> {
    let mut number = vec![0; length.saturating_sub(hash.len())];
    number.extend_from_slice(hash);
    number
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `id-ecPublicKey`.
    const EC: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

    /// A key on P-384 that openssl made, and its signature of `signed` with SHA-1: `openssl dgst -sha1 -sign`.
    const KEY: &str = "3076301006072a8648ce3d020106052b8104002203620004e63600d7a8edfaa7cb5e446b72e168c6c7ae8e7f1083a4fe\
        5781fbeb476737d526729789b0994d9f6a7dd63de874e2c859c274916881f4b699f6bdaa2ee460968bcc119223ff7e3e\
        c4d1c1ffde8ac90d7f0cbc954b9f5b0b1393379b00d297d5";
    const SIGNATURE: &str = "3064023003a6f3cc553a0596a86859a244f2c187e14aaac417afa04c22e10d0be8c5e999f173d123df25e299100b6aa2\
        b5ba56280230321c11b758f88b4f024a98e5b1fdb7fabd2ab3d1c92b69955ee297bb7d1e819ec1afdd6bd951f92341ec\
        38c27b84bfd9";

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn a_hash_shorter_than_half_of_the_field_is_a_number_like_any_other() {
        let key = decode::<SubjectPublicKeyInfoOwned>(&bytes(KEY)).unwrap();
        let of = |signed: &[u8], signature: &[u8]| verify(&key, &EC, Digest::Sha1, signed, signature);
        assert_eq!(of(b"signed", &bytes(SIGNATURE)), Verification::Valid);
        assert!(matches!(of(b"changed", &bytes(SIGNATURE)), Verification::Invalid(_)));
        assert!(matches!(of(b"signed", b"no signature"), Verification::Invalid(_)));
    }

    #[test]
    fn a_key_that_cannot_be_read_shows_nothing() {
        let mut spki = bytes(KEY);
        *spki.last_mut().unwrap() ^= 1;
        let key = decode::<SubjectPublicKeyInfoOwned>(&spki).unwrap();
        assert!(matches!(verify(&key, &EC, Digest::Sha1, b"signed", &bytes(SIGNATURE)), Verification::NotChecked(_)));
    }
}
