//! The ELF header, section headers and program headers (System V gABI), as they lie in the file.

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::header::{EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, Header};
use goblin::elf::program_header::{PT_LOAD, ProgramHeader};
use goblin::elf::section_header::SectionHeader;

use crate::facts::bytes::Order;
use crate::facts::{Source, Unreadable};

/// More section headers than this no linker writes into a program; each costs memory.
const MOST_SECTIONS: u64 = 1 << 18;
/// `e_phnum` when the number stands in `sh_info` of section 0 (gABI, `PN_XNUM`).
const PN_XNUM: u16 = 0xffff;

fn context(order: Order) -> Ctx {
    let container = if order.wide { Container::Big } else { Container::Little };
    Ctx::new(container, if order.big { Endian::Big } else { Endian::Little })
}

/// The ELF header, and what it says of all numbers in the file.
///
/// # Errors
/// [`Unreadable::Damaged`] when they do not lie in the file, or are not what they should be.
pub(super) fn read_header(source: &Source<'_>) -> Result<(Header, Order), Unreadable> {
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
    Ok((header, order))
}

/// The section headers.
///
/// # Errors
/// [`Unreadable::Damaged`] when they do not lie in the file, or are not what they should be.
pub(super) fn read_sections(
    source: &Source<'_>,
    header: &Header,
    order: Order,
) -> Result<Vec<SectionHeader>, Unreadable> {
    const WHAT: &str = "section headers (e_shoff)";
    if header.e_shoff == 0 {
        return Ok(Vec::new());
    }
    let size = 16 + 6 * order.word_size() as u64;
    if u64::from(header.e_shentsize) != size {
        let why = format!("e_shentsize is {}, not {size}", header.e_shentsize);
        return Err(Unreadable::damaged(WHAT, header.e_shoff, why));
    }
    let parse = |count: u64| {
        let bytes = source.read(header.e_shoff, count * size, WHAT)?;
        let headers: Vec<SectionHeader> = match order.wide {
            true => bytes.as_chunks::<64>().0.iter().map(|entry| section_header(order, entry)).collect(),
            false => bytes.as_chunks::<40>().0.iter().map(|entry| section_header(order, entry)).collect(),
        };
        Ok::<_, Unreadable>(headers)
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

/// One section header (gABI, "Section header"): two halves, then six words with two halves among them. Not by goblin, which reads
/// one field after the other from a place it keeps: of all that is read of an ordinary file that would take the longest, and that of
/// a program header as long.
// Inlined like what it calls: so every place is known, for each of both sizes.
#[inline(always)]
fn section_header<const N: usize>(order: Order, entry: &[u8; N]) -> SectionHeader {
    SectionHeader {
        sh_name: half(order, entry, 0, 0) as usize,
        sh_type: half(order, entry, 1, 0),
        sh_flags: word(order, entry, 2, 0),
        sh_addr: word(order, entry, 2, 1),
        sh_offset: word(order, entry, 2, 2),
        sh_size: word(order, entry, 2, 3),
        sh_link: half(order, entry, 2, 4),
        sh_info: half(order, entry, 3, 4),
        sh_addralign: word(order, entry, 4, 4),
        sh_entsize: word(order, entry, 4, 5),
    }
}

/// One program header (gABI, "Program header"): two halves and six words; where words are halves, the flags come late.
#[inline(always)]
fn program_header<const N: usize>(order: Order, entry: &[u8; N]) -> ProgramHeader {
    let (flags_behind, before) = if N == WIDE_PROGRAM_HEADER { (0, 2) } else { (5, 1) };
    ProgramHeader {
        p_type: half(order, entry, 0, 0),
        p_flags: half(order, entry, 1, flags_behind),
        p_offset: word(order, entry, before, 0),
        p_vaddr: word(order, entry, before, 1),
        p_paddr: word(order, entry, before, 2),
        p_filesz: word(order, entry, before, 3),
        p_memsz: word(order, entry, before, 4),
        p_align: word(order, entry, 2, 5),
    }
}

/// The length of a header of which each word is two halves.
const WIDE_SECTION_HEADER: usize = 64;
const WIDE_PROGRAM_HEADER: usize = 56;

/// Length of a word in a header of so many bytes.
const fn word_size<const N: usize>() -> usize {
    if N == WIDE_SECTION_HEADER || N == WIDE_PROGRAM_HEADER { 8 } else { 4 }
}

/// The half that comes behind so many halves and words.
#[inline(always)]
fn half<const N: usize>(order: Order, entry: &[u8; N], halves: usize, words: usize) -> u32 {
    order.u32(entry, halves * 4 + words * word_size::<N>()).unwrap_or_default()
}

/// The word that comes behind so many halves and words.
#[inline(always)]
fn word<const N: usize>(order: Order, entry: &[u8; N], halves: usize, words: usize) -> u64 {
    match word_size::<N>() {
        8 => order.u64(entry, halves * 4 + words * 8).unwrap_or_default(),
        _ => half(order, entry, halves, words).into(),
    }
}

/// The program headers.
///
/// # Errors
/// [`Unreadable::Damaged`] when they do not lie in the file, or are not what they should be.
pub(super) fn read_segments(
    source: &Source<'_>,
    header: &Header,
    sections: &[SectionHeader],
    order: Order,
) -> Result<Vec<ProgramHeader>, Unreadable> {
    const WHAT: &str = "program headers (e_phoff)";
    let count = match header.e_phnum {
        0 => return Ok(Vec::new()),
        PN_XNUM => sections.first().map_or(u64::from(PN_XNUM), |first| u64::from(first.sh_info)),
        count => u64::from(count),
    };
    let size = 8 + 6 * order.word_size() as u64;
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
    let segments: Vec<ProgramHeader> = match order.wide {
        true => bytes.as_chunks::<56>().0.iter().map(|entry| program_header(order, entry)).collect(),
        false => bytes.as_chunks::<32>().0.iter().map(|entry| program_header(order, entry)).collect(),
    };
    for segment in segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
        if segment.p_offset.checked_add(segment.p_filesz).is_none_or(|end| end > source.len()) {
            let why = format!("{} bytes wanted, the file has {}", segment.p_filesz, source.len());
            return Err(Unreadable::damaged("PT_LOAD segment (p_offset)", segment.p_offset, why));
        }
    }
    Ok(segments)
}
