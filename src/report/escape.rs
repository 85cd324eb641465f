//! Text from outside (names, strings of a binary) made safe to print: no control character reaches a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// Replaces what a terminal would act on: control characters (C0, DEL, C1) and characters that reorder or hide text.
///
/// ```
/// assert_eq!(seaworthy::report::escape("a\n\u{1b}[31mb"), "a\\n\\x1b[31mb");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_unless(text, |_| false)
}

/// As [`escape`], but lines stay lines.
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_unless(text, |c| c == '\n')
}

/// A path for people: safe to print, bytes that are not UTF-8 as `\xff`.
pub fn path(path: &Path) -> Cow<'_, str> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return escape(text);
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&escape(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal acts on `c`, or shows something else than what is there.
///
/// Bidirectional controls and zero-width characters are those of Unicode TR 36 and TR 39.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn escape_unless(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |c: char| is_hostile(c) && !keep(c);
    if is_plain(text.as_bytes()) || !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !bad(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x80 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

/// Whether all bytes are ASCII and printable, as those of nearly every path are; eight at a time.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = text.as_chunks::<8>();
    // The highest bit is set where a byte has it, is below a space, or is DEL; and none is where none of these is.
    let odd = |word: u64| word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES);
    words.iter().all(|word| odd(u64::from_le_bytes(*word)) & (ONES << 7) == 0)
        && rest.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_told_from_any_other_wherever_that_begins() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'~'; length];
                    text[at] = byte;
                    assert_eq!(is_plain(&text), matches!(byte, b' '..=b'~'), "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(escape("libfoo.so.1 – Grüße"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_acts_on_is_shown_instead() {
        assert_eq!(escape("a\x1b]0;x\x07\u{9b}31m\u{202e}\x7f\r\t"), "a\\x1b]0;x\\x07\\u{9b}31m\\u{202e}\\x7f\\r\\t");
        assert_eq!(escape_lines("a\nb\x1b"), "a\nb\\x1b");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_utf8_are_shown() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(path(Path::new(std::ffi::OsStr::from_bytes(b"bin/\xff\n"))), "bin/\\xff\\n");
    }
}
