//! Columns of text.

use std::fmt::Write as _;

use anstyle::Style;

/// One cell: what it says, and its style.
pub type Cell = (String, Style);

/// A cell without a style.
pub fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Style::new())
}

/// Lines with their cells in columns, two blanks apart; nothing is padded at the end of a line.
pub fn render(rows: &[Vec<Cell>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (at, (text, _)) in row.iter().enumerate() {
            let width = text.chars().count();
            match widths.get_mut(at) {
                Some(known) => *known = width.max(*known),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((text, style), width) in row.iter().zip(&widths) {
            let pad = width.saturating_sub(text.chars().count()) + 2;
            let _ = write!(line, "{style}{text}{style:#}{:pad$}", "");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let rows = [vec![plain("a"), plain("ü"), plain("c")], vec![plain("longer"), plain("bb"), plain("")]];
        assert_eq!(render(&rows), "a       ü   c\nlonger  bb\n");
    }
}
