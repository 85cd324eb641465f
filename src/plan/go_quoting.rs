//! Go's own quoting of word lists, as in `GOFLAGS`, `-ldflags`, `CC`: quotes count only at the start of a word, and there
//! are no escapes. Source: `cmd/internal/quoted` of Go 1.26.

/// A quote that is opened and not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unterminated;

/// Splits as `quoted.Split` does.
///
/// # Errors
///
/// When a quote is not closed; Go refuses such a value as well.
pub fn split(text: &str) -> Result<Vec<String>, Unterminated> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let (word, after) = if matches!(first, '\'' | '"') {
            rest.get(1..).and_then(|quoted| quoted.split_once(first)).ok_or(Unterminated)?
        } else {
            rest.split_at(rest.find(is_space).unwrap_or(rest.len()))
        };
        words.push(word.to_owned());
        rest = after.trim_start_matches(is_space);
    }
    Ok(words)
}

/// Joins as `quoted.Join` does; `None` when a word has both kinds of quotes and space, which cannot be written.
pub fn join<S: AsRef<str>>(words: &[S]) -> Option<String> {
    let quoted: Option<Vec<String>> = words.iter().map(|word| quote(word.as_ref())).collect();
    quoted.map(|words| words.join(" "))
}

fn quote(word: &str) -> Option<String> {
    let plain = !word.is_empty() && !word.contains(is_space) && !word.starts_with(['\'', '"']);
    match (plain, word.contains('\''), word.contains('"')) {
        (true, ..) => Some(word.to_owned()),
        (_, false, _) => Some(format!("'{word}'")),
        (_, true, false) => Some(format!("\"{word}\"")),
        (_, true, true) => None,
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_count_at_the_start_of_a_word_only() {
        assert_eq!(split("'-ldflags=-s -w' -v").expect("closed"), ["-ldflags=-s -w", "-v"]);
        assert_eq!(split("-ldflags='-s -w'").expect("closed"), ["-ldflags='-s", "-w'"]);
        assert_eq!(split("\ta \"b 'c'\"d\n").expect("closed"), ["a", "b 'c'", "d"]);
        assert_eq!(split("  ").expect("closed"), [""; 0]);
        assert_eq!(split("''").expect("closed"), [""]);
        assert_eq!(split("a 'b"), Err(Unterminated));
    }

    #[test]
    fn what_cannot_be_quoted_is_not() {
        assert_eq!(join(&["-X", "a=b c", "it's", ""]).as_deref(), Some("-X 'a=b c' it's ''"));
        assert_eq!(join(&["'\" x"]), None);
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_again(words in proptest::collection::vec("[a'\" =-]{0,6}", 0..5)) {
            if let Some(joined) = join(&words) {
                prop_assert_eq!(split(&joined), Ok(words));
            }
        }
    }
}
