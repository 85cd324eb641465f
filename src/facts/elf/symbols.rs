//! The dynamic symbol table: what the file leaves to others, and with which version.

use std::borrow::Cow;

use goblin::elf::dynamic::{DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM};
use goblin::elf::header::{EM_MIPS, EM_S390};
use goblin::elf::section_header::SHT_DYNSYM;
use goblin::elf::sym::{STB_LOCAL, STB_WEAK, st_bind, st_type};

use super::SymbolKind;
use super::abi::EM_ALPHA_IN_USE;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use crate::facts::Unreadable;
use crate::facts::bytes::Order;

/// MIPS supplement: the number of dynamic symbols.
const DT_MIPS_SYMTABNO: u64 = 0x7000_0011;
/// Bytes of the symbol table that are read at once: the memory for them is used again, and stays in the cache.
const CHUNK: u64 = 64 << 10;

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
    /// `Elf64_Sym`: name, info, other, shndx, value, size; `Elf32_Sym`: name, value, size, info, other, shndx.
    pub(super) fn of(order: Order, index: u64, entry: &[u8]) -> Symbol {
        let (info, value) = if order.wide { (4, 8) } else { (12, 4) };
        let byte = |at: usize| entry.get(at).copied().unwrap_or(0);
        Symbol {
            index,
            name: order.u32(entry, 0).unwrap_or(0),
            info: byte(info),
            section: order.u16(entry, info + 2).unwrap_or(0),
            visibility: byte(info + 1) & 3,
            value: order.word(entry, value).unwrap_or(0),
        }
    }

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
        let count = count(image, dynamic, address, left / entry_size(image.order))?;
        if count.checked_mul(entry_size(image.order)).is_none_or(|size| size > left) {
            let why = format!("{count} symbols do not fit into the {left} bytes of their segment");
            return Err(Unreadable::damaged(WHAT, offset, why));
        }
        Ok(Some(SymbolTable { image, offset, count }))
    }

    /// Calls `visit` for every entry but the first, which is empty.
    ///
    /// # Errors
    /// What reading gives, and what `visit` gives.
    pub(super) fn each(&self, mut visit: impl FnMut(Symbol) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let order = self.image.order;
        self.each_piece(|first, bytes| {
            let entries = bytes.chunks_exact(entry_size(order) as usize).zip(first..).filter(|(_, index)| *index > 0);
            entries.map(|(entry, index)| Symbol::of(order, index, entry)).try_for_each(&mut visit)
        })
    }

    /// Calls `visit` for piece after piece of the table, with the index of its first entry.
    ///
    /// # Errors
    /// What reading gives, and what `visit` gives.
    pub(super) fn each_piece(
        &self,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let size = entry_size(self.image.order);
        let mut index = 0;
        while index < self.count {
            let here = (CHUNK / size).min(self.count - index);
            visit(index, &self.image.source.read(self.offset + index * size, here * size, "DT_SYMTAB")?)?;
            index += here;
        }
        Ok(())
    }

    /// Byte order and width of its entries.
    pub(super) fn order(&self) -> Order {
        self.image.order
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

/// `DT_VERSYM`, as it lies in the file: most entries are never looked at.
pub(super) struct VersionIndices<'i> {
    bytes: Cow<'i, [u8]>,
    order: Order,
}

impl VersionIndices<'_> {
    /// The two bytes of each symbol, in the order of the file.
    pub(super) fn entries(&self) -> &[[u8; 2]] {
        self.bytes.as_chunks().0
    }

    /// The version index of a symbol, with its hidden bit.
    pub(super) fn get(&self, symbol: u64) -> Option<u16> {
        self.order.u16(&self.bytes, usize::try_from(symbol).ok()?.checked_mul(2)?)
    }
}

fn entry_size(order: Order) -> u64 {
    if order.wide { 24 } else { 16 }
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
        return Ok(table.sh_size / entry_size(image.order));
    }
    let next = dynamic.values().filter(|&value| value > address).min();
    let between = next.map_or(fit, |next| ((next - address) / entry_size(image.order)).min(fit));
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
