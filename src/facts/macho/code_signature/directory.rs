//! A CodeDirectory: hashes of the pages of code and of the other blobs.

use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

use super::pages::PageHashes;
use super::superblob::SuperBlob;
use crate::facts::bytes::hex;
use crate::facts::fields::Fields;
use crate::facts::macho::names;

/// Most special slots that are believed; xnu knows eleven.
const MOST_SPECIAL_SLOTS: u32 = 64;

/// Special slots whose blob is no part of the signature: `Info.plist`, the resources of a bundle, its `Application` and what
/// a disk image has.
const OUTSIDE: [u32; 4] = [1, 3, 4, 6];

/// The signature starts at a multiple of this; what a signer does not count to the code is padding.
const ALIGNMENT: u64 = 16;

/// `CS_ADHOC`.
pub(super) const ADHOC: u32 = 0x2;
/// `CS_RUNTIME`.
const RUNTIME: u32 = 0x1_0000;
/// `CS_LINKER_SIGNED`.
pub(super) const LINKER_SIGNED: u32 = 0x2_0000;

/// Versions of the structure from which its later fields are there.
const HAS_SCATTER: u32 = 0x20100;
const HAS_TEAM: u32 = 0x20200;
const HAS_WIDE_LIMIT: u32 = 0x20300;
const HAS_EXEC_SEGMENT: u32 = 0x20400;
const HAS_RUNTIME: u32 = 0x20500;

/// One CodeDirectory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CodeDirectory {
    /// Slot in the SuperBlob: 0, or 0x1000 and up for alternates.
    pub slot: u32,
    /// Version of the structure: `0x20400`.
    pub version: u32,
    /// Flags, raw (`CS_ADHOC` is 2, `CS_RUNTIME` is 0x10000).
    pub flags: u32,
    /// Names of the flags: `adhoc`, `runtime`, `linker-signed` …
    pub flag_names: Vec<&'static str>,
    /// Identifier, such as a bundle id.
    pub identifier: String,
    /// Team identifier.
    pub team_id: Option<String>,
    /// `sha1`, `sha256`, `sha256-truncated`, `sha384`, or `unknown-9`.
    pub hash_type: String,
    /// Bytes of a hash.
    pub hash_size: u8,
    /// Bytes of a page; 0 when the whole code is one page.
    pub page_size: u64,
    /// Bytes of the slice that the hashes cover.
    pub code_limit: u64,
    /// Number of hashed pages.
    pub code_slots: u32,
    /// Number of the special slots.
    pub special_slot_count: u32,
    /// The special slots that hold a hash, highest number last, checked against the blobs.
    pub special_slots: Vec<SpecialSlot>,
    /// Platform identifier; not 0 for Apple's own.
    pub platform: u8,
    /// Offset of the executable segment, in bytes.
    pub exec_segment_base: Option<u64>,
    /// Bytes of the executable segment.
    pub exec_segment_limit: Option<u64>,
    /// Flags of the executable segment; 1 is `CS_EXECSEG_MAIN_BINARY`.
    pub exec_segment_flags: Option<u64>,
    /// Version of the hardened runtime: the SDK's.
    pub runtime_version: Option<String>,
    /// First 20 bytes of this CodeDirectory's hash, in hex: the name the system knows the code by.
    pub cdhash: String,
    /// The whole of this hash, in hex.
    pub cdhash_full: String,
    /// Special slots of blobs that are there and that this CodeDirectory has no hash of.
    pub unhashed_slots: Vec<u32>,
    /// The pages against their hashes; `None` when hashes were not wanted, or are those of scattered pages.
    pub pages: Option<PageHashes>,
    /// Offset of the first page's hash in the blob.
    #[serde(skip)]
    pub(super) hash_offset: u32,
    /// The hashes are those of pages that a table names, which no linker of today makes.
    #[serde(skip)]
    pub(super) is_scattered: bool,
}

/// One special slot: the hash of another blob, or of a file beside the binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecialSlot {
    /// Slot number: 1 Info.plist, 2 requirements, 3 resources, 5 entitlements, 7 entitlements in DER.
    pub slot: u32,
    /// Whether the hash is that of the blob in this slot, and such a blob is there; `None` when the hash is of something
    /// outside of the signature, such as `Info.plist`.
    pub matches: Option<bool>,
    /// That hash of something outside, in hex.
    #[serde(skip)]
    pub outside: Option<String>,
}

impl CodeDirectory {
    /// Hardened runtime (`CS_RUNTIME`).
    pub fn hardened_runtime(&self) -> bool {
        self.flags & RUNTIME != 0
    }

    /// Whether it covers the code up to the signature, which starts at `signature_at`.
    pub fn reaches(&self, signature_at: u64) -> bool {
        signature_at.checked_sub(self.code_limit).is_some_and(|padding| padding < ALIGNMENT)
    }

    /// What the kernel has against the size of its pages in code for this processor: it takes 4 KiB, and what its own pages have,
    /// which are of 16 KiB on Apple silicon (`cs_validate_codedirectory` of xnu's `ubc_subr.c`). Files that it does not map,
    /// such as disk images, may have one page of any size.
    pub fn page_size_fault(&self, arch: &str) -> Option<String> {
        let largest = if matches!(arch, "x86_64" | "i386" | "ppc" | "ppc64") { 0x1000 } else { 0x4000 };
        let has = match self.page_size {
            0 => "one page for all of the code".to_owned(),
            size => format!("pages of {size} bytes"),
        };
        let takes = if largest == 0x1000 { "4096 only" } else { "4096 to 16384" };
        (!(0x1000..=largest).contains(&self.page_size))
            .then(|| format!("the CodeDirectory in slot {:#x} has {has}, and the kernel takes {takes}", self.slot))
    }

    /// The hash that it would have of this, in hex; `None` when its kind of hash is not known.
    pub fn hash_of(&self, data: &[u8]) -> Option<String> {
        let kind = (1..=4).find(|&kind| hash_name(kind) == self.hash_type)?;
        Some(hex(&hash(kind, data)))
    }

    /// How strong the hash is, as the kernel ranks it.
    pub(super) fn rank(&self) -> u8 {
        match self.hash_type.as_str() {
            "sha1" => 1,
            "sha256-truncated" => 2,
            "sha256" => 3,
            "sha384" => 4,
            _ => 0,
        }
    }

    /// Parses a blob; `None` when it is shorter than its fields say.
    pub(super) fn parse(slot: u32, blob: &[u8], superblob: &SuperBlob<'_>) -> Option<CodeDirectory> {
        let fields = Fields::big(blob);
        let version = fields.u32(8)?;
        let hash_type = fields.u8(37)?;
        let page_shift = fields.u8(39)?;
        let since = |first: u32| (version >= first).then_some(());
        let limit = since(HAS_WIDE_LIMIT).and_then(|()| fields.u64(56)).filter(|&limit| limit != 0);
        let team = since(HAS_TEAM).and_then(|()| fields.u32(48)).filter(|&at| at != 0);
        let exec = |at| since(HAS_EXEC_SEGMENT).and_then(|()| fields.u64(at));
        let runtime = since(HAS_RUNTIME).and_then(|()| fields.u32(88)).filter(|&version| version != 0);
        let full = hash(hash_type, blob);
        let mut directory = CodeDirectory {
            slot,
            version,
            flags: fields.u32(12)?,
            flag_names: flag_names(fields.u32(12)?),
            identifier: fields.text(fields.u32(20)? as usize)?,
            team_id: team.and_then(|at| fields.text(at as usize)),
            hash_type: hash_name(hash_type),
            hash_size: fields.u8(36)?,
            page_size: if page_shift == 0 { 0 } else { 1u64.checked_shl(page_shift.into())? },
            code_limit: limit.or_else(|| fields.u32(32).map(u64::from))?,
            code_slots: fields.u32(28)?,
            special_slot_count: fields.u32(24)?,
            special_slots: Vec::new(),
            unhashed_slots: Vec::new(),
            platform: fields.u8(38)?,
            exec_segment_base: exec(64),
            exec_segment_limit: exec(72),
            exec_segment_flags: exec(80),
            runtime_version: runtime.map(names::long_version),
            cdhash: hex(full.get(..20).unwrap_or(&full)),
            cdhash_full: hex(&full),
            pages: None,
            hash_offset: fields.u32(16)?,
            is_scattered: since(HAS_SCATTER).and_then(|()| fields.u32(44)).is_some_and(|at| at != 0),
        };
        directory.special_slots = directory.check_special_slots(fields, hash_type, superblob)?;
        let hashed = |slot: u32| directory.special_slots.iter().any(|hashed| hashed.slot == slot);
        directory.unhashed_slots = superblob.special_slots().filter(|&slot| !hashed(slot)).collect();
        Some(directory)
    }

    /// Compares each special slot with the blob of its number; an all-zero slot is an empty one. `None` when the slots
    /// do not lie inside the blob.
    fn check_special_slots(
        &self,
        fields: Fields<'_>,
        hash_type: u8,
        superblob: &SuperBlob<'_>,
    ) -> Option<Vec<SpecialSlot>> {
        (self.special_slot_count <= MOST_SPECIAL_SLOTS).then_some(())?;
        let size = usize::from(self.hash_size);
        let mut slots = Vec::new();
        // The slots lie before the page hashes, counted backwards.
        (self.hash_offset as usize).checked_sub((self.special_slot_count as usize).checked_mul(size)?)?;
        if size == 0 {
            return Some(slots);
        }
        for slot in 1..=self.special_slot_count {
            let expected = fields.slice(self.hash_offset as usize - slot as usize * size, size)?;
            if expected.iter().all(|&byte| byte == 0) {
                continue;
            }
            let blob = superblob.blob(slot);
            let matches = match blob {
                None if OUTSIDE.contains(&slot) => None,
                blob => Some(blob.is_some_and(|blob| hash(hash_type, blob) == expected)),
            };
            let outside = matches.is_none().then(|| hex(expected));
            slots.push(SpecialSlot { slot, matches, outside });
        }
        Some(slots)
    }

    /// What is wrong with this CodeDirectory; `signature_at` is where the code must end.
    pub(super) fn problems(&self, signature_at: u64) -> Vec<String> {
        let mut problems = Vec::new();
        let name = format!("the CodeDirectory in slot {:#x}", self.slot);
        if self.rank() == 0 {
            problems.push(format!("{name} has an unknown hash ({})", self.hash_type));
        }
        if !self.reaches(signature_at) {
            problems.push(format!("{name} covers {} bytes, but the code has {signature_at}", self.code_limit));
        }
        for slot in self.special_slots.iter().filter(|slot| slot.matches == Some(false)) {
            problems.push(format!("{name} does not match the blob in slot {}", slot.slot));
        }
        problems
            .extend(self.unhashed_slots.iter().map(|slot| format!("{name} has no hash of the blob in slot {slot}")));
        if let Some(pages) = self.pages.as_ref().filter(|pages| !pages.sound()) {
            problems.push(format!("{name} {}", pages.describe()));
        }
        problems
    }
}

/// The digest of the algorithm a CodeDirectory names; empty when it is not known.
pub(super) fn hash(hash_type: u8, data: &[u8]) -> Vec<u8> {
    match hash_type {
        1 => Sha1::digest(data).to_vec(),
        2 => Sha256::digest(data).to_vec(),
        3 => Sha256::digest(data)[..20].to_vec(),
        4 => Sha384::digest(data).to_vec(),
        _ => Vec::new(),
    }
}

fn hash_name(hash_type: u8) -> String {
    let known = match hash_type {
        1 => "sha1",
        2 => "sha256",
        3 => "sha256-truncated",
        4 => "sha384",
        other => return format!("unknown-{other}"),
    };
    known.to_owned()
}

/// Flags that a signature carries in the file, in codesign's words.
fn flag_names(flags: u32) -> Vec<&'static str> {
    const NAMES: [(u32, &str); 15] = [
        (0x1, "host"),
        (ADHOC, "adhoc"),
        (0x4, "get-task-allow"),
        (0x8, "installer"),
        (0x10, "forced-library-validation"),
        (0x20, "invalid-allowed"),
        (0x100, "hard"),
        (0x200, "kill"),
        (0x400, "expires"),
        (0x800, "restrict"),
        (0x1000, "enforcement"),
        (0x2000, "library-validation"),
        (0x4000, "entitlements-validated"),
        (RUNTIME, "runtime"),
        (LINKER_SIGNED, "linker-signed"),
    ];
    NAMES.iter().filter(|&&(bit, _)| flags & bit != 0).map(|&(_, name)| name).collect()
}
