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

/// A number of bytes for people: `812 bytes`, `1.4 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while value >= 1024.0
        && let Some(next) = units.next()
    {
        value /= 1024.0;
        unit = Some(next);
    }
    format!("{value:.1} {}", unit.copied().unwrap_or_default())
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

    #[test]
    fn sizes_have_one_digit_after_the_point() {
        assert_eq!((size(812), size(1536), size(1 << 21)), ("812 bytes".into(), "1.5 KiB".into(), "2.0 MiB".into()));
        assert_eq!(size(5 << 40), "5120.0 GiB");
    }
}
