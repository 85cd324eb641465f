//! What the sources of a crate say: `#[link(name = "…")]` for a library, the name of a symbol.

use std::path::Path;

/// Source files of one crate that are looked at, at the most.
const MOST_FILES: usize = 2_000;
/// Depth of folders below the crate's root file.
const DEEPEST: usize = 8;

/// Whether a `#[link]` attribute below the folder of `root` (a crate's root source file) names `library`.
pub(super) fn links(root: &Path, library: &str) -> bool {
    let wanted = format!("name=\"{library}\"");
    any_below(root, |text| has_attribute(text, &wanted))
}

/// Whether the code below the folder of `root` mentions a symbol.
pub(super) fn mentions(root: &Path, symbol: &str) -> bool {
    any_below(root, |text| has_word(text, symbol))
}

/// Whether any Rust source below the folder of `root` is as wanted.
fn any_below(root: &Path, wanted: impl Fn(&str) -> bool) -> bool {
    let Some(folder) = root.parent() else { return false };
    let mut left = MOST_FILES;
    in_folder(folder, &wanted, DEEPEST, &mut left)
}

fn in_folder(folder: &Path, wanted: &impl Fn(&str) -> bool, depth: usize, left: &mut usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() && depth > 0 && in_folder(&path, wanted, depth - 1, left) {
            return true;
        }
        if kind.is_file() && path.extension().is_some_and(|ending| ending == "rs") {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return false;
            }
            if std::fs::read_to_string(&path).is_ok_and(|text| wanted(&text)) {
                return true;
            }
        }
    }
    false
}

/// Whether a line of code, comments apart, has the word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
        let bytes = line.as_bytes();
        line.match_indices(word).any(|(at, _)| {
            !is_part(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(at + word.len()))
        })
    })
}

/// Whether `text` has a `#[link(…)]`, also inside `cfg_attr`, whose arguments without blanks contain `wanted`, and that
/// does not ask for a static library. Lines that are comments do not count.
fn has_attribute(text: &str, wanted: &str) -> bool {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.match_indices("link(").any(|(at, _)| {
        let before = code[..at].trim_end();
        let arguments = &code[at..];
        let end = arguments.find(')').unwrap_or(arguments.len());
        let arguments: String = arguments[..end].split_whitespace().collect();
        (before.ends_with('[') || before.ends_with(',') || before.ends_with("unsafe("))
            && arguments.contains(wanted)
            && !arguments.contains("kind=\"static\"")
    })
}

#[cfg(test)]
mod tests {
    use super::{has_attribute, has_word};

    #[test]
    fn symbols_are_whole_words_of_code() {
        assert!(has_word("fn main() { unsafe { libc::stat64(p, q) } }", "stat64"));
        assert!(!has_word("fstat64(); stat64x(); lstat64_(); // no", "stat64"));
        assert!(!has_word("    // stat64", "stat64"));
    }

    #[test]
    fn attributes_and_what_only_looks_like_one() {
        let z = "name=\"z\"";
        assert!(has_attribute("#[link(name = \"z\")]\nextern \"C\" {}", z));
        assert!(has_attribute("#[link(kind = \"dylib\",\n  name = \"z\")]", z));
        assert!(has_attribute("#[cfg_attr(unix, link(name = \"z\"))]", z));
        assert!(!has_attribute("// #[link(name = \"z\")]", z));
        assert!(!has_attribute("#[link(name = \"z\", kind = \"static\")]", z));
        assert!(!has_attribute("#[link(name = \"zstd\")]", z));
        assert!(!has_attribute("fn unlink(name: &str) { hardlink(name=\"z\") }", z));
    }
}
