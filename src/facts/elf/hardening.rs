//! Hardening that only symbols show.

use goblin::elf::section_header::SHT_SYMTAB;

use super::image::Image;
use crate::facts::{Kind, Unreadable, Wanted};

/// Whether a file that does not ask others for `__stack_chk_fail` has it linked in.
///
/// # Errors
/// [`Unreadable::Damaged`] when `.symtab` does not lie in the file.
pub(super) fn linked_in_stack_protector(
    image: &Image<'_>,
    kind: Kind,
    wanted: Wanted,
) -> Result<Option<bool>, Unreadable> {
    const NAMES: [&str; 2] = ["__stack_chk_fail", "__stack_chk_fail_local"];
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
