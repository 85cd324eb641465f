//! What the start-up code at `e_entry` does before `main`, as far as it shows.

use std::borrow::Cow;

use goblin::elf::header::EM_X86_64;
use serde::Serialize;

use super::image::Image;
use crate::facts::Unreadable;

/// Start-up code that was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartCode {
    /// musl's `crt1.o` or `Scrt1.o`: it calls `__libc_start_main`, nothing more.
    Plain,
    /// musl's `rcrt1.o`: it applies the program's own relocations first, which it finds through `_DYNAMIC`.
    SelfRelocating,
}

/// `_start` of musl on x86_64 (arch/x86_64/crt_arch.h) up to its call of `_start_c`; the gap is the address of `_DYNAMIC`.
const MUSL_BEFORE: &[u8] = &[0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d, 0x35];
const MUSL_AFTER: &[u8] = &[0x48, 0x83, 0xe4, 0xf0, 0xe8];
/// Length of `_start` with the displacement of its call.
const MUSL_START: usize = MUSL_BEFORE.len() + 4 + MUSL_AFTER.len() + 4;
/// How far into `_start_c` its stack frame is set up.
const PROLOGUE: usize = 16;

/// Recognises the start-up code of a program.
///
/// # Errors
/// When the code at `e_entry` cannot be read.
pub(super) fn start_code(image: &Image<'_>) -> Result<Option<StartCode>, Unreadable> {
    if image.header.e_machine != EM_X86_64 || !image.order.wide || image.header.e_entry == 0 {
        return Ok(None);
    }
    let entry = image.header.e_entry;
    let Some(start) = code(image, entry, MUSL_START)? else { return Ok(None) };
    let Some(displacement) = musl_call(&start) else { return Ok(None) };
    let after = entry.wrapping_add(MUSL_START as u64);
    let Some(prologue) = code(image, after.wrapping_add_signed(displacement.into()), PROLOGUE)? else {
        return Ok(None);
    };
    Ok(Some(if has_large_frame(&prologue) { StartCode::SelfRelocating } else { StartCode::Plain }))
}

/// Up to `len` bytes at an address; `None` when no segment holds it.
fn code<'i>(image: &'i Image<'_>, address: u64, len: usize) -> Result<Option<Cow<'i, [u8]>>, Unreadable> {
    let Some((offset, left)) = image.offset_of(address) else { return Ok(None) };
    image.source.read(offset, left.min(len as u64), "the start-up code").map(Some)
}

/// The displacement of the call of `_start_c`, when these bytes are musl's `_start`.
fn musl_call(start: &[u8]) -> Option<i32> {
    let rest = start.strip_prefix(MUSL_BEFORE)?.get(4..)?.strip_prefix(MUSL_AFTER)?;
    Some(i32::from_le_bytes(rest.get(..4)?.try_into().ok()?))
}

/// Whether a function reserves 256 bytes of stack or more (`sub rsp, imm32`). `_dlstart_c`, which is all of rcrt1's
/// `_start_c`, keeps the auxiliary vector and the dynamic section there (0x190 to 0x1c0 bytes, whoever compiled it); that
/// of crt1 needs none.
fn has_large_frame(prologue: &[u8]) -> bool {
    prologue.windows(7).any(|bytes| match bytes {
        [0x48, 0x81, 0xec, size @ ..] => size.try_into().map(u32::from_le_bytes).is_ok_and(|size| size >= 0x100),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn musls_start_is_recognised_and_no_other() {
        let mut start = [MUSL_BEFORE, &[1, 2, 3, 4], MUSL_AFTER, &(-2i32).to_le_bytes()].concat();
        assert_eq!(start.len(), MUSL_START);
        assert_eq!(musl_call(&start), Some(-2));
        assert_eq!(musl_call(&start[..MUSL_START - 1]), None);
        start[0] = 0xf3;
        assert_eq!(musl_call(&start), None);
    }

    #[test]
    fn the_frame_tells_the_start_files_apart() {
        let debian_rcrt1 = [0x49, 0x89, 0xf8, 0x48, 0x81, 0xec, 0x90, 1, 0, 0, 0x48, 0x89, 0xf7, 0x41, 0x8b, 0];
        let zig_rcrt1 = [0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0xb0, 1, 0, 0, 0x48, 0x89, 0xf8, 0x8b, 0x0f];
        let rust_rcrt1 = [0x48, 0x81, 0xec, 0xc0, 1, 0, 0, 0x8b, 7, 0x49, 0x89, 0xf8, 0x83, 0xc0, 1, 0x48];
        assert!([debian_rcrt1, zig_rcrt1, rust_rcrt1].iter().all(|prologue| has_large_frame(prologue)));
        let debian_crt1 = [0x8b, 0x37, 0x48, 0x8d, 0x57, 8, 0x4c, 0x8b, 5, 0, 0, 0, 0, 0x45, 0x31, 0xc9];
        let zig_crt1 = [0x55, 0x48, 0x89, 0xe5, 0x8b, 0x37, 0x48, 0x8d, 0x57, 8, 0xbf, 0x20, 0xe9, 0, 1, 0xb9];
        assert!(![debian_crt1, zig_crt1].iter().any(|prologue| has_large_frame(prologue)));
        assert!(!has_large_frame(&[0x48, 0x81, 0xec]));
    }
}
