//! Authenticode: a `SignedData` over the digest of the image (Microsoft, "Windows Authenticode Portable Executable
//! Signature Format").

use serde::Serialize;
use sha2::digest::DynDigest;

use super::certificates;
use super::header::Headers;
use crate::facts::asn1::{self, Value, context};
use crate::facts::bytes::hex;
use crate::facts::signed_data::{Digest, Parsed, ParsedSigner, SignedData, oid};
use crate::facts::{Source, Unreadable};

/// Attribute outside of the signature that holds further signatures, usually with a newer digest.
const NESTED_SIGNATURE: &str = "1.3.6.1.4.1.311.2.4.1";

/// `SPC_INDIRECT_DATA`, the content type of a signature over a file.
const INDIRECT_DATA: &str = "1.3.6.1.4.1.311.2.1.4";

/// `SpcSpOpusInfo`: the program's name as the signer gave it.
const OPUS_INFO: &str = "1.3.6.1.4.1.311.2.1.12";

/// Deepest nesting of signatures that is followed; signing tools put all further ones into the first.
const DEEPEST: usize = 1;

/// Bytes hashed at once.
const BUFFER: u64 = 256 * 1024;

/// Offset of the certificate table's entry among the data directories, which the digest leaves out.
const CERTIFICATE_ENTRY: u64 = 4 * 8;

/// One Authenticode signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Authenticode {
    /// Digest algorithm of the image: `sha1`, `sha256` …, or an object identifier.
    pub digest_algorithm: String,
    /// The digest in the signature, in hex.
    pub digest: String,
    /// The digest of the file as it is, in hex; `None` when hashes were not wanted or the algorithm is not known.
    pub computed_digest: Option<String>,
    /// Whether both are the same.
    pub digest_matches: Option<bool>,
    /// The program's name as the signer gave it.
    pub program_name: Option<String>,
    /// Certificates and signers, checked against the content of the signature.
    pub signed_data: SignedData,
    /// Further signatures inside this one.
    pub nested: Vec<Authenticode>,
    /// The algorithm, for recomputing.
    #[serde(skip)]
    algorithm: Option<AlgorithmOf>,
}

/// Keeps [`Digest`] out of the public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AlgorithmOf(Digest);

impl Authenticode {
    /// Parses a `ContentInfo`, and verifies the signature where that is wanted; `None` when it is not a signature over a file.
    pub(super) fn parse(data: &[u8], verifies: bool) -> Option<Authenticode> {
        Self::parse_nested(data, verifies, 0)
    }

    fn parse_nested(data: &[u8], verifies: bool, depth: usize) -> Option<Authenticode> {
        let parsed = Parsed::parse(data).filter(|parsed| oid(parsed.content_type) == INDIRECT_DATA)?;
        // SpcIndirectDataContent: what was signed, then DigestInfo.
        let info = parsed.content?.tagged(asn1::SEQUENCE)?.children().nth(1)?;
        let algorithm = info.child(asn1::SEQUENCE)?.child(asn1::OBJECT_IDENTIFIER)?.contents;
        let known = Digest::from_oid(algorithm);
        let signer = parsed.signers.first();
        let nested = signer.filter(|_| depth < DEEPEST).map(|signer| signer.unsigned_values(NESTED_SIGNATURE));
        let nested = nested.unwrap_or_default();
        Some(Authenticode {
            digest_algorithm: known.map_or_else(|| oid(algorithm), |digest| digest.name().to_owned()),
            digest: hex(info.child(asn1::OCTET_STRING)?.contents),
            computed_digest: None,
            digest_matches: None,
            program_name: signer.and_then(program_name),
            signed_data: parsed.facts(&parsed.own_content()?, verifies),
            nested: nested.iter().filter_map(|value| Self::parse_nested(value.whole, verifies, depth + 1)).collect(),
            algorithm: known.map(AlgorithmOf),
        })
    }

    /// This signature and all inside it.
    pub fn all(&self) -> Vec<&Authenticode> {
        let mut all = vec![self];
        all.extend(self.nested.iter().flat_map(Authenticode::all));
        all
    }

    fn compare(&mut self, computed: &[(Digest, String)]) {
        let found = computed.iter().find(|(digest, _)| Some(AlgorithmOf(*digest)) == self.algorithm);
        self.computed_digest = found.map(|(_, hash)| hash.clone());
        self.digest_matches = found.map(|(_, hash)| *hash == self.digest);
        self.nested.iter_mut().for_each(|nested| nested.compare(computed));
    }
}

/// Recomputes the digest of the image with every algorithm the signatures name, in one pass, and compares.
///
/// # Errors
/// [`Unreadable::Damaged`] when the parts left out do not lie in order.
pub(super) fn recompute(
    source: &Source<'_>,
    headers: &Headers,
    entries: &mut [certificates::CertificateEntry],
) -> Result<(), Unreadable> {
    let signatures = entries.iter().filter_map(|entry| entry.authenticode.as_ref()).flat_map(Authenticode::all);
    let mut wanted: Vec<Digest> = Vec::new();
    for AlgorithmOf(digest) in signatures.filter_map(|signature| signature.algorithm) {
        if !wanted.contains(&digest) {
            wanted.push(digest);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let mut hashers: Vec<(Digest, Box<dyn DynDigest>)> =
        wanted.into_iter().map(|digest| (digest, digest.hasher())).collect();
    for (from, to) in hashed_ranges(source.len(), headers)? {
        let mut at = from;
        while at < to {
            let part = source.read_up_to(at, (to - at).min(BUFFER), "signed image")?;
            if part.is_empty() {
                return Err(Unreadable::damaged("signed image", at, "the file became shorter while it was read"));
            }
            hashers.iter_mut().for_each(|(_, hasher)| hasher.update(&part));
            at += part.len() as u64;
        }
    }
    let computed: Vec<_> = hashers.into_iter().map(|(digest, hasher)| (digest, hex(&hasher.finalize()))).collect();
    entries.iter_mut().filter_map(|entry| entry.authenticode.as_mut()).for_each(|found| found.compare(&computed));
    Ok(())
}

/// The file without the checksum, the directory entry of the certificate table, and that table.
fn hashed_ranges(file: u64, headers: &Headers) -> Result<[(u64, u64); 4], Unreadable> {
    let (table, size) = certificates::place(headers).unwrap_or((file, 0));
    let entry = headers.directories_at + CERTIFICATE_ENTRY;
    let ranges = [
        (0, headers.checksum_at),
        (headers.checksum_at + 4, entry),
        (entry + 8, table),
        (table.saturating_add(size), file),
    ];
    if ranges.iter().all(|(from, to)| from <= to) {
        return Ok(ranges);
    }
    Err(Unreadable::damaged("certificate table", table, "it overlaps the headers or the end of the file"))
}

/// `programName` of the signer's `SpcSpOpusInfo`: an `SpcString`, in UTF-16 or ASCII.
fn program_name(signer: &ParsedSigner<'_>) -> Option<String> {
    let name: Value<'_> = signer.signed_attribute(OPUS_INFO)?.child(context(0))?.children().next()?;
    let text = match name.tag {
        0x80 => {
            let units = name.contents.chunks_exact(2).filter_map(|unit| unit.try_into().ok()).map(u16::from_be_bytes);
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => crate::facts::bytes::text(name.contents),
    };
    (!text.is_empty()).then_some(text)
}
