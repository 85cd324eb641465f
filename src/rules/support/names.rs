//! Names of certificates, taken apart again: facts hold them as RFC 4514 writes them, with what stands for itself escaped.

/// The attributes of a name, each with its value as it is: `CN=Jane Doe\, Inc.,C=US` is `CN` with `Jane Doe, Inc.`, and `C`.
pub(in crate::rules) fn attributes(name: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = name;
    while let Some((kind, value)) = rest.split_once('=') {
        let end = end(value);
        found.push((kind, unescaped(&value[..end])));
        rest = value.get(end + 1..).unwrap_or_default();
    }
    found
}

/// Where a value ends: at the first comma or plus that is not escaped.
fn end(value: &str) -> usize {
    let mut escaped = false;
    let is_end = |byte: u8| {
        let ends = !escaped && matches!(byte, b',' | b'+');
        escaped = !escaped && byte == b'\\';
        ends
    };
    value.bytes().position(is_end).unwrap_or(value.len())
}

/// A value without its escapes: a backslash before a character, or before the two hex digits of an octet.
fn unescaped(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    loop {
        rest = match rest {
            [b'\\', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                octets.push(digit(*high) << 4 | digit(*low));
                rest
            }
            [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
                octets.push(*byte);
                rest
            }
            [] => return String::from_utf8_lossy(&octets).into_owned(),
        }
    }
}

/// The value of a hex digit.
fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).map_or(0, |digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::attributes;

    #[test]
    fn names_are_taken_apart_at_what_is_not_escaped() {
        let of = |name: &'static str| attributes(name);
        let is = |kind: &'static str, value: &str| (kind, value.to_owned());
        assert_eq!(of("CN=Jane Doe,C=US"), [is("CN", "Jane Doe"), is("C", "US")]);
        assert_eq!(of(r"CN=Jane Doe\, Inc.+OU=a\\,C=US"), [is("CN", "Jane Doe, Inc."), is("OU", r"a\"), is("C", "US")]);
        assert_eq!(of(r"CN=\#a=b\0a\ "), [is("CN", "#a=b\n ")]);
        assert_eq!(of("1.2.3=#0c01,O="), [is("1.2.3", "#0c01"), is("O", "")]);
    }

    #[test]
    fn damaged_names_give_what_is_there() {
        assert_eq!(attributes("a damaged name"), []);
        assert_eq!(attributes(""), []);
        assert_eq!(attributes("CN=\\"), [("CN", "\\".to_owned())]);
        assert_eq!(attributes("CN=\u{e9}\\\u{e9},,"), [("CN", "\u{e9}\u{e9}".to_owned())]);
    }
}
