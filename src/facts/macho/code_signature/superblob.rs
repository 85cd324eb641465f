//! The SuperBlob: an index of typed blobs.

use super::Blob;
use crate::facts::fields::Fields;

/// Slot numbers (xnu `osfmk/kern/cs_blobs.h`).
pub(super) const CODE_DIRECTORY: u32 = 0;
pub(super) const REQUIREMENTS: u32 = 2;
pub(super) const ENTITLEMENTS: u32 = 5;
pub(super) const DER_ENTITLEMENTS: u32 = 7;
pub(super) const CMS: u32 = 0x10000;
pub(super) const TICKET: u32 = 0x10002;

/// Slots whose hash a CodeDirectory holds; those above have other meanings.
const SPECIAL: std::ops::Range<u32> = 1..0x1000;

/// Alternate CodeDirectories; the kernel knows five slots.
const ALTERNATES: std::ops::Range<u32> = 0x1000..0x1005;

/// `CSMAGIC_EMBEDDED_SIGNATURE`.
const EMBEDDED_SIGNATURE: u32 = 0xfade_0cc0;

/// `CSMAGIC_CODEDIRECTORY`.
const CODE_DIRECTORY_MAGIC: u32 = 0xfade_0c02;

/// Most entries of an index that are believed; the slots that are known are fewer than twenty.
const MOST_BLOBS: u32 = 256;

/// A SuperBlob whose index has been checked: every blob lies inside it.
#[derive(Debug)]
pub(super) struct SuperBlob<'a> {
    pub(super) length: u32,
    /// Slot, magic and bytes (with their header) of each blob.
    entries: Vec<(u32, u32, &'a [u8])>,
}

impl<'a> SuperBlob<'a> {
    /// Parses the index; the error is a sentence.
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, String> {
        let fields = Fields::big(data);
        let (Some(magic), Some(length), Some(count)) = (fields.u32(0), fields.u32(4), fields.u32(8)) else {
            return Err("the SuperBlob is shorter than its header".into());
        };
        if magic != EMBEDDED_SIGNATURE {
            return Err(format!("its magic is {magic:#010x}, not an embedded signature"));
        }
        if length as usize > data.len() {
            return Err(format!("the SuperBlob claims {length} bytes, LC_CODE_SIGNATURE has room for {}", data.len()));
        }
        if count > MOST_BLOBS {
            return Err(format!("the SuperBlob claims {count} blobs"));
        }
        let entry = |index: usize| {
            let slot = fields.u32(12 + index * 8)?;
            let at = fields.u32(16 + index * 8)? as usize;
            let blob = fields.slice(at, fields.u32(at.checked_add(4)?)? as usize)?;
            (blob.len() >= 8).then_some((slot, fields.u32(at)?, blob))
        };
        let entries = (0..count as usize)
            .map(|index| entry(index).ok_or_else(|| format!("blob {index} does not lie inside the SuperBlob")));
        let entries: Vec<(u32, u32, &[u8])> = entries.collect::<Result<_, _>>()?;
        // Blobs over each other would be hashed again and again.
        if entries.iter().map(|(_, _, blob)| blob.len()).sum::<usize>() > data.len() {
            return Err("its blobs overlap".into());
        }
        Ok(SuperBlob { length, entries })
    }

    /// The first blob in a slot, with its header; which is the one the kernel takes.
    pub(super) fn blob(&self, slot: u32) -> Option<&'a [u8]> {
        self.entries.iter().find(|entry| entry.0 == slot).map(|entry| entry.2)
    }

    /// The bytes of the first blob in a slot, behind its header.
    pub(super) fn content(&self, slot: u32) -> Option<&'a [u8]> {
        self.blob(slot).and_then(|blob| blob.get(8..))
    }

    /// The slots of the blobs that a CodeDirectory has to have a hash of.
    pub(super) fn special_slots(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|entry| entry.0).filter(|slot| SPECIAL.contains(slot))
    }

    /// The CodeDirectories, each slot at most once.
    pub(super) fn code_directories(&self) -> Vec<(u32, &'a [u8])> {
        std::iter::once(CODE_DIRECTORY)
            .chain(ALTERNATES)
            .filter_map(|slot| self.entries.iter().find(|entry| entry.0 == slot && entry.1 == CODE_DIRECTORY_MAGIC))
            .map(|&(slot, _, blob)| (slot, blob))
            .collect()
    }

    pub(super) fn index(&self) -> Vec<Blob> {
        self.entries.iter().map(|&(slot, magic, blob)| Blob { slot, magic, length: blob.len() as u32 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn superblob(length: u32, blob_at: u32, blob_length: u32) -> Vec<u8> {
        [EMBEDDED_SIGNATURE, length, 1, REQUIREMENTS, blob_at, 0xfade_0c01, blob_length, 0]
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect()
    }

    #[test]
    fn a_blob_is_found_by_its_slot() {
        let data = superblob(32, 20, 12);
        let parsed = SuperBlob::parse(&data).unwrap();
        assert_eq!(parsed.content(REQUIREMENTS), Some([0; 4].as_slice()));
        assert_eq!(parsed.content(CMS), None);
    }

    #[test]
    fn blobs_outside_are_refused() {
        for (length, at, blob) in [(33, 20, 12), (32, 20, 13), (32, 30, 8), (32, u32::MAX, 8), (32, 20, 4)] {
            assert!(SuperBlob::parse(&superblob(length, at, blob)).is_err(), "{length} {at} {blob}");
        }
    }

    #[test]
    fn blobs_over_each_other_are_refused() {
        let with = |second: u32| -> Vec<u8> {
            let head = [EMBEDDED_SIGNATURE, 76, 2, REQUIREMENTS, 28, ENTITLEMENTS, second, 0xfade_0c01, 40];
            let rest = [0, 0, 0, 0, 0, 0, 0, 0, 0xfade_7171, 8];
            head.iter().chain(&rest).flat_map(|word| word.to_be_bytes()).collect()
        };
        assert_eq!(SuperBlob::parse(&with(68)).unwrap().content(ENTITLEMENTS), Some([].as_slice()));
        assert_eq!(SuperBlob::parse(&with(28)).unwrap_err(), "its blobs overlap");
    }
}
