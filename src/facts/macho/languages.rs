//! Where a slice keeps what Go and Rust leave.

use super::MachOFacts;
use super::commands::Commands;
use super::header::Header;
use super::segments::SectionPlace;
use crate::facts::Endian;
use crate::facts::bytes::Order;
use crate::facts::languages::LanguagePlaces;

/// Sections that the Go linker writes and nothing else does.
const GO_SECTIONS: [&str; 5] = ["__gopclntab", "__go_buildinfo", "__gosymtab", "__go_module", "__go_fipsinfo"];

/// Hands the places to `read`.
pub(super) fn with_places<T>(
    header: &Header,
    commands: &Commands,
    facts: &MachOFacts,
    read: impl FnOnce(&LanguagePlaces<'_>) -> T,
) -> T {
    let range = |section: &SectionPlace| (section.offset, section.size);
    let named = |name: &str| commands.sections.iter().find(|section| section.section == name);
    let protected = |protection: &'static str| {
        let segments = facts.segments.iter().filter(move |segment| segment.initial_protection == protection);
        segments.map(|segment| (segment.file_offset, segment.file_size))
    };
    let locate = |address: u64| {
        facts.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.vm_address).filter(|&within| within < segment.file_size)?;
            Some((segment.file_offset.checked_add(within)?, segment.file_size - within))
        })
    };
    let traces = GO_SECTIONS.iter().filter(|name| named(name).is_some());
    read(&LanguagePlaces {
        order: Order { big: header.endian == Endian::Big, wide: header.bits == 64 },
        go_section: named("__go_buildinfo").map(range),
        go_table: named("__gopclntab").map(range),
        go_traces: traces.map(|name| format!("section {name}")).collect(),
        // Every Go linker writes these sections, and nothing takes the name of a section away.
        may_hide_go: false,
        writable: protected("rw-").collect(),
        read_only: protected("r-x").collect(),
        dep_v0: named(".dep-v0").map(range),
        locate: &locate,
    })
}
