//! Typed values out of the raw tables. What is not there, or of the wrong type, is `None`: the comparison with the keys has
//! reported it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Source, entries};
use super::keys::Words;
use super::problem::{LIMIT, Problem};
use super::{Level, Pattern, Setting, shape};

/// Reads typed values out of one table.
pub(super) struct Reader<'a, 't> {
    pub(super) table: &'a DeTable<'t>,
    pub(super) source: &'a Source<'t>,
    pub(super) base: Option<&'a Path>,
}

/// A table with a place of its own: an entry of an array, or a named one.
pub(super) struct Entry<'a, 't> {
    pub(super) reader: Reader<'a, 't>,
    pub(super) source: &'a Source<'t>,
    pub(super) span: Range<usize>,
}

impl<'a, 't> Reader<'a, 't> {
    pub(super) fn get<T>(&self, name: &str, read: impl Fn(&Spanned<DeValue<'t>>) -> Option<T>) -> Option<Setting<T>> {
        let (key, value) = self.table.get_key_value(name)?;
        Some(Setting { value: read(value)?, origin: self.source.origin(&key.span()) })
    }

    pub(super) fn word<T: Words>(&self, name: &str) -> Option<Setting<T>> {
        self.get(name, |value| value.get_ref().as_str().and_then(T::from_word))
    }

    pub(super) fn text(&self, name: &str) -> Option<Setting<String>> {
        self.get(name, |value| value.get_ref().as_str().map(str::to_owned))
    }

    /// A glob, which is compiled here and nowhere else: that costs more than all the rest of a small policy.
    pub(super) fn pattern(
        &self,
        name: &str,
        compile: fn(&str) -> Result<Pattern, String>,
        problems: &mut Vec<Problem>,
    ) -> Option<Setting<Pattern>> {
        let span = self.table.get(name)?.span();
        // That it is empty has been reported.
        let text = self.text(name).filter(|text| !text.value.trim().is_empty() && problems.len() < LIMIT)?;
        match compile(&text.value) {
            Ok(value) => Some(Setting { value, origin: text.origin }),
            Err(why) => {
                problems.push(shape::bad_glob(name, span, &why));
                None
            }
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<Setting<bool>> {
        self.get(name, |value| value.get_ref().as_bool())
    }

    pub(super) fn path(&self, name: &str) -> Option<Setting<PathBuf>> {
        let base = self.base.unwrap_or(Path::new(""));
        self.get(name, |value| value.get_ref().as_str().map(|path| base.join(path)))
    }

    pub(super) fn texts(&self, name: &str) -> Option<Setting<Vec<String>>> {
        self.get(name, |value| {
            let items = value.get_ref().as_array()?;
            Some(items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect())
        })
    }

    /// The strings of an array, each with its own line.
    pub(super) fn each(&self, name: &str) -> Option<Vec<Setting<String>>> {
        let items = self.table.get(name)?.get_ref().as_array()?;
        let one = |item: &Spanned<DeValue<'t>>| {
            let value = item.get_ref().as_str()?.to_owned();
            Some(Setting { value, origin: self.source.origin(&item.span()) })
        };
        Some(items.iter().filter_map(one).collect())
    }

    pub(super) fn levels(&self, name: &str) -> BTreeMap<String, Setting<Level>> {
        let Some(table) = self.table.get(name).and_then(|value| value.get_ref().as_table()) else {
            return BTreeMap::new();
        };
        let reader = Reader { table, ..*self };
        table.keys().filter_map(|rule| Some((rule.get_ref().to_string(), reader.word(rule.get_ref())?))).collect()
    }

    pub(super) fn table(&self, name: &str) -> Option<Reader<'a, 't>> {
        Some(Reader { table: self.table.get(name)?.get_ref().as_table()?, ..*self })
    }

    pub(super) fn tables(&self, name: &str) -> Vec<Entry<'a, 't>> {
        let items = self.table.get(name).and_then(|value| value.get_ref().as_array());
        items.into_iter().flat_map(|items| items.iter()).filter_map(|item| self.entry(item)).collect()
    }

    pub(super) fn named(&self, name: &str) -> Vec<(String, Entry<'a, 't>)> {
        let Some(table) = self.table.get(name).and_then(|value| value.get_ref().as_table()) else {
            return Vec::new();
        };
        let items = entries(table).into_iter();
        items.filter_map(|(name, value)| Some((name.get_ref().to_string(), self.entry(value)?))).collect()
    }

    pub(super) fn entry(&self, value: &'a Spanned<DeValue<'t>>) -> Option<Entry<'a, 't>> {
        let reader = Reader { table: value.get_ref().as_table()?, ..*self };
        Some(Entry { reader, source: self.source, span: value.span() })
    }
}
