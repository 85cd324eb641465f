//! What a platform signature is wrapped in: nothing, an in-toto statement, and around either of them a signed DSSE envelope.
//!
//! in-toto: <https://github.com/in-toto/attestation> (Statement v1). DSSE: <https://github.com/secure-systems-lab/dsse> (v1).

use base64ct::{Base64, Base64Url, Encoding as _};
use serde::{Deserialize, Serialize};

use super::sign::{SigningKey, VerifyingKey};
use super::{Malformed, Manifest, parse};
use crate::report::json::to_text;

/// `_type` of an in-toto statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// `predicateType` of a platform signature.
pub const PREDICATE: &str = "urn:seaworthy:platform-signature:v1";
/// `payloadType` of an envelope around a statement.
const STATEMENT_PAYLOAD: &str = "application/vnd.in-toto+json";
/// `payloadType` of an envelope around a bare signature.
const BARE_PAYLOAD: &str = "application/vnd.seaworthy.platform-signature+json";

/// An in-toto statement.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: P,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: SubjectDigest,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SubjectDigest {
    sha256: String,
}

/// A DSSE envelope.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Signature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// The file that is written: bare or as a statement, and in an envelope when there is a key.
pub fn write(manifest: &Manifest, in_toto: bool, key: Option<&SigningKey>) -> String {
    let payload = if in_toto { statement(manifest) } else { to_text(manifest) };
    let Some(key) = key else { return payload };
    let payload_type = if in_toto { STATEMENT_PAYLOAD } else { BARE_PAYLOAD };
    let signature = key.sign(&authenticated(payload_type, payload.as_bytes()));
    to_text(&Envelope {
        payload_type: payload_type.to_owned(),
        payload: Base64::encode_string(payload.as_bytes()),
        signatures: vec![Signature { keyid: Some(key.verifying_key().id()), sig: Base64::encode_string(&signature) }],
    })
}

fn statement(manifest: &Manifest) -> String {
    to_text(&Statement {
        kind: STATEMENT.to_owned(),
        subject: subjects(manifest),
        predicate_type: PREDICATE.to_owned(),
        predicate: manifest,
    })
}

fn subjects(manifest: &Manifest) -> Vec<Subject> {
    let subject = |artifact: &super::Artifact| Subject {
        name: artifact.path.clone(),
        digest: SubjectDigest { sha256: artifact.sha256.clone() },
    };
    manifest.artifacts.iter().map(subject).collect()
}

/// What is signed: DSSE's pre-authentication encoding.
fn authenticated(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

/// A file that was opened: its payload, not yet believed.
#[derive(Debug)]
pub struct Opened {
    payload_type: Option<String>,
    payload: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

/// Takes a file out of its envelope, if it has one.
///
/// # Errors
/// [`Malformed`] when it is no JSON object, or no envelope of a kind that is known here.
pub fn open(bytes: &[u8]) -> Result<Opened, Malformed> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "payloadType")]
        payload_type: Option<serde::de::IgnoredAny>,
    }
    let probe: Probe = serde_json::from_slice(bytes).map_err(|error| Malformed::Shape(error.to_string()))?;
    if probe.payload_type.is_none() {
        return Ok(Opened { payload_type: None, payload: bytes.to_vec(), signatures: Vec::new() });
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|error| Malformed::Shape(error.to_string()))?;
    let payload = decode(&envelope.payload).ok_or_else(|| Malformed::Content("its payload is no base64".into()))?;
    let signatures = envelope.signatures.iter().filter_map(|signature| decode(&signature.sig)).collect();
    Ok(Opened { payload_type: Some(envelope.payload_type), payload, signatures })
}

/// Both alphabets are in use (DSSE, protocol.md).
fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).or_else(|_| Base64Url::decode_vec(text)).ok()
}

impl Opened {
    /// Whether there is any signature.
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Whether one of the signatures is by that key.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let Some(payload_type) = &self.payload_type else { return false };
        let message = authenticated(payload_type, &self.payload);
        self.signatures.iter().any(|signature| key.accepts(&message, signature))
    }

    /// The platform signature inside, as a statement or bare.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn manifest(&self) -> Result<Manifest, Malformed> {
        match self.payload_type.as_deref() {
            Some(STATEMENT_PAYLOAD) => self.of_statement(),
            Some(BARE_PAYLOAD) => parse(&self.payload),
            Some(other) => Err(Malformed::Content(format!("nothing here reads a payload of type `{other}`"))),
            None if self.looks_like_a_statement() => self.of_statement(),
            None => parse(&self.payload),
        }
    }

    fn looks_like_a_statement(&self) -> bool {
        #[derive(Deserialize)]
        struct Probe {
            #[serde(rename = "_type")]
            kind: Option<serde::de::IgnoredAny>,
        }
        serde_json::from_slice::<Probe>(&self.payload).is_ok_and(|probe| probe.kind.is_some())
    }

    fn of_statement(&self) -> Result<Manifest, Malformed> {
        let shape = |error: serde_json::Error| Malformed::Shape(error.to_string());
        let statement: Statement<serde_json::Value> = serde_json::from_slice(&self.payload).map_err(shape)?;
        if statement.kind != STATEMENT {
            return Err(Malformed::Content(format!("nothing here reads a statement of type `{}`", statement.kind)));
        }
        if statement.predicate_type != PREDICATE {
            let other = statement.predicate_type;
            return Err(Malformed::Content(format!("its predicate is of type `{other}`, not `{PREDICATE}`")));
        }
        let predicate = serde_json::to_vec(&statement.predicate).map_err(shape)?;
        let manifest = parse(&predicate)?;
        if statement.subject != subjects(&manifest) {
            return Err(Malformed::Content("its subjects are not the artifacts of its predicate".into()));
        }
        Ok(manifest)
    }
}
