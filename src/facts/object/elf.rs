//! Symbols of ELF objects, and which of their functions refer to a symbol.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use goblin::elf::header::EM_MIPS;
use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHN_LORESERVE, SHN_UNDEF, SHT_NOBITS, SHT_REL, SHT_RELA, SHT_SYMTAB,
};
use goblin::elf::sym::{STB_GLOBAL, STB_WEAK, st_bind};

use super::{Names, ObjectSymbols, Referred};
use crate::facts::elf::image::Image;
use crate::facts::{Source, Unreadable};

/// One entry of a symbol table.
struct Symbol<'b> {
    index: usize,
    name: Option<&'b str>,
    binding: u8,
    section: u16,
}

impl Symbol<'_> {
    fn is_defined(&self) -> bool {
        u32::from(self.section) != SHN_UNDEF
    }

    fn is_global(&self) -> bool {
        matches!(self.binding, STB_GLOBAL | STB_WEAK)
    }
}

/// `.symtab` and its names, in memory.
#[derive(Default)]
struct Table<'s> {
    entries: Cow<'s, [u8]>,
    strings: Cow<'s, [u8]>,
}

impl<'s> Table<'s> {
    /// Empty for a file without one.
    fn read(image: &Image<'s>) -> Result<Self, Unreadable> {
        let headers = image.section_headers();
        let header = headers.iter().find(|header| header.sh_type == SHT_SYMTAB);
        let strings = header.and_then(|header| headers.get(header.sh_link as usize));
        let (Some(header), Some(strings)) = (header, strings) else { return Ok(Table::default()) };
        Ok(Table {
            entries: image.source.read(header.sh_offset, header.sh_size, ".symtab")?,
            strings: image.source.read(strings.sh_offset, strings.sh_size, ".strtab")?,
        })
    }

    fn each<'t>(&'t self, image: &Image<'_>, mut visit: impl FnMut(Symbol<'t>)) -> Result<(), Unreadable> {
        let names = Names::new(image.source.len(), &self.strings);
        // Elf64_Sym: name, info, other, shndx, value, size; Elf32_Sym: name, value, size, info, other, shndx.
        let (size, info, section) = if image.order.wide { (24, 4, 6) } else { (16, 12, 14) };
        for (index, symbol) in self.entries.chunks_exact(size).enumerate() {
            let name = names.at(image.order.u32(symbol, 0).unwrap_or(0))?;
            let section = image.order.u16(symbol, section).unwrap_or(0);
            visit(Symbol { index, name, binding: st_bind(symbol.get(info).copied().unwrap_or(0)), section });
        }
        Ok(())
    }
}

/// Global symbols, and whether the object asks for an executable stack.
pub(super) fn symbols(source: &Source<'_>) -> Result<ObjectSymbols, Unreadable> {
    let image = Image::open(source)?;
    let table = Table::read(&image)?;
    let mut found = ObjectSymbols::default();
    table.each(&image, |symbol| {
        if let Some(name) = symbol.name.filter(|_| symbol.is_global()) {
            found.add(symbol.is_defined(), name);
        }
    })?;
    let is_executable = |flags: u64| flags & u64::from(SHF_EXECINSTR) != 0;
    found.executable_stack = Some(match image.section(".note.GNU-stack") {
        Some(note) => is_executable(note.header.sh_flags),
        None => image
            .section_headers()
            .iter()
            .any(|header| is_executable(header.sh_flags) && header.sh_type != SHT_NOBITS && header.sh_size > 0),
    });
    Ok(found)
}

/// Every name that the file defines.
pub(super) fn defined_names(source: &Source<'_>) -> Result<HashSet<String>, Unreadable> {
    let image = Image::open(source)?;
    let table = Table::read(&image)?;
    let mut names = HashSet::new();
    table.each(&image, |symbol| {
        names.extend(symbol.name.filter(|_| symbol.is_defined()).map(str::to_owned));
    })?;
    Ok(names)
}

/// As [`super::referred`]. Compilers put every function into a section of its own, and linkers drop those nobody calls: so
/// the sections count whose relocations name the symbol, and what is defined in them.
pub(super) fn referred(source: &Source<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<Referred>, Unreadable> {
    let image = Image::open(source)?;
    let table = Table::read(&image)?;
    let mut names = BTreeMap::new();
    table.each(&image, |symbol| {
        if let Some(name) = symbol.name.filter(|name| !symbol.is_defined() && symbol.is_global() && wanted(name)) {
            names.insert(symbol.index, (name, symbol.binding == STB_WEAK));
        }
    })?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sections = referring_sections(&image, &names)?;
    let mut defined: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    table.each(&image, |symbol| {
        if let Some(name) = symbol.name.filter(|_| symbol.is_defined()) {
            defined.entry(symbol.section).or_default().push(name);
        }
    })?;
    let by = |index: &usize| -> Vec<String> {
        let sections = sections.get(index).into_iter().flatten();
        let owners: Option<Vec<&Vec<&str>>> = sections.map(|section| defined.get(section)).collect();
        let mut names: Vec<&str> = match owners {
            Some(owners) if !owners.is_empty() => owners.into_iter().flatten().copied().collect(),
            // A section without a name in it, such as a table of functions: it may belong to anything here.
            _ => defined.values().flatten().copied().collect(),
        };
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(str::to_owned).collect()
    };
    let referred = |(index, (name, is_weak)): (&usize, &(&str, bool))| Referred {
        name: (*name).to_owned(),
        by: by(index),
        is_weak: *is_weak,
    };
    Ok(names.iter().map(referred).collect())
}

/// For each symbol, the loaded sections whose relocations name it; nothing where the file does not say it plainly.
fn referring_sections(
    image: &Image<'_>,
    names: &BTreeMap<usize, (&str, bool)>,
) -> Result<BTreeMap<usize, BTreeSet<u16>>, Unreadable> {
    let mut found: BTreeMap<usize, BTreeSet<u16>> = BTreeMap::new();
    let headers = image.section_headers();
    // From SHN_LORESERVE on a symbol's section stands elsewhere; 64-bit MIPS has an order of fields of its own.
    if headers.len() >= SHN_LORESERVE as usize || image.header.e_machine == EM_MIPS {
        return Ok(found);
    }
    for header in headers.iter().filter(|header| matches!(header.sh_type, SHT_REL | SHT_RELA)) {
        let about = headers.get(header.sh_info as usize).filter(|about| about.sh_flags & u64::from(SHF_ALLOC) != 0);
        let (Some(_), Ok(section)) = (about, u16::try_from(header.sh_info)) else { continue };
        let with_addend = header.sh_type == SHT_RELA;
        // Elf64_Rel: offset, info, addend for RELA, 8 bytes each; Elf32_Rel: 4 bytes each.
        let size = if image.order.wide { 8 } else { 4 } * if with_addend { 3 } else { 2 };
        let relocations = image.source.read(header.sh_offset, header.sh_size, "relocations")?;
        for relocation in relocations.chunks_exact(size) {
            let symbol = match image.order.wide {
                true => image.order.u64(relocation, 8).map(|info| info >> 32),
                false => image.order.u32(relocation, 4).map(|info| u64::from(info >> 8)),
            };
            if let Some(index) = symbol.map(|symbol| symbol as usize).filter(|index| names.contains_key(index)) {
                found.entry(index).or_default().insert(section);
            }
        }
    }
    Ok(found)
}
