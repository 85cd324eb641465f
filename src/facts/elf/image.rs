//! Headers of an ELF file, and the way from an address to a byte: what every other reader here starts from.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::ops::Range;

use goblin::elf::header::Header;
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_GNU_RELRO, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHF_EXECINSTR, SHN_XINDEX, SHT_NOBITS, SHT_REL, SHT_RELA, SectionHeader};

use super::headers::{read_header, read_sections, read_segments};
use crate::facts::bytes::{Order, until_nul};
use crate::facts::name::{NameList, NameText, Piece};
use crate::facts::ranges::bounded_in_memory;
use crate::facts::window::Window;
use crate::facts::{Source, Unreadable};

/// A table of section names up to this many bytes is read at once.
const SMALL_NAMES: u64 = 64 * 1024;
/// Symbols read at once.
const SYMBOLS_AT_ONCE: u64 = 4096;
/// Longest name of a symbol that is looked for, with its NUL.
const SHORT_NAME: u64 = 48;

/// An ELF file whose headers were read.
pub(in crate::facts) struct Image<'s> {
    pub(in crate::facts) source: &'s Source<'s>,
    pub(in crate::facts) window: Window<'s>,
    pub(in crate::facts) header: Header,
    pub(in crate::facts) order: Order,
    pub(in crate::facts) segments: Vec<ProgramHeader>,
    section_headers: Vec<SectionHeader>,
    /// The table of section names, if it is small.
    small_names: OnceCell<Option<Cow<'s, [u8]>>>,
    names: OnceCell<NameList>,
    /// Where the first section is of each name in [`ASKED_FOR`].
    places: OnceCell<[Option<u32>; ASKED_FOR.len()]>,
}

/// Sections that are asked for by their names, of every file: all of them are looked for at once.
const ASKED_FOR: [&str; 20] = [
    ".text",
    ".rodata",
    ".comment",
    ".dep-v0",
    ".go.buildinfo",
    ".gopclntab",
    ".go.module",
    ".typelink",
    ".note.go.buildid",
    ".gnu.attributes",
    ".ARM.attributes",
    ".riscv.attributes",
    ".MIPS.abiflags",
    ".note.GNU-stack",
    ".debug_info",
    ".zdebug_info",
    ".debug_info.dwo",
    ".gnu.build.attributes",
    ".note.stapsdt",
    "pydata",
];
/// More bytes than the longest of them has: of a hostile table without a NUL no more is looked at for each section.
const LONGEST_ASKED_FOR: usize = 24;
/// The place in [`ASKED_FOR`] of the only one of them that a name with this [`slot`] can be; none where it has no more places.
const SLOTS: [u8; 128] = {
    let mut slots = [u8::MAX; 128];
    let mut at = 0;
    while at < ASKED_FOR.len() {
        let slot = slot(ASKED_FOR[at].as_bytes());
        assert!(slots[slot] == u8::MAX, "two names share a slot: take another multiplier");
        slots[slot] = at as u8;
        at += 1;
    }
    slots
};

/// A number below 128 for a name, by its length and its first eight bytes.
const fn slot(name: &[u8]) -> usize {
    let mut start = 0;
    if let Some(bytes) = name.first_chunk() {
        start = u64::from_le_bytes(*bytes);
    } else {
        let mut at = 0;
        while at < name.len() {
            start |= (name[at] as u64) << (8 * at);
            at += 1;
        }
    }
    // Knuth's multiplier for MMIX spreads what differs over the highest bits.
    ((start ^ name.len() as u64).wrapping_mul(0x5851_f42d_4c95_7f2d) >> 57) as usize
}

/// The place of a name in [`ASKED_FOR`].
fn asked_for(name: &[u8]) -> Option<usize> {
    let at = usize::from(SLOTS[slot(name)]);
    ASKED_FOR.get(at).is_some_and(|known| known.as_bytes() == name).then_some(at)
}

/// A section, with its name.
#[derive(Clone, Copy)]
pub(in crate::facts) struct Section<'i> {
    pub(in crate::facts) name: &'i str,
    pub(in crate::facts) header: &'i SectionHeader,
}

impl<'s> Image<'s> {
    /// Reads the ELF header, the program headers and the section headers.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when one of them does not lie in the file.
    pub(in crate::facts) fn open(source: &'s Source<'s>) -> Result<Self, Unreadable> {
        let (header, order) = read_header(source)?;
        let section_headers = read_sections(source, &header, order)?;
        let segments = read_segments(source, &header, &section_headers, order)?;
        let window = Window::new(source);
        let (small_names, names, places) = Default::default();
        Ok(Image { source, window, header, order, segments, section_headers, small_names, names, places })
    }

    /// Program headers of one type.
    pub(in crate::facts) fn segments_of(&self, p_type: u32) -> impl Iterator<Item = &ProgramHeader> {
        self.segments.iter().filter(move |segment| segment.p_type == p_type)
    }

    /// Constant data, as address, offset and length in the file: segments without `PF_W`, less what is never text in them.
    /// Linkers put constants among the code, or in a segment of their own, but never in both.
    pub(in crate::facts) fn constants(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let are_apart = self.segments_of(PT_LOAD).any(|segment| segment.p_flags & (PF_R | PF_W | PF_X) == PF_R);
        let without = if are_apart { PF_W | PF_X } else { PF_W };
        let fixed = self.segments_of(PT_LOAD).filter(move |segment| segment.p_flags & without == 0);
        let others = self.sections_without_text();
        bounded_in_memory(self.source.len(), fixed.flat_map(move |segment| parts_without(segment, &others)))
    }

    /// What is constant once the program runs: `PT_GNU_RELRO`, where pointers lie and tables that hold some.
    pub(in crate::facts) fn relocated_constants(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let segments = self.segments_of(PT_GNU_RELRO);
        let places = segments.map(|segment| (segment.p_vaddr, segment.p_offset, segment.p_filesz));
        bounded_in_memory(self.source.len(), places)
    }

    /// Code, relocations, what unwinds the stack and Go's tables: half of what is constant in an ordinary program, and never
    /// text of a C library.
    fn sections_without_text(&self) -> Vec<Range<u64>> {
        const NAMES: [&str; 6] =
            [".eh_frame", ".eh_frame_hdr", ".gcc_except_table", ".gopclntab", ".typelink", ".itablink"];
        // Linker scripts may put text among the code, and then there is no section for it.
        let code = if self.section(".rodata").is_some() { u64::from(SHF_EXECINSTR) } else { 0 };
        let is_one = |section: &Section<'_>| {
            matches!(section.header.sh_type, SHT_REL | SHT_RELA)
                || section.header.sh_flags & code != 0
                || NAMES.contains(&section.name)
        };
        let place = |section: Section<'_>| {
            section.header.sh_offset..section.header.sh_offset.saturating_add(section.header.sh_size)
        };
        let mut places: Vec<Range<u64>> = self.sections().filter(is_one).map(place).collect();
        places.sort_unstable_by_key(|place| place.start);
        places
    }

    /// The names of the sections; none when there are no section headers.
    pub(in crate::facts) fn section_names(&self) -> &NameList {
        self.names.get_or_init(|| self.read_names())
    }

    /// The sections, with their names.
    pub(in crate::facts) fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        self.section_headers.iter().zip(self.section_names().iter()).map(|(header, name)| Section { name, header })
    }

    /// The first section of that name.
    pub(in crate::facts) fn section<'n>(&'n self, name: &'n str) -> Option<Section<'n>> {
        let at = match asked_for(name.as_bytes()) {
            Some(number) => self.places.get_or_init(|| self.find_asked_for())[number].map(|at| at as usize),
            None => self.section_names().position(name),
        };
        Some(Section { name, header: self.section_headers.get(at?)? })
    }

    fn find_asked_for(&self) -> [Option<u32>; ASKED_FOR.len()] {
        let mut places = [None; ASKED_FOR.len()];
        let mut add = |name: &[u8], at: u32| {
            if let Some(number) = asked_for(name) {
                places[number] = places[number].or(Some(at));
            }
        };
        match self.small_names() {
            Some(table) => self.section_headers.iter().zip(0..).for_each(|(header, at)| {
                let rest = table.get(header.sh_name..).unwrap_or_default();
                add(until_nul(&rest[..rest.len().min(LONGEST_ASKED_FOR)]), at);
            }),
            None => self.section_names().bytes().zip(0..).for_each(|(name, at)| add(name, at)),
        }
        places
    }

    /// The section headers, whose names are not asked for.
    pub(in crate::facts) fn section_headers(&self) -> &[SectionHeader] {
        &self.section_headers
    }

    /// The bytes of a section, of which at most `limit` are wanted; nothing for `SHT_NOBITS`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the section does not lie in the file.
    pub(in crate::facts) fn section_data(&self, section: Section<'_>, limit: u64) -> Result<Cow<'_, [u8]>, Unreadable> {
        let header = section.header;
        if header.sh_type == SHT_NOBITS {
            return Ok(Cow::Borrowed(&[]));
        }
        self.source.read(header.sh_offset, header.sh_size.min(limit), section.name)
    }

    /// Where an address lies in the file, and how many bytes its segment has from there; `None` outside of `PT_LOAD`.
    pub(in crate::facts) fn offset_of(&self, address: u64) -> Option<(u64, u64)> {
        self.segments_of(PT_LOAD).find_map(|segment| {
            let within = address.checked_sub(segment.p_vaddr)?;
            let left = segment.p_filesz.checked_sub(within).filter(|&left| left > 0)?;
            Some((segment.p_offset.checked_add(within)?, left))
        })
    }

    /// Like [`Image::offset_of`], for a table the dynamic section points to, which may go on in the segments that follow: they are
    /// one piece in memory, and one in the file, where each begins as the one before it ends.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when no segment holds the address.
    pub(super) fn table(&self, address: u64, what: &str) -> Result<(u64, u64), Unreadable> {
        let (offset, mut left) = self
            .offset_of(address)
            .ok_or_else(|| Unreadable::damaged(what, address, "no loadable segment holds this address"))?;
        // The gABI sorts `PT_LOAD` by address.
        for next in self.segments_of(PT_LOAD) {
            let ends = (address.checked_add(left), offset.checked_add(left));
            if ends == (Some(next.p_vaddr), Some(next.p_offset)) {
                left = left.saturating_add(next.p_filesz).min(u64::MAX - offset);
            }
        }
        Ok((offset, left))
    }

    /// The names of a symbol table, as far as they are no longer than [`SHORT_NAME`]: enough to look for known ones.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the table does not lie in the file.
    pub(in crate::facts) fn each_symbol(
        &self,
        table: &SectionHeader,
        mut visit: impl FnMut(&[u8]),
    ) -> Result<(), Unreadable> {
        let size = if self.order.wide { 24 } else { 16 };
        let strings = usize::try_from(table.sh_link).ok().and_then(|index| self.section_headers.get(index));
        let Some(strings) = strings else { return Ok(()) };
        let mut done = 0;
        while done + size <= table.sh_size {
            let here = (table.sh_size - done).min(SYMBOLS_AT_ONCE * size) / size * size;
            let entries = self.source.read(table.sh_offset.saturating_add(done), here, ".symtab")?;
            for entry in entries.chunks_exact(size as usize) {
                let at = strings.sh_offset.saturating_add(self.order.u32(entry, 0).unwrap_or(0).into());
                let end = strings.sh_offset.saturating_add(strings.sh_size).min(at.saturating_add(SHORT_NAME));
                if let Ok(name) = self.window.c_string(at, end, ".strtab") {
                    visit(&name);
                }
            }
            done += here;
        }
        Ok(())
    }

    /// The section that holds the names of sections.
    fn names_table(&self) -> Option<&SectionHeader> {
        let index = match u32::from(self.header.e_shstrndx) {
            SHN_XINDEX => self.section_headers.first().map_or(0, |first| first.sh_link),
            index => index,
        };
        let table = usize::try_from(index).ok().and_then(|index| self.section_headers.get(index));
        table.filter(|table| table.sh_type != SHT_NOBITS)
    }

    /// What it holds, if it is small and can be read.
    fn small_names(&self) -> Option<&[u8]> {
        let read = || {
            let table = self.names_table().filter(|table| table.sh_size <= SMALL_NAMES)?;
            self.source.read(table.sh_offset, table.sh_size, "section names").ok()
        };
        self.small_names.get_or_init(read).as_deref()
    }

    fn read_names(&self) -> NameList {
        let (table, small) = (self.names_table(), self.small_names());
        // Names are shared tails of one small table: a hostile one may not make them longer than the file together.
        let budget = Cell::new(self.source.len());
        let mut names = small.and_then(NameText::of_table).unwrap_or_default();
        let spend = |length: usize| budget.get().checked_sub(length as u64).map(|left| budget.set(left));
        let mut piece = |header: &SectionHeader| {
            if let Some(small) = &small {
                // No more is looked at than may be kept: in a table without a NUL each of many names is nearly all of it.
                let most = usize::try_from(budget.get() + 1).unwrap_or(usize::MAX);
                let rest = small.get(header.sh_name..)?;
                let length = until_nul(&rest[..rest.len().min(most)]).len();
                spend(length)?;
                return names.add(small, header.sh_name, length);
            }
            let table = table?;
            let start = names.bytes().len();
            let at = table.sh_offset.saturating_add(header.sh_name as u64);
            let end = table.sh_offset.saturating_add(table.sh_size).min(at.saturating_add(budget.get()));
            let read = self.window.append_c_string(at, end, "section name", names.bytes());
            if read.is_err() || spend(names.bytes().len() - start).is_none() {
                names.bytes().truncate(start);
            }
            names.end(start)
        };
        let mut pieces: Vec<Piece> =
            self.section_headers.iter().map(|header| piece(header).unwrap_or_default()).collect();
        names.share(&mut pieces).unwrap_or_default().list(pieces)
    }
}

/// What is left of a segment without some of its parts, which are sorted: address, offset and length in the file.
fn parts_without(segment: &ProgramHeader, parts: &[Range<u64>]) -> Vec<(u64, u64, u64)> {
    let end = segment.p_offset.saturating_add(segment.p_filesz);
    let mut from = segment.p_offset;
    let mut left = Vec::new();
    for part in parts.iter().chain([&(end..end)]) {
        let to = part.start.min(end);
        if from < to {
            left.push((segment.p_vaddr.wrapping_add(from - segment.p_offset), from, to - from));
        }
        from = from.max(part.end);
    }
    left
}
