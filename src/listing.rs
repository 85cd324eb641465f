//! Names and numbers of things in a sentence: `a, b and c`, how many more there are where not all of them are told, `2 files`.

use std::collections::HashSet;

/// `` `a`, `b` and `c` ``; past the first `limit`: `` `a` and 2 more``.
pub(crate) fn listed(names: &[impl AsRef<str>], limit: usize) -> String {
    joined(names, limit, "`", " and ")
}

/// `a, b and c`; past the first `limit`: `a and 2 more`.
pub(crate) fn listed_plainly(names: &[impl AsRef<str>], limit: usize) -> String {
    joined(names, limit, "", " and ")
}

/// `a, b, c`, as columns and brackets have it; past the first `limit`: `a and 2 more`.
pub(crate) fn with_commas(names: &[impl AsRef<str>], limit: usize) -> String {
    joined(names, limit, "", ", ")
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn any_of(names: &[impl AsRef<str>]) -> String {
    joined(names, names.len(), "`", " or ")
}

/// `1 artifact`, `2 artifacts`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Leaves of equal names the first.
pub(crate) fn only_once(names: &mut Vec<String>) {
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
}

/// Names between `quote`s; `last` goes before the last one, unless the rest is counted there.
fn joined(names: &[impl AsRef<str>], limit: usize, quote: &str, last: &str) -> String {
    let shown = names.len().min(limit);
    let more = names.len() - shown;
    let mut text = String::new();
    for (at, name) in names.iter().take(shown).enumerate() {
        let joint = match at + 1 {
            1 => "",
            at if at == names.len() => last,
            _ => ", ",
        };
        text.extend([joint, quote, name.as_ref(), quote]);
    }
    if more > 0 {
        text.extend([if shown == 0 { "" } else { " and " }, &more.to_string(), " more"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    #[test]
    fn all_are_told_up_to_the_limit() {
        assert_eq!(listed(&NAMES[..1], 3), "`a`");
        assert_eq!(listed(&NAMES[..2], 3), "`a` and `b`");
        assert_eq!(listed(&NAMES, 3), "`a`, `b` and `c`");
        assert_eq!(listed_plainly(&NAMES, 3), "a, b and c");
        assert_eq!(with_commas(&NAMES, 3), "a, b, c");
        assert_eq!(any_of(&NAMES), "`a`, `b` or `c`");
    }

    #[test]
    fn of_equal_names_the_first_is_left() {
        let mut names = ["b", "a", "b", "a"].map(String::from).to_vec();
        only_once(&mut names);
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn the_rest_is_counted() {
        assert_eq!(listed(&NAMES, 1), "`a` and 2 more");
        assert_eq!(listed_plainly(&NAMES, 2), "a, b and 1 more");
        assert_eq!(with_commas(&NAMES, 2), "a, b and 1 more");
        assert_eq!(listed(&NAMES, 0), "3 more");
        assert_eq!(listed(&NAMES[..0], 3), "");
    }
}
