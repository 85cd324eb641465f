//! Notes (`PT_NOTE`): ABI tag, build ids, GNU properties, and the marks of the BSDs and Android.

use std::borrow::Cow;

use goblin::elf::program_header::{PT_NOTE, ProgramHeader};
use goblin::elf::section_header::SHT_NOTE;
use serde::Serialize;

use super::image::Image;
use crate::facts::bytes::{Order, dotted, hex, text, until_nul};
use crate::facts::{Os, Unreadable};

/// `PT_GNU_PROPERTY`: the property note once more, aligned for the loader.
const PT_GNU_PROPERTY: u32 = 0x6474_e553;
/// Bytes of notes that are read: core dumps apart, real ones have a few hundred.
const LONGEST: u64 = 1 << 20;
/// Bytes of a description that are kept.
const LONGEST_SHOWN: usize = 64;
/// Sections with notes for debuggers and for audits of a build, hundreds of them: they are listed, and are about nothing else that is
/// told of a file (SystemTap's probes, annobin's "watermarks").
const FOR_TOOLS: [&str; 2] = [".note.stapsdt", ".gnu.build.attributes"];
/// Notes that are kept, and tables of notes that are read.
const MOST: usize = 1024;
/// Notes that are looked at, repeated ones too.
const MOST_LOOKED_AT: usize = 16 * MOST;

/// One note, with its description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Owner: `GNU`, `Go`, `FreeBSD`, `Android` …
    pub owner: String,
    /// Type, whose meaning the owner gives.
    #[serde(rename = "type")]
    pub kind: u32,
    /// Description in hex, at most its first 64 bytes.
    pub description: String,
    /// Length of the description, in bytes.
    pub length: u32,
    /// Part of `PT_NOTE`, where kernel and loader see it, and not of a section only.
    pub is_loaded: bool,
}

impl Note {
    /// Whether a note with that much says the same; one whose owner is no text may do so all the same.
    fn repeats(&self, owner: &[u8], kind: u32, description: &[u8]) -> bool {
        self.kind == kind
            && self.length as usize == description.len()
            && self.owner.as_bytes() == owner
            && self.description == hex(&description[..description.len().min(LONGEST_SHOWN)])
    }
}

/// Systems that leave notes of their own, by their owner; the first of them counts.
const SYSTEMS: [(&str, Os); 5] = [
    ("Android", Os::Android),
    ("FreeBSD", Os::FreeBsd),
    ("NetBSD", Os::NetBsd),
    ("OpenBSD", Os::OpenBsd),
    ("DragonFly", Os::DragonFly),
];

/// Everything the notes say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Notes {
    pub(super) all: Vec<Note>,
    /// System and lowest kernel of `NT_GNU_ABI_TAG`.
    pub(super) abi_tag: Option<AbiTag>,
    pub(super) build_id: Option<String>,
    pub(super) go_build_id: Option<String>,
    pub(super) properties: Properties,
    /// API level of Android's note.
    pub(super) android_api: Option<u32>,
    /// The system that a note is of, by its place in [`SYSTEMS`].
    system: Option<usize>,
    /// Every note is kept.
    keeps_all: bool,
    /// Bytes and notes that were looked at, repeated ones too.
    looked_at: (u64, usize),
}

/// `NT_GNU_ABI_TAG` (LSB Core, "Note section"): the system and the lowest kernel that runs this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AbiTag {
    /// `Linux`, `Hurd`, `Solaris`, `kFreeBSD`, or a number.
    pub system: Cow<'static, str>,
    /// As `3.2.0`.
    pub kernel: String,
}

/// `NT_GNU_PROPERTY_TYPE_0`, decoded (x86-64 and AArch64 psABI).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Properties {
    /// `GNU_PROPERTY_X86_ISA_1_NEEDED`: the highest level the loader insists on.
    pub x86_isa_needed: Option<&'static str>,
    /// It asks for a level beyond those that have a name: no loader has met it so far.
    #[serde(skip)]
    pub x86_isa_beyond: bool,
    /// `GNU_PROPERTY_X86_ISA_1_USED`: the highest level that some of the code uses.
    pub x86_isa_used: Option<&'static str>,
    /// `GNU_PROPERTY_X86_FEATURE_1_AND` and its AArch64 brother: `IBT`, `SHSTK`, `BTI`, `PAC`, `GCS`.
    pub features: Vec<&'static str>,
    /// `GNU_PROPERTY_NO_COPY_ON_PROTECTED`.
    pub no_copy_on_protected: bool,
    /// `GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS`: nobody may copy its protected data or take another address of its
    /// protected functions.
    #[serde(skip)]
    pub indirect_extern_access: bool,
}

impl Notes {
    /// Reads `PT_NOTE` and `PT_GNU_PROPERTY`, and then note sections that no segment covers; each note is kept where that is wanted.
    /// Of notes that contradict each other the first one counts, as for loaders.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when a segment does not lie in the file. A note that contradicts its segment ends the
    /// reading of that segment, as it does in the kernel and in every loader.
    pub(super) fn read(image: &Image<'_>, keeps_all: bool) -> Result<Self, Unreadable> {
        let mut notes = Notes { keeps_all, ..Notes::default() };
        let segments = || image.segments_of(PT_NOTE).chain(image.segments_of(PT_GNU_PROPERTY));
        for segment in segments().take(MOST) {
            notes.walk(image, (segment.p_offset, segment.p_filesz, segment.p_align), Notes::note)?;
        }
        for note in &mut notes.all {
            note.is_loaded = true;
        }
        let for_tools = FOR_TOOLS.map(|name| image.section(name).map(|section| section.header));
        let is_for_tools = |section| for_tools.iter().flatten().any(|known| std::ptr::eq(*known, section));
        let sections = image.section_headers().iter().filter(|section| section.sh_type == SHT_NOTE);
        for section in sections.take(MOST) {
            let is_covered = |segment: &ProgramHeader| {
                section.sh_offset.checked_sub(segment.p_offset).is_some_and(|at| at < segment.p_filesz)
            };
            let place = (section.sh_offset, section.sh_size, section.sh_addralign);
            match is_for_tools(section) {
                _ if segments().take(MOST).any(is_covered) => {}
                true if keeps_all => notes.walk(image, place, Notes::keep)?,
                true => {}
                false => notes.walk(image, place, Notes::note)?,
            }
        }
        Ok(notes)
    }

    /// Hands every note of a table to `take`, with its owner, its type and its description. A table has an offset, a size and an
    /// alignment.
    fn walk(
        &mut self,
        image: &Image<'_>,
        (offset, size, align): (u64, u64, u64),
        take: fn(&mut Notes, Order, &[u8], u32, &[u8]),
    ) -> Result<(), Unreadable> {
        // Segments and sections may lie over each other.
        let bytes = image.source.read(offset, size.min(LONGEST - self.looked_at.0), "PT_NOTE")?;
        self.looked_at.0 += bytes.len() as u64;
        let order = image.order;
        // Only notes of a segment with an alignment of 8 are padded to 8 (Linux extensions to the gABI).
        let pad = |length: u32| (length as usize).checked_next_multiple_of(if align == 8 { 8 } else { 4 });
        let mut rest = bytes.as_ref();
        while self.looked_at.1 < MOST_LOOKED_AT {
            self.looked_at.1 += 1;
            let (Some(namesz), Some(descsz), Some(kind)) = (order.u32(rest, 0), order.u32(rest, 4), order.u32(rest, 8))
            else {
                break;
            };
            let description_at = (namesz as usize)
                .checked_add(12)
                .and_then(|end| end.checked_next_multiple_of(if align == 8 { 8 } else { 4 }));
            let Some(at) = description_at else { break };
            let Some(owner) = rest.get(12..12usize.saturating_add(namesz as usize)) else { break };
            let Some(description) = rest.get(at..at.saturating_add(descsz as usize)) else { break };
            take(self, order, until_nul(owner), kind, description);
            let Some(next) = pad(descsz).and_then(|padded| rest.get(at.checked_add(padded)?..)) else { break };
            rest = next;
        }
        Ok(())
    }

    fn note(&mut self, order: Order, owner: &[u8], kind: u32, description: &[u8]) {
        self.keep(order, owner, kind, description);
        match (owner, kind) {
            (b"GNU", 1) => self.abi_tag = self.abi_tag.take().or_else(|| abi_tag(order, description)),
            (b"GNU", 3) => self.build_id = self.build_id.take().or_else(|| Some(hex(description))),
            (b"GNU", 5) => self.properties.read(order, description),
            (b"Go", 4) => self.go_build_id = self.go_build_id.take().or_else(|| Some(text(description))),
            (b"Android", 1) => self.android_api = self.android_api.or_else(|| order.u32(description, 0)),
            _ => {}
        }
        let system = SYSTEMS.iter().position(|(name, _)| name.as_bytes() == owner);
        self.system = [self.system, system].into_iter().flatten().min();
    }

    fn keep(&mut self, _: Order, owner: &[u8], kind: u32, description: &[u8]) {
        if !self.keeps_all || self.all.len() >= MOST {
            return;
        }
        // Compilers that note their options do it anew for every function: hundreds in a file, and hardly two that differ.
        if self.all.iter().any(|note| note.repeats(owner, kind, description)) {
            return;
        }
        let known = Note {
            owner: text(owner),
            kind,
            description: hex(&description[..description.len().min(LONGEST_SHOWN)]),
            length: description.len() as u32,
            is_loaded: false,
        };
        if !self.all.contains(&known) {
            self.all.push(known);
        }
    }

    /// The system that a note is of.
    pub(super) fn system(&self) -> Option<Os> {
        self.system.map(|at| SYSTEMS[at].1)
    }
}

fn abi_tag(order: Order, description: &[u8]) -> Option<AbiTag> {
    let word = |at: usize| order.u32(description, at * 4);
    let system = match word(0)? {
        0 => "Linux".into(),
        1 => "Hurd".into(),
        2 => "Solaris".into(),
        3 => "kFreeBSD".into(),
        other => other.to_string().into(),
    };
    Some(AbiTag { system, kernel: dotted(&[word(1)?, word(2)?, word(3)?]) })
}

impl Properties {
    fn read(&mut self, order: Order, mut rest: &[u8]) {
        let align = order.word_size();
        while let (Some(kind), Some(length)) = (order.u32(rest, 0), order.u32(rest, 4)) {
            let value = order.u32(rest, 8).filter(|_| length >= 4).unwrap_or(0);
            match kind {
                2 => self.no_copy_on_protected = true,
                0xb000_8000 => self.indirect_extern_access = value & 1 != 0,
                0xc000_0000 => self.add_features(value, &[(1, "BTI"), (2, "PAC"), (4, "GCS")]),
                0xc000_0002 => self.add_features(value, &[(1, "IBT"), (2, "SHSTK")]),
                0xc000_8002 => {
                    self.x86_isa_needed = self.x86_isa_needed.or_else(|| x86_level(value));
                    self.x86_isa_beyond |= value & !0xf != 0;
                }
                0xc001_0002 => self.x86_isa_used = self.x86_isa_used.or_else(|| x86_level(value)),
                _ => {}
            }
            let next = (length as usize).checked_add(8).and_then(|end| end.checked_next_multiple_of(align));
            let Some(next) = next.and_then(|next| rest.get(next..)) else { break };
            rest = next;
        }
    }

    fn add_features(&mut self, value: u32, names: &[(u32, &'static str)]) {
        let set = names.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| *name);
        for name in set {
            if !self.features.contains(&name) {
                self.features.push(name);
            }
        }
    }
}

/// The highest level named (x86-64 psABI, "Micro-architecture levels").
fn x86_level(value: u32) -> Option<&'static str> {
    let levels = [(8, "x86-64-v4"), (4, "x86-64-v3"), (2, "x86-64-v2"), (1, "x86-64-baseline")];
    levels.iter().find(|(bit, _)| value & bit != 0).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Source;

    /// An ELF file for x86-64 of many `PT_NOTE` segments that all lie over the same note, of an owner `x`.
    fn overlapping(count: u16) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        file.resize(32, 0);
        file.extend(64u64.to_le_bytes());
        file.resize(54, 0);
        file.extend([[56, 0], count.to_le_bytes()].concat());
        file.resize(64, 0);
        let note_at = 64 + 56 * u64::from(count);
        for _ in 0..count {
            let fields = [u64::from(PT_NOTE), note_at, 0, 0, 16, 16, 4];
            file.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        }
        file.extend([[2, 0, 0, 0], [0; 4], [1, 0, 0, 0], *b"x\0\0\0"].concat());
        file
    }

    #[test]
    fn notes_that_repeat_are_not_read_without_end() {
        let file = overlapping(u16::MAX - 1);
        let source = Source::from_bytes(&file);
        for (keeps_all, kept) in [(true, 1), (false, 0)] {
            let notes = Notes::read(&Image::open(&source).unwrap(), keeps_all).unwrap();
            assert_eq!(notes.all.len(), kept);
            assert!(notes.all.iter().all(|note| note.owner == "x"));
            assert!(notes.looked_at.1 <= MOST_LOOKED_AT, "{:?}", notes.looked_at);
        }
    }

    #[test]
    fn features_are_named_once() {
        let order = Order { big: false, wide: true };
        let ibt = [0xc000_0002u32, 4, 1, 0].map(u32::to_le_bytes).concat();
        let mut properties = Properties::default();
        properties.read(order, &ibt.repeat(3));
        assert_eq!(properties.features, ["IBT"]);
    }
}
