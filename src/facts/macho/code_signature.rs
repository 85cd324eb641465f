//! The embedded code signature: a SuperBlob of CodeDirectories, requirements, entitlements and a CMS signature
//! (xnu `osfmk/kern/cs_blobs.h`; always big-endian).
//!
//! What a file alone cannot tell: whether the certificates are trusted or revoked, and whether Apple has notarized a bare
//! binary, since its ticket lies with Apple and not in the file.

mod cms;
mod der_entitlements;
mod directory;
mod entitlements;
mod pages;
mod requirements;
mod superblob;

use std::collections::BTreeMap;

use serde::Serialize;

pub use directory::{CodeDirectory, SpecialSlot};
pub use entitlements::{Entitlements, from_xml};
pub use pages::PageHashes;

use super::commands::Range;
use crate::facts::fields::Fields;
use crate::facts::signed_data::SignedData;
use crate::facts::{Source, Unreadable, Wanted};
use superblob::SuperBlob;

/// What kind of signature a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// No `LC_CODE_SIGNATURE`. Macs with Apple silicon refuse to run arm64 code like that.
    #[default]
    None,
    /// Written by the linker (`CS_ADHOC` and `CS_LINKER_SIGNED`): hashes, but no identity.
    LinkerAdhoc,
    /// Signed ad hoc (`codesign -s -`): hashes, but no identity.
    Adhoc,
    /// Signed with a certificate: a CMS signature over the CodeDirectory.
    Cms,
    /// There is a signature that cannot be read, or one without a CodeDirectory.
    Damaged,
}

/// The embedded signature of one slice.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CodeSignature {
    /// What kind it is.
    pub kind: SignatureKind,
    /// Offset in the slice, in bytes.
    pub offset: u64,
    /// Bytes set aside for it; the SuperBlob may be shorter.
    pub size: u64,
    /// Length of the SuperBlob, in bytes.
    pub superblob_length: u32,
    /// The blobs, in order of the index.
    pub blobs: Vec<Blob>,
    /// Every CodeDirectory: the primary one and its alternates with other hashes.
    pub code_directories: Vec<CodeDirectory>,
    /// `cdhash` of the CodeDirectory with the strongest hash, which the system uses; 20 bytes in hex.
    pub cdhash: Option<String>,
    /// Entitlements, if any.
    pub entitlements: Option<Entitlements>,
    /// There is a requirements blob.
    pub has_requirements: bool,
    /// The requirements by kind (`designated` …), as `codesign -d -r-` writes them.
    pub requirements: BTreeMap<String, String>,
    /// Length of the CMS signature, in bytes; 0 when there is none.
    pub cms_size: u64,
    /// The CMS signature, checked against the primary CodeDirectory; `None` when there is none, or it cannot be read.
    pub cms: Option<SignedData>,
    /// Whether the CMS signature names the CodeDirectories that are there, all of them and no other; `None` when it names
    /// none, and so covers the primary one alone.
    pub cms_names_directories: Option<bool>,
    /// Bytes of the slice behind the signature, which it cannot cover.
    pub bytes_behind: u64,
    /// A stapled notarization ticket lies in the signature.
    pub has_ticket: bool,
    /// What is wrong with the signature, one sentence each; empty when it is sound as far as it was read.
    pub problems: Vec<String>,
}

/// One entry of the SuperBlob's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blob {
    /// Slot number: 0 CodeDirectory, 2 requirements, 5 entitlements, 7 entitlements in DER, 0x10000 CMS.
    pub slot: u32,
    /// Magic number of the blob.
    pub magic: u32,
    /// Length of the blob with its header, in bytes.
    pub length: u32,
}

impl CodeSignature {
    /// The CodeDirectory the system uses: the one with the strongest hash.
    pub fn best_directory(&self) -> Option<&CodeDirectory> {
        self.code_directories.iter().max_by_key(|directory| directory.rank())
    }
}

/// Reads the signature that `LC_CODE_SIGNATURE` names.
///
/// # Errors
/// [`Unreadable::Damaged`] when the range does not lie in the slice; what is wrong inside it becomes
/// [`CodeSignature::problems`].
pub(super) fn read(slice: &Source<'_>, range: Range, wanted: Wanted) -> Result<CodeSignature, Unreadable> {
    slice.slice(range.offset, range.size, "LC_CODE_SIGNATURE")?;
    let mut signature = CodeSignature { offset: range.offset, size: range.size, ..CodeSignature::default() };
    signature.bytes_behind = slice.len() - (range.offset + range.size);
    if signature.bytes_behind > 0 {
        signature.problems.push(format!("{} bytes lie behind it", signature.bytes_behind));
    }
    // The SuperBlob says its own length, so that padding behind it is not read.
    let head = slice.read_up_to(range.offset, 8.min(range.size), "code signature")?;
    let length = Fields::big(&head).u32(4).map_or(0, u64::from).min(range.size);
    let data = slice.read(range.offset, length, "code signature")?;
    match SuperBlob::parse(&data) {
        Err(problem) => {
            signature.kind = SignatureKind::Damaged;
            signature.problems.push(problem);
        }
        Ok(superblob) => fill(&mut signature, slice, &superblob, wanted)?,
    }
    Ok(signature)
}

fn fill(
    signature: &mut CodeSignature,
    slice: &Source<'_>,
    superblob: &SuperBlob<'_>,
    wanted: Wanted,
) -> Result<(), Unreadable> {
    signature.superblob_length = superblob.length;
    signature.blobs = superblob.index();
    if let Some(blob) = superblob.blob(superblob::REQUIREMENTS) {
        signature.has_requirements = true;
        match requirements::parse(blob) {
            Ok(requirements) => signature.requirements = requirements,
            Err(problem) => signature.problems.push(problem),
        }
    }
    signature.has_ticket = superblob.blob(superblob::TICKET).is_some();
    signature.cms_size = superblob.blob(superblob::CMS).map_or(0, |blob| blob.len() as u64 - 8);
    for (slot, blob) in superblob.code_directories() {
        match CodeDirectory::parse(slot, blob, superblob) {
            Some(mut directory) => {
                if wanted.hashes && !directory.is_scattered {
                    directory.pages = Some(pages::check(slice, &directory, blob)?);
                }
                signature.problems.extend(directory.problems(signature.offset));
                signature.code_directories.push(directory);
            }
            None => signature.problems.push(format!("the CodeDirectory in slot {slot:#x} is shorter than its fields")),
        }
    }
    signature.entitlements = entitlements::read(superblob, &mut signature.problems);
    if signature.cms_size > 0 {
        let blob = superblob.content(superblob::CMS).unwrap_or_default();
        let primary = superblob.blob(superblob::CODE_DIRECTORY).unwrap_or_default();
        let CodeSignature { code_directories, problems, .. } = &mut *signature;
        if let Some(read) = cms::read(blob, primary, code_directories, wanted.hashes, problems) {
            signature.cms_names_directories = read.names_directories;
            signature.cms = Some(read.signed_data);
        }
    }
    signature.cdhash = signature.best_directory().map(|directory| directory.cdhash.clone());
    signature.kind = kind(signature);
    Ok(())
}

fn kind(signature: &mut CodeSignature) -> SignatureKind {
    let Some(directory) = signature.code_directories.first() else {
        signature.problems.push("it has no CodeDirectory".into());
        return SignatureKind::Damaged;
    };
    let adhoc = directory.flags & directory::ADHOC != 0;
    match signature.cms_size {
        0 if adhoc && directory.flags & directory::LINKER_SIGNED != 0 => SignatureKind::LinkerAdhoc,
        0 if adhoc => SignatureKind::Adhoc,
        0 => {
            signature.problems.push("it has neither a CMS signature nor the ad-hoc flag".into());
            SignatureKind::Damaged
        }
        _ => SignatureKind::Cms,
    }
}
