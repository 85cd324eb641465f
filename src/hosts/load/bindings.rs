//! Where an object expects its symbols: of each, the version need that it belongs to. Nearly always it is there, and then no
//! other library is asked. Whatever the host, this is the same, so it is worked out once for a file and all its hosts.

use std::cell::RefCell;

use super::graph::Graph;
use crate::facts::Name;
use crate::facts::elf::{ElfFacts, UndefinedSymbol, VersionNeed};
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::{Answer, Exports};
use crate::hosts::glibc::Span;

/// Symbols carry their versions in the order of the symbol table. As many of other kinds may stand between two of one kind;
/// what is not found among them is looked for everywhere.
const NEAR: usize = 64;

/// The version needs of an object with the symbols that have to be there.
#[derive(Debug)]
pub(super) struct Bindings {
    /// The place of the need that each undefined symbol belongs to.
    pub(super) undefined: Vec<Option<usize>>,
    /// The same of each symbol that is copied.
    pub(super) copied: Vec<Option<usize>>,
    groups: Vec<Group>,
}

/// The symbols of one need.
#[derive(Debug, Default)]
struct Group {
    names: Vec<Name>,
    /// In which releases each library of the tables has them all.
    spans: RefCell<Vec<Span>>,
}

impl Bindings {
    pub(super) fn of(elf: &ElfFacts) -> Self {
        let mut groups: Vec<Group> = elf.version_needs.iter().map(|_| Group::default()).collect();
        let mut place = |symbols: &[UndefinedSymbol]| {
            let mut ahead: Vec<&[Name]> = elf.version_needs.iter().map(|need| &need.symbols[..]).collect();
            let places = symbols.iter().map(|symbol| {
                let at = next(&elf.version_needs, &mut ahead, symbol)?;
                if !symbol.weak {
                    groups[at].names.push(symbol.name.clone());
                }
                Some(at)
            });
            places.collect()
        };
        let (undefined, copied) = (place(&elf.undefined), place(&elf.copied));
        Bindings { undefined, copied, groups }
    }

    /// Of each version need, whether all its symbols are there for sure.
    pub(super) fn met(&self, graph: &Graph<'_>, elf: &ElfFacts) -> Vec<bool> {
        let needs = elf.version_needs.iter().zip(&self.groups);
        let is_met = |(need, group): (&VersionNeed, &Group)| {
            !group.names.is_empty() && likely(graph, need).any(|exports| group.is_met(exports, &need.version))
        };
        needs.map(is_met).collect()
    }
}

/// Whether this symbol of a need is where it is likely to be.
pub(super) fn is_met(graph: &Graph<'_>, need: &VersionNeed, name: &str) -> bool {
    likely(graph, need).any(|exports| exports.satisfies_glibc(name, Some(&need.version)) == Answer::Yes)
}

/// What has the symbols of a need: the library that it names, or glibc's own, which took over those of others in 2.34.
fn likely<'g>(graph: &'g Graph<'_>, need: &'g VersionNeed) -> impl Iterator<Item = &'g Exports> {
    let names = [need.file.as_str(), "libc.so.6"].into_iter().filter(|_| graph.family == LibcFamily::Glibc);
    names.filter_map(|name| graph.named(name).and_then(|library| graph.exports(library)))
}

/// The need that the symbol belongs to; its symbols up to this one are done with.
fn next(needs: &[VersionNeed], ahead: &mut [&[Name]], symbol: &UndefinedSymbol) -> Option<usize> {
    let version = symbol.version.as_ref()?;
    let of_version = needs.iter().zip(ahead).enumerate().filter(|(_, (need, _))| need.version == *version);
    of_version.into_iter().find_map(|(place, (_, ahead))| {
        let at = ahead.iter().take(NEAR).position(|name| *name == symbol.name)?;
        *ahead = ahead.get(at + 1..).unwrap_or_default();
        Some(place)
    })
}

impl Group {
    /// Whether all are there for sure; otherwise they are asked for one by one.
    fn is_met(&self, exports: &Exports, version: &str) -> bool {
        match exports {
            Exports::Glibc(library) => {
                let mut known = self.spans.borrow_mut();
                let at = known.iter().position(|span| span.is_of(library)).unwrap_or_else(|| {
                    known.push(library.span(self.names.iter().map(Name::as_str), version));
                    known.len() - 1
                });
                library.has_all(&known[at], version)
            }
            // Whatever the symbol, the version decides.
            Exports::Nodes(_) => {
                self.names.first().is_some_and(|name| exports.satisfies_glibc(name, Some(version)) == Answer::Yes)
            }
            _ => false,
        }
    }
}
