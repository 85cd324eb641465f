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
    let widths = widths(rows);
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

/// The widest cell of each column, in characters.
fn widths(rows: &[Vec<Cell>]) -> Vec<usize> {
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
    widths
}

/// The columns that stand beside each other in so many characters: a table or several, each with the first column.
pub fn split(rows: &[Vec<Cell>], width: usize) -> Vec<Vec<Vec<Cell>>> {
    let widths = widths(rows);
    let Some((&first, others)) = widths.split_first() else { return Vec::new() };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut used = 0;
    for (column, other) in (1..).zip(others) {
        match groups.last_mut() {
            Some(group) if used + 2 + other <= width => group.push(column),
            _ => {
                groups.push(vec![column]);
                used = first;
            }
        }
        used += 2 + other;
    }
    let part = |row: &Vec<Cell>, group: &[usize]| {
        std::iter::once(&0).chain(group).filter_map(|column| row.get(*column).cloned()).collect()
    };
    groups.iter().map(|group| rows.iter().map(|row| part(row, group)).collect()).collect()
}

/// Rows as columns.
pub fn turned(rows: &[Vec<Cell>]) -> Vec<Vec<Cell>> {
    let columns = rows.first().map_or(0, Vec::len);
    (0..columns).map(|column| rows.iter().filter_map(|row| row.get(column).cloned()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let rows = [vec![plain("a"), plain("ü"), plain("c")], vec![plain("longer"), plain("bb"), plain("")]];
        assert_eq!(render(&rows), "a       ü   c\nlonger  bb\n");
    }

    #[test]
    fn what_is_too_wide_is_split_and_keeps_its_first_column() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| plain(cell)).collect::<Vec<Cell>>();
        let rows = [row(&["", "debian", "rhel", "alpine"]), row(&["app", "runs", "no", "no"])];
        let split = |width| split(&rows, width).iter().map(|part| render(part)).collect::<Vec<_>>();
        assert_eq!(split(25), [render(&rows)]);
        assert_eq!(split(24), ["     debian  rhel\napp  runs    no\n", "     alpine\napp  no\n"]);
        assert_eq!(split(1).len(), 3);
        assert_eq!(render(&turned(&rows)), "        app\ndebian  runs\nrhel    no\nalpine  no\n");
    }
}
