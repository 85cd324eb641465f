//! Text from outside in HTML: it stays text, whatever it contains.

use crate::report::escape;

/// Text for an element or for an attribute in double quotes.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A sentence in which backticks mean code, as all messages have it; where they do not pair up they are taken literally.
pub(super) fn prose(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text(sentence);
    }
    let render = |(at, part): (usize, &&str)| match at.is_multiple_of(2) {
        true => text(part),
        false => format!("<code>{}</code>", text(part)),
    };
    parts.iter().enumerate().map(render).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_element_or_its_attribute() {
        assert_eq!(text("<a b=\"c\" d='e'>&\u{202e}"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\\u{202e}");
        assert_eq!(prose("`a<b` c"), "<code>a&lt;b</code> c");
        assert_eq!(prose("`a` b`<"), "`a` b`&lt;");
    }
}
