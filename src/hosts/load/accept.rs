//! What a loader makes of a file it has opened, before it looks at any name in it.

use std::sync::Arc;

use super::graph::{Body, Graph};
use super::header::Wanted;
use super::layout;
use super::objects::{Image, Opened};
use super::{Gap, Load, Reason};
use crate::facts::elf::{ElfFacts, Head, Segment};
use crate::facts::libc::LibcFamily;
use crate::hosts::Version;

/// The bytes of a page where none is smaller.
pub(super) const PAGE: u64 = 4096;
/// Up to this release glibc refuses every segment that is aligned to less than a page, or does not lie as its alignment says; from
/// the other one on it looks at where they lie on pages alone (seen with 2.31 and 2.36).
const STRICT: Version = Version::new(2, 31);
const LENIENT: Version = Version::new(2, 36);
/// The release from which nobody looks at a library's ABI note (glibc 2.36 NEWS).
const IGNORES_NOTES: Version = Version::new(2, 36);
/// A kernel that every machine has which still runs anything.
const COMMON_KERNEL: Version = Version::new(4, 18);

/// The verdict on a file.
#[derive(Debug)]
pub(super) enum Accepted {
    Object(Arc<Image>),
    /// It is no library for this loader, which fails.
    Unusable(String),
    /// It is none, and the loader looks on.
    PassedOver(String),
    /// It is none, and the loader looks no further in this list.
    Stop(String),
    Absent,
    /// It hangs on what this sentence says.
    Doubtful(String),
    /// It hangs on what nobody knows.
    Unknown,
}

/// Looks at a file as `open_verify` of glibc does (`elf/dl-load.c`), and musl's `map_library` (`ldso/dynlink.c`).
pub(super) fn accept(graph: &Graph<'_>, opened: Opened) -> Accepted {
    let is_musl = graph.family == LibcFamily::Musl;
    let Body::Program(program, own) = &graph.nodes[0].body else { return Accepted::Absent };
    let wanted = Wanted::of(program.facts, own, &graph.loader);
    let refused = |head: &Head, why| if is_musl { wanted.by_musl(head, why) } else { wanted.by_glibc(head, why) };
    let image = match opened {
        Opened::Absent => return Accepted::Absent,
        Opened::Unusable(why) => return Accepted::Unusable(why),
        Opened::Unreachable(why) if is_musl => return Accepted::Unusable(why.to_owned()),
        Opened::Unreachable(why) => return Accepted::Stop(why.to_owned()),
        Opened::Foreign(_) => return Accepted::Unusable("it is not an ELF file".to_owned()),
        Opened::Damaged { head, is_cut_off, why } => {
            return match refused(&head, Some(&why)) {
                Some(refused) => refused,
                None if is_cut_off => Accepted::Unusable(why),
                None => Accepted::Doubtful(why),
            };
        }
        Opened::Object(image) => image,
    };
    if let Some(refused) = refused(&image.head, None) {
        return refused;
    }
    let Some(elf) = image.elf() else { return Accepted::Unusable("it is not an ELF file".to_owned()) };
    let found = match is_musl {
        true if is_unmappable(elf) => {
            Some(Accepted::Unusable("no page holds its segments as they lie in the file".to_owned()))
        }
        true => layout::library(elf, false),
        false => glibc(graph, elf).or_else(|| layout::library(elf, true)),
    };
    found.unwrap_or(Accepted::Object(image))
}

/// What glibc refuses behind the header; `None` when it takes the file.
fn glibc(graph: &Graph<'_>, elf: &ElfFacts) -> Option<Accepted> {
    let unusable = |why: &str| Some(Accepted::Unusable(why.to_owned()));
    if elf.e_type == "EXEC" || elf.df_1_pie {
        return unusable("it is a program, not a library");
    }
    if !elf.has_dynamic {
        return unusable("it has no `PT_DYNAMIC`");
    }
    if let Some(why) = unsupported_versions(elf) {
        return Some(Accepted::Unusable(why));
    }
    note(graph, elf).or_else(|| alignment(graph, elf))
}

/// The kernel of the ABI note, which glibc looked at for libraries until 2.36: one that is too new it passes over.
fn note(graph: &Graph<'_>, elf: &ElfFacts) -> Option<Accepted> {
    let tag = elf.abi_tag.as_ref().filter(|_| graph.loader.glibc.is_some_and(|glibc| glibc < IGNORES_NOTES))?;
    if tag.system != "Linux" {
        return Some(Accepted::PassedOver(format!("its ABI note is that of {}", tag.system)));
    }
    let needs: Version = tag.kernel.parse().ok()?;
    match graph.host.kernel {
        Some(has) if needs > has => Some(Accepted::PassedOver(format!("its ABI note asks for Linux {needs}"))),
        None if needs > COMMON_KERNEL => Some(Accepted::Unknown),
        _ => None,
    }
}

/// Whether no page holds the segments as they lie in the file; zero is a file without any.
pub(super) fn is_unmappable(elf: &ElfFacts) -> bool {
    (1..PAGE).contains(&elf.load_congruence)
}

/// What glibc says of version needs that are not of the version it knows (`elf/dl-version.c`), those among them that were wiped out of a
/// file, but for what `PT_DYNAMIC` says of them.
pub(super) fn unsupported_versions(elf: &ElfFacts) -> Option<String> {
    elf.verneed_version.map(|version| format!("unsupported version {version} of Verneed record"))
}

/// Judges a shared object that glibc is to open by its path.
pub(super) fn opened(graph: &Graph<'_>, result: &mut Load) {
    let node = &graph.nodes[0];
    let Body::Program(program, elf) = &node.body else { return };
    let (name, path, needed_by) =
        (node.label().to_owned(), program.path.to_owned(), "the program that loads it".to_owned());
    let head = graph.image(node).map(|image| &image.head);
    let refused = head.and_then(|head| Wanted::of(program.facts, elf, &graph.loader).by_glibc(head, None));
    match refused.or_else(|| glibc(graph, elf)).or_else(|| layout::library(elf, true)) {
        Some(Accepted::Unusable(why)) => {
            result.reasons.push(Reason::UnusableLibrary { name, path, why, needed_by });
        }
        Some(Accepted::PassedOver(why)) => {
            result.reasons.push(Reason::MissingLibrary { name, needed_by, passed_over: Some(why) });
        }
        Some(Accepted::Unknown | Accepted::Doubtful(_)) => {
            result
                .gaps
                .push(Gap::library(format!("whether the loader of `{}` takes {name} is not known", graph.host.name)));
        }
        _ => {}
    }
}

/// Segments that no page holds as they are (`_dl_map_object_from_fd`).
fn alignment(graph: &Graph<'_>, elf: &ElfFacts) -> Option<Accepted> {
    let unusable = |why: &str| Some(Accepted::Unusable(why.to_owned()));
    if is_unmappable(elf) {
        return unusable("its segments do not lie in the file as they do in memory, page by page");
    }
    let glibc = graph.loader.glibc?;
    let is_aligned = |segment: &Segment| {
        let way = segment.address.wrapping_sub(segment.offset);
        segment.align != 0 && segment.align.is_multiple_of(PAGE) && way & (segment.align - 1) == 0
    };
    match &elf.layout {
        Some(layout) if layout.loads.iter().all(is_aligned) => None,
        _ if glibc <= STRICT => unusable("its segments do not lie as their alignment says"),
        _ => (glibc < LENIENT).then_some(Accepted::Unknown),
    }
}
