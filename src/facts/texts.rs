//! Text that lies anywhere in a file: paths of the machine that built it, and strings somebody asks for.
//!
//! Unlike all other facts this reads the whole file, so it is done only when a rule wants it.

use std::collections::BTreeSet;
use std::path::Path;

use memchr::memmem::Finder;
use serde::Serialize;

use super::{Source, Unreadable};

/// Bytes read at once.
const CHUNK: u64 = 1024 * 1024;
/// Longest text that is looked for, and longest path that is kept, in bytes: chunks overlap by as much.
const LONGEST: usize = 512;
/// Most different paths that are kept.
const MOST: usize = 64;

/// Directories below which people and build services work, each followed by the name of one of them.
const HOMES: &[&str] =
    &["/home/", "/Users/", "/root/", "/builds/", "/private/var/folders/", "C:\\Users\\", "C:/Users/"];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Texts {
    /// Paths below a home directory, or below the working directory of the build; sorted, without repetition.
    pub build_paths: Vec<String>,
    /// There are more such paths than are kept.
    pub more_build_paths: bool,
    /// Which of the strings asked for are there, in their order.
    pub strings: Vec<String>,
}

/// [`search`] in a file by its path.
///
/// # Errors
/// When it cannot be opened or read.
pub fn search_file(path: &Path, directories: &[String], strings: &[String]) -> Result<Texts, Unreadable> {
    let file = super::open(path)?;
    let source = Source::from_file(&file).map_err(Unreadable::io)?;
    search(&source, directories, strings)
}

/// Searches a whole file. `directories` are further directories whose paths count as those of the build machine, `strings`
/// are looked for as they are; texts longer than 512 bytes are cut there.
///
/// # Errors
/// What reading says.
pub fn search(source: &Source<'_>, directories: &[String], strings: &[String]) -> Result<Texts, Unreadable> {
    let cut = |text: &String| text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes()).to_vec();
    let own = |text: &String| format!("{}/", text.trim_end_matches('/'));
    let own: Vec<Vec<u8>> = directories.iter().filter(|text| !text.is_empty()).map(|text| cut(&own(text))).collect();
    let own: Vec<Finder<'_>> = own.iter().map(Finder::new).collect();
    let homes: Vec<Finder<'_>> = HOMES.iter().map(Finder::new).collect();
    let wanted: Vec<Vec<u8>> = strings.iter().map(cut).collect();
    let wanted: Vec<Finder<'_>> = wanted.iter().map(Finder::new).collect();
    let mut found = vec![false; strings.len()];
    let mut paths = BTreeSet::new();
    let mut at = 0;
    while at < source.len() {
        let bytes = source.read_up_to(at, CHUNK + 2 * LONGEST as u64, "contents")?;
        for (finder, found) in wanted.iter().zip(&mut found) {
            *found = *found || finder.find(&bytes).is_some();
        }
        for (finder, below) in homes.iter().map(|home| (home, true)).chain(own.iter().map(|own| (own, false))) {
            collect(finder, below, &bytes, &mut paths);
        }
        at += CHUNK;
    }
    let strings = strings.iter().zip(found).filter(|(_, found)| *found).map(|(text, _)| text.clone()).collect();
    let more_build_paths = paths.len() > MOST;
    Ok(Texts { build_paths: paths.into_iter().take(MOST).collect(), more_build_paths, strings })
}

/// Adds every path that starts where `finder` matches at the start of a word; with `below`, only paths with something below
/// the name that follows: `/home/` alone, or `/root/` in a list of directories, is nobody's path.
fn collect(finder: &Finder<'_>, below: bool, bytes: &[u8], paths: &mut BTreeSet<String>) {
    for start in finder.find_iter(bytes) {
        let starts_word = start.checked_sub(1).and_then(|at| bytes.get(at)).is_none_or(|before| !is_path(*before));
        let text = bytes.get(start..).unwrap_or_default();
        let rest = text.get(finder.needle().len()..).unwrap_or_default();
        let rest = rest.get(..LONGEST).unwrap_or(rest);
        let rest = rest.get(..rest.iter().position(|byte| !is_path(*byte)).unwrap_or(rest.len())).unwrap_or_default();
        let end = finder.needle().len() + rest.len();
        let named = rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte));
        let deep = rest.get(1..).unwrap_or_default().iter().any(|byte| matches!(byte, b'/' | b'\\'));
        if starts_word && named && (deep || !below) && paths.len() <= MOST {
            paths.insert(String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned());
        }
    }
}

/// Bytes that paths of source files are made of.
fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/\\._-+@~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], directories: &[&str], strings: &[&str]) -> Texts {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        search(&Source::from_bytes(bytes), &owned(directories), &owned(strings)).expect("memory can be read")
    }

    #[test]
    fn paths_of_people_are_found_and_others_are_not() {
        let found =
            texts(b"x\0/home/jane/app/src/main.rs\0/usr/lib\0/home/\0/srv/home/x/y\0C:\\Users\\jane\\a.c\0", &[], &[]);
        assert_eq!(found.build_paths, ["/home/jane/app/src/main.rs", "C:\\Users\\jane\\a.c"]);
        assert_eq!(
            texts(b"/root/.config in /root/ and /home//lib64/media/proc/0", &[], &[]).build_paths,
            Vec::<String>::new()
        );
    }

    #[test]
    fn further_directories_count() {
        let found = texts(b"\0/work/app/src/main.rs\0/work/app/x.c\0/work/apple/y\0", &["/work/app"], &[]);
        assert_eq!(found.build_paths, ["/work/app/src/main.rs", "/work/app/x.c"]);
    }

    #[test]
    fn strings_are_found_across_chunks() {
        let mut bytes = vec![0; CHUNK as usize - 3];
        bytes.extend_from_slice(b"/private/var and /home/jane/x/y.rs");
        let found = texts(&bytes, &[], &["/private/var", "absent"]);
        assert_eq!(found.strings, ["/private/var"]);
        assert_eq!(found.build_paths, ["/home/jane/x/y.rs"]);
    }

    #[test]
    fn a_flood_of_paths_is_bounded() {
        let flood: String = (0..1000).map(|number| format!("/home/jane/{number}/x\0")).collect();
        let found = texts(flood.as_bytes(), &[], &[]);
        assert_eq!((found.build_paths.len(), found.more_build_paths), (MOST, true));
    }
}
