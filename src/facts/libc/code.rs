//! Who refers to an address: calls and loads in machine code, and pointers in data.
//!
//! No disassembly: byte positions that look like an instruction with an address in it, and whose value gives exactly the
//! wanted one. Of 2^32 values one is wanted, so a chance hit in a megabyte of code is unlikely.

use goblin::elf::header::{EM_386, EM_AARCH64, EM_X86_64};
use goblin::elf::program_header::{PF_X, PT_LOAD};

use crate::facts::Unreadable;
use crate::facts::elf::image::Image;
use crate::facts::ranges::bounded_in_memory;

/// Most code looked at, in bytes; static programs beyond it are not judged by their calls.
const MOST: u64 = 64 << 20;
/// Most references kept; real code has one in some dozen bytes.
const MOST_REFERENCES: u64 = 4 << 20;
/// References kept of any code, however short.
const FEWEST_REFERENCES: u64 = 1 << 20;

/// Every reference from executable segments to a loadable address, sorted by what is referred to.
pub(super) struct Code {
    references: Vec<Reference>,
}

/// One reference: where it stands, and what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) to: u64,
    pub(super) from: u64,
}

impl Code {
    /// `None` for a machine whose references are not read here, or too much code.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn read(image: &Image<'_>) -> Result<Option<Self>, Unreadable> {
        let machine = image.header.e_machine;
        let segments = image.segments_of(PT_LOAD).filter(|segment| segment.p_flags & PF_X != 0);
        let segments = segments.map(|segment| (segment.p_vaddr, segment.p_offset, segment.p_filesz));
        let segments: Vec<_> = bounded_in_memory(image.source.len(), segments).collect();
        let size: u64 = segments.iter().map(|&(_, _, size)| size).sum();
        if !matches!(machine, EM_X86_64 | EM_386 | EM_AARCH64) || size > MOST {
            return Ok(None);
        }
        let ends = |low: Option<u64>, high: Option<u64>| low.zip(high).map_or(0..=0, |(low, high)| low..=high);
        let loaded = || image.segments_of(PT_LOAD);
        let known = ends(
            loaded().map(|segment| segment.p_vaddr).min(),
            loaded().map(|segment| segment.p_vaddr.saturating_add(segment.p_memsz)).max(),
        );
        let mut references = Vec::new();
        let most = size.div_ceil(4).clamp(FEWEST_REFERENCES, MOST_REFERENCES) as usize;
        for (address, offset, size) in segments {
            let bytes = image.source.read(offset, size, "executable segment")?;
            collect(machine, address, &bytes, |from, to| {
                if known.contains(&to) && references.len() < most {
                    references.push(Reference { to, from });
                }
            });
        }
        references.sort_unstable();
        Ok(Some(Code { references }))
    }

    /// Every reference to an address in the range, both ends included.
    pub(super) fn references(&self, low: u64, high: u64) -> &[Reference] {
        let start = self.references.partition_point(|reference| reference.to < low);
        let rest = &self.references[start..];
        &rest[..rest.partition_point(|reference| reference.to <= high)]
    }
}

/// Calls `add` with every place that refers to an address, and the address.
fn collect(machine: u16, base: u64, bytes: &[u8], mut add: impl FnMut(u64, u64)) {
    let mut add = |at: usize, to: u64| add(base.wrapping_add(at as u64), to);
    match machine {
        EM_AARCH64 => aarch64(base, bytes, &mut add),
        _ => x86(base, bytes, machine == EM_X86_64, &mut add),
    }
}

/// Calls, jumps, `lea` with a displacement from the next instruction, and moves and pushes of an absolute address.
fn x86(base: u64, bytes: &[u8], wide: bool, add: &mut impl FnMut(usize, u64)) {
    for (at, window) in bytes.windows(6).enumerate() {
        let [before, opcode, value @ ..] = window else { continue };
        let (before, opcode) = (*before, *opcode);
        let Ok(value) = value.try_into().map(i32::from_le_bytes) else { continue };
        let at = at + 2;
        let is_call = matches!(opcode, 0xe8 | 0xe9) || before == 0x0f && opcode & 0xf0 == 0x80;
        let is_lea = wide && before == 0x8d && opcode & 0xc7 == 5;
        if is_call || is_lea {
            let to = base.wrapping_add(at as u64 + 4).wrapping_add_signed(value.into());
            add(at, if wide { to } else { to & 0xffff_ffff });
        }
        let is_move = matches!(opcode, 0xb8..=0xbf) || before == 0xc7 && opcode & 0xf8 == 0xc0;
        if is_move || opcode == 0x68 {
            add(at, u64::from(value as u32));
        }
    }
}

/// `bl`, `b`, and `adrp` with the `add` that completes it within the next eight instructions.
fn aarch64(base: u64, bytes: &[u8], add: &mut impl FnMut(usize, u64)) {
    let words: Vec<u32> =
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    for (index, &word) in words.iter().enumerate() {
        let at = base.wrapping_add(index as u64 * 4);
        if word & 0x7c00_0000 == 0x1400_0000 {
            let distance = i64::from((word << 6).cast_signed() >> 4);
            add(index * 4, at.wrapping_add_signed(distance));
        }
        if word & 0x9f00_0000 == 0x9000_0000 {
            let register = word & 31;
            let pages = (((word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3) << 11).cast_signed() >> 11;
            let page = (at & !0xfff).wrapping_add_signed(i64::from(pages) << 12);
            let completes = |next: &&u32| *next & 0xffc0_0000 == 0x9100_0000 && *next >> 5 & 31 == register;
            if let Some(next) = words.iter().skip(index + 1).take(8).find(completes) {
                add(index * 4, page.wrapping_add(u64::from(next >> 10 & 0xfff)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(machine: u16, base: u64, bytes: &[u8]) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        collect(machine, base, bytes, |from, to| found.push((from, to)));
        found
    }

    #[test]
    fn x86_calls_and_absolute_addresses() {
        // nop; call 0x2000; mov eax, 0x2000
        let bytes = [0x90, 0xe8, 0xfa, 0x0f, 0, 0, 0xb8, 0, 0x20, 0, 0];
        assert_eq!(all(EM_X86_64, 0x1000, &bytes), [(0x1002, 0x2000), (0x1007, 0x2000)]);
    }

    #[test]
    fn aarch64_branches_and_addresses() {
        // bl +8; adrp x0, +1 page; add x0, x0, #0x10
        let words = [0x9400_0002u32, 0xb000_0000, 0x9100_4000];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(all(EM_AARCH64, 0x40_0000, &bytes), [(0x40_0000, 0x40_0008), (0x40_0004, 0x40_1010)]);
    }

    #[test]
    fn references_are_found_by_range() {
        let of = |to| Reference { to, from: 1 };
        let code = Code { references: vec![of(1), of(5), of(5), of(9)] };
        assert_eq!(code.references(2, 5).len(), 2);
        assert_eq!(code.references(6, 8), []);
        assert_eq!(code.references(1, 9).len(), 4);
    }
}
