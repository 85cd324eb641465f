//! Where the machine code lies.

use goblin::elf::header::EM_X86_64;
use goblin::elf::program_header::{PF_X, PT_LOAD};
use goblin::elf::section_header::{SHF_EXECINSTR, SHT_NOBITS};

use super::image::Image;
use crate::facts::{Source, Unreadable};

/// Offset and length of the executable sections, or without section headers of the executable segments; `None` when the file
/// is not for x86-64.
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub(in crate::facts) fn x86_64_code(source: &Source<'_>) -> Result<Option<Vec<(u64, u64)>>, Unreadable> {
    if !source.read_up_to(0, 4, "ELF header")?.starts_with(b"\x7fELF") {
        return Ok(None);
    }
    let image = Image::open(source)?;
    if image.header.e_machine != EM_X86_64 || !image.order.wide {
        return Ok(None);
    }
    let executable = |flags: u64| flags & u64::from(SHF_EXECINSTR) != 0;
    let sections = image.section_headers().iter();
    let sections = sections.filter(|section| executable(section.sh_flags) && section.sh_type != SHT_NOBITS);
    let mut ranges: Vec<(u64, u64)> = sections.map(|section| (section.sh_offset, section.sh_size)).collect();
    if ranges.is_empty() {
        let segments = image.segments_of(PT_LOAD).filter(|segment| segment.p_flags & PF_X != 0);
        ranges.extend(segments.map(|segment| (segment.p_offset, segment.p_filesz)));
    }
    ranges.sort_unstable();
    Ok(Some(ranges))
}
