//! Headers of an ELF file, and the way from an address to a byte: what every other reader here starts from.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::ops::Range;

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::header::{EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, Header};
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_GNU_RELRO, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHF_EXECINSTR, SHN_XINDEX, SHT_NOBITS, SHT_REL, SHT_RELA, SectionHeader};

use crate::facts::bytes::{Order, until_nul};
use crate::facts::name::{NameList, NameText, Piece};
use crate::facts::ranges::bounded_in_memory;
use crate::facts::window::Window;
use crate::facts::{Source, Unreadable};

/// More section headers than this no linker writes into a program; each costs memory.
const MOST_SECTIONS: u64 = 1 << 18;
/// A table of section names up to this many bytes is read at once.
const SMALL_NAMES: u64 = 64 * 1024;
/// Symbols read at once.
const SYMBOLS_AT_ONCE: u64 = 4096;
/// Longest name of a symbol that is looked for, with its NUL.
const SHORT_NAME: u64 = 48;
/// `e_phnum` when the number stands in `sh_info` of section 0 (gABI, `PN_XNUM`).
const PN_XNUM: u16 = 0xffff;

/// An ELF file whose headers were read.
pub(in crate::facts) struct Image<'s> {
    pub(in crate::facts) source: &'s Source<'s>,
    pub(in crate::facts) window: Window<'s>,
    pub(in crate::facts) header: Header,
    pub(in crate::facts) order: Order,
    pub(in crate::facts) segments: Vec<ProgramHeader>,
    section_headers: Vec<SectionHeader>,
    names: OnceCell<NameList>,
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
        let (header, ctx, order) = read_header(source)?;
        let section_headers = read_sections(source, &header, ctx)?;
        let segments = read_segments(source, &header, &section_headers, ctx)?;
        let window = Window::new(source);
        Ok(Image { source, window, header, order, segments, section_headers, names: OnceCell::new() })
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
    pub(in crate::facts) fn section(&self, name: &str) -> Option<Section<'_>> {
        let names = self.section_names();
        let at = names.position(name)?;
        Some(Section { name: names.get(at)?, header: self.section_headers.get(at)? })
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

    /// Like [`Image::offset_of`], for a table the dynamic section points to.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when no segment holds the address.
    pub(in crate::facts) fn table(&self, address: u64, what: &str) -> Result<(u64, u64), Unreadable> {
        self.offset_of(address)
            .ok_or_else(|| Unreadable::damaged(what, address, "no loadable segment holds this address"))
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

    fn read_names(&self) -> NameList {
        let index = match u32::from(self.header.e_shstrndx) {
            SHN_XINDEX => self.section_headers.first().map_or(0, |first| first.sh_link),
            index => index,
        };
        let table = usize::try_from(index).ok().and_then(|index| self.section_headers.get(index));
        let table = table.filter(|table| table.sh_type != SHT_NOBITS);
        // Names are shared tails of one small table: a hostile one may not make them longer than the file together.
        let budget = Cell::new(self.source.len());
        let small = table.filter(|table| table.sh_size <= SMALL_NAMES);
        let small = small.and_then(|table| self.source.read(table.sh_offset, table.sh_size, "section names").ok());
        let mut names = small.as_deref().and_then(NameText::of_table).unwrap_or_default();
        let spend = |length: usize| budget.get().checked_sub(length as u64).map(|left| budget.set(left));
        let mut piece = |header: &SectionHeader| {
            if let Some(small) = &small {
                let length = until_nul(small.get(header.sh_name..)?).len();
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

fn context(order: Order) -> Ctx {
    let container = if order.wide { Container::Big } else { Container::Little };
    Ctx::new(container, if order.big { Endian::Big } else { Endian::Little })
}

fn read_header(source: &Source<'_>) -> Result<(Header, Ctx, Order), Unreadable> {
    let ident = source.read(0, 16, "e_ident")?;
    let wide = match ident[EI_CLASS] {
        ELFCLASS32 => false,
        ELFCLASS64 => true,
        other => return Err(Unreadable::damaged("EI_CLASS", EI_CLASS as u64, format!("{other} is no class"))),
    };
    let big = match ident[EI_DATA] {
        ELFDATA2LSB => false,
        ELFDATA2MSB => true,
        other => return Err(Unreadable::damaged("EI_DATA", EI_DATA as u64, format!("{other} is no byte order"))),
    };
    if ident[EI_VERSION] != 1 {
        let why = format!("{} is no version of ELF", ident[EI_VERSION]);
        return Err(Unreadable::damaged("EI_VERSION", EI_VERSION as u64, why));
    }
    let order = Order { big, wide };
    let ctx = context(order);
    let bytes = source.read(0, Header::size(ctx) as u64, "ELF header")?;
    let header = goblin::elf::Elf::parse_header(&bytes)
        .map_err(|error| Unreadable::damaged("ELF header", 0, error.to_string()))?;
    Ok((header, ctx, order))
}

fn read_sections(source: &Source<'_>, header: &Header, ctx: Ctx) -> Result<Vec<SectionHeader>, Unreadable> {
    const WHAT: &str = "section headers (e_shoff)";
    if header.e_shoff == 0 {
        return Ok(Vec::new());
    }
    let size = SectionHeader::size(ctx) as u64;
    if u64::from(header.e_shentsize) != size {
        let why = format!("e_shentsize is {}, not {size}", header.e_shentsize);
        return Err(Unreadable::damaged(WHAT, header.e_shoff, why));
    }
    let parse = |count: u64| {
        let bytes = source.read(header.e_shoff, count * size, WHAT)?;
        SectionHeader::parse_from(&bytes, 0, count as usize, ctx)
            .map_err(|error| Unreadable::damaged(WHAT, header.e_shoff, error.to_string()))
    };
    let count = match u64::from(header.e_shnum) {
        // gABI: with 0xff00 sections and more the number stands in sh_size of section 0.
        0 => parse(1)?.first().map_or(0, |first| first.sh_size),
        count => count,
    };
    if count > MOST_SECTIONS {
        return Err(Unreadable::damaged(
            WHAT,
            header.e_shoff,
            format!("{count} sections are more than any linker writes"),
        ));
    }
    parse(count)
}

fn read_segments(
    source: &Source<'_>,
    header: &Header,
    sections: &[SectionHeader],
    ctx: Ctx,
) -> Result<Vec<ProgramHeader>, Unreadable> {
    const WHAT: &str = "program headers (e_phoff)";
    let count = match header.e_phnum {
        0 => return Ok(Vec::new()),
        PN_XNUM => sections.first().map_or(u64::from(PN_XNUM), |first| u64::from(first.sh_info)),
        count => u64::from(count),
    };
    let size = ProgramHeader::size(ctx) as u64;
    if u64::from(header.e_phentsize) != size {
        let why = format!("e_phentsize is {}, not {size}", header.e_phentsize);
        return Err(Unreadable::damaged(WHAT, header.e_phoff, why));
    }
    if count > MOST_SECTIONS {
        return Err(Unreadable::damaged(
            WHAT,
            header.e_phoff,
            format!("{count} segments are more than any linker writes"),
        ));
    }
    let bytes = source.read(header.e_phoff, count * size, WHAT)?;
    let segments = ProgramHeader::parse(&bytes, 0, count as usize, ctx)
        .map_err(|error| Unreadable::damaged(WHAT, header.e_phoff, error.to_string()))?;
    for segment in segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
        if segment.p_offset.checked_add(segment.p_filesz).is_none_or(|end| end > source.len()) {
            let why = format!("{} bytes wanted, the file has {}", segment.p_filesz, source.len());
            return Err(Unreadable::damaged("PT_LOAD segment (p_offset)", segment.p_offset, why));
        }
    }
    Ok(segments)
}
