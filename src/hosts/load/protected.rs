//! Protected symbols of libraries that say `GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS`: glibc's
//! `_dl_check_protected_symbol` (`sysdeps/generic/dl-protected.h`).

use super::graph::{Graph, Node};
use super::{Gap, Load, Reason};
use crate::facts::elf::{SymbolKind, UndefinedSymbol};
use crate::facts::libc::LibcFamily;
use crate::hosts::Version;
use crate::hosts::exports::{Answer, Exports};

/// The newest release seen to take them, and the oldest seen to refuse them.
const ACCEPTS: Version = Version::new(2, 31);
const REFUSES: Version = Version::new(2, 36);

/// Judges what the program copies out of libraries, and the functions that have an address of their own in it.
pub(super) fn check(graph: &Graph<'_>, result: &mut Load) {
    let main = &graph.nodes[0];
    let Some(elf) = main.elf().filter(|elf| graph.family == LibcFamily::Glibc && elf.interpreter.is_some()) else {
        return;
    };
    let Some(glibc) = graph.loader.glibc.filter(|glibc| *glibc > ACCEPTS) else { return };
    if elf.properties.indirect_extern_access {
        return;
    }
    let functions = elf.undefined.iter().filter(|symbol| symbol.has_address && symbol.kind != SymbolKind::Object);
    for symbol in elf.copied.iter().chain(functions) {
        let Some(library) = protecting(graph, symbol) else { continue };
        if glibc >= REFUSES {
            let (name, library) = (symbol.name.to_string(), library.label().to_owned());
            result.reasons.push(Reason::ProtectedSymbol { name, library });
        } else {
            let (name, library) = (symbol.name, library.label());
            result.gaps.push(Gap::symbol(format!(
                "whether glibc {glibc} lets a program use protected `{name}` of {library} by another address is not known"
            )));
        }
    }
}

/// The library that the symbol is taken from, if it protects it and has that property.
fn protecting<'g, 'a>(graph: &'g Graph<'a>, symbol: UndefinedSymbol<'_>) -> Option<&'g Node<'a>> {
    let version = symbol.version;
    let provides = |node: &&Node<'a>| {
        graph.exports(node).is_some_and(|exports| exports.satisfies_glibc(symbol.name, version) == Answer::Yes)
    };
    let library = graph.nodes[1..].iter().find(provides)?;
    let Some(Exports::Listed(listed)) = graph.exports(library) else { return None };
    let is_protected = listed.glibc_choice(symbol.name, version).is_some_and(|found| found.protected);
    let forbids = library.elf().is_some_and(|elf| elf.properties.indirect_extern_access);
    (is_protected && forbids).then_some(library)
}
