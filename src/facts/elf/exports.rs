//! What a shared object offers: its defined dynamic symbols with their versions. Read only when a host's library is asked.

use std::collections::HashMap;

use super::SymbolKind;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use super::symbols::SymbolTable;
use super::versions::{HIDDEN, definitions};
use crate::facts::name::{Piece, SharedText};
use crate::facts::{Source, Unreadable};

/// `STV_INTERNAL` and `STV_HIDDEN`: glibc's loader does not see the symbol; musl's looks at no visibility.
const UNSEEN: [u8; 2] = [1, 2];

/// `STV_PROTECTED`.
const PROTECTED: u8 = 3;

/// The dynamic symbols that others can bind to, in table order.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    text: SharedText,
    list: Vec<Entry>,
    /// Names of the version definitions, the base left out.
    versions: Vec<String>,
}

/// A dynamic symbol that others can bind to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportedSymbol<'e> {
    /// Its name.
    pub name: &'e str,
    /// The version definition it belongs to; `None` for unversioned symbols and the base version.
    pub version: Option<&'e str>,
    /// The place of that definition among those of the file, the base left out.
    pub definition: Option<usize>,
    /// `name@@version`: what a reference without a version binds to. `false` is `name@version`.
    pub default: bool,
    /// What it is.
    pub kind: SymbolKind,
    /// `STV_PROTECTED`: the file itself always uses its own.
    pub protected: bool,
    /// `STV_INTERNAL` or `STV_HIDDEN`, which linkers leave in no table: only musl finds it.
    pub hidden: bool,
}

/// What is kept of a symbol.
#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Piece,
    /// The place of its version definition, counted from one; zero without.
    definition: u16,
    default: bool,
    kind: SymbolKind,
    protected: bool,
    hidden: bool,
}

impl Exported {
    /// The symbols, in table order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ExportedSymbol<'_>> {
        self.list.iter().map(|entry| self.symbol(entry))
    }

    /// The symbol at that place.
    pub fn get(&self, at: usize) -> Option<ExportedSymbol<'_>> {
        self.list.get(at).map(|entry| self.symbol(entry))
    }

    fn symbol(&self, entry: &Entry) -> ExportedSymbol<'_> {
        let definition = usize::from(entry.definition).checked_sub(1);
        ExportedSymbol {
            name: self.text.get(entry.name),
            version: definition.and_then(|at| self.versions.get(at)).map(String::as_str),
            definition,
            default: entry.default,
            kind: entry.kind,
            protected: entry.protected,
            hidden: entry.hidden,
        }
    }

    /// The name of the symbol at that place; empty where there is none.
    pub(crate) fn name(&self, at: usize) -> &str {
        self.list.get(at).map_or("", |entry| self.text.get(entry.name))
    }
}

impl PartialEq for Exported {
    fn eq(&self, other: &Exported) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Exported {}

/// Every symbol that a file exports; nothing for a static file.
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub fn exports(source: &Source<'_>) -> Result<Exported, Unreadable> {
    const NAME: &str = "st_name";
    let image = Image::open(source)?;
    let dynamic = Dynamic::read(&image)?;
    let (Some(strings), Some(table)) = (DynamicStrings::open(&image, &dynamic)?, SymbolTable::open(&image, &dynamic)?)
    else {
        return Ok(Exported::default());
    };
    // The place of each definition, counted from one, and the length of its name.
    let mut places = HashMap::new();
    let mut versions = Vec::new();
    for definition in definitions(&image, &dynamic, &strings)? {
        let length = definition.name.len();
        if !definition.is_base {
            versions.push(definition.name);
        }
        let place = if definition.is_base { 0 } else { versions.len() as u16 };
        places.insert(definition.index, (place, length));
    }
    let indices = table.version_indices(&dynamic)?;
    let mut names = strings.names();
    let mut list = Vec::new();
    table.each(|symbol| {
        if symbol.is_undefined() || symbol.is_local() {
            return Ok(());
        }
        let index = indices.get(symbol.index).unwrap_or(1);
        // Index 0 is local to the file, whatever the binding says.
        if index & !HIDDEN == 0 {
            return Ok(());
        }
        let name = strings.add_to(&mut names, u64::from(symbol.name), NAME)?;
        let known = places.get(&(index & !HIDDEN)).filter(|(place, _)| *place > 0);
        if let Some((_, length)) = known {
            strings.spend(*length, "vda_name")?;
        }
        list.push(Entry {
            name,
            definition: known.map_or(0, |(place, _)| *place),
            default: index & HIDDEN == 0,
            kind: symbol.kind(),
            protected: symbol.visibility == PROTECTED,
            hidden: UNSEEN.contains(&symbol.visibility),
        });
        Ok(())
    })?;
    let text = strings.share(names, list.iter_mut().map(|entry| &mut entry.name), NAME)?;
    Ok(Exported { text, list, versions })
}
