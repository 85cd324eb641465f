//! The CMS signature over the CodeDirectory.

use std::collections::BTreeSet;

use super::directory::CodeDirectory;
use crate::facts::asn1;
use crate::facts::bytes::hex;
use crate::facts::signed_data::{Parsed, ParsedSigner, SignedData, Verification};

/// Apple's attribute with the hashes of all CodeDirectories, as a property list.
const CD_HASHES: &str = "1.2.840.113635.100.9.1";

/// Reads the signature and checks it against the CodeDirectories; what is wrong is added to `problems`.
pub(super) fn read(
    blob: &[u8],
    primary: &[u8],
    directories: &[CodeDirectory],
    problems: &mut Vec<String>,
) -> Option<SignedData> {
    let Some(parsed) = Parsed::parse(blob).filter(|parsed| !parsed.signers.is_empty()) else {
        problems.push("the CMS signature cannot be read".into());
        return None;
    };
    let signed = parsed.facts(primary);
    for signer in &signed.signers {
        if let Verification::Invalid(why) = &signer.verification {
            problems.push(format!("the CMS signature: {why}"));
        }
        if let Some(Verification::Invalid(why)) = signer.timestamp.as_ref().map(|stamp| &stamp.verification) {
            problems.push(format!("the timestamp: {why}"));
        }
    }
    if parsed.signers.iter().any(|signer| !covers_all(signer, directories)) {
        problems.push("the CMS signature does not name every CodeDirectory".into());
    }
    Some(signed)
}

/// Whether the list of hashes, where there is one, is that of the CodeDirectories in the file.
fn covers_all(signer: &ParsedSigner<'_>, directories: &[CodeDirectory]) -> bool {
    let Some(list) = signer.signed_attribute(CD_HASHES).and_then(|value| value.tagged(asn1::OCTET_STRING)) else {
        return true;
    };
    let Ok(plist::Value::Dictionary(list)) = super::entitlements::property_list(list.contents) else { return false };
    let hashes = list.get("cdhashes").and_then(plist::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named: BTreeSet<String> = hashes.iter().filter_map(plist::Value::as_data).map(hex).collect();
    let found: BTreeSet<String> = directories.iter().map(|directory| directory.cdhash.clone()).collect();
    named == found
}
