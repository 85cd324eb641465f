//! Symbols of relocatable objects (ELF `ET_REL`, COFF, Mach-O `MH_OBJECT`): what they define and what they leave open.
//!
//! Read on the failure path only, so goblin's eager parsers serve here.

use std::collections::HashSet;

use goblin::elf::section_header::{SHN_UNDEF, SHT_NOBITS};
use goblin::elf::sym::{STB_GLOBAL, STB_WEAK};

use super::Unreadable;

/// Global symbols of one relocatable object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectSymbols {
    /// Names it refers to and does not define.
    pub undefined: Vec<String>,
    /// Names it defines for others.
    pub defined: Vec<String>,
    /// ELF: whether the object asks for an executable stack, by a `.note.GNU-stack` with `SHF_EXECINSTR` or by the lack
    /// of one, which the GNU linker reads the same way. `None` for other formats.
    pub executable_stack: Option<bool>,
}

/// Reads the symbols of the object in `bytes`.
///
/// # Errors
/// [`Unreadable::NotLinked`] for anything that is not an object, LLVM bitcode included; [`Unreadable::Damaged`] for one
/// that contradicts itself.
pub fn symbols(bytes: &[u8]) -> Result<ObjectSymbols, Unreadable> {
    if bytes.starts_with(b"BC\xc0\xde") || bytes.starts_with(&[0xde, 0xc0, 0x17, 0x0b]) {
        return Err(Unreadable::NotLinked("LLVM bitcode".into()));
    }
    let damaged = |error: goblin::error::Error| Unreadable::damaged("object header", 0, error.to_string());
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => Ok(of_elf(&goblin::elf::Elf::parse(bytes).map_err(damaged)?)),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] => Ok(of_macho(&goblin::mach::MachO::parse(bytes, 0).map_err(damaged)?)),
        // IMAGE_FILE_MACHINE_AMD64, _I386, _ARM64, _ARMNT: a COFF object starts with its machine, it has no magic.
        [0x64, 0x86, ..] | [0x4c, 0x01, ..] | [0x64, 0xaa, ..] | [0xc4, 0x01, ..] => {
            Ok(of_coff(&goblin::pe::Coff::parse(bytes).map_err(damaged)?))
        }
        _ => Err(Unreadable::NotLinked("not an object file".into())),
    }
}

/// Every name in the symbol table of the linked ELF file at `path`; `None` when it has none, is of another format, or
/// cannot be read.
pub fn names_of_file(path: &std::path::Path) -> Option<HashSet<String>> {
    let bytes = std::fs::read(path).ok()?;
    let elf = bytes.starts_with(b"\x7fELF").then(|| goblin::elf::Elf::parse(&bytes).ok())??;
    let defined = elf.syms.iter().filter(|symbol| symbol.st_shndx != SHN_UNDEF as usize);
    let names: HashSet<String> =
        defined.filter_map(|symbol| elf.strtab.get_at(symbol.st_name)).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

fn of_elf(elf: &goblin::elf::Elf<'_>) -> ObjectSymbols {
    let mut found = ObjectSymbols::default();
    for symbol in &elf.syms {
        if !matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK) {
            continue;
        }
        let Some(name) = elf.strtab.get_at(symbol.st_name).filter(|name| !name.is_empty()) else { continue };
        let list = if symbol.st_shndx == SHN_UNDEF as usize { &mut found.undefined } else { &mut found.defined };
        list.push(name.to_owned());
    }
    let note =
        elf.section_headers.iter().find(|header| elf.shdr_strtab.get_at(header.sh_name) == Some(".note.GNU-stack"));
    let has_code = elf
        .section_headers
        .iter()
        .any(|header| header.is_executable() && header.sh_type != SHT_NOBITS && header.sh_size > 0);
    found.executable_stack = Some(match note {
        Some(note) => note.is_executable(),
        None => has_code,
    });
    found
}

fn of_macho(macho: &goblin::mach::MachO<'_>) -> ObjectSymbols {
    let mut found = ObjectSymbols::default();
    for (name, entry) in macho.symbols().flatten() {
        if entry.is_stab() || !entry.is_global() || name.is_empty() {
            continue;
        }
        let list = if entry.is_undefined() { &mut found.undefined } else { &mut found.defined };
        list.push(name.to_owned());
    }
    found
}

fn of_coff(coff: &goblin::pe::Coff<'_>) -> ObjectSymbols {
    let mut found = ObjectSymbols::default();
    let (Some(symbols), Some(strings)) = (&coff.symbols, &coff.strings) else { return found };
    for (_, short, symbol) in symbols.iter() {
        if symbol.storage_class != goblin::pe::symbol::IMAGE_SYM_CLASS_EXTERNAL {
            continue;
        }
        let Some(name) = short.or_else(|| symbol.name(strings).ok()) else { continue };
        let list = if symbol.section_number == 0 { &mut found.undefined } else { &mut found.defined };
        list.push(name.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_else_is_refused() {
        for bytes in [&b""[..], b"BC\xc0\xde....", b"#!/bin/sh\n", b"\x7fELF", b"!<arch>\n"] {
            assert!(symbols(bytes).is_err(), "{bytes:?}");
        }
    }
}
