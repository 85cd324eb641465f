//! Response files: `@file` stands for the words in that file.

use std::ffi::OsString;
use std::path::Path;

/// Response files inside response files are followed this deep.
const DEEPEST: usize = 8;
/// Longest response file that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// `args` with response files replaced by their words. A file that cannot be read stays a word, as GNU tools treat it.
pub(crate) fn expand(args: &[OsString], directory: &Path) -> Vec<OsString> {
    let mut words = Vec::with_capacity(args.len());
    for arg in args {
        expand_one(arg, directory, DEEPEST, &mut words);
    }
    words
}

fn expand_one(arg: &OsString, directory: &Path, depth: usize, words: &mut Vec<OsString>) {
    let text = arg.to_string_lossy();
    let content = text.strip_prefix('@').filter(|_| depth > 0).and_then(|name| read(&directory.join(name)));
    match content {
        Some(content) => split(&content).iter().for_each(|word| expand_one(word, directory, depth - 1, words)),
        None => words.push(arg.clone()),
    }
}

/// The text of a response file; link.exe's are UTF-16 with a byte order mark.
fn read(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(match bytes.strip_prefix(b"\xff\xfe") {
        Some(wide) => {
            let units: Vec<u16> = wide.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Words as libiberty's `buildargv` splits them: blanks separate, quotes keep together, a backslash takes the next
/// character as it is.
fn split(text: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut inside = false;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, blank) if blank.is_whitespace() => {
                if inside {
                    words.push(OsString::from(std::mem::take(&mut word)));
                    inside = false;
                }
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (_, '\\') => word.extend(characters.next()),
            (_, plain) => word.push(plain),
        }
        inside = true;
    }
    if inside {
        words.push(OsString::from(word));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_blanks_and_backslashes() {
        assert_eq!(split("a 'b c' \"d\\\"e\"\n\\ f ''"), ["a", "b c", "d\"e", " f", ""].map(OsString::from));
    }

    #[test]
    fn nested_files_are_read_and_endless_ones_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "x.o @b").unwrap();
        std::fs::write(folder.path().join("b"), "y.o @b").unwrap();
        let words = expand(&["@a".into(), "@missing".into()], folder.path());
        assert_eq!(words.first(), Some(&"x.o".into()));
        assert_eq!(words.last(), Some(&"@missing".into()));
        assert!(words.len() < 12);
    }
}
