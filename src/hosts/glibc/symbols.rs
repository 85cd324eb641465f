//! The symbols of glibc's libraries, release by release.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{GlibcLibrary, NEWEST, PRIVATE};
use crate::hosts::Version;
use crate::hosts::exports::Answer;
use crate::hosts::table::Table;

pub(super) static SYMBOLS: Table = Table::new(include_str!("../../../data/glibc-symbols.tsv"));

thread_local! {
    /// Symbols that were looked up, by the letter of the architecture: one host after the other is asked for the same ones, of one
    /// library and one file after the other.
    static KNOWN: RefCell<HashMap<char, HashMap<String, Vec<Known>>>> = RefCell::default();
}

/// Names of symbols that are remembered at most, of each architecture.
const MOST_KNOWN: usize = 1 << 14;

impl GlibcLibrary {
    /// Whether the library exports `name`, at `version` if one is asked for.
    pub(in crate::hosts) fn symbol(&self, name: &str, version: Option<&str>) -> Answer {
        if let Some(node) = version {
            if node == PRIVATE {
                return Answer::Unknown;
            }
            if self.has_extra(node) {
                return Answer::Yes;
            }
        }
        // The variable behind `__errno_location`, which libc exports as a private one: whoever asks for no version gets it.
        if version.is_none() && self.library == "libc" && name == "errno" {
            return Answer::Unknown;
        }
        let Some(letter) = self.letter else { return Answer::Unknown };
        self.with_entries(name, letter, |entries| self.among(entries, version))
    }

    /// In which releases this library has all these symbols at a version node; which release this one is does not matter.
    pub(in crate::hosts) fn span<'n>(&self, names: impl IntoIterator<Item = &'n str>, node: &str) -> Span {
        let span = |name: &str| {
            self.with_entries(name, self.letter?, |entries| {
                let mut widest: Option<(Version, Option<Version>)> = None;
                for entry in entries?.iter().filter(|entry| entry.is_node(node)) {
                    let first = entry.first?;
                    if widest.is_none_or(|(_, last)| last.is_some() && entry.last.is_none()) {
                        widest = Some((first, entry.last));
                    }
                }
                widest
            })
        };
        let releases = names.into_iter().try_fold((Version::default(), None), |(first, last), name| {
            let (since, until) = span(name)?;
            Some((first.max(since), [last, until].into_iter().flatten().min()))
        });
        Span { library: self.library, letter: self.letter, releases }
    }

    /// Whether this release surely has all symbols that [`GlibcLibrary::span`] was asked about.
    pub(in crate::hosts) fn has_all(&self, span: &Span, node: &str) -> bool {
        let is_within = |(first, last): (Version, Option<Version>)| {
            first <= self.release && last.is_none_or(|last| self.release <= last)
        };
        let released = span.is_of(self) && span.releases.is_some_and(is_within);
        node != PRIVATE && (self.has_extra(node) || released)
    }

    /// Calls `judge` with what the table says of a symbol of this library; `None` when it has none of that name.
    fn with_entries<T>(&self, name: &str, letter: char, judge: impl FnOnce(Option<&[Entry]>) -> T) -> T {
        KNOWN.with_borrow_mut(|known| {
            let known = known.entry(letter).or_default();
            if known.len() >= MOST_KNOWN && !known.contains_key(name) {
                known.clear();
            }
            let of_name = match known.get(name) {
                Some(of_name) => of_name,
                None => known.entry(name.to_owned()).or_insert_with(|| self.known(name, letter)),
            };
            judge(of_name.iter().find(|one| one.library == self.library).map(|one| &one.entries[..]))
        })
    }

    /// What the table says of a symbol of every library.
    fn known(&self, name: &str, letter: char) -> Vec<Known> {
        let known = |row: &'static str| {
            let (library, entries) = row.split_once('\t')?;
            let entries = entries.split(' ').filter_map(|text| Entry::parse(text, letter, self.base)).collect();
            Some(Known { library, entries })
        };
        SYMBOLS.rows(name).filter_map(known).collect()
    }

    /// Whether the release has one of the entries of a symbol, at `version` if one is asked for.
    fn among(&self, entries: Option<&[Entry]>, version: Option<&str>) -> Answer {
        let Some(entries) = entries else {
            return if self.release > NEWEST { Answer::Unknown } else { Answer::No };
        };
        let mut answer = Answer::No;
        for entry in entries {
            if version.is_some_and(|node| !entry.is_node(node)) {
                continue;
            }
            let Some(first) = entry.first else { return Answer::Unknown };
            if entry.last.is_none_or(|last| self.release <= last) {
                match self.released(first) {
                    Answer::Yes => return Answer::Yes,
                    Answer::Unknown => answer = Answer::Unknown,
                    Answer::No => {}
                }
            }
        }
        answer
    }
}

/// The releases, from the first to the last, in which a library has some symbols on one architecture; without any, none is
/// known for sure.
#[derive(Debug)]
pub(in crate::hosts) struct Span {
    library: &'static str,
    letter: Option<char>,
    releases: Option<(Version, Option<Version>)>,
}

impl Span {
    /// Whether it holds for this library, whatever its release.
    pub(in crate::hosts) fn is_of(&self, library: &GlibcLibrary) -> bool {
        (self.library, self.letter) == (library.library, library.letter)
    }
}

/// What the table says of a symbol of one library on one architecture.
#[derive(Debug)]
struct Known {
    library: &'static str,
    entries: Vec<Entry>,
}

/// One entry of a symbol's row, as it holds for one architecture.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) node: &'static str,
    pub(super) first: Option<Version>,
    pub(super) last: Option<Version>,
}

impl Entry {
    pub(super) fn parse(text: &'static str, letter: char, base: &'static str) -> Option<Entry> {
        let (text, last) = text.rsplit_once('-').map_or((text, None), |(text, last)| (text, Some(last)));
        let (text, first) = text.rsplit_once('+').map_or((text, None), |(text, first)| (text, Some(first)));
        let (node, arches) = text.split_once('/').map_or((text, None), |(node, arches)| (node, Some(arches)));
        if arches.is_some_and(|arches| !arches.contains(letter)) {
            return None;
        }
        let node = if node == "B" { base } else { node };
        let first = first.unwrap_or(node).parse().ok();
        Some(Entry { node, first, last: last.and_then(|last| last.parse().ok()) })
    }

    fn is_node(&self, name: &str) -> bool {
        match self.node.strip_prefix('=') {
            Some(node) => node == name,
            None => name.strip_prefix("GLIBC_") == Some(self.node),
        }
    }
}
