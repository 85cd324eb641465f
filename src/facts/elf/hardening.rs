//! Hardening that only symbols show.

use goblin::elf::section_header::SHT_SYMTAB;

use super::ElfFacts;
use super::image::Image;
use crate::facts::{Kind, Unreadable, Wanted};

/// Whether the file refers to `__stack_chk_fail`, or has it linked in.
///
/// # Errors
/// [`Unreadable::Damaged`] when `.symtab` does not lie in the file.
pub(super) fn stack_protector(
    image: &Image<'_>,
    elf: &ElfFacts,
    kind: Kind,
    wanted: Wanted,
) -> Result<Option<bool>, Unreadable> {
    const NAMES: [&str; 2] = ["__stack_chk_fail", "__stack_chk_fail_local"];
    if elf.undefined.iter().any(|symbol| NAMES.contains(&symbol.name.as_str())) {
        return Ok(Some(true));
    }
    let is_static = matches!(kind, Kind::Static | Kind::StaticPie);
    let Some(table) = image.section_headers().iter().find(|section| section.sh_type == SHT_SYMTAB) else {
        return Ok(if is_static { None } else { Some(false) });
    };
    if !wanted.detail {
        return Ok(None);
    }
    let mut found = false;
    image.each_symbol(table, |name| found = found || NAMES.iter().any(|known| known.as_bytes() == name))?;
    Ok(Some(found))
}
