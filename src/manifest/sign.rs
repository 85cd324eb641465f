//! Ed25519 keys (RFC 8032) as `openssl genpkey -algorithm ed25519` makes them, and signatures over a DSSE envelope.

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest as _, Sha256};

use crate::facts::hex;

/// A key that signs.
#[derive(Debug)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl SigningKey {
    /// Reads a private key: PKCS#8, PEM.
    ///
    /// # Errors
    /// One sentence with the command that makes such a key.
    pub fn from_pem(pem: &str) -> Result<SigningKey, String> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(SigningKey).map_err(|_| {
            let made = "make one with `openssl genpkey -algorithm ed25519 -out key.pem`";
            match pem.contains("ENCRYPTED") {
                true => {
                    "it is encrypted, and nobody is asked for a password here; decrypt it with `openssl pkey`".into()
                }
                false => format!("it is no Ed25519 private key in PEM (PKCS#8); {made}"),
            }
        })
    }

    /// The key of 32 secret bytes.
    #[cfg(test)]
    pub(super) fn from_seed(seed: [u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// Its public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

impl VerifyingKey {
    /// Reads a public key: SubjectPublicKeyInfo, PEM.
    ///
    /// # Errors
    /// One sentence with the command that makes such a key.
    pub fn from_pem(pem: &str) -> Result<VerifyingKey, String> {
        ed25519_dalek::VerifyingKey::from_public_key_pem(pem).map(VerifyingKey).map_err(|_| {
            let made = "make it with `openssl pkey -in key.pem -pubout -out key.pub`";
            match pem.contains("PRIVATE KEY") {
                true => format!("it is a private key, and the public one is wanted; {made}"),
                false => format!("it is no Ed25519 public key in PEM; {made}"),
            }
        })
    }

    /// Names the key: SHA-256 of its SubjectPublicKeyInfo in DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
    pub fn id(&self) -> String {
        // The only error is one of memory.
        let der = self.0.to_public_key_der().map(|document| document.as_bytes().to_vec()).unwrap_or_default();
        hex(&Sha256::digest(der))
    }

    /// Whether the signature over the message is by this key; weak keys and malleable signatures never are.
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    /// RFC 8410, section 10.1.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_halves_of_a_key_belong_together() {
        let key = SigningKey::from_pem(PRIVATE).expect("a private key");
        let public = VerifyingKey::from_pem(PUBLIC).expect("a public key");
        assert_eq!(key.verifying_key(), public);
        assert_eq!(public.id().len(), 64);
        let signature = key.sign(b"message");
        assert!(public.accepts(b"message", &signature));
        assert!(!public.accepts(b"massage", &signature));
        assert!(!public.accepts(b"message", &signature[..63]));
        assert!(!public.accepts(b"message", &[0; 64]));
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_command_that_makes_one() {
        assert!(SigningKey::from_pem(PUBLIC).expect_err("a public key").contains("genpkey"));
        assert!(VerifyingKey::from_pem(PRIVATE).expect_err("a private key").contains("-pubout"));
        assert!(VerifyingKey::from_pem("").expect_err("nothing").contains("no Ed25519 public key"));
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(SigningKey::from_pem(encrypted).expect_err("encrypted").contains("decrypt it"));
    }
}
