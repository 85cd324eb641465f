//! Text from outside in Markdown: it stays text, whatever it contains.

use crate::report::escape as printable;

/// A sentence in which backticks mean code, as all messages have it. Everything outside of them is taken literally; where
/// they do not pair up, so are they.
pub(in crate::report) fn prose(text: &str) -> String {
    let text = printable(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return literal(&text);
    }
    let render = |(at, part): (usize, &&str)| match (at.is_multiple_of(2), part.is_empty()) {
        (true, _) => literal(part),
        (false, true) => "\\`\\`".to_owned(),
        (false, false) => code(part),
    };
    parts.iter().enumerate().map(render).collect()
}

/// The same with a name in it, which may hold backticks of its own: `name` in backticks is code, whatever it is.
pub(in crate::report) fn prose_about(text: &str, name: &str) -> String {
    if !name.contains('`') {
        return prose(text);
    }
    let parts: Vec<String> = text.split(&format!("`{name}`")).map(prose).collect();
    parts.join(&code(name))
}

/// A code span with this inside; a fence of as many backticks as it takes (CommonMark 0.31, 6.1).
pub(in crate::report) fn code(text: &str) -> String {
    let text = printable(text);
    let mut fence = String::from("`");
    while text.contains(&fence) {
        fence.push('`');
    }
    let pad = if fence.len() > 1 || text.starts_with(' ') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// What cannot end the cell of a table: there a `|` counts even in code.
pub(in crate::report) fn table_cell(markdown: &str) -> String {
    markdown.replace("\\|", "|").replace('|', "\\|")
}

/// Everything that could mean something escaped (CommonMark 0.31, 2.4).
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '!' | '|' | '~' | '&' | '$' | '@'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    // An address would become a link by itself.
    out.replace("://", ":\\//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_a_sentence_stays_code_and_the_rest_stays_text() {
        assert_eq!(prose("`a_b` needs *x* <b> [y](z)"), "`a_b` needs \\*x\\* \\<b\\> \\[y\\](z)");
        assert_eq!(prose("`a`b` needs"), "\\`a\\`b\\` needs");
        assert_eq!(prose("`` x"), "\\`\\` x");
        assert_eq!(prose("a\n# b"), "a\\\\n\\# b");
    }

    #[test]
    fn a_name_with_backticks_is_one_code_span() {
        let message = "`a`b`c` needs `libz.so.1`, and `a`b`c` is small";
        assert_eq!(prose_about(message, "a`b`c"), "`` a`b`c `` needs `libz.so.1`, and `` a`b`c `` is small");
        assert_eq!(prose_about("`a` needs", "a"), "`a` needs");
    }

    #[test]
    fn no_name_ends_its_code_span_or_its_cell() {
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(table_cell(&code("a|b")), "`a\\|b`");
        assert_eq!(table_cell(&prose("a|b")), "a\\|b");
    }
}
