//! The dynamic symbol table: what the file leaves to others, and with which version.

use std::borrow::Cow;

use goblin::elf::dynamic::{DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM};
use goblin::elf::header::{EM_MIPS, EM_S390};
use goblin::elf::section_header::SHT_DYNSYM;
use goblin::elf::sym::{STB_LOCAL, STB_WEAK, st_bind, st_type};

use super::abi::EM_ALPHA_IN_USE;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use super::versions::{HIDDEN, Needs};
use super::{SymbolKind, UndefinedSymbol, VersionNeed};
use crate::facts::Unreadable;
use crate::facts::bytes::Order;
use crate::facts::name::{Name, Piece};

/// MIPS supplement: the number of dynamic symbols.
const DT_MIPS_SYMTABNO: u64 = 0x7000_0011;
/// Bytes of the symbol table that are read at once: the memory for them is used again, and stays in the cache.
const CHUNK: u64 = 64 << 10;

/// Symbols that room is made for at once.
const USUAL: u64 = 128;

/// One entry of the dynamic symbol table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol {
    pub(super) index: u64,
    pub(super) name: u32,
    pub(super) info: u8,
    pub(super) section: u16,
    pub(super) visibility: u8,
    pub(super) value: u64,
}

impl Symbol {
    pub(super) fn is_weak(self) -> bool {
        st_bind(self.info) == STB_WEAK
    }

    pub(super) fn is_local(self) -> bool {
        st_bind(self.info) == STB_LOCAL
    }

    pub(super) fn is_undefined(self) -> bool {
        self.section == 0
    }

    pub(super) fn kind(self) -> SymbolKind {
        SymbolKind::of(st_type(self.info))
    }
}

/// The table's place and length.
pub(super) struct SymbolTable<'i, 's> {
    image: &'i Image<'s>,
    offset: u64,
    /// Number of entries, the empty first one among them.
    pub(super) count: u64,
}

impl<'i, 's> SymbolTable<'i, 's> {
    /// `None` without `DT_SYMTAB`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the table does not lie in a segment.
    pub(super) fn open(image: &'i Image<'s>, dynamic: &Dynamic) -> Result<Option<Self>, Unreadable> {
        const WHAT: &str = "DT_SYMTAB";
        let Some(address) = dynamic.get(DT_SYMTAB) else { return Ok(None) };
        let (offset, left) = image.table(address, WHAT)?;
        let count = count(image, dynamic, address, left / entry_size(image))?;
        if count.checked_mul(entry_size(image)).is_none_or(|size| size > left) {
            let why = format!("{count} symbols do not fit into the {left} bytes of their segment");
            return Err(Unreadable::damaged(WHAT, offset, why));
        }
        Ok(Some(SymbolTable { image, offset, count }))
    }

    /// Calls `visit` for every entry but the first, which is empty.
    ///
    /// # Errors
    /// What reading gives, and what `visit` gives.
    pub(super) fn each(&self, visit: impl FnMut(Symbol) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        self.each_wanted(|_, _| true, visit)
    }

    /// [`SymbolTable::each`] of the entries that are wanted, by their index and `st_shndx`: of most symbols of a library nothing
    /// else is looked at.
    ///
    /// # Errors
    /// What reading gives, and what `visit` gives.
    fn each_wanted(
        &self,
        is_wanted: impl FnMut(u64, u16) -> bool,
        visit: impl FnMut(Symbol) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        match self.image.order.wide {
            true => self.each_of_size::<24>(6, is_wanted, visit),
            false => self.each_of_size::<16>(14, is_wanted, visit),
        }
    }

    /// For entries of `N` bytes, with their `st_shndx` at `section_at`: what goes over every symbol, and is compiled for its size.
    fn each_of_size<const N: usize>(
        &self,
        section_at: usize,
        mut is_wanted: impl FnMut(u64, u16) -> bool,
        mut visit: impl FnMut(Symbol) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let order = self.image.order;
        let size = N as u64;
        let mut index = 0;
        while index < self.count {
            let here = (CHUNK / size).min(self.count - index);
            let bytes = self.image.source.read(self.offset + index * size, here * size, "DT_SYMTAB")?;
            for entry in bytes.as_chunks::<N>().0 {
                let section = order.u16_of([entry[section_at], entry[section_at + 1]]);
                if index > 0 && is_wanted(index, section) {
                    visit(symbol(order, index, section, entry))?;
                }
                index += 1;
            }
        }
        Ok(())
    }

    /// `DT_VERSYM`: the version index of each symbol; empty without versions.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the table does not lie in a segment.
    pub(super) fn version_indices(&self, dynamic: &Dynamic) -> Result<VersionIndices<'i>, Unreadable> {
        let order = self.image.order;
        let Some(address) = dynamic.get(DT_VERSYM) else { return Ok(VersionIndices { bytes: Cow::default(), order }) };
        let (offset, left) = self.image.table(address, "DT_VERSYM")?;
        let bytes = self.image.source.read(offset, left.min(self.count * 2), "DT_VERSYM")?;
        Ok(VersionIndices { bytes, order })
    }
}

/// `Elf64_Sym`: name, info, other, shndx, value, size; `Elf32_Sym`: name, value, size, info, other, shndx.
fn symbol(order: Order, index: u64, section: u16, entry: &[u8]) -> Symbol {
    let (info, other, value) = if order.wide { (4, 5, 8) } else { (12, 13, 4) };
    Symbol {
        index,
        name: order.u32(entry, 0).unwrap_or(0),
        info: entry[info],
        section,
        visibility: entry[other] & 3,
        value: order.word(entry, value).unwrap_or(0),
    }
}

/// `DT_VERSYM`, as it lies in the file: most entries are never looked at.
pub(super) struct VersionIndices<'i> {
    bytes: Cow<'i, [u8]>,
    order: Order,
}

impl VersionIndices<'_> {
    /// The version index of a symbol, with its hidden bit.
    pub(super) fn get(&self, symbol: u64) -> Option<u16> {
        self.order.u16(&self.bytes, usize::try_from(symbol).ok()?.checked_mul(2)?)
    }
}

fn entry_size(image: &Image<'_>) -> u64 {
    if image.order.wide { 24 } else { 16 }
}

/// The number of dynamic symbols. No entry of `PT_DYNAMIC` simply says it, and `DT_GNU_HASH` leaves out the undefined
/// ones when nothing is exported; so in order: what counts exactly, then where the next table starts.
fn count(image: &Image<'_>, dynamic: &Dynamic, address: u64, fit: u64) -> Result<u64, Unreadable> {
    if let Some(hash) = dynamic.get(DT_HASH) {
        let (offset, _) = image.table(hash, "DT_HASH")?;
        // Alpha and s390x have hash entries of 8 bytes (their processor supplements).
        let doubled = image.order.wide && matches!(image.header.e_machine, EM_ALPHA_IN_USE | EM_S390);
        return Ok(if doubled {
            let bytes = image.window.bytes::<16>(offset, "DT_HASH")?;
            image.order.u64(&bytes, 8).unwrap_or(0)
        } else {
            let bytes = image.window.bytes::<8>(offset, "DT_HASH")?;
            u64::from(image.order.u32(&bytes, 4).unwrap_or(0))
        });
    }
    if image.header.e_machine == EM_MIPS
        && let Some(count) = dynamic.get(DT_MIPS_SYMTABNO)
    {
        return Ok(count);
    }
    let table =
        image.section_headers().iter().find(|section| section.sh_type == SHT_DYNSYM && section.sh_addr == address);
    if let Some(table) = table {
        return Ok(table.sh_size / entry_size(image));
    }
    let next = dynamic.values().filter(|&value| value > address).min();
    let between = next.map_or(fit, |next| ((next - address) / entry_size(image)).min(fit));
    Ok(between.max(hashed(image, dynamic)?.min(fit)))
}

/// One more than the highest symbol that `DT_GNU_HASH` reaches.
fn hashed(image: &Image<'_>, dynamic: &Dynamic) -> Result<u64, Unreadable> {
    const WHAT: &str = "DT_GNU_HASH";
    let Some(address) = dynamic.get(DT_GNU_HASH) else { return Ok(0) };
    let (offset, left) = image.table(address, WHAT)?;
    let header = image.window.bytes::<16>(offset, WHAT)?;
    let field = |at| u64::from(image.order.u32(&header, at).unwrap_or(0));
    let (buckets, first, bloom) = (field(0), field(4), field(8));
    let buckets_at = 16 + bloom * image.order.word_size() as u64;
    let bytes = image.source.read(offset + buckets_at.min(left), buckets.saturating_mul(4).min(left), WHAT)?;
    let words = bytes.chunks_exact(4).filter_map(|word| image.order.u32(word, 0));
    let Some(mut last) = words.map(u64::from).max().filter(|&last| last >= first) else { return Ok(first) };
    let chains = offset + buckets_at + buckets * 4;
    loop {
        let word = image.window.bytes::<4>(chains + (last - first) * 4, WHAT)?;
        last += 1;
        if image.order.u32(&word, 0).unwrap_or(1) & 1 == 1 {
            return Ok(last);
        }
    }
}

/// Whether the file defines the entry of musl's loader, which is musl's `libc.so` itself.
///
/// # Errors
/// [`Unreadable::Damaged`] when a name does not lie in its table.
pub(super) fn defines_musl_loader(
    table: &SymbolTable<'_, '_>,
    strings: &DynamicStrings<'_, '_>,
) -> Result<bool, Unreadable> {
    let mut found = [false; 2];
    table.each(|symbol| {
        if !symbol.is_undefined() {
            match strings.get(u64::from(symbol.name), "st_name")?.as_str() {
                "_dlstart" => found[0] = true,
                "__libc_start_main" => found[1] = true,
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(found == [true; 2])
}

/// What the file leaves to others.
#[derive(Debug, Default)]
pub(super) struct Imports {
    pub(super) undefined: Vec<UndefinedSymbol>,
    pub(super) copied: Vec<UndefinedSymbol>,
    pub(super) defined_count: u64,
}

impl Imports {
    /// Walks the symbols once, and notes in `needs` which of them carry each version; `copied` are the targets of copy
    /// relocations, sorted.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when a table or a name does not lie where it should.
    pub(super) fn read(
        table: &SymbolTable<'_, '_>,
        dynamic: &Dynamic,
        strings: &DynamicStrings<'_, '_>,
        needs: &mut Needs,
        copied: &[u64],
    ) -> Result<Self, Unreadable> {
        let indices = table.version_indices(dynamic)?;
        let by_index = needs.by_index();
        let need_of = |symbol: u64| {
            let index = indices.get(symbol)? & !HIDDEN;
            if index > 1 { by_index.get(usize::from(index)).copied().flatten() } else { None }
        };
        let mut names = strings.names();
        let mut found = Vec::with_capacity(table.count.min(USUAL) as usize);
        let mut defined_count = 0;
        let mut copied = copied.iter().copied().peekable();
        let is_wanted = |index: u64, section: u16| {
            if section == 0 {
                return true;
            }
            defined_count += 1;
            while copied.next_if(|&copied| copied < index).is_some() {}
            // A defined symbol that carries a needed version is the target of a copy relocation too.
            copied.peek() == Some(&index) || need_of(index).is_some()
        };
        table.each_wanted(is_wanted, |symbol| {
            if symbol.is_local() {
                return Ok(());
            }
            let need = need_of(symbol.index);
            let name = strings.add_to(&mut names, u64::from(symbol.name), "st_name")?;
            if let Some(need) = need.and_then(|need| needs.list.get(need)) {
                strings.spend(name.len(), "st_name")?;
                strings.spend(need.version.len(), "vna_name")?;
            }
            found.push(Found::new(symbol, name, need));
            Ok(())
        })?;
        Ok(Imports { defined_count, ..Imports::of(found, &names.names(), &mut needs.list) })
    }

    /// The symbols under their names, each with its version, which is told in turn who carries it.
    fn of(found: Vec<Found>, name_of: &impl Fn(Piece) -> Name, needs: &mut [VersionNeed]) -> Imports {
        let undefined = found.iter().filter(|one| one.is_undefined).count();
        let mut imports = Imports { undefined: Vec::with_capacity(undefined), ..Imports::default() };
        let mut carrying = vec![0; needs.len()];
        for one in &found {
            one.need().and_then(|need| carrying.get_mut(need)).into_iter().for_each(|count| *count += 1);
        }
        for (need, count) in needs.iter_mut().zip(carrying) {
            need.symbols.reserve_exact(count);
        }
        for one in found {
            let name = name_of(one.name);
            let version = one.need().and_then(|need| needs.get_mut(need)).map(|need| {
                need.symbols.push(name.clone());
                need.version.clone()
            });
            let list = if one.is_undefined { &mut imports.undefined } else { &mut imports.copied };
            list.push(UndefinedSymbol { name, version, weak: one.weak, kind: one.kind, has_address: one.has_address });
        }
        imports
    }
}

/// What is kept of a symbol until the names of all are known: as little as that, for a file may have a million.
struct Found {
    name: Piece,
    /// Its place among the version needs, counted from one; none is zero.
    need: u32,
    is_undefined: bool,
    weak: bool,
    has_address: bool,
    kind: SymbolKind,
}

impl Found {
    fn new(symbol: Symbol, name: Piece, need: Option<usize>) -> Found {
        let need = need.and_then(|need| u32::try_from(need + 1).ok()).unwrap_or(0);
        let (weak, has_address) = (symbol.is_weak(), symbol.value != 0);
        Found { name, need, is_undefined: symbol.is_undefined(), weak, has_address, kind: symbol.kind() }
    }

    fn need(&self) -> Option<usize> {
        (self.need as usize).checked_sub(1)
    }
}
