//! What a file leaves to others: dynamic symbols, each in a few bytes, for a file may ask for a million.

use std::fmt;

use serde::{Serialize, Serializer};

use super::VersionNeed;
use crate::facts::Name;
use crate::facts::name::{Piece, SharedText};

/// Dynamic symbols that others provide, in table order.
#[derive(Clone, Default)]
pub struct Symbols {
    text: SharedText,
    list: Vec<Entry>,
    /// The version of each of the file's version needs.
    versions: Vec<Name>,
    /// Nobody asked to read them, and nobody may ask what they are.
    unread: bool,
}

/// One undefined dynamic symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UndefinedSymbol<'e> {
    /// Its name.
    pub name: &'e str,
    /// Its version, if it has one.
    pub version: Option<&'e str>,
    /// `STB_WEAK`: the loader leaves it at zero when nobody provides it.
    pub weak: bool,
    /// What it is to the file; often `none`, as a reference does not say.
    pub kind: SymbolKind,
    /// It has an address in the file all the same: what takes the function's address gets this one.
    #[serde(skip)]
    pub has_address: bool,
    /// The version need that it belongs to, by its place in [`ElfFacts::version_needs`](super::ElfFacts).
    #[serde(skip)]
    pub need: Option<usize>,
}

/// `st_type` of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SymbolKind {
    /// `STT_NOTYPE`.
    None,
    /// `STT_OBJECT` or `STT_COMMON`.
    Object,
    /// `STT_FUNC`.
    Function,
    /// `STT_TLS`.
    Tls,
    /// `STT_GNU_IFUNC`.
    Ifunc,
    /// Anything else.
    Other,
}

impl SymbolKind {
    pub(super) fn of(st_type: u8) -> Self {
        match st_type {
            0 => SymbolKind::None,
            1 | 5 => SymbolKind::Object,
            2 => SymbolKind::Function,
            6 => SymbolKind::Tls,
            10 => SymbolKind::Ifunc,
            _ => SymbolKind::Other,
        }
    }
}

/// What is kept of a symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: Piece,
    /// The place of its version need, counted from one; zero without.
    pub(super) need: u16,
    pub(super) kind: SymbolKind,
    pub(super) weak: bool,
    pub(super) has_address: bool,
    /// The file defines it, and has it copied into the definition.
    pub(super) is_copied: bool,
}

impl Entry {
    /// The place of its version need.
    pub(super) fn need(&self) -> Option<usize> {
        usize::from(self.need).checked_sub(1)
    }
}

impl Symbols {
    /// The symbols whose names are pieces of `text`.
    pub(super) fn new(text: &SharedText, list: Vec<Entry>, needs: &[VersionNeed]) -> Symbols {
        let versions =
            if list.is_empty() { Vec::new() } else { needs.iter().map(|need| need.version.clone()).collect() };
        Symbols { text: text.clone(), list, versions, unread: false }
    }

    /// Those of a table that was not read.
    pub(super) fn unread() -> Symbols {
        Symbols { unread: true, ..Symbols::default() }
    }

    /// Whether they were read: else nothing is known of them.
    pub fn are_read(&self) -> bool {
        !self.unread
    }

    /// The symbols, in table order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = UndefinedSymbol<'_>> + Clone {
        debug_assert!(self.are_read(), "whoever looks at symbols has to want their names");
        self.entries()
    }

    fn entries(&self) -> impl ExactSizeIterator<Item = UndefinedSymbol<'_>> + Clone {
        self.list.iter().map(|entry| {
            let need = entry.need();
            UndefinedSymbol {
                name: self.text.get(entry.name),
                version: need.and_then(|need| self.versions.get(need)).map(Name::as_str),
                weak: entry.weak,
                kind: entry.kind,
                has_address: entry.has_address,
                need,
            }
        })
    }

    /// Number of symbols.
    pub fn len(&self) -> usize {
        debug_assert!(self.are_read(), "whoever counts symbols has to want their names");
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PartialEq for Symbols {
    fn eq(&self, other: &Symbols) -> bool {
        self.unread == other.unread && self.entries().eq(other.entries())
    }
}

impl Eq for Symbols {}

impl fmt::Debug for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Serialize for Symbols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries())
    }
}

#[cfg(test)]
impl Symbols {
    /// Symbols by name, each with the version that it asks for.
    pub(crate) fn named(symbols: &[(&str, Option<&str>)], weak: bool) -> Symbols {
        let mut text = crate::facts::name::NameText::default();
        let mut versions: Vec<Name> = Vec::new();
        let mut list = Vec::new();
        for (name, version) in symbols {
            let need = version.map_or(0, |version| {
                let known = versions.iter().position(|known| *known == *version);
                known.unwrap_or_else(|| {
                    versions.push(version.into());
                    versions.len() - 1
                }) as u16
                    + 1
            });
            let name = text.add(name.as_bytes(), 0, name.len()).unwrap();
            list.push(Entry { name, need, kind: SymbolKind::None, weak, has_address: false, is_copied: false });
        }
        let text = text.share(list.iter_mut().map(|entry| &mut entry.name)).unwrap();
        Symbols { text, list, versions, unread: false }
    }
}
