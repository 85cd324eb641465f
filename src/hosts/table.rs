//! Sorted tables embedded in the program and searched where they lie: nothing is parsed before somebody asks.

use std::cell::RefCell;
use std::collections::HashMap;

use memchr::{memchr, memchr2, memrchr};

/// Keys whose places are kept at most.
const MOST_PLACES: usize = 1 << 14;

/// A text of lines sorted by their first column (bytes); lines that start with `#` come first and are comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(&'static str);

impl Table {
    /// A table over an embedded text.
    pub(crate) const fn new(text: &'static str) -> Self {
        Table(text)
    }

    /// The rows whose first column is `key`, in order, without the key.
    pub(crate) fn rows<'k>(self, key: &'k str) -> impl Iterator<Item = &'static str> + use<'k> {
        self.rows_from(self.lower_bound(key.as_bytes()), key)
    }

    /// Like [`Table::rows`], for a table that is asked for the same keys by one host after the other, of one file after the
    /// other; `places` are those of this table.
    pub(crate) fn rows_again<'k>(self, key: &'k str, places: &Places) -> impl Iterator<Item = &'static str> + use<'k> {
        let mut places = places.0.borrow_mut();
        let from = places.get(key).copied().unwrap_or_else(|| {
            let from = self.lower_bound(key.as_bytes());
            if places.len() < MOST_PLACES {
                places.insert(key.to_owned(), from);
            }
            from
        });
        self.rows_from(from, key)
    }

    fn rows_from<'k>(self, from: usize, key: &'k str) -> impl Iterator<Item = &'static str> + use<'k> {
        self.0.get(from..).unwrap_or_default().lines().map_while(move |line| {
            let rest = line.strip_prefix(key)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('\t') }
        })
    }

    /// Every row: its first column and the rest.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rows = self.0.lines().skip_while(|line| line.starts_with('#'));
        rows.map(|line| line.split_once('\t').unwrap_or((line, "")))
    }

    /// Offset of the first line whose first column is not less than `key`.
    fn lower_bound(self, key: &[u8]) -> usize {
        let bytes = self.0.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memrchr(b'\n', &bytes[low..middle]).map_or(low, |at| low + at + 1);
            let line = bytes.get(start..).unwrap_or_default();
            let end = memchr2(b'\t', b'\n', line).unwrap_or(line.len());
            let first = line.get(..end).unwrap_or_default();
            if first < key || first.starts_with(b"#") {
                low = start + memchr(b'\n', line).map_or(line.len(), |at| at + 1);
            } else {
                high = start;
            }
        }
        low
    }
}

/// Where keys of one table lie that were looked for already.
#[derive(Debug, Default)]
pub(crate) struct Places(RefCell<HashMap<String, usize>>);

#[cfg(test)]
impl Table {
    /// Panics unless the rows are sorted by their first columns.
    pub(crate) fn assert_sorted(self) {
        let keys: Vec<_> = self.all().map(|(key, _)| key.as_bytes()).collect();
        assert!(!keys.is_empty() && keys.is_sorted(), "the table is not sorted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_row_and_nothing_else() {
        let table = Table::new("# z comment\n# a\nab\t1\nab\t2\nb\nc\t3\n");
        table.assert_sorted();
        let places = Places::default();
        let rows = |key| {
            let rows: Vec<_> = table.rows(key).collect();
            for _ in 0..2 {
                assert!(table.rows_again(key, &places).eq(rows.iter().copied()), "{key}");
            }
            rows
        };
        assert_eq!(rows("ab"), ["1", "2"]);
        assert_eq!(rows("b"), [""]);
        assert_eq!(rows("c"), ["3"]);
        for absent in ["", "a", "abc", "bb", "d", "# a"] {
            assert_eq!(rows(absent), [""; 0], "{absent}");
        }
    }
}
