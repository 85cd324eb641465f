//! Which words of a compiler's line are for the linker: those behind `-Wl,` and `-Xlinker`.

use std::ffi::OsString;
use std::path::Path;

use super::response;

/// The words for the compiler itself, and those that it hands to the linker; the latter may name response files in `directory`.
pub(super) fn apart(words: &[OsString], directory: &Path) -> (Vec<OsString>, Vec<OsString>) {
    let (mut own, mut handed) = (Vec::with_capacity(words.len()), Vec::new());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        if text == "-Xlinker" {
            handed.extend(rest.next().cloned());
        } else if let Some(list) = text.strip_prefix("-Wl,") {
            handed.extend(list.split(',').map(OsString::from));
        } else {
            own.push(word.clone());
        }
    }
    (own, response::expand(&handed, directory))
}
