//! Symbols of relocatable objects (ELF `ET_REL`, COFF, Mach-O `MH_OBJECT`): what they define and what they leave open.
//!
//! Read on the failure path only. Only headers, the symbol table and its names are looked at, none of them trusted.

mod elf;

use std::collections::HashSet;

use goblin::mach::load_command::LC_SYMTAB;
use goblin::mach::symbols::{N_EXT, N_STAB, N_TYPE, N_UNDF};
use goblin::pe::symbol::IMAGE_SYM_CLASS_EXTERNAL;

use super::bytes::until_nul;
use super::fields::Fields;
use super::tables::Budget;
use super::{Endian, Source, Unreadable};

/// Length of a COFF symbol (`IMAGE_SYMBOL`), in bytes.
const COFF_SYMBOL: usize = 18;

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

/// Reads the symbols of the object in `source`.
///
/// # Errors
/// [`Unreadable::NotLinked`] for anything that is not an object, LLVM bitcode included; [`Unreadable::Damaged`] for one
/// that contradicts itself.
pub fn symbols(source: &Source<'_>) -> Result<ObjectSymbols, Unreadable> {
    let magic = source.read_up_to(0, 4, "magic of an object file")?;
    if is_bitcode(source) {
        return Err(Unreadable::NotLinked("LLVM bitcode".into()));
    }
    let all = || source.read(0, source.len(), "object file");
    match *magic {
        [0x7f, b'E', b'L', b'F'] => elf::symbols(source),
        [0xcf, 0xfa, 0xed, 0xfe] => of_macho(&all()?, 64),
        [0xce, 0xfa, 0xed, 0xfe] => of_macho(&all()?, 32),
        // IMAGE_FILE_MACHINE_AMD64, _I386, _ARM64, _ARMNT: a COFF object starts with its machine, it has no magic.
        [0x64, 0x86, ..] | [0x4c, 0x01, ..] | [0x64, 0xaa, ..] | [0xc4, 0x01, ..] => of_coff(&all()?),
        _ => Err(Unreadable::NotLinked("not an object file".into())),
    }
}

/// Whether it is LLVM bitcode, bare or wrapped: what compilers write for link-time optimisation.
pub fn is_bitcode(source: &Source<'_>) -> bool {
    let magic = source.read_up_to(0, 4, "magic of an object file");
    magic.is_ok_and(|magic| *magic == *b"BC\xc0\xde" || *magic == [0xde, 0xc0, 0x17, 0x0b])
}

/// A name that an object refers to and does not define, and where it does so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referred {
    /// The name.
    pub name: String,
    /// Functions and data of the object that refer to it: shows whether the reference made it into a program with a symbol
    /// table. Everything the object defines, where it cannot be told more closely.
    pub by: Vec<String>,
    /// The object does without it where nobody defines it.
    pub is_weak: bool,
}

/// The names, of those that `wanted` accepts, that the object in `source` refers to and does not define.
///
/// # Errors
/// As [`symbols`].
pub fn referred(source: &Source<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<Referred>, Unreadable> {
    if *source.read_up_to(0, 4, "magic of an object file")? == *b"\x7fELF" {
        return elf::referred(source, wanted);
    }
    let ObjectSymbols { undefined, defined, .. } = symbols(source)?;
    let names = undefined.into_iter().filter(|name| wanted(name));
    Ok(names.map(|name| Referred { name, by: defined.clone(), is_weak: false }).collect())
}

/// Every name in the symbol table of the linked ELF file at `path`; `None` when it has none, is of another format, or
/// cannot be read.
pub fn names_of_file(path: &std::path::Path) -> Option<HashSet<String>> {
    let file = std::fs::File::open(path).ok()?;
    let source = Source::from_file(&file).ok()?;
    elf::defined_names(&source).ok().filter(|names| !names.is_empty())
}

/// Whether the ELF file at `path` is a procedural macro, which rustc opens and nothing else: it exports the declarations
/// (`generate_proc_macro_decls_symbol` in `rustc_session`).
pub fn is_procedural_macro(path: &std::path::Path) -> bool {
    let exported = || {
        let file = std::fs::File::open(path).ok()?;
        crate::facts::elf::exports(&Source::from_file(&file).ok()?).ok()
    };
    let is_declaration = |name: &str| name.starts_with("__rustc_proc_macro_decls_");
    exported().is_some_and(|exported| exported.iter().any(|symbol| is_declaration(symbol.name)))
}

impl ObjectSymbols {
    fn add(&mut self, is_defined: bool, name: &str) {
        let list = if is_defined { &mut self.defined } else { &mut self.undefined };
        list.push(name.to_owned());
    }
}

/// The names of a symbol table. They may lie over each other: together they cost no more than an honest file's.
struct Names<'b> {
    table: &'b [u8],
    budget: Budget,
}

impl<'b> Names<'b> {
    fn new(file_size: u64, table: &'b [u8]) -> Self {
        Names { table, budget: Budget::for_file(file_size) }
    }

    /// The name at an index; `None` where there is none, or one that is not UTF-8.
    fn at(&self, index: u32) -> Result<Option<&'b str>, Unreadable> {
        let name = until_nul(self.table.get(index as usize..).unwrap_or_default());
        self.budget.spend(name.len() as u64 + 1, index.into(), "symbol names")?;
        Ok(std::str::from_utf8(name).ok().filter(|name| !name.is_empty()))
    }
}

/// The bytes of a table that a header places.
fn table<'b>(bytes: &'b [u8], offset: u64, len: u64, what: &str) -> Result<&'b [u8], Unreadable> {
    let start = usize::try_from(offset).ok();
    let end = offset.checked_add(len).and_then(|end| usize::try_from(end).ok());
    start
        .zip(end)
        .and_then(|(start, end)| bytes.get(start..end))
        .ok_or_else(|| Unreadable::damaged(what, offset, format!("{len} bytes wanted, the object has {}", bytes.len())))
}

fn of_macho(bytes: &[u8], bits: u8) -> Result<ObjectSymbols, Unreadable> {
    let fields = Fields::new(bytes, Endian::Little, bits);
    let mut found = ObjectSymbols::default();
    let mut at = if bits == 64 { 32 } else { 28 };
    for _ in 0..fields.u32(16).unwrap_or(0) {
        let cut = || Unreadable::damaged("load commands", at as u64, "cut off");
        let (command, size) = fields.u32(at).zip(fields.u32(at + 4)).ok_or_else(cut)?;
        if command == LC_SYMTAB {
            // symoff, nsyms, stroff, strsize
            let field = |index: usize| fields.u32(at + 8 + 4 * index).map(u64::from).ok_or_else(cut);
            let entry = if bits == 64 { 16 } else { 12 };
            let symbols = table(bytes, field(0)?, field(1)? * entry, "LC_SYMTAB")?;
            let names = Names::new(bytes.len() as u64, table(bytes, field(2)?, field(3)?, "LC_SYMTAB")?);
            for symbol in symbols.chunks_exact(entry as usize).map(|symbol| fields.with(symbol)) {
                let (Some(name), Some(kind)) = (symbol.u32(0), symbol.u8(4)) else { continue };
                if kind & N_STAB == 0
                    && kind & N_EXT != 0
                    && let Some(name) = names.at(name)?
                {
                    found.add(kind & N_TYPE != N_UNDF, name);
                }
            }
            break;
        }
        at = at.checked_add(size.max(8) as usize).ok_or_else(cut)?;
    }
    Ok(found)
}

fn of_coff(bytes: &[u8]) -> Result<ObjectSymbols, Unreadable> {
    let fields = Fields::little(bytes);
    let mut found = ObjectSymbols::default();
    let cut = || Unreadable::damaged("COFF header", 0, "cut off");
    let (offset, count) = fields.u32(8).zip(fields.u32(12)).ok_or_else(cut)?;
    if offset == 0 {
        return Ok(found);
    }
    let len = u64::from(count) * COFF_SYMBOL as u64;
    let symbols = table(bytes, offset.into(), len, "COFF symbol table")?;
    // The names follow, after four bytes that say how long they are.
    let names = Names::new(bytes.len() as u64, bytes.get(offset as usize + symbols.len()..).unwrap_or_default());
    let mut rest = symbols.chunks_exact(COFF_SYMBOL).map(Fields::little);
    while let Some(symbol) = rest.next() {
        let (section, class) = (symbol.u16(12).unwrap_or(0), symbol.u8(16).unwrap_or(0));
        let long = symbol.u32(0).filter(|zeroes| *zeroes == 0).and_then(|_| symbol.u32(4));
        if class == IMAGE_SYM_CLASS_EXTERNAL {
            let short = until_nul(symbol.slice(0, 8).unwrap_or_default());
            let name = match long {
                Some(index) => names.at(index)?,
                None => std::str::from_utf8(short).ok().filter(|name| !name.is_empty()),
            };
            if let Some(name) = name {
                found.add(section != 0, name);
            }
        }
        // Auxiliary entries stand in the same table.
        for _ in 0..symbol.u8(17).unwrap_or(0) {
            rest.next();
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<ObjectSymbols, Unreadable> {
        symbols(&Source::from_bytes(bytes))
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [&b""[..], b"BC\xc0\xde....", b"#!/bin/sh\n", b"\x7fELF", b"!<arch>\n"] {
            assert!(of(bytes).is_err(), "{bytes:?}");
        }
    }

    /// A Mach-O object for x86-64: a program's entry far outside of everything, then two symbols.
    fn mach_o(symbols_at: u32) -> Vec<u8> {
        let header = [0xfeed_facf, 0x0100_0007, 3, 1, 2, 24 + 24, 0, 0];
        let main = [0x8000_0028, 24, u32::MAX, u32::MAX, 0, 0];
        let symtab = [2, 24, symbols_at, 2, 112, 6];
        let mut bytes: Vec<u8> =
            header.iter().chain(&main).chain(&symtab).flat_map(|word| word.to_le_bytes()).collect();
        for (name, kind) in [(1u32, 0x0f), (3, 0x01)] {
            bytes.extend(name.to_le_bytes());
            bytes.extend([kind, u8::from(kind == 0x0f), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        bytes.extend(b"\0a\0b\0\0");
        bytes
    }

    #[test]
    fn mach_o_symbols() {
        let found = of(&mach_o(80)).unwrap();
        assert_eq!((found.defined, found.undefined), (vec!["a".to_owned()], vec!["b".to_owned()]));
        assert!(matches!(of(&mach_o(90)), Err(Unreadable::Damaged { .. })));
        let whole = mach_o(80);
        for end in 4..whole.len() {
            drop(of(&whole[..end]));
        }
    }

    #[test]
    fn coff_symbols() {
        // Machine, no section; PointerToSymbolTable and NumberOfSymbols; the second symbol is auxiliary to the first.
        let mut bytes = [[0x64, 0x86, 0, 0], [0; 4], [20, 0, 0, 0], [3, 0, 0, 0], [0; 4]].concat();
        bytes.extend(b"short\0\0\0\0\0\0\0\x01\0\0\0\x02\x01");
        bytes.extend([0xff; COFF_SYMBOL]);
        bytes.extend(b"\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\x02\0");
        bytes.extend(b"\x11\0\0\0longer_name\0");
        let found = of(&bytes).unwrap();
        assert_eq!((found.defined, found.undefined), (vec!["short".to_owned()], vec!["longer_name".to_owned()]));
        for end in 2..bytes.len() {
            drop(of(&bytes[..end]));
        }
    }
}
