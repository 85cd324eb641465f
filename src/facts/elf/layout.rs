//! How a file lies in memory, and its first bytes as loaders compare them: what is looked at before any table, and what of a
//! damaged file can still be told.

use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD, PT_PHDR, ProgramHeader};

use goblin::elf::section_header::SHT_NOBITS;

use super::image::Image;
use super::kind;
use crate::facts::Source;
use crate::facts::bytes::Order;

/// The length of the longer of the two ELF headers, and so of what every loader for 64 bits reads at least.
const LENGTH: u64 = 64;
/// The smallest page of any machine.
const PAGE: u64 = 4096;

/// The first bytes of a file that may be an ELF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    bytes: Vec<u8>,
    length: u64,
}

impl Head {
    /// Reads them; `None` when the system refuses.
    pub fn read(source: &Source<'_>) -> Option<Head> {
        let bytes = source.read_up_to(0, LENGTH, "ELF header").ok()?.into_owned();
        Some(Head { bytes, length: source.len() })
    }

    /// One byte of `e_ident` and behind it; zero past the end.
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The first four bytes are those of an ELF file.
    pub fn has_magic(&self) -> bool {
        self.bytes.starts_with(b"\x7fELF")
    }

    /// A whole header is there, for files of that width.
    pub fn is_whole(&self, wide: bool) -> bool {
        self.bytes.len() >= if wide { 64 } else { 52 }
    }

    /// `e_type`, as a machine of that byte order reads it.
    pub fn e_type(&self, big: bool) -> u16 {
        self.half(16, big)
    }

    /// `e_machine`.
    pub fn e_machine(&self, big: bool) -> u16 {
        self.half(18, big)
    }

    /// `e_version`.
    pub fn e_version(&self, big: bool) -> u32 {
        Order { big, wide: true }.u32(&self.bytes, 20).unwrap_or(0)
    }

    /// `e_flags`.
    pub fn e_flags(&self, big: bool, wide: bool) -> u32 {
        Order { big, wide }.u32(&self.bytes, if wide { 48 } else { 36 }).unwrap_or(0)
    }

    /// Whether program headers of the right size lie in the file, for one of that byte order and width.
    pub fn has_program_headers(&self, big: bool, wide: bool) -> bool {
        self.program_headers(Order { big, wide }).is_some()
    }

    /// Whether the dynamic section lies on pages that the file does not have, so that a loader dies of it.
    pub fn is_cut_off(&self, source: &Source<'_>) -> bool {
        let order = Order { big: self.byte(5) == 2, wide: self.byte(4) == 2 };
        let pages = self.length.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
        let Some((at, size)) = self.program_headers(order) else { return false };
        let Ok(table) = source.read(at, size, "program headers (e_phoff)") else { return false };
        table.chunks_exact(header_size(order)).any(|header| {
            let offset = order.word(header, order.word_size());
            order.u32(header, 0) == Some(PT_DYNAMIC) && offset.is_some_and(|offset| offset >= pages)
        })
    }

    /// Offset and size of the program headers, if they lie in the file.
    fn program_headers(&self, order: Order) -> Option<(u64, u64)> {
        let (offset, size, count) = if order.wide { (32, 54, 56) } else { (28, 42, 44) };
        let (at, size) = (order.word(&self.bytes, offset)?, order.u16(&self.bytes, size)?);
        let all = u64::from(size) * u64::from(order.u16(&self.bytes, count)?);
        let fits = usize::from(size) == header_size(order) && all > 0 && at.checked_add(all)? <= self.length;
        fits.then_some((at, all))
    }

    fn half(&self, at: usize, big: bool) -> u16 {
        Order { big, wide: true }.u16(&self.bytes, at).unwrap_or(0)
    }
}

fn header_size(order: Order) -> usize {
    if order.wide { 56 } else { 32 }
}

/// Bytes behind all that headers, segments and sections describe.
pub(super) fn appended(image: &Image<'_>) -> u64 {
    let header = &image.header;
    let table = |at: u64, size: u16, count: usize| at.saturating_add(u64::from(size).saturating_mul(count as u64));
    let tables = [
        u64::from(header.e_ehsize),
        table(header.e_phoff, header.e_phentsize, image.segments.len()),
        table(header.e_shoff, header.e_shentsize, image.section_headers().len()),
    ];
    let segments = image.segments.iter().map(|segment| segment.p_offset.saturating_add(segment.p_filesz));
    let sections = image.section_headers().iter().filter(|section| section.sh_type != SHT_NOBITS);
    let sections = sections.map(|section| section.sh_offset.saturating_add(section.sh_size));
    let end = tables.into_iter().chain(segments).chain(sections).max().unwrap_or(0);
    image.source.len().saturating_sub(end)
}

/// What the program headers say of the file's place in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `PT_LOAD`, in order.
    pub loads: Vec<Segment>,
    /// `PT_PHDR`: a loader finds by it where it put a program that can lie anywhere.
    pub has_phdr: bool,
    /// `e_entry` lies in executable memory.
    pub starts_in_code: bool,
}

/// One `PT_LOAD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// `p_offset`.
    pub offset: u64,
    /// `p_vaddr`.
    pub address: u64,
    /// `p_filesz`.
    pub file_size: u64,
    /// `p_memsz`.
    pub memory_size: u64,
    /// `p_align`.
    pub align: u64,
}

impl Layout {
    pub(super) fn of(image: &Image<'_>) -> Layout {
        let segment = |header: &ProgramHeader| Segment {
            offset: header.p_offset,
            address: header.p_vaddr,
            file_size: header.p_filesz,
            memory_size: header.p_memsz,
            align: header.p_align,
        };
        Layout {
            loads: image.segments_of(PT_LOAD).map(segment).collect(),
            has_phdr: image.segments_of(PT_PHDR).next().is_some(),
            starts_in_code: kind::starts(image),
        }
    }
}
