//! Sorted tables embedded in the program and searched where they lie: nothing is parsed before somebody asks.

/// A text of lines sorted by their first column (bytes); lines that start with `#` come first and are comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(&'static str);

impl Table {
    /// A table over an embedded text.
    pub(crate) const fn new(text: &'static str) -> Self {
        Table(text)
    }

    /// The rows whose first column is `key`, in order, without the key. A key of several columns has tabulators between them.
    pub(crate) fn rows<'k>(self, key: &'k str) -> impl Iterator<Item = &'static str> + use<'k> {
        let from = self.0.get(lower_bound(self.0, b'\n', key)..).unwrap_or_default();
        from.lines().map_while(move |line| {
            let rest = line.strip_prefix(key)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('\t') }
        })
    }

    /// The first row whose first column is `key`: that column, and the rest.
    pub(crate) fn first(self, key: &str) -> Option<(&'static str, &'static str)> {
        let from = self.0.get(lower_bound(self.0, b'\n', key)..)?;
        from.lines().next()?.split_once('\t').filter(|(known, _)| *known == key)
    }

    /// Every row: its first column and the rest.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rows = self.0.lines().skip_while(|line| line.starts_with('#'));
        rows.map(|line| line.split_once('\t').unwrap_or((line, "")))
    }
}

/// Whether a text of sorted words with spaces between them has the word.
pub(crate) fn has_word(words: &str, word: &str) -> bool {
    let from = words.get(lower_bound(words, b' ', word)..).unwrap_or_default();
    from.split(' ').next() == Some(word)
}

/// Offset of the first part of a sorted text that is not less than `key`, and no comment. Parts are compared byte by byte: what
/// comes between them, and a tabulator, is less than whatever a part may hold.
fn lower_bound(text: &str, between: u8, key: &str) -> usize {
    // Not with the crate memchr, which finds out about the processor first: in a virtual machine that takes 40 µs.
    let (text, key) = (text.as_bytes(), key.as_bytes());
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = text.get(low..middle).unwrap_or_default();
        let start = before.iter().rposition(|&byte| byte == between).map_or(low, |at| low + at + 1);
        let part = text.get(start..).unwrap_or_default();
        if part.get(..key.len()).unwrap_or(part) < key || part.starts_with(b"#") {
            low = start + part.iter().position(|&byte| byte == between).map_or(part.len(), |at| at + 1);
        } else {
            high = start;
        }
    }
    low
}

#[cfg(test)]
impl Table {
    /// Panics unless the rows are sorted by their first columns.
    pub(crate) fn assert_sorted(self) {
        let keys: Vec<_> = self.all().map(|(key, _)| key.as_bytes()).collect();
        assert!(!keys.is_empty() && keys.is_sorted(), "the table is not sorted");
    }

    /// Panics unless the rows are sorted by all of their columns.
    pub(crate) fn assert_sorted_by_all_columns(self) {
        self.assert_sorted();
        assert!(self.all().is_sorted(), "the table is not sorted by its further columns");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_row_and_nothing_else() {
        let table = Table::new("# z comment\n# a\nab\t1\nab\t2\nb\nc\t3\n");
        table.assert_sorted();
        assert_eq!(table.rows("ab").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(table.rows("b").collect::<Vec<_>>(), [""]);
        assert_eq!(table.rows("c").collect::<Vec<_>>(), ["3"]);
        assert_eq!(table.rows("ab\t2").collect::<Vec<_>>(), [""]);
        for absent in ["", "a", "abc", "bb", "d", "# a", "ab\t", "ab\t0", "ab\t3", "c\t3\t", "\n", "b\n"] {
            assert_eq!(table.rows(absent).count(), 0, "{absent}");
        }
    }

    #[test]
    fn finds_every_word_and_no_piece_of_one() {
        for word in ["a", "ab", "abc", "b_1", "z"] {
            assert!(has_word("a ab abc b_1 z", word), "{word}");
        }
        for absent in ["", " ", "_", "a ", "a ab", "aa", "b", "b_", "b_10", "z ", "zz"] {
            assert!(!has_word("a ab abc b_1 z", absent), "{absent}");
        }
        assert!(has_word("a", "a") && !has_word("", "a") && !has_word("a", "b"));
    }
}
