//! What a file leaves to others, read from its dynamic symbol table.

use super::dynamic::{Dynamic, DynamicStrings};
use super::hardening::is_stack_protector;
use super::symbols::{Symbol, SymbolTable};
use super::undefined::Entry;
use super::versions::{HIDDEN, Needs};
use super::{Symbols, VersionNeed};
use crate::facts::Unreadable;
use crate::facts::bytes::Order;
use crate::facts::name::{NameText, Piece, SharedText};

/// Symbols that room is made for at once.
const USUAL: u64 = 128;
/// Symbols whose names are fetched at once from a large table; a power of two.
const AHEAD: usize = 32;

/// What the file leaves to others.
#[derive(Debug, Default)]
pub(super) struct Imports {
    pub(super) undefined: Symbols,
    pub(super) copied: Symbols,
    pub(super) defined_count: u64,
    /// Functions that `_FORTIFY_SOURCE` calls in place of the plain ones, sorted.
    pub(super) fortified: Vec<String>,
    /// It refers to the function that a broken stack ends in.
    pub(super) has_stack_protector: bool,
}

impl Imports {
    /// Of a table that nobody asked to read.
    pub(super) fn unread() -> Self {
        Imports { undefined: Symbols::unread(), copied: Symbols::unread(), ..Imports::default() }
    }

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
        let order = table.order();
        let versions = table.version_indices(dynamic)?;
        let mut found = Found {
            order,
            versions: versions.entries(),
            by_index: needs.by_index(),
            needs: &needs.list,
            copied,
            strings,
            names: strings.names(),
            list: Vec::with_capacity(table.count.min(USUAL) as usize),
            fortified: Vec::new(),
            imports: Imports::default(),
        };
        // What goes over every symbol is compiled for the size of one.
        table.each_piece(|first, bytes| match order.wide {
            true => found.add::<24>(6, first, bytes),
            false => found.add::<16>(14, first, bytes),
        })?;
        let Found { names, mut list, mut fortified, imports, .. } = found;
        let pieces = list.iter_mut().map(|entry| &mut entry.name);
        let text = strings.share(names, pieces.chain(&mut fortified), "st_name")?;
        carry(&list, &text, &mut needs.list);
        let copied: Vec<Entry> = list.extract_if(.., |entry| entry.is_copied).collect();
        let symbols = |list| Symbols::new(&text, list, &needs.list);
        let (undefined, copied) = (symbols(list), symbols(copied));
        let mut fortified: Vec<String> = fortified.into_iter().map(|name| text.get(name).to_owned()).collect();
        fortified.sort();
        fortified.dedup();
        Ok(Imports { undefined, copied, fortified, ..imports })
    }
}

/// The symbols of a table that others provide, as far as it was read.
struct Found<'t, 's> {
    order: Order,
    /// The version index of each symbol, as it lies in the file.
    versions: &'t [[u8; 2]],
    /// The place of the version need of each version index, counted from one.
    by_index: Vec<u16>,
    needs: &'t [VersionNeed],
    /// Targets of copy relocations that were not met yet.
    copied: &'t [u64],
    strings: &'t DynamicStrings<'t, 's>,
    names: NameText,
    list: Vec<Entry>,
    fortified: Vec<Piece>,
    /// What is told of them otherwise.
    imports: Imports,
}

impl Found<'_, '_> {
    /// Adds those of a piece of the table, with entries of `N` bytes and their `st_shndx` at `section_at`. Of most symbols of a
    /// library nothing else is looked at, so what goes over all of them calls nothing.
    fn add<const N: usize>(&mut self, section_at: usize, first: u64, bytes: &[u8]) -> Result<(), Unreadable> {
        let entries = bytes.as_chunks::<N>().0;
        let versions = usize::try_from(first).ok().and_then(|first| self.versions.get(first..)).unwrap_or_default();
        // The first entry of the table is empty.
        let mut at = usize::from(first == 0);
        let ahead = if self.strings.is_large() { AHEAD } else { 0 };
        while at < entries.len() {
            if ahead > 0 && at & (ahead - 1) == 0 {
                let names = entries[at..].iter().take(ahead).filter(|entry| is_undefined(entry, section_at));
                self.strings.fetch(names.map(|entry| self.order.u32(entry, 0).unwrap_or_default()));
            }
            let entry = &entries[at];
            let version = if at < versions.len() { self.order.u16_of(versions[at]) } else { 0 };
            let version = usize::from(version & !HIDDEN);
            let need = if version < self.by_index.len() { self.by_index[version] } else { 0 };
            let is_defined = !is_undefined(entry, section_at);
            self.imports.defined_count += u64::from(is_defined);
            // A defined symbol that carries a needed version is the target of a copy relocation, too.
            if !is_defined || need != 0 || self.is_copied(first + at as u64) {
                self.add_symbol(Symbol::of(self.order, first + at as u64, entry), need)?;
            }
            at += 1;
        }
        Ok(())
    }

    fn add_symbol(&mut self, symbol: Symbol, need: u16) -> Result<(), Unreadable> {
        if symbol.is_local() {
            return Ok(());
        }
        let name = self.strings.add_to(&mut self.names, u64::from(symbol.name), "st_name")?;
        let entry = Entry {
            name,
            need,
            kind: symbol.kind(),
            weak: symbol.is_weak(),
            has_address: symbol.value != 0,
            is_copied: !symbol.is_undefined(),
        };
        if !entry.is_copied {
            self.note_hardening(name);
        }
        if let Some(need) = entry.need().and_then(|need| self.needs.get(need)) {
            self.strings.spend(name.len() + need.version.len(), "st_name")?;
        }
        self.list.push(entry);
        Ok(())
    }

    /// What names tell of the compiler's options, while they are at hand.
    fn note_hardening(&mut self, name: Piece) {
        match self.names.get(name) {
            name if is_stack_protector(name) => self.imports.has_stack_protector = true,
            [b'_', b'_', .., b'_', b'c', b'h', b'k'] => self.fortified.push(name),
            _ => {}
        }
    }

    /// Whether the symbol is the target of a copy relocation.
    // Inlined: hardly a symbol is.
    #[inline(always)]
    fn is_copied(&mut self, index: u64) -> bool {
        !self.copied.is_empty() && self.copied[0] <= index && self.meets_copied(index)
    }

    fn meets_copied(&mut self, index: u64) -> bool {
        let met = self.copied.partition_point(|&copied| copied < index);
        self.copied = &self.copied[met..];
        self.copied.first() == Some(&index)
    }
}

/// Whether `st_shndx` is that of no section.
// Inlined: it is asked of every symbol.
#[inline(always)]
fn is_undefined<const N: usize>(entry: &[u8; N], section_at: usize) -> bool {
    [entry[section_at], entry[section_at + 1]] == [0, 0]
}

/// Tells each version who carries it.
fn carry(symbols: &[Entry], text: &SharedText, needs: &mut [VersionNeed]) {
    let mut counts = vec![0; needs.len()];
    for need in symbols.iter().filter_map(Entry::need) {
        counts.get_mut(need).into_iter().for_each(|count| *count += 1);
    }
    let mut carrying: Vec<Vec<Piece>> = counts.into_iter().map(Vec::with_capacity).collect();
    for symbol in symbols {
        symbol.need().and_then(|need| carrying.get_mut(need)).into_iter().for_each(|names| names.push(symbol.name));
    }
    for (need, names) in needs.iter_mut().zip(carrying) {
        need.symbols = text.list(names);
    }
}
