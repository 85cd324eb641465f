//! What a shared library defines: from the library itself, or from a table about it.

use super::glibc::{self, GlibcLibrary};
use super::{Version, musl, table};
use crate::facts::elf::{ElfFacts, Exported, ExportedSymbol, SymbolKind};

/// An answer that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Nothing here can tell.
    Unknown,
}

impl Answer {
    /// `Yes` for `true`.
    pub const fn of(known: bool) -> Self {
        if known { Answer::Yes } else { Answer::No }
    }
}

/// What a library defines.
#[derive(Debug, Clone, PartialEq)]
pub enum Exports {
    /// Read from the library.
    Listed(Listed),
    /// One library of GNU libc, from the tables.
    Glibc(GlibcLibrary),
    /// musl's libc.so, from the table: its version and the architecture.
    Musl(Version, String),
    /// Its version nodes, and perhaps its symbols, are known. Without those, a symbol bound to a node that is there is taken to be there:
    /// a node never loses one, but in some libraries it gains them.
    Nodes(Nodes),
    /// Nothing is known.
    Unknown,
}

impl Exports {
    /// How many symbols are held in memory.
    pub(super) fn listed_count(&self) -> usize {
        if let Exports::Listed(listed) = self { listed.places.len() } else { 0 }
    }
}

/// Version nodes of a library whose symbols are not known one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    /// Families with their newest: `("GLIBCXX", 3.4.30)` stands for every numeric `GLIBCXX_` node up to it.
    pub up_to: Vec<(&'static str, Version)>,
    /// There may be newer ones of these families.
    pub may_be_newer: bool,
    /// Nodes by name.
    pub named: Vec<&'static str>,
    /// Whether `named` is all there is.
    pub complete: bool,
    /// Symbols by name, in sorted lists separated by spaces; empty when they are not known.
    pub symbols: Vec<&'static str>,
    /// Whether `symbols` are all there are.
    pub symbols_complete: bool,
    /// Every symbol beyond `symbols` starts with an underscore, as in the compiler's own libraries.
    pub reserved_names: bool,
}

/// The dynamic symbol table of a library, its definitions only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    symbols: Exported,
    /// Where each symbol is, sorted by the hash of its name, then by the name: names of C++ begin alike, and are long.
    places: Vec<Place>,
    /// Names of the version definitions, the base (its soname) left out; empty when it has none.
    pub versions: Vec<String>,
    /// `DT_VERDEF` is there.
    pub has_definitions: bool,
    /// `DT_VERSYM` is there.
    pub has_versym: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    hash: u32,
    at: u32,
}

impl Listed {
    /// What a file with these facts defines.
    pub fn new(elf: &ElfFacts, symbols: Exported) -> Listed {
        let mut places: Vec<Place> =
            symbols.iter().zip(0..).map(|(symbol, at)| Place { hash: hash(symbol.name), at }).collect();
        let name = |place: &Place| symbols.name(place.at as usize);
        places.sort_unstable_by(|a, b| {
            a.hash.cmp(&b.hash).then_with(|| name(a).cmp(name(b))).then_with(|| a.at.cmp(&b.at))
        });
        Listed {
            symbols,
            places,
            versions: elf.version_definitions.clone(),
            has_definitions: !elf.version_definitions.is_empty(),
            has_versym: !elf.version_definitions.is_empty() || !elf.version_needs.is_empty(),
        }
    }

    /// The definitions of `name`, in the order loaders search them.
    pub fn named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = ExportedSymbol<'n>> {
        let hash = hash(name);
        let order =
            move |place: &Place| place.hash.cmp(&hash).then_with(|| self.symbols.name(place.at as usize).cmp(name));
        let from = self.places.partition_point(|place| order(place).is_lt());
        let places = self.places.get(from..).unwrap_or_default().iter().take_while(move |place| order(place).is_eq());
        places.filter_map(|place| self.symbols.get(place.at as usize))
    }

    /// glibc's choice (`elf/dl-lookup.c`, `check_match`): the asked version, or a base definition; without a version
    /// asked for, the base, the first version, or the one that is not hidden.
    pub(super) fn glibc_choice<'n>(&'n self, name: &'n str, version: Option<&str>) -> Option<ExportedSymbol<'n>> {
        let fits = |symbol: &ExportedSymbol<'_>| match version {
            _ if !self.has_versym => true,
            None => symbol.definition.is_none_or(|at| at == 0) || symbol.default,
            Some(version) => symbol.version.map_or(symbol.default, |known| known == version),
        };
        self.named(name).filter(|symbol| !symbol.hidden).find(fits)
    }
}

/// A number that says little but is quickly made; names that share one are compared.
fn hash(name: &str) -> u32 {
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let rest = rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word)).chain([rest]);
    // The multiplier of the crate rustc-hash, whose upper bits are the good ones.
    (words.fold(0, |hash: u64, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)) >> 32) as u32
}

/// The few words that show what a library exports: its version nodes, the newest of each family.
pub(super) fn in_words<S: serde::Serializer>(exports: &Exports, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&match exports {
        Exports::Listed(listed) => format!("{} symbols, {} versions", listed.places.len(), listed.versions.len()),
        Exports::Glibc(library) => library.in_words(),
        Exports::Musl(release, _) => format!("the symbols of musl {release}"),
        Exports::Nodes(nodes) => nodes.in_words(),
        Exports::Unknown => "not known".to_owned(),
    })
}

impl Exports {
    /// Whether the library defines the version node; `None` when it defines no versions at all, which glibc's loader
    /// accepts (`elf/dl-version.c`, `match_symbol`).
    pub fn defines_version(&self, node: &str) -> Option<Answer> {
        match self {
            Exports::Listed(listed) if !listed.has_definitions => None,
            Exports::Listed(listed) => Some(Answer::of(listed.versions.iter().any(|version| version == node))),
            Exports::Glibc(library) => Some(library.node(node)),
            Exports::Musl(..) => None,
            Exports::Nodes(nodes) if nodes.has_none() => None,
            Exports::Nodes(nodes) => Some(nodes.defines(node)),
            Exports::Unknown => Some(Answer::Unknown),
        }
    }

    /// Whether glibc's loader takes a definition of `name`, bound to `version` if one is asked for, from here.
    pub fn satisfies_glibc(&self, name: &str, version: Option<&str>) -> Answer {
        match (self, version) {
            (Exports::Listed(listed), _) => Answer::of(listed.glibc_choice(name, version).is_some()),
            (Exports::Glibc(library), _) => library.symbol(name, version),
            (Exports::Musl(release, arch), _) => musl::defines(name, *release, arch),
            (Exports::Nodes(nodes), Some(version)) if !nodes.has_none() => nodes.bound(name, version),
            (Exports::Nodes(nodes), _) => nodes.symbol(name),
            (Exports::Unknown, _) => Answer::Unknown,
        }
    }

    /// Whether a definition that was read from the library has such a name.
    pub(super) fn has_any(&self, is_one: impl Fn(&str) -> bool) -> bool {
        matches!(self, Exports::Listed(listed) if listed.symbols.iter().any(|symbol| is_one(symbol.name)))
    }

    /// Whether musl's loader takes a definition of `name` from here; it looks at names only and passes over hidden
    /// versions and indirect functions (`ldso/dynlink.c`).
    pub fn satisfies_musl(&self, name: &str) -> Answer {
        match self {
            Exports::Listed(listed) => {
                Answer::of(listed.named(name).any(|one| one.default && one.kind != SymbolKind::Ifunc))
            }
            Exports::Musl(release, arch) => musl::defines(name, *release, arch),
            Exports::Glibc(library) => library.symbol(name, None),
            Exports::Nodes(nodes) => nodes.symbol(name),
            Exports::Unknown => Answer::Unknown,
        }
    }
}

impl Nodes {
    /// Its nodes, the newest of each family, and how many symbols are known by name.
    fn in_words(&self) -> String {
        let newest = self.up_to.iter().map(|(family, newest)| format!("up to {family}_{newest}"));
        let mut words: Vec<String> = newest.chain(self.named.iter().map(|&node| node.to_owned())).collect();
        let symbols: usize = self.symbols.iter().map(|list| list.split(' ').count()).sum();
        if symbols > 0 {
            words.push(format!("{symbols} symbols known by name"));
        }
        if words.is_empty() { "no versions".to_owned() } else { words.join(", ") }
    }

    /// Whether it is known to have no version nodes at all.
    fn has_none(&self) -> bool {
        self.complete && self.named.is_empty() && self.up_to.is_empty()
    }

    /// Whether a symbol is there that is bound to a node.
    fn bound(&self, name: &str, node: &str) -> Answer {
        match self.defines(node) {
            Answer::Yes if self.symbols_complete => self.symbol(name),
            other => other,
        }
    }

    /// Whether a symbol is there, whatever its version.
    pub(super) fn symbol(&self, name: &str) -> Answer {
        if self.symbols.iter().any(|list| table::has_word(list, name)) {
            Answer::Yes
        } else if self.symbols_complete || (self.reserved_names && !name.starts_with('_')) {
            Answer::No
        } else {
            Answer::Unknown
        }
    }

    /// Whether the node is there.
    fn defines(&self, node: &str) -> Answer {
        if self.named.contains(&node) {
            return Answer::Yes;
        }
        for (family, newest) in &self.up_to {
            if let Some(number) = node.strip_prefix(family).and_then(|rest| rest.strip_prefix('_')) {
                return match glibc::number(number) {
                    Some(number) if number <= *newest => Answer::Yes,
                    Some(_) if !self.may_be_newer => Answer::No,
                    _ => Answer::Unknown,
                };
            }
        }
        if self.complete { Answer::No } else { Answer::Unknown }
    }
}
