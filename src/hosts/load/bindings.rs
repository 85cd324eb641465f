//! Whether the symbols of a version need are all there, in the library that it names: nearly always they are, and then none is
//! looked for on its own. Whatever the host, in which releases that holds is the same, so it is worked out once for a file and
//! all its hosts.

use std::cell::RefCell;

use super::graph::Graph;
use crate::facts::elf::{ElfFacts, VersionNeed};
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::{Answer, Exports};
use crate::hosts::glibc::Span;

/// What is known of the symbols of each version need of an object.
#[derive(Debug)]
pub(super) struct Bindings {
    /// In which releases each library of the tables has them all.
    spans: Vec<RefCell<Vec<Span>>>,
}

impl Bindings {
    pub(super) fn of(elf: &ElfFacts) -> Self {
        Bindings { spans: elf.version_needs.iter().map(|_| RefCell::default()).collect() }
    }

    /// Of each version need, whether all its symbols are there for sure.
    pub(super) fn met(&self, graph: &Graph<'_>, elf: &ElfFacts) -> Vec<bool> {
        let is_met = |(need, spans): (&VersionNeed, &RefCell<Vec<Span>>)| {
            !need.symbols.is_empty() && likely(graph, need).any(|exports| has_all(exports, need, spans))
        };
        elf.version_needs.iter().zip(&self.spans).map(is_met).collect()
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

/// Whether these are sure to have all symbols of a need; otherwise they are asked for one by one.
fn has_all(exports: &Exports, need: &VersionNeed, spans: &RefCell<Vec<Span>>) -> bool {
    match exports {
        Exports::Glibc(library) => {
            let mut known = spans.borrow_mut();
            let at = known.iter().position(|span| span.is_of(library)).unwrap_or_else(|| {
                known.push(library.span(need.symbols.iter(), &need.version));
                known.len() - 1
            });
            library.has_all(&known[at], &need.version)
        }
        // Whatever the symbol, the version decides.
        Exports::Nodes(_) => {
            need.symbols.first().is_some_and(|name| exports.satisfies_glibc(name, Some(&need.version)) == Answer::Yes)
        }
        _ => false,
    }
}
