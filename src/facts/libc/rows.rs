//! Tables of the product, taken apart while it is compiled: they are asked for of every file, and to take a line apart takes longer
//! than to compare it.

/// Number of rows in a table: its lines but for comments and the first, which names the columns.
pub(super) const fn count(table: &'static str) -> usize {
    let mut lines = Lines { table: table.as_bytes(), at: 0 };
    let mut count = 0;
    while lines.next().is_some() {
        count += 1;
    }
    count - 1
}

/// The first `F` fields of each row; what a row lacks is empty.
pub(super) const fn rows<const F: usize, const ROWS: usize>(table: &'static str) -> [[&'static str; F]; ROWS] {
    let mut rows = [[""; F]; ROWS];
    let mut lines = Lines { table: table.as_bytes(), at: 0 };
    lines.next();
    let mut row = 0;
    while let Some((start, end)) = lines.next() {
        let (mut at, mut field) = (start, 0);
        while field < F && at < end {
            let from = at;
            while at < end && lines.table[at] != b'\t' {
                at += 1;
            }
            rows[row][field] = table.split_at(at).0.split_at(from).1;
            (at, field) = (at + 1, field + 1);
        }
        row += 1;
    }
    rows
}

/// The lines of a table that are no comments.
struct Lines {
    table: &'static [u8],
    at: usize,
}

impl Lines {
    /// Where the next line starts and ends.
    const fn next(&mut self) -> Option<(usize, usize)> {
        while self.at < self.table.len() {
            let start = self.at;
            while self.at < self.table.len() && self.table[self.at] != b'\n' {
                self.at += 1;
            }
            let end = self.at;
            self.at += 1;
            if start < end && self.table[start] != b'#' {
                return Some((start, end));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_what_stands_between_tabs() {
        const TABLE: &str = "# a comment\nname\tvalue\tnote\na\t1\t\n\n# more\nb\t\tx\ty\nc";
        const ROWS: [[&str; 3]; count(TABLE)] = rows(TABLE);
        assert_eq!(ROWS, [["a", "1", ""], ["b", "", "x"], ["c", "", ""]]);
    }
}
