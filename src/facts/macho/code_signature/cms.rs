//! The CMS signature over the CodeDirectory.

use std::collections::BTreeSet;

use super::directory::CodeDirectory;
use crate::facts::asn1;
use crate::facts::bytes::hex;
use crate::facts::signed_data::{Parsed, ParsedSigner, SignedData, Verification};

/// Apple's attribute with the hashes of all CodeDirectories, as a property list.
const CD_HASHES: &str = "1.2.840.113635.100.9.1";

/// What there is to say about the CMS signature.
pub(super) struct Cms {
    pub(super) signed_data: SignedData,
    /// Whether it names all CodeDirectories and no other; `None` when it names none.
    pub(super) names_directories: Option<bool>,
}

/// Reads the signature, verifies it where that is wanted, and compares it with the CodeDirectories; what is wrong is added to
/// `problems`.
pub(super) fn read(
    blob: &[u8],
    primary: &[u8],
    directories: &[CodeDirectory],
    verifies: bool,
    problems: &mut Vec<String>,
) -> Option<Cms> {
    let Some(parsed) = Parsed::parse(blob).filter(|parsed| !parsed.signers.is_empty()) else {
        problems.push("the CMS signature cannot be read".into());
        return None;
    };
    let signed = parsed.facts(primary, verifies);
    for signer in &signed.signers {
        if let Verification::Invalid(why) = &signer.verification {
            problems.push(format!("the CMS signature: {why}"));
        }
        if let Some(Verification::Invalid(why)) = signer.timestamp.as_ref().map(|stamp| &stamp.verification) {
            problems.push(format!("the timestamp: {why}"));
        }
    }
    let lists: Vec<bool> = parsed.signers.iter().filter_map(|signer| names_all(signer, directories)).collect();
    let names_directories = (!lists.is_empty()).then(|| !lists.contains(&false));
    if names_directories == Some(false) {
        problems.push("the CMS signature does not name every CodeDirectory".into());
    }
    Some(Cms { signed_data: signed, names_directories })
}

/// Whether the list of hashes is that of the CodeDirectories in the file; `None` when there is no list.
fn names_all(signer: &ParsedSigner<'_>, directories: &[CodeDirectory]) -> Option<bool> {
    let list = signer.signed_attribute(CD_HASHES)?.tagged(asn1::OCTET_STRING)?;
    let Ok(plist::Value::Dictionary(list)) = super::entitlements::property_list(list.contents) else {
        return Some(false);
    };
    let hashes = list.get("cdhashes").and_then(plist::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named: BTreeSet<String> = hashes.iter().filter_map(plist::Value::as_data).map(hex).collect();
    let found: BTreeSet<String> = directories.iter().map(|directory| directory.cdhash.clone()).collect();
    Some(named == found)
}
