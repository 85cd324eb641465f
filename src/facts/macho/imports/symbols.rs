//! The symbol table (`mach-o/nlist.h`).

use super::{Origin, SymbolCounts};
use crate::facts::Unreadable;
use crate::facts::fields::Fields;
use crate::facts::macho::commands::{Commands, SymbolTable};
use crate::facts::macho::header::Header;
use crate::facts::tables::Tables;

/// Entries that are read at once.
const CHUNK: u32 = 256;

/// Any of these bits set makes an entry a debugging symbol.
const N_STAB: u8 = 0xe0;
/// Type and visibility of an entry that is undefined: `N_EXT` and no type.
const N_TYPE_AND_EXT: u8 = 0x0f;
/// `N_EXT`.
const N_EXT: u8 = 0x01;
/// `N_WEAK_REF`.
const N_WEAK_REF: u16 = 0x40;

/// The numbers `LC_DYSYMTAB` holds.
pub(super) fn counts(table: &SymbolTable, commands: &Commands) -> SymbolCounts {
    let parts = commands.symbol_parts.unwrap_or_default();
    SymbolCounts { total: table.count, local: parts.local.1, exported: parts.exported.1, undefined: parts.undefined.1 }
}

/// Hands every undefined symbol to `found`: those `LC_DYSYMTAB` points at, or of the whole table where it is missing.
pub(super) fn undefined(
    tables: &Tables<'_>,
    header: &Header,
    table: &SymbolTable,
    commands: &Commands,
    mut found: impl FnMut(Origin, &str, bool) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let entry_len = if header.bits == 64 { 16 } else { 12 };
    let (first, count) = commands.symbol_parts.map_or((0, table.count), |parts| parts.undefined);
    let end = first.checked_add(count).filter(|&end| end <= table.count);
    let end =
        end.ok_or_else(|| Unreadable::damaged("LC_DYSYMTAB", 0, "undefined symbols outside of the symbol table"))?;
    let mut at = first;
    while at < end {
        let some = (end - at).min(CHUNK);
        let offset = table.symbols + u64::from(at) * entry_len;
        let entries = tables.bytes(offset, u64::from(some) * entry_len, "symbol table")?;
        for entry in entries.chunks_exact(entry_len as usize) {
            let entry = Fields::new(entry, header.endian, header.bits);
            let (Some(name), Some(kind), Some(description)) = (entry.u32(0), entry.u8(4), entry.u16(6)) else {
                continue;
            };
            if kind & N_STAB != 0 || kind & N_TYPE_AND_EXT != N_EXT || u64::from(name) >= table.strings.size {
                continue;
            }
            let name = tables.text(table.strings.offset + u64::from(name), "symbol name")?;
            found(origin(description), &name, description & N_WEAK_REF != 0)?;
        }
        at += some;
    }
    Ok(())
}

/// `GET_LIBRARY_ORDINAL`: the high byte of `n_desc`.
fn origin(description: u16) -> Origin {
    match (description >> 8) as u8 {
        0 => Origin::Itself,
        0xfe => Origin::Flat,
        0xff => Origin::MainExecutable,
        library => Origin::Library(library.into()),
    }
}
