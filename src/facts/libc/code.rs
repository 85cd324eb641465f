//! Who refers to an address: calls and loads in machine code, and pointers in data.
//!
//! No disassembly: byte positions that look like an instruction with an address in it, and whose value gives exactly the
//! wanted one. Of 2^32 values one is wanted, so a chance hit in a megabyte of code is unlikely.

use std::cell::Cell;
use std::ops::RangeInclusive;

use goblin::elf::header::{EM_386, EM_AARCH64, EM_X86_64};
use goblin::elf::program_header::{PF_X, PT_LOAD};

use crate::facts::Unreadable;
use crate::facts::elf::image::Image;
use crate::facts::ranges::bounded_in_memory;

/// Most code looked at, in bytes; static programs beyond it are not judged by their calls.
const MOST: u64 = 64 << 20;
/// Bytes searched at once, and how far an instruction and what completes it reach beyond its start.
const CHUNK: u64 = 256 << 10;
const MARGIN: u64 = 64;
/// Passes over the code; honest programs need a handful.
const MOST_PASSES: u32 = 64;
/// References kept of one pass.
const MOST_REFERENCES: usize = 1 << 16;
/// Values compared before anybody looks whether one of them was wanted: as many as fill the vectors of a CPU.
const BLOCK: usize = 32;

/// The executable segments. They are gone through once per question, in pieces: a program has megabytes of code, of which
/// every tenth byte refers to something, and nearly nobody asks for any of it.
pub(super) struct Code<'i, 's> {
    image: &'i Image<'s>,
    /// Address, offset and length.
    segments: Vec<(u64, u64, u64)>,
    passes: Cell<u32>,
}

/// One reference: where it stands, and what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) to: u64,
    pub(super) from: u64,
}

impl<'i, 's> Code<'i, 's> {
    /// `None` for a machine whose references are not read here, or too much code.
    pub(super) fn open(image: &'i Image<'s>) -> Option<Self> {
        let segments = image.segments_of(PT_LOAD).filter(|segment| segment.p_flags & PF_X != 0);
        let segments = segments.map(|segment| (segment.p_vaddr, segment.p_offset, segment.p_filesz));
        let segments: Vec<_> = bounded_in_memory(image.source.len(), segments).collect();
        let size: u64 = segments.iter().map(|&(_, _, size)| size).sum();
        let is_read = matches!(image.header.e_machine, EM_X86_64 | EM_386 | EM_AARCH64) && size <= MOST;
        is_read.then(|| Code { image, segments, passes: Cell::new(0) })
    }

    /// Every reference to an address in the range, both ends included, sorted by what is referred to; none when a file asks
    /// for more passes than any honest one.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn references(&self, range: RangeInclusive<u64>) -> Result<Vec<Reference>, Unreadable> {
        self.pass(range, |_| true)
    }

    /// Every reference to one of the addresses, in one pass, sorted.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn references_to(&self, addresses: &[u64]) -> Result<Vec<Reference>, Unreadable> {
        let (Some(&low), Some(&high)) = (addresses.iter().min(), addresses.iter().max()) else { return Ok(Vec::new()) };
        self.pass(low..=high, |to| addresses.contains(&to))
    }

    fn pass(&self, range: RangeInclusive<u64>, is_wanted: impl Fn(u64) -> bool) -> Result<Vec<Reference>, Unreadable> {
        let mut found = Vec::new();
        self.passes.set(self.passes.get() + 1);
        if self.passes.get() > MOST_PASSES {
            return Ok(found);
        }
        for &(address, offset, size) in &self.segments {
            let mut at = 0;
            while at < size {
                let bytes =
                    self.image.source.read(offset + at, (CHUNK + MARGIN).min(size - at), "executable segment")?;
                // What starts in the margin belongs to the next piece.
                let end = address.saturating_add(at).saturating_add(CHUNK);
                collect(self.image.header.e_machine, address.wrapping_add(at), &bytes, &range, |reference| {
                    if reference.from < end && found.len() < MOST_REFERENCES && is_wanted(reference.to) {
                        found.push(reference);
                    }
                });
                at += CHUNK;
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Calls `add` with every reference to an address in the range, in no order.
fn collect(machine: u16, base: u64, bytes: &[u8], range: &RangeInclusive<u64>, mut add: impl FnMut(Reference)) {
    let mut add = |at: usize, to: u64| {
        if range.contains(&to) {
            add(Reference { to, from: base.wrapping_add(at as u64) });
        }
    };
    match machine {
        EM_AARCH64 => aarch64(base, bytes, &mut add),
        _ => x86(base, bytes, machine == EM_X86_64, range, &mut add),
    }
}

/// Calls, jumps, `lea` with a displacement from the next instruction, and moves and pushes of an absolute address.
///
/// Any four bytes may be a value. Those that cannot give an address in the range are left out a block at a time, by their
/// lower halves.
fn x86(base: u64, bytes: &[u8], wide: bool, range: &RangeInclusive<u64>, add: &mut impl FnMut(usize, u64)) {
    let (low, span) = (*range.start() as u32, u32::try_from(range.end() - range.start()).unwrap_or(u32::MAX));
    for phase in 0..4 {
        let first = 2 + phase;
        for (number, block) in bytes.get(first..).unwrap_or_default().chunks(4 * BLOCK).enumerate() {
            let at = first + number * 4 * BLOCK;
            let relative = (base as u32).wrapping_add(at as u32 + 4).wrapping_sub(low);
            let mut is_wanted = false;
            for (index, value) in block.as_chunks::<4>().0.iter().enumerate() {
                let value = u32::from_le_bytes(*value);
                is_wanted |= value.wrapping_add(relative).wrapping_add(4 * index as u32) <= span;
                is_wanted |= value.wrapping_sub(low) <= span;
            }
            if is_wanted {
                (at..at + block.len() / 4 * 4).step_by(4).for_each(|at| x86_value(base, bytes, at, wide, add));
            }
        }
    }
}

/// The instruction whose last four bytes stand at `at`.
fn x86_value(base: u64, bytes: &[u8], at: usize, wide: bool, add: &mut impl FnMut(usize, u64)) {
    let Some([before, opcode, value @ ..]) = bytes.get(at - 2..at + 4) else { return };
    let (before, opcode) = (*before, *opcode);
    let Ok(value) = value.try_into().map(i32::from_le_bytes) else { return };
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

/// `bl`, `b`, and `adrp` with the `add` that completes it within the next eight instructions.
fn aarch64(base: u64, bytes: &[u8], add: &mut impl FnMut(usize, u64)) {
    let words = bytes.as_chunks::<4>().0;
    for (index, word) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        let at = base.wrapping_add(index as u64 * 4);
        if word & 0x7c00_0000 == 0x1400_0000 {
            let distance = i64::from((word << 6).cast_signed() >> 4);
            add(index * 4, at.wrapping_add_signed(distance));
        }
        if word & 0x9f00_0000 == 0x9000_0000 {
            let register = word & 31;
            let pages = (((word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3) << 11).cast_signed() >> 11;
            let page = (at & !0xfff).wrapping_add_signed(i64::from(pages) << 12);
            let completes = |next: &u32| *next & 0xffc0_0000 == 0x9100_0000 && *next >> 5 & 31 == register;
            let mut following = words.iter().skip(index + 1).take(8).map(|word| u32::from_le_bytes(*word));
            if let Some(next) = following.find(completes) {
                add(index * 4, page.wrapping_add(u64::from(next >> 10 & 0xfff)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(machine: u16, base: u64, bytes: &[u8], range: RangeInclusive<u64>) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        collect(machine, base, bytes, &range, |reference| found.push((reference.from, reference.to)));
        found.sort_unstable();
        found
    }

    #[test]
    fn x86_calls_and_absolute_addresses() {
        // nop; call 0x2000; mov eax, 0x2000
        let bytes = [0x90, 0xe8, 0xfa, 0x0f, 0, 0, 0xb8, 0, 0x20, 0, 0];
        let found = [(0x1002, 0x2000), (0x1007, 0x2000)];
        assert_eq!(all(EM_X86_64, 0x1000, &bytes, 0..=u64::MAX), found);
        assert_eq!(all(EM_X86_64, 0x1000, &bytes, 0x2000..=0x2000), found);
        assert_eq!(all(EM_X86_64, 0x1000, &bytes, 0x2001..=0x3000), []);
    }

    #[test]
    fn x86_calls_are_found_wherever_they_stand() {
        for at in 0..300 {
            let mut bytes = vec![0x90; 310];
            bytes[at + 1] = 0xe8;
            let displacement = 0x2_0000 - (0x1_0000 + at as i32 + 6);
            bytes[at + 2..at + 6].copy_from_slice(&displacement.to_le_bytes());
            let found = [(0x1_0000 + at as u64 + 2, 0x2_0000)];
            assert_eq!(all(EM_X86_64, 0x1_0000, &bytes, 0x2_0000..=0x2_0000), found, "{at}");
            assert_eq!(all(EM_X86_64, 0x1_0000, &bytes, 0x1_ff00..=0x2_0100), found, "{at}");
        }
    }

    #[test]
    fn aarch64_branches_and_addresses() {
        // bl +8; adrp x0, +1 page; add x0, x0, #0x10
        let words = [0x9400_0002u32, 0xb000_0000, 0x9100_4000];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(all(EM_AARCH64, 0x40_0000, &bytes, 0..=u64::MAX), [(0x40_0000, 0x40_0008), (0x40_0004, 0x40_1010)]);
    }
}
