//! How segments lie in memory: what the kernel refuses of a program, and what ends a loader that maps a library.

use super::accept::{Accepted, PAGE, unsupported_versions};
use super::{Gap, Load, Program, Reason, loader};
use crate::facts::Kind;
use crate::facts::elf::{ElfFacts, Layout, Segment};
use crate::facts::libc::LibcFamily;
use crate::hosts::Host;

/// Memory that every machine is taken to have for what a program reserves and never touches. Beyond it, it hangs on
/// `vm.overcommit_memory` and on the machine.
const COMMON_MEMORY: u64 = 4 << 30;
/// The addresses that a program can have on x86-64 without asking for more (Linux `TASK_SIZE_MAX`).
const X86_64_ADDRESSES: u64 = 1 << 47;
/// Where memory is executable only if its segment says so, whatever else the file says (Linux `elf_read_implies_exec`), and an
/// entry is the address of code.
const MARKED_CODE: [&str; 3] = ["x86_64", "aarch64", "riscv64"];

/// Judges the program itself, static ones too: Linux's `load_elf_binary` (`fs/binfmt_elf.c`), and a loader that starts in it.
pub(super) fn program(program: Program<'_>, elf: &ElfFacts, host: &Host, name: &str, result: &mut Load) {
    let facts = program.facts;
    let Some(layout) = elf.layout.as_ref().filter(|_| facts.kind != Kind::SharedObject) else { return };
    let mut refuse = |why: &str| {
        result.reasons.push(Reason::Unstartable { object: name.to_owned(), why: why.to_owned() });
    };
    if layout.loads.is_empty() {
        return refuse("it has no segment to load");
    }
    if is_short(layout) {
        return refuse("a segment of it is longer in the file than in memory");
    }
    if facts.arch == "x86_64" && layout.loads.iter().any(|load| end(load) >= X86_64_ADDRESSES) {
        return refuse("its segments reach beyond the addresses that programs have");
    }
    // What starts in place of another loader, as klibc's library does, needs nothing of the program.
    let has_loader = elf.interpreter.is_some() && host.libc.is_some();
    let family = || loader::family(program, elf, host).ok().filter(|_| has_loader);
    let is_loaded = || matches!(family(), Some(LibcFamily::Glibc | LibcFamily::Musl));
    if let Some(why) = unsupported_versions(elf).filter(|_| family() == Some(LibcFamily::Glibc)) {
        return refuse(&why);
    }
    if !elf.has_dynamic && is_loaded() {
        return refuse("it asks for a loader, and has no `PT_DYNAMIC` for it");
    }
    if elf.e_type == "DYN" && !layout.has_phdr && is_loaded() {
        return refuse("it asks for a loader, and has no `PT_PHDR` that tells it where the program lies");
    }
    if MARKED_CODE.contains(&&*facts.arch) && !layout.starts_in_code {
        let text = format!("{name} is loaded, but its entry lies in no executable segment");
        result.gaps.push(Gap::library(text));
    }
    let wants = reserved(layout);
    if wants > COMMON_MEMORY {
        result.gaps.push(Gap::library(much(wants, name)));
    }
}

/// Judges a library by the same.
pub(super) fn library(elf: &ElfFacts, by_glibc: bool) -> Option<Accepted> {
    let layout = elf.layout.as_ref()?;
    if elf.e_machine == 62 && layout.loads.iter().any(|load| end(load) >= X86_64_ADDRESSES) {
        return Some(Accepted::Unusable("its segments reach beyond the addresses that programs have".to_owned()));
    }
    if by_glibc && is_torn(layout) {
        return Some(Accepted::Unusable("its last segment begins on a page of its first one".to_owned()));
    }
    let overlap = layout.loads.windows(2).any(|pair| end(&pair[0]) > pair[1].address);
    let doubt = match reserved(layout) {
        wants if wants > COMMON_MEMORY => much(wants, "it"),
        _ if overlap && layout.loads.is_sorted_by_key(|load| load.address) => "its segments overlap".to_owned(),
        _ if by_glibc && is_short(layout) => "a segment of it is longer in the file than in memory".to_owned(),
        _ => return None,
    };
    Some(Accepted::Doubtful(doubt))
}

/// Whether glibc leaves no room between the first segment and the last one though something is to lie there (`_dl_map_segments`, "ELF
/// load command address/offset not page-aligned"): all by pages, as linkers leave it that pack segments.
fn is_torn(layout: &Layout) -> bool {
    let start = |load: &Segment| load.address / PAGE;
    let end = |load: &Segment| load.address.saturating_add(load.file_size).div_ceil(PAGE);
    let has_holes = layout.loads.windows(2).any(|pair| end(&pair[0]) != start(&pair[1]));
    let (Some(first), Some(last)) = (layout.loads.first(), layout.loads.last()) else { return false };
    has_holes && start(last) < end(first)
}

fn is_short(layout: &Layout) -> bool {
    layout.loads.iter().any(|load| load.file_size > load.memory_size)
}

fn end(load: &Segment) -> u64 {
    load.address.saturating_add(load.memory_size)
}

/// Bytes of memory that are in no file.
fn reserved(layout: &Layout) -> u64 {
    layout.loads.iter().map(|load| load.memory_size.saturating_sub(load.file_size)).fold(0, u64::saturating_add)
}

fn much(bytes: u64, name: &str) -> String {
    format!("{name} reserves {} GiB of memory, which not every machine grants (`vm.overcommit_memory`)", bytes >> 30)
}
