//! Relocations, as far as a loader may refuse them: what glibc resolves and musl does not.

use std::collections::HashSet;

use goblin::elf::dynamic::{
    DT_JMPREL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELACOUNT, DT_RELASZ, DT_RELCOUNT, DT_RELSZ,
};
use goblin::elf::header::{
    EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_MIPS, EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_SPARC, EM_SPARCV9,
    EM_X86_64,
};

use super::SymbolKind;
use super::dynamic::Dynamic;
use super::image::Image;
use super::symbols::SymbolTable;
use super::versions::HIDDEN;
use crate::facts::{Source, Unreadable};

/// Bytes of a table that are read at once; a multiple of every entry size.
const CHUNK: u64 = 24 << 12;

/// Whether musl's loader refuses the file's relocations: `R_*_IRELATIVE`, or one against a symbol of its own that musl's
/// lookup passes over, an `STT_GNU_IFUNC` or a hidden version (`ldso/dynlink.c`, `find_sym`).
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub fn has_relocations_only_glibc_knows(source: &Source<'_>) -> Result<bool, Unreadable> {
    let image = Image::open(source)?;
    let dynamic = Dynamic::read(&image)?;
    let mut own = HashSet::new();
    if let Some(table) = SymbolTable::open(&image, &dynamic)? {
        let versions = table.version_indices(&dynamic)?;
        let is_hidden = |symbol: u64| versions.get(symbol).is_some_and(|version| version & HIDDEN != 0);
        table.each(|symbol| {
            let unseen = symbol.kind() == SymbolKind::Ifunc || is_hidden(symbol.index);
            if unseen && !symbol.is_undefined() && !symbol.is_local() {
                own.insert(symbol.index);
            }
            Ok(())
        })?;
    }
    let irelative = irelative(&image);
    let mut found = false;
    let is_rela = dynamic.get(DT_PLTREL) == Some(DT_RELA);
    for (address, size, rela) in
        [(DT_RELA, DT_RELASZ, true), (DT_REL, DT_RELSZ, false), (DT_JMPREL, DT_PLTRELSZ, is_rela)]
    {
        let (Some(address), Some(size)) = (dynamic.get(address), dynamic.get(size)) else { continue };
        each(&image, address, size, rela, 0, |kind, symbol| {
            found |= Some(kind) == irelative || (symbol != 0 && own.contains(&symbol));
        })?;
    }
    Ok(found)
}

/// The dynamic symbols that a program has copy relocations for, sorted. The relative relocations, which linkers put first and count, are
/// passed over: they are the many.
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub(super) fn copied(image: &Image<'_>, dynamic: &Dynamic) -> Result<Vec<u64>, Unreadable> {
    let mut found = Vec::new();
    let Some(copy) = copy(image) else { return Ok(found) };
    for (address, size, count, rela) in
        [(DT_RELA, DT_RELASZ, DT_RELACOUNT, true), (DT_REL, DT_RELSZ, DT_RELCOUNT, false)]
    {
        let (Some(address), Some(size)) = (dynamic.get(address), dynamic.get(size)) else { continue };
        each(image, address, size, rela, dynamic.get(count).unwrap_or(0), |kind, symbol| {
            if kind == copy {
                found.push(symbol);
            }
        })?;
    }
    found.sort_unstable();
    Ok(found)
}

/// Calls `visit` with the type and the symbol index of every entry of a table but the `first` ones.
fn each(
    image: &Image<'_>,
    address: u64,
    size: u64,
    rela: bool,
    first: u64,
    mut visit: impl FnMut(u32, u64),
) -> Result<(), Unreadable> {
    const WHAT: &str = "relocation table";
    let order = image.order;
    let entry = match (order.wide, rela) {
        (true, true) => 24,
        (true, false) => 16,
        (false, true) => 12,
        (false, false) => 8,
    };
    let (offset, left) = image.table(address, WHAT)?;
    let size = size.min(left) / entry * entry;
    let mut done = first.saturating_mul(entry).min(size);
    while done < size {
        let here = (CHUNK / entry * entry).min(size - done);
        let bytes = image.source.read(offset + done, here, WHAT)?;
        for relocation in bytes.chunks_exact(entry as usize) {
            if order.wide {
                let info = order.u64(relocation, 8).unwrap_or(0);
                visit(info as u32, info >> 32);
            } else {
                let info = order.u32(relocation, 4).unwrap_or(0);
                visit(info & 0xff, u64::from(info >> 8));
            }
        }
        done += here;
    }
    Ok(())
}

/// `R_*_COPY` of the machine (`elf.h` of glibc).
fn copy(image: &Image<'_>) -> Option<u32> {
    Some(match image.header.e_machine {
        EM_X86_64 | EM_386 => 5,
        EM_AARCH64 => 1024,
        EM_ARM => 20,
        EM_RISCV | EM_LOONGARCH => 4,
        EM_PPC | EM_PPC64 | EM_SPARC | EM_SPARCV9 => 19,
        EM_S390 => 9,
        EM_MIPS => 126,
        _ => return None,
    })
}

/// `R_*_IRELATIVE` of the machine (`elf.h` of glibc).
fn irelative(image: &Image<'_>) -> Option<u32> {
    Some(match image.header.e_machine {
        EM_X86_64 => 37,
        EM_386 => 42,
        EM_AARCH64 => 1032,
        EM_ARM => 160,
        EM_RISCV => 58,
        EM_PPC | EM_PPC64 => 248,
        EM_S390 => 61,
        EM_SPARC | EM_SPARCV9 => 249,
        EM_LOONGARCH => 12,
        _ => return None,
    })
}
