//! Sorted tables embedded in the program and searched where they lie: nothing is parsed before somebody asks.

/// A text of lines sorted by their first column (bytes); lines that start with `#` come first and are comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(&'static str);

impl Table {
    /// A table over an embedded text.
    pub(crate) const fn new(text: &'static str) -> Self {
        Table(text)
    }

    /// The rows whose first column is `key`, in order, without the key.
    pub(crate) fn rows(self, key: &str) -> impl Iterator<Item = &'static str> {
        let from = self.lower_bound(key.as_bytes());
        let key = key.to_owned();
        self.0.get(from..).unwrap_or_default().lines().map_while(move |line| {
            let (first, rest) = line.split_once('\t').unwrap_or((line, ""));
            (first == key).then_some(rest)
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
            let start = bytes[low..middle].iter().rposition(|&byte| byte == b'\n').map_or(low, |at| low + at + 1);
            let line = bytes.get(start..).unwrap_or_default();
            let end = line.iter().position(|&byte| matches!(byte, b'\t' | b'\n')).unwrap_or(line.len());
            let first = line.get(..end).unwrap_or_default();
            if first < key || first.starts_with(b"#") {
                let rest = line.iter().position(|&byte| byte == b'\n').map_or(line.len(), |at| at + 1);
                low = start + rest;
            } else {
                high = start;
            }
        }
        low
    }
}

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
        assert_eq!(table.rows("ab").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(table.rows("b").collect::<Vec<_>>(), [""]);
        assert_eq!(table.rows("c").collect::<Vec<_>>(), ["3"]);
        for absent in ["", "a", "abc", "bb", "d", "# a"] {
            assert_eq!(table.rows(absent).count(), 0, "{absent}");
        }
    }
}
