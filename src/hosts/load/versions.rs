//! Version needs, and DT_RELR that hangs on one of them: glibc's `_dl_check_map_versions` (`elf/dl-version.c`). musl knows no versions.

use super::graph::{Graph, Node};
use super::{Gap, Load, Reason};
use crate::facts::elf::{ElfFacts, VersionNeed};
use crate::facts::libc::LibcFamily;
use crate::hosts::Version;
use crate::hosts::exports::{Answer, Exports};
use crate::hosts::musl;

/// The node that says "this loader knows DT_RELR" (glibc 2.36 NEWS).
const RELR_MARKER: &str = "GLIBC_ABI_DT_RELR";
/// The release that brought it.
const KNOWS_RELR: Version = Version::new(2, 36);

/// The newest release seen to abort on a library without versions, and the oldest seen to take it.
const ABORTS: Version = Version::new(2, 36);
const ACCEPTS: Version = Version::new(2, 41);

/// Judges versions and DT_RELR of every object whose file is known.
pub(super) fn check(graph: &Graph<'_>, result: &mut Load) {
    for node in &graph.nodes {
        let Some(elf) = node.elf() else { continue };
        match graph.family {
            LibcFamily::Glibc => {
                needs(graph, node, elf, result);
                relr_glibc(graph, node, elf, result);
            }
            LibcFamily::Musl => relr_musl(graph, node, elf, result),
            _ => {}
        }
    }
}

fn needs(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    for need in &elf.version_needs {
        let Some(library) = graph.named(&need.file) else {
            let reason =
                Reason::VersionOfNothing { library: need.file.to_string(), needed_by: node.label().to_owned() };
            if graph.is_whole() && !result.reasons.contains(&reason) {
                result.reasons.push(reason);
            }
            continue;
        };
        match graph.exports(library).and_then(|exports| exports.defines_version(&need.version)) {
            None if !need.symbols.is_empty() => unversioned(graph, library, need, node, result),
            None | Some(Answer::Yes) => {}
            Some(_) if need.weak => {}
            Some(Answer::No) => result.reasons.push(Reason::MissingVersion {
                library: need.file.to_string(),
                version: need.version.to_string(),
                symbols: need.symbols.iter().map(str::to_owned).collect(),
                needed_by: node.label().to_owned(),
            }),
            Some(Answer::Unknown) => result.gaps.push(Gap::symbol(format!(
                "whether {} of `{}` has the version `{}`, needed by {}, is not known",
                need.file,
                graph.host.name,
                need.version,
                node.label()
            ))),
        }
    }
}

/// A library without any versions where a symbol's version is asked for: glibc 2.36 still aborted ("Inconsistency detected by
/// ld.so", `dl-lookup.c`, `check_match`), glibc 2.41 takes it. In between nobody here has tried.
fn unversioned(graph: &Graph<'_>, library: &Node<'_>, need: &VersionNeed, node: &Node<'_>, result: &mut Load) {
    // Without DT_VERSYM nothing is compared; a table does not say whether it is there.
    let is_bare = match graph.exports(library) {
        Some(Exports::Listed(listed)) => Some(!listed.has_versym),
        _ => None,
    };
    let may_be_bare =
        is_bare != Some(false) && need.symbols.iter().any(|symbol| reaches(graph, library, symbol, &need.version));
    match graph.loader.glibc {
        Some(glibc) if may_be_bare && is_bare.is_some() && glibc <= ABORTS => {
            let (library, needed_by) = (need.file.to_string(), node.label().to_owned());
            result.reasons.push(Reason::UnversionedLibrary { library, needed_by });
        }
        Some(glibc) if may_be_bare && glibc < ACCEPTS => result.gaps.push(Gap::library(format!(
            "whether glibc {glibc} takes {} without versions, needed by {}, is not known",
            need.file,
            node.label()
        ))),
        _ => {}
    }
}

/// Whether the search for a symbol comes to this library and finds the name there: nothing before it in the scope ends it.
fn reaches(graph: &Graph<'_>, library: &Node<'_>, symbol: &str, version: &str) -> bool {
    for node in &graph.nodes {
        let Some(exports) = graph.exports(node) else { continue };
        if std::ptr::eq(node, library) {
            return match exports {
                Exports::Listed(listed) => listed.named(symbol).any(|found| !found.hidden),
                Exports::Nodes(nodes) => nodes.symbol(symbol) == Answer::Yes,
                _ => false,
            };
        }
        if exports.satisfies_glibc(symbol, Some(version)) == Answer::Yes {
            return false;
        }
    }
    false
}

/// DT_RELR: known from glibc 2.36 on, and then only with its marker, if the object asks libc for any version.
fn relr_glibc(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    if !elf.has_relr || elf.version_needs.iter().any(|need| need.version == RELR_MARKER) {
        return;
    }
    let object = node.label().to_owned();
    let libc = graph.named("libc.so.6").and_then(|libc| graph.exports(libc));
    let by_release = || graph.loader.glibc.map(|glibc| Answer::of(glibc >= KNOWS_RELR));
    match libc.and_then(|exports| exports.defines_version(RELR_MARKER)).or_else(by_release) {
        Some(Answer::Yes) if elf.version_needs.iter().any(|need| need.file.starts_with("libc.so.")) => {
            result.reasons.push(Reason::UnmarkedRelr { object });
        }
        Some(Answer::Yes) => {}
        Some(Answer::No) => result.reasons.push(Reason::RelrIgnored { object }),
        None | Some(Answer::Unknown) => {
            result
                .gaps
                .push(Gap::library(format!("whether the loader of `{}` knows DT_RELR is not known", graph.host.name)));
        }
    }
}

fn relr_musl(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    if elf.has_relr && graph.musl_release() == Some(false) {
        result.reasons.push(Reason::RelrIgnored { object: node.label().to_owned() });
    }
}

impl Graph<'_> {
    /// Whether musl is [`musl::RELR`] or newer: the release that learned DT_RELR dropped the `64` names from its table.
    pub(super) fn musl_release(&self) -> Option<bool> {
        // Not the first object: what is loaded may be a musl itself.
        match self.nodes.iter().skip(1).find_map(|node| self.exports(node).filter(|exports| is_musl(exports)))? {
            Exports::Musl(release, _) => Some(*release >= musl::RELR),
            Exports::Listed(listed) => Some(listed.named("fopen64").next().is_none()),
            _ => None,
        }
    }
}

/// Whether these are the symbols of musl's libc.
fn is_musl(exports: &Exports) -> bool {
    match exports {
        Exports::Musl(..) => true,
        Exports::Listed(listed) => {
            !listed.has_definitions
                && listed.named("__libc_start_main").next().is_some()
                && listed.named("dlopen").next().is_some()
        }
        _ => false,
    }
}
