//! What a file is, by its first bytes.

use crate::facts::bytes::Order;
use crate::facts::{Format, Source, Unreadable};

/// Longest magic looked at, in bytes; COFF objects need their whole header.
const MAGIC: u64 = 64;

/// The format of a linked binary, or what the file is instead.
pub(super) fn recognise(source: &Source<'_>) -> Result<Format, Unreadable> {
    let head = source.read_up_to(0, MAGIC, "the file")?;
    match *head.as_ref() {
        [] => Err(Unreadable::NotLinked("an empty file".into())),
        [0x7f, b'E', b'L', b'F', ..] => Ok(Format::Elf),
        [b'M', b'Z', ..] if !is_text(&head) => mz(source, &head),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => Ok(Format::MachO),
        // Java class files share the magic; their major version, 45 and up, stands where universal files count slices.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, slices, ..] if slices < 45 => Ok(Format::MachO),
        [0xca, 0xfe, 0xba, 0xbf, ..] | [0xbe | 0xbf, 0xba, 0xfe, 0xca, ..] => Ok(Format::MachO),
        ref other => Err(name_of_other(other).unwrap_or_else(|| {
            let at = |offset, len| source.read_up_to(offset, len, "the file").ok().map(|bytes| bytes.to_vec());
            let name = super::packages::name_elsewhere(source.len(), at);
            Unreadable::NotLinked(name.unwrap_or("unknown format").into())
        })),
    }
}

/// What a file is that begins like this, where that is certainly not a binary of the three formats, and needs no more of it.
pub(super) fn something_else(head: &[u8]) -> Option<Unreadable> {
    let magic = head.get(..MAGIC as usize)?;
    recognise(&Source::from_bytes(magic)).err().filter(|why| matches!(why, Unreadable::NotLinked(_)))
}

/// Programs that start with `MZ`: PE, or its ancestors.
fn mz(source: &Source<'_>, head: &[u8]) -> Result<Format, Unreadable> {
    let order = Order { big: false, wide: false };
    let Some(lfanew) = order.u32(head, 0x3c) else {
        return Err(Unreadable::damaged("e_lfanew", 0x3c, "the file ends before it"));
    };
    let signature = source.read_up_to(u64::from(lfanew), 4, "the PE signature")?;
    match *signature.as_ref() {
        [b'P', b'E', 0, 0] => Ok(Format::Pe),
        [b'N', b'E', ..] => Err(Unreadable::Unsupported("16-bit Windows program (NE)".into())),
        [b'L', b'E' | b'X', ..] => Err(Unreadable::Unsupported("OS/2 or VxD program (LE, LX)".into())),
        // A relocation table at 0x40 or beyond means a header that has e_lfanew (Microsoft's PE specification).
        _ if order.u16(head, 0x18).is_some_and(|table| table >= 0x40) || u64::from(lfanew) > source.len() => {
            Err(Unreadable::damaged("e_lfanew", 0x3c, format!("no PE signature at {lfanew:#x} of {:#x}", source.len())))
        }
        _ => Err(Unreadable::Unsupported("DOS program (MZ)".into())),
    }
}

/// Names what is certainly not a binary of the three formats; `None` for what begins like nothing that is known.
fn name_of_other(head: &[u8]) -> Option<Unreadable> {
    let unsupported = |what: &str| Unreadable::Unsupported(what.into());
    let not_linked = |what: &'static str| Unreadable::NotLinked(what.into());
    if let Some(package) = super::packages::name(head) {
        return Some(not_linked(package));
    }
    Some(match head {
        // More sections than 255 have no program, and the loader wants one.
        [0x01, 0xdf | 0xef | 0xf7, 0, 1..=255, ..] => unsupported("XCOFF"),
        [b'\0', b'a', b's', b'm', ..] => unsupported("WebAssembly"),
        // `_MAGIC` of Plan 9's a.out(6): for 386, arm and amd64, the last with an expanded header.
        [0, 0, 0x01, 0xeb, ..] | [0, 0, 0x06, 0x47, ..] | [0, 0, 0x8a, 0x97, ..] => unsupported("Plan 9 a.out"),
        [b'V', b'Z', low, high, ..] if is_machine(u16::from_le_bytes([*low, *high])) => {
            unsupported("UEFI terse executable (TE)")
        }
        // For Linux on i386, as file(1) tells it (`M_386` of `linux/a.out.h`): two bytes alone begin many files of other kinds.
        [0x07 | 0x08 | 0x0b, 0x01, 0x64, ..] | [0xcc, 0x00, 0x64, ..] => unsupported("a.out"),
        [b'#', b'!', ..] => not_linked("a script"),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] | [b'<', b'b', b'i', b'g', b'a', b'f', b'>', ..] => {
            not_linked("an archive (ar)")
        }
        [b'!', b'<', b't', b'h', b'i', b'n', b'>', b'\n', ..] => not_linked("a thin archive (ar)"),
        [b'B', b'C', 0xc0, 0xde, ..] | [0xde, 0xc0, 0x17, 0x0b, ..] => not_linked("LLVM bitcode"),
        [0xca, 0xfe, 0xba, 0xbe, ..] => not_linked("a Java class file"),
        [0, 0, 0xff, 0xff, ..] => not_linked("a COFF object or import library member"),
        _ if is_coff_object(head) => not_linked("a COFF object file"),
        _ if is_text(head) => not_linked("a text file"),
        _ => return None,
    })
}

fn is_text(head: &[u8]) -> bool {
    head.iter().all(|&b| b == b'\t' || b == b'\n' || b == b'\r' || (0x20..0x7f).contains(&b))
}

/// A machine of PE and COFF files.
fn is_machine(number: u16) -> bool {
    matches!(number, 0x014c | 0x01c0 | 0x01c4 | 0x8664 | 0xaa64 | 0xa641 | 0x5064)
}

/// A COFF header with a machine and no optional header (Microsoft PE and COFF specification, 3.3).
fn is_coff_object(head: &[u8]) -> bool {
    let order = Order { big: false, wide: false };
    let machine = order.u16(head, 0).is_some_and(is_machine);
    let sections = order.u16(head, 2).is_some_and(|n| (1..0xff00).contains(&n));
    machine && sections && order.u16(head, 16) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> String {
        match recognise(&Source::from_bytes(bytes)) {
            Ok(format) => format.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn magics() {
        assert_eq!(of(b"\x7fELF"), "ELF");
        assert_eq!(of(b"\xcf\xfa\xed\xfe"), "Mach-O");
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x02"), "Mach-O");
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x41"), "not a linked binary: a Java class file");
        assert_eq!(of(b""), "not a linked binary: an empty file");
        assert_eq!(of(b"\x01\xf7\0\x04"), "not supported: XCOFF");
        assert_eq!(of(b"#!/bin/sh\n"), "not a linked binary: a script");
        assert_eq!(of(b"!<arch>\n"), "not a linked binary: an archive (ar)");
        assert_eq!(of(b"BC\xc0\xde"), "not a linked binary: LLVM bitcode");
        assert_eq!(of(b"\0asm\x01\0\0\0"), "not supported: WebAssembly");
        assert_eq!(of(b"\0\0\x8a\x97\0\x01"), "not supported: Plan 9 a.out");
        assert_eq!(of(b"\xed\xab\xee\xdb\x03\0"), "not a linked binary: an RPM package");
        let mut disk = vec![0; 0x9000];
        disk[0x8001..0x8006].copy_from_slice(b"CD001");
        assert_eq!(of(&disk), "not a linked binary: an ISO 9660 image");
        assert_eq!(of(b"hello\n"), "not a linked binary: a text file");
        assert_eq!(of(&[0x13, 0x37, 0, 0xff]), "not a linked binary: unknown format");
    }

    #[test]
    fn mz_programs_are_told_apart() {
        let mut file = vec![0; 0x44];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x40;
        file[0x40..].copy_from_slice(b"PE\0\0");
        assert_eq!(of(&file), "PE");
        file[0x40..].copy_from_slice(b"NE\0\0");
        assert_eq!(of(&file), "not supported: 16-bit Windows program (NE)");
        file[0x40..].copy_from_slice(b"\0\0\0\0");
        assert_eq!(of(&file), "not supported: DOS program (MZ)");
        file[0x3c..0x40].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(of(&file).starts_with("damaged: e_lfanew at offset 0x3c"), "{}", of(&file));
        assert!(of(b"MZ\0").starts_with("damaged: e_lfanew"));
        assert_eq!(of(b"MZ is how this text begins"), "not a linked binary: a text file");
    }

    #[test]
    fn two_bytes_alone_are_no_program_of_an_old_system() {
        assert_eq!(of(b"\x07\x01\x64\0\0\x10\0\0"), "not supported: a.out");
        assert_eq!(of(b"VZ\x64\x86\x06\x0b"), "not supported: UEFI terse executable (TE)");
        // A message of protocol buffers, whose first field is 1, and what else begins so.
        for other in [&b"\x08\x01\x12\x03abc"[..], b"VZ\x01\xff\0", b"\x01\xf7\xff\x04", b"\xcc\0\0\0"] {
            assert_eq!(of(other), "not a linked binary: unknown format", "{other:?}");
        }
    }

    #[test]
    fn coff_objects_have_no_optional_header() {
        let mut object = vec![0; 60];
        object[..2].copy_from_slice(&0x8664u16.to_le_bytes());
        object[2] = 3;
        assert_eq!(of(&object), "not a linked binary: a COFF object file");
    }
}
