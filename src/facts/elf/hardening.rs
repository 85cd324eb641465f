//! Hardening that only symbols show.

use goblin::elf::section_header::SHT_SYMTAB;

use super::image::Image;
use crate::facts::{Kind, Unreadable, Wanted};

/// Whether this is the function that code with a stack protector ends in when the stack is broken.
pub(super) fn is_stack_protector(name: &[u8]) -> bool {
    matches!(name, b"__stack_chk_fail" | b"__stack_chk_fail_local")
}

/// Whether a file that does not ask others for `__stack_chk_fail` has it linked in.
///
/// # Errors
/// [`Unreadable::Damaged`] when `.symtab` does not lie in the file.
pub(super) fn linked_in_stack_protector(
    image: &Image<'_>,
    kind: Kind,
    wanted: Wanted,
) -> Result<Option<bool>, Unreadable> {
    let is_static = matches!(kind, Kind::Static | Kind::StaticPie);
    let Some(table) = image.section_headers().iter().find(|section| section.sh_type == SHT_SYMTAB) else {
        return Ok(if is_static { None } else { Some(false) });
    };
    if !wanted.detail {
        return Ok(None);
    }
    let mut found = false;
    image.each_symbol(table, |name| found = found || is_stack_protector(name))?;
    Ok(Some(found))
}
