//! `LC_SEGMENT` and `LC_SEGMENT_64` with their sections.

use super::{Segment, names};
use crate::facts::fields::Fields;

/// A segment, and the lowest file offset of its sections' contents.
pub(super) struct Read {
    pub(super) segment: Segment,
    pub(super) first_content: Option<u64>,
    /// Each section's name with its place in the file.
    pub(super) section_places: Vec<SectionPlace>,
    pub(super) protection: u32,
}

/// Where a section lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SectionPlace {
    pub(super) segment: String,
    pub(super) section: String,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// Types of sections without contents in the file: `S_ZEROFILL`, `S_GB_ZEROFILL`, `S_THREAD_LOCAL_ZEROFILL`.
const ZERO_FILL: [u32; 3] = [0x1, 0xc, 0x12];

/// Reads one segment command; `None` when it is too short for its fields or its sections.
pub(super) fn read(command: Fields<'_>, bits: u8) -> Option<Read> {
    let wide = bits == 64;
    let (word, head) = if wide { (8, 72) } else { (4, 56) };
    let at = |index: usize| 24 + index * word;
    let section_count = command.u32(head - 8)? as usize;
    let protection = command.u32(at(4) + 4)?;
    let mut segment = Segment {
        name: fixed_text(command.slice(8, 16)?),
        vm_address: command.word(at(0))?,
        vm_size: command.word(at(1))?,
        file_offset: command.word(at(2))?,
        file_size: command.word(at(3))?,
        max_protection: names::protection(command.u32(at(4))?),
        initial_protection: names::protection(protection),
        flags: command.u32(head - 4)?,
        sections: Vec::new(),
    };
    let section_len = if wide { 80 } else { 68 };
    if section_count.checked_mul(section_len)? > command.len() - head {
        return None;
    }
    let mut first_content: Option<u64> = None;
    let mut section_places = Vec::with_capacity(section_count);
    for index in 0..section_count {
        let section = Fields::from(command, head + index * section_len)?;
        let place = section_place(section)?;
        let flags = section.u32(if wide { 64 } else { 56 })?;
        if place.size > 0 && place.offset > 0 && !ZERO_FILL.contains(&(flags & 0xff)) {
            first_content = Some(first_content.map_or(place.offset, |first| first.min(place.offset)));
        }
        segment.sections.push(place.section.clone());
        section_places.push(place);
    }
    Some(Read { segment, first_content, section_places, protection })
}

fn section_place(section: Fields<'_>) -> Option<SectionPlace> {
    let word = section.word_size();
    Some(SectionPlace {
        section: fixed_text(section.slice(0, 16)?),
        segment: fixed_text(section.slice(16, 16)?),
        address: section.word(32)?,
        size: section.word(32 + word)?,
        offset: section.u32(32 + 2 * word)?.into(),
    })
}

/// A name in a field of 16 bytes, which need not end with NUL.
fn fixed_text(field: &[u8]) -> String {
    Fields::little(field).text(0).unwrap_or_default()
}
