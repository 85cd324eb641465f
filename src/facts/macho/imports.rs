//! Imported symbols with the library each comes from, from whichever table dyld reads in this file: chained fixups, the
//! opcodes of `LC_DYLD_INFO`, or the symbol table.

mod bind;
mod chained;
mod symbols;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::MachOFacts;
use super::commands::Commands;
use super::header::Header;
use crate::facts::tables::{Budget, Tables};
use crate::facts::{Source, Unreadable};

/// `MH_TWOLEVEL`.
const TWO_LEVEL: u32 = 0x80;

/// Most imports that are believed; the largest programs have some thousands.
const MOST_IMPORTS: usize = 200_000;

/// How pointers are fixed up when the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Fixups {
    /// `chained` (`LC_DYLD_CHAINED_FIXUPS`, macOS 12 and later for most pointer formats) or `dyld-info`.
    pub kind: &'static str,
    /// `DYLD_CHAINED_PTR_*` of the segments, without repetition.
    pub pointer_formats: Vec<u16>,
    /// `DYLD_CHAINED_IMPORT*`: 1, 2 with addends, 3 with 64-bit addends.
    pub import_format: Option<u32>,
}

/// The symbols taken from one library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LibraryImports {
    /// Install name of the library, or `self`, `main-executable`, `flat-namespace` (any library), `weak-definitions`.
    pub library: String,
    /// The symbols, in the order of the table.
    pub symbols: Vec<ImportedSymbol>,
}

/// One imported symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedSymbol {
    /// Its name, with the leading underscore.
    pub name: String,
    /// A weak import: zero when nobody provides it.
    pub weak: bool,
}

/// Numbers of entries in the symbol table (`LC_DYSYMTAB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SymbolCounts {
    /// All entries.
    pub total: u32,
    /// Local ones; none are left after `strip`.
    pub local: u32,
    /// Defined and visible to others.
    pub exported: u32,
    /// Undefined.
    pub undefined: u32,
}

/// Where a symbol is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Origin {
    /// A dylib, counted from 1 in the order of the load commands.
    Library(u32),
    Itself,
    MainExecutable,
    Flat,
    WeakDefinitions,
}

impl Origin {
    /// From an ordinal as dyld's tables hold it, sign-extended (`BIND_SPECIAL_DYLIB_*`).
    fn from_ordinal(ordinal: i64) -> Option<Origin> {
        match ordinal {
            0 => Some(Origin::Itself),
            -1 => Some(Origin::MainExecutable),
            -2 => Some(Origin::Flat),
            -3 => Some(Origin::WeakDefinitions),
            library => u32::try_from(library).ok().map(Origin::Library),
        }
    }
}

/// Collects imports without repetition, in order.
#[derive(Debug)]
struct Collector {
    budget: Budget,
    names: Vec<(String, bool, Origin)>,
    seen: HashMap<String, Vec<Origin>>,
}

impl Collector {
    fn add(&mut self, origin: Origin, name: &str, weak: bool) -> Result<(), Unreadable> {
        // Looking it up takes as long as keeping it: a name that is bound again and again has its price, too.
        self.budget.spend(name.len() as u64 + 1, 0, "imported symbols")?;
        let origins = match self.seen.get_mut(name) {
            Some(origins) => origins,
            None => self.seen.entry(name.to_owned()).or_default(),
        };
        if origins.contains(&origin) {
            return Ok(());
        }
        // A symbol is looked up in few places; more is an attack on the list of places.
        if origins.len() >= 64 {
            return Err(Unreadable::damaged(
                "imported symbols",
                0,
                "one symbol is imported from more than 64 libraries",
            ));
        }
        if self.names.len() >= MOST_IMPORTS {
            return Err(Unreadable::damaged("imported symbols", 0, format!("more than {MOST_IMPORTS}")));
        }
        origins.push(origin);
        self.names.push((name.to_owned(), weak, origin));
        Ok(())
    }
}

/// Fills in imports, fixups and symbol counts.
pub(super) fn read(
    slice: &Source<'_>,
    header: &Header,
    commands: &Commands,
    facts: &mut MachOFacts,
) -> Result<(), Unreadable> {
    let mut collector =
        Collector { budget: Budget::for_file(slice.len()), names: Vec::new(), seen: HashMap::default() };
    if let Some(range) = commands.chained_fixups {
        facts.fixups = Some(chained::read(slice, header, range, &mut collector)?);
    } else if !commands.binds.is_empty() {
        facts.fixups = Some(Fixups { kind: "dyld-info", ..Fixups::default() });
        for range in &commands.binds {
            bind::read(&slice.read(range.offset, range.size, "bind opcodes")?, range.offset, &mut collector)?;
        }
    }
    if let Some(table) = commands.symtab {
        facts.symbols = symbols::counts(&table, commands);
        // Files without either table are bound by their symbol table, as all were before Mac OS X 10.6; in others it adds
        // what is bound by the weak opcodes alone.
        let tables = Tables::new(slice);
        let two_level = header.flags & TWO_LEVEL != 0;
        symbols::undefined(&tables, header, &table, commands, |origin, name, weak| {
            if collector.seen.contains_key(name) {
                return Ok(());
            }
            collector.add(if two_level { origin } else { Origin::Flat }, name, weak)
        })?;
    }
    facts.imports = by_library(collector, facts)?;
    Ok(())
}

fn by_library(collector: Collector, facts: &MachOFacts) -> Result<Vec<LibraryImports>, Unreadable> {
    let mut libraries: BTreeMap<Origin, Vec<ImportedSymbol>> = BTreeMap::new();
    for (name, weak, origin) in collector.names {
        libraries.entry(origin).or_default().push(ImportedSymbol { name, weak });
    }
    let label = |origin| match origin {
        Origin::Library(number) => {
            let dylib = (number as usize).checked_sub(1).and_then(|index| facts.dylibs.get(index));
            dylib.map(|dylib| dylib.name.clone()).ok_or_else(|| {
                let why = format!("library {number} of {} is named", facts.dylibs.len());
                Unreadable::damaged("library ordinal", 0, why)
            })
        }
        Origin::Itself => Ok("self".to_owned()),
        Origin::MainExecutable => Ok("main-executable".to_owned()),
        Origin::Flat => Ok("flat-namespace".to_owned()),
        Origin::WeakDefinitions => Ok("weak-definitions".to_owned()),
    };
    libraries.into_iter().map(|(origin, symbols)| Ok(LibraryImports { library: label(origin)?, symbols })).collect()
}
