//! What a shared object offers: its defined dynamic symbols with their versions. Read only when a host's library is asked.

use std::collections::HashMap;

use serde::Serialize;

use super::SymbolKind;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use super::symbols::SymbolTable;
use super::versions::{HIDDEN, definitions};
use crate::facts::{Source, Unreadable};

/// `STV_INTERNAL` and `STV_HIDDEN`: the loader does not see the symbol.
const UNSEEN: [u8; 2] = [1, 2];

/// `STV_PROTECTED`.
const PROTECTED: u8 = 3;

/// A dynamic symbol that others can bind to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedSymbol {
    /// Its name.
    pub name: String,
    /// The version definition it belongs to; `None` for unversioned symbols and the base version.
    pub version: Option<String>,
    /// `name@@version`: what a reference without a version binds to. `false` is `name@version`.
    pub default: bool,
    /// `STB_WEAK`; makes no difference to the loaders of glibc and musl.
    pub weak: bool,
    /// What it is.
    pub kind: SymbolKind,
    /// `STV_PROTECTED`: the file itself always uses its own.
    #[serde(skip)]
    pub protected: bool,
}

/// Every symbol that a file exports, in table order; nothing for a static file.
///
/// # Errors
/// [`Unreadable`], with the table and the offset that are wrong.
pub fn exports(source: &Source<'_>) -> Result<Vec<ExportedSymbol>, Unreadable> {
    let image = Image::open(source)?;
    let dynamic = Dynamic::read(&image)?;
    let (Some(strings), Some(table)) = (DynamicStrings::open(&image, &dynamic)?, SymbolTable::open(&image, &dynamic)?)
    else {
        return Ok(Vec::new());
    };
    let definitions: HashMap<u16, _> =
        definitions(&image, &dynamic, &strings)?.into_iter().map(|definition| (definition.index, definition)).collect();
    let indices = table.version_indices(&dynamic)?;
    let mut found = Vec::new();
    table.each(|symbol| {
        if symbol.is_undefined() || symbol.is_local() || UNSEEN.contains(&symbol.visibility) {
            return Ok(());
        }
        let index = indices.get(symbol.index).unwrap_or(1);
        // Index 0 is local to the file, whatever the binding says.
        if index & !HIDDEN == 0 {
            return Ok(());
        }
        let version = definitions.get(&(index & !HIDDEN)).filter(|definition| !definition.is_base);
        found.push(ExportedSymbol {
            name: strings.get(u64::from(symbol.name), "st_name")?,
            version: version.map(|definition| strings.copy(&definition.name, "vda_name")).transpose()?,
            default: index & HIDDEN == 0,
            weak: symbol.is_weak(),
            kind: symbol.kind(),
            protected: symbol.visibility == PROTECTED,
        });
        Ok(())
    })?;
    Ok(found)
}
