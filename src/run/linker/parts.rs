//! The arguments that the words of a link line hold: compilers hand on to the linker what stands behind `-Wl,` and `-Xlinker`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::ops::RangeInclusive;

/// One argument, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part<'w> {
    /// The argument, as the linker or the compiler sees it.
    pub(crate) text: &'w str,
    /// The words it was written in.
    pub(crate) words: RangeInclusive<usize>,
    /// It is handed on: the compiler itself does not read it, and may mean something else by the same letters.
    pub(crate) is_handed_on: bool,
}

/// The arguments in `words`, which are those for a compiler or a linker; response files are not opened.
pub(crate) fn parts<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<Part<'w>> {
    let mut parts = Vec::new();
    let mut rest = words.into_iter().enumerate();
    while let Some((at, word)) = rest.next() {
        if word == "-Xlinker" {
            let next = rest.next();
            parts.extend(next.map(|(end, text)| Part { text, words: at..=end, is_handed_on: true }));
        } else if let Some(list) = word.strip_prefix("-Wl,") {
            parts.extend(list.split(',').map(|text| Part { text, words: at..=at, is_handed_on: true }));
        } else {
            parts.push(Part { text: word, words: at..=at, is_handed_on: false });
        }
    }
    parts
}

/// The same of words as a process gets them, each with whether it is handed on; a word that is no text stays as it is.
pub(super) fn arguments(words: &[OsString]) -> Vec<(OsString, bool)> {
    let texts: Vec<Cow<'_, str>> = words.iter().map(|word| word.to_string_lossy()).collect();
    let argument = |part: Part<'_>| {
        let end = *part.words.end();
        let whole = (texts.get(end).map(AsRef::as_ref) == Some(part.text)).then(|| words.get(end)).flatten();
        (whole.cloned().unwrap_or_else(|| part.text.into()), part.is_handed_on)
    };
    parts(texts.iter().map(AsRef::as_ref)).into_iter().map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_on_is_told_with_its_words() {
        let of = |words: &[&'static str]| -> Vec<(&'static str, RangeInclusive<usize>, bool)> {
            parts(words.iter().copied()).into_iter().map(|part| (part.text, part.words, part.is_handed_on)).collect()
        };
        assert_eq!(
            of(&["-Ia,b", "-Wl,-z,now", "-Xlinker", "-E", "a.o"]),
            [
                ("-Ia,b", 0..=0, false),
                ("-z", 1..=1, true),
                ("now", 1..=1, true),
                ("-E", 2..=3, true),
                ("a.o", 4..=4, false)
            ]
        );
        assert!(of(&["-Xlinker"]).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn words_that_are_no_text_stay_as_they_are() {
        use std::os::unix::ffi::OsStringExt;

        let raw = || OsString::from_vec(b"\xff.o".to_vec());
        let words = [raw(), "-Xlinker".into(), raw(), "-Wl,-E".into()];
        assert_eq!(arguments(&words), [(raw(), false), (raw(), true), ("-E".into(), true)]);
    }
}
