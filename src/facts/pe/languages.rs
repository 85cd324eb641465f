//! Where an image keeps what Go and Rust leave.

use super::Section;
use super::image::Image;
use crate::facts::bytes::Order;
use crate::facts::languages::LanguagePlaces;

/// Hands the places to `read`.
pub(super) fn with_places<T>(image: &Image<'_>, read: impl FnOnce(&LanguagePlaces<'_>) -> T) -> T {
    let sections = &image.headers.sections;
    let range = |section: &Section| {
        let size = section.file_size.min(if section.virtual_size == 0 { u32::MAX } else { section.virtual_size });
        (u64::from(section.file_offset), u64::from(size))
    };
    let protected = |protection: &'static str| {
        sections.iter().filter(move |section| section.protection == protection).map(range).collect::<Vec<_>>()
    };
    let named = |name: &str| sections.iter().find(|section| section.name == name).map(range);
    let locate = |address: u64| {
        let rva = u32::try_from(address.checked_sub(image.headers.image_base)?).ok()?;
        image.place(rva).filter(|&(_, left)| left > 0)
    };
    let mut read_only = protected("r--");
    read_only.extend(protected("r-x"));
    read(&LanguagePlaces {
        order: Order { big: false, wide: image.headers.bits == 64 },
        go_section: named(".go.buildinfo"),
        go_table: None,
        go_traces: Vec::new(),
        // MSVC's linker makes no Go program, and leaves its mark.
        may_hide_go: !image.headers.has_rich_header,
        writable: protected("rw-"),
        read_only,
        // Section names have eight bytes at most.
        dep_v0: named(".dep-v0"),
        locate: &locate,
    })
}
