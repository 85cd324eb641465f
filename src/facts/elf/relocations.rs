//! Relocations, as far as a load hangs on them: what glibc resolves and musl does not, and what nobody is asked for.

use std::collections::HashSet;

use goblin::elf::dynamic::{
    DT_JMPREL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELACOUNT, DT_RELASZ, DT_RELCOUNT, DT_RELSZ,
};
use goblin::elf::header::{
    EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_MIPS, EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_SPARC, EM_SPARCV9,
    EM_X86_64,
};

use super::SymbolKind;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use super::symbols::SymbolTable;
use super::versions::HIDDEN;
use crate::facts::{Source, Unreadable};

/// MIPS supplement: the first dynamic symbol with an entry in the global offset table.
const DT_MIPS_GOTSYM: u64 = 0x7000_0013;
/// Bytes of a table that are read at once; a multiple of every entry size.
const CHUNK: u64 = 24 << 12;

/// What a file's relocations say to those who load it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relocated {
    /// musl's loader refuses some of them: `R_*_IRELATIVE`, or one against a symbol of its own that musl's lookup passes over, an
    /// `STT_GNU_IFUNC` or a hidden version (`ldso/dynlink.c`, `find_sym`).
    pub only_for_glibc: bool,
    /// Undefined symbols that no relocation names, sorted: nobody looks for them (glibc `elf/do-rel.h`, musl `do_relocs`).
    /// Linkers leave them where they drop the code that asked, or are told to (`-u`).
    pub never_asked: Vec<String>,
    /// Its own thread-local storage has to be at a fixed distance from the thread pointer (the initial-exec model).
    pub own_static_tls: bool,
    /// Thread-local variables that have to be so, sorted, wherever they are defined: here, perhaps, or in what comes first.
    pub static_tls: Vec<String>,
}

/// Reads every relocation of a file.
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub fn relocated(source: &Source<'_>) -> Result<Relocated, Unreadable> {
    let image = Image::open(source)?;
    let dynamic = Dynamic::read(&image)?;
    let mut known = Known::read(&image, &dynamic)?;
    let mut found = Relocated::default();
    let irelative = irelative(&image);
    let initial_exec = initial_exec(&image);
    let mut static_tls = HashSet::new();
    let is_rela = dynamic.get(DT_PLTREL) == Some(DT_RELA);
    for (address, size, rela) in
        [(DT_RELA, DT_RELASZ, true), (DT_REL, DT_RELSZ, false), (DT_JMPREL, DT_PLTRELSZ, is_rela)]
    {
        let (Some(address), Some(size)) = (dynamic.get(address), dynamic.get(size)) else { continue };
        each(&image, address, size, rela, 0, |kind, symbol| {
            found.only_for_glibc |= Some(kind) == irelative || (symbol != 0 && known.unseen.contains(&symbol));
            if initial_exec.contains(&kind) {
                static_tls.insert(symbol);
            }
            if let Some(is_asked) = usize::try_from(symbol).ok().and_then(|symbol| known.asked.get_mut(symbol)) {
                *is_asked = true;
            }
        })?;
    }
    found.own_static_tls = static_tls.contains(&0);
    if known.leaves_unasked() || !static_tls.is_empty() {
        found.add_names(&image, &dynamic, &known, &static_tls)?;
    }
    Ok(found)
}

impl Relocated {
    /// Adds what is told by name, which most files have nothing of.
    fn add_names(
        &mut self,
        image: &Image<'_>,
        dynamic: &Dynamic,
        known: &Known,
        static_tls: &HashSet<u64>,
    ) -> Result<(), Unreadable> {
        let (Some(strings), Some(table)) = (DynamicStrings::open(image, dynamic)?, SymbolTable::open(image, dynamic)?)
        else {
            return Ok(());
        };
        let mut global = Vec::new();
        table.each(|symbol| {
            if static_tls.contains(&symbol.index) {
                match symbol.is_local() || symbol.visibility != 0 {
                    true => self.own_static_tls = true,
                    false => global.push(symbol.name),
                }
            }
            Ok(())
        })?;
        self.static_tls = names(&strings, global.into_iter())?;
        self.never_asked = known.never_asked(&strings)?;
        Ok(())
    }
}

/// What has to be known of symbols before relocations are looked at.
#[derive(Default)]
struct Known {
    /// Symbols of its own that musl does not see.
    unseen: HashSet<u64>,
    /// Index and name of what it leaves to others.
    undefined: Vec<(usize, u32)>,
    /// Of every symbol, whether something asks for it.
    asked: Vec<bool>,
}

impl Known {
    fn read(image: &Image<'_>, dynamic: &Dynamic) -> Result<Self, Unreadable> {
        let mut known = Known::default();
        let Some(table) = SymbolTable::open(image, dynamic)? else { return Ok(known) };
        let versions = table.version_indices(dynamic)?;
        let is_hidden = |symbol: u64| versions.get(symbol).is_some_and(|version| version & HIDDEN != 0);
        table.each(|symbol| {
            match symbol.is_undefined() {
                _ if symbol.is_local() => {}
                true => known.undefined.push((usize::try_from(symbol.index).unwrap_or(usize::MAX), symbol.name)),
                false if symbol.kind() == SymbolKind::Ifunc || is_hidden(symbol.index) => {
                    known.unseen.insert(symbol.index);
                }
                false => {}
            }
            Ok(())
        })?;
        let end = known.undefined.last().map_or(0, |(last, _)| last + 1);
        // Every symbol of a MIPS global offset table from this one on is looked for without a relocation.
        let implied = (image.header.e_machine == EM_MIPS).then(|| dynamic.get(DT_MIPS_GOTSYM).unwrap_or(0));
        known.asked = (0..end as u64).map(|symbol| implied.is_some_and(|first| symbol >= first)).collect();
        Ok(known)
    }

    fn undefined(&self, asked: bool) -> impl Iterator<Item = u32> {
        self.undefined.iter().filter(move |(at, _)| self.asked[*at] == asked).map(|(_, name)| *name)
    }

    fn leaves_unasked(&self) -> bool {
        self.undefined(false).next().is_some()
    }

    /// The names that nothing asks for.
    fn never_asked(&self, strings: &DynamicStrings<'_, '_>) -> Result<Vec<String>, Unreadable> {
        let mut unasked = names(strings, self.undefined(false))?;
        if !unasked.is_empty() {
            // Under another version the same name may well be asked for.
            let asked = names(strings, self.undefined(true))?;
            unasked.retain(|name| asked.binary_search(name).is_err());
        }
        Ok(unasked)
    }
}

/// The names at these places, sorted.
fn names(strings: &DynamicStrings<'_, '_>, at: impl Iterator<Item = u32>) -> Result<Vec<String>, Unreadable> {
    let mut names = at.map(|at| strings.get(u64::from(at), "st_name")).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    Ok(names)
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
                // MIPS has a symbol and four single bytes, the type last, instead of a number.
                match image.header.e_machine == EM_MIPS {
                    true if order.big => visit(info as u32 & 0xff, info >> 32),
                    true => visit((info >> 56) as u32, info & 0xffff_ffff),
                    false => visit(info as u32, info >> 32),
                }
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

/// Relocations of the machine for a distance from the thread pointer (`elf.h` of glibc).
fn initial_exec(image: &Image<'_>) -> &'static [u32] {
    match image.header.e_machine {
        EM_X86_64 => &[18, 23],
        EM_386 => &[14, 37],
        EM_AARCH64 => &[1030],
        EM_ARM => &[19],
        EM_RISCV | EM_LOONGARCH => &[10, 11],
        EM_PPC | EM_PPC64 => &[73],
        EM_S390 => &[56],
        EM_SPARC | EM_SPARCV9 => &[78, 79],
        EM_MIPS => &[47, 48],
        _ => &[],
    }
}
