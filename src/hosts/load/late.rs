//! What loaders refuse of objects for other reasons than names: what comes too late for a running program, and relocations.

use super::accept;
use super::graph::{Body, Graph, Node};
use super::{Gap, Load, Reason, tls};
use crate::facts::Kind;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::Answer;
use crate::hosts::{Version, glibc};

/// `DF_1_NOOPEN`, which musl does not look at.
const DF_1_NOOPEN: u64 = 0x40;
/// The release from which libraries that are opened may no longer make the stack executable (glibc 2.41 NEWS).
const NO_EXECUTABLE_STACK: Version = Version::new(2, 41);

/// Releases of glibc between these two may end a program that asks for the loader and for no C library: its allocator is looked
/// for in vain (`elf/dl-minimal.c`, `__rtld_malloc_init_real`). 2.36 was seen to, 2.31 and 2.41 start it.
const WITHOUT_LIBC: (Version, Version, Version) = (Version::new(2, 31), Version::new(2, 36), Version::new(2, 41));

/// Judges every object whose file is known.
pub(super) fn check(graph: &Graph<'_>, result: &mut Load) {
    // A running program loads all this, rather than the system a program.
    let is_late = graph.kind() == Some(Kind::SharedObject);
    if is_late && graph.family == LibcFamily::Glibc {
        closed(graph, result);
        accept::opened(graph, result);
    }
    if is_late {
        tls::check(graph, result);
    }
    cpu(graph, result);
    allocator(graph, result);
    twice(graph, result);
    mixed(graph, result);
    for node in &graph.nodes {
        let Some(elf) = node.elf() else { continue };
        let is_judged = is_late && graph.family == LibcFamily::Glibc;
        if accept::is_unmappable(elf) && !is_judged && matches!(node.body, Body::Program(..)) {
            result.reasons.push(Reason::Unmappable { object: node.label().to_owned() });
        }
        if is_late {
            stack(graph, node, elf, result);
        }
        let foreign =
            graph.family == LibcFamily::Musl && graph.image(node).is_some_and(|image| image.relocated.only_for_glibc);
        if foreign {
            result.reasons.push(Reason::ForeignRelocations { object: node.label().to_owned() });
        }
    }
}

/// Libraries that say of themselves that they are not to be opened by a running program: what an opened one needs is opened with it
/// (`_dl_map_object_from_fd` of glibc, in the mode of its dependents).
fn closed(graph: &Graph<'_>, result: &mut Load) {
    let refuses = |node: &&Node<'_>| node.elf().is_some_and(|elf| elf.dt_flags_1 & DF_1_NOOPEN != 0);
    for node in graph.nodes.iter().filter(refuses) {
        result.reasons.push(Reason::NotToBeOpened { library: node.label().to_owned() });
    }
}

/// A level of CPUs that a library is marked to need: glibc looks at every one, and musl at none.
fn cpu(graph: &Graph<'_>, result: &mut Load) {
    let glibc = graph.loader.glibc.filter(|_| graph.family == LibcFamily::Glibc);
    for node in graph.nodes.iter().skip(1) {
        let Body::File(image) = &node.body else { continue };
        let Some(needs) = image.elf().and_then(|elf| super::cpu_beyond(elf, graph.host, glibc)) else { continue };
        let has = graph.host.cpu.unwrap_or(super::HIGHEST);
        result.reasons.push(Reason::UnusableLibrary {
            name: node.label().to_owned(),
            path: image.path.clone(),
            why: format!("it needs {needs}, the host starts on {has}"),
            needed_by: node.parent.map_or("", |parent| graph.nodes[parent].label()).to_owned(),
        });
    }
}

/// An executable stack of a library that is opened: glibc 2.41 and newer refuse it. Those that a program needs from the start
/// still get theirs.
fn stack(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    let refused = graph.family == LibcFamily::Glibc
        && graph.loader.glibc.is_some_and(|glibc| glibc >= NO_EXECUTABLE_STACK)
        && wants_executable_stack(elf, &graph.host.arch);
    if refused {
        result.reasons.push(Reason::ExecutableStack { library: node.label().to_owned() });
    }
}

/// Without the header the architecture's default holds (glibc `sysdeps/*/stackinfo.h`, `DEFAULT_STACK_PERMS`).
fn wants_executable_stack(elf: &ElfFacts, arch: &str) -> bool {
    match elf.gnu_stack {
        Some(flags) => flags.contains('E'),
        None => !matches!(arch, "aarch64" | "riscv64" | "loongarch64" | "ia64"),
    }
}

/// The loader asks the program's libraries for an allocator as soon as somebody needs the loader itself.
fn allocator(graph: &Graph<'_>, result: &mut Load) {
    let (before, seen, after) = WITHOUT_LIBC;
    let glibc = graph.loader.glibc.filter(|glibc| before < *glibc && *glibc < after);
    let starts = graph.nodes[0].elf().is_some_and(|elf| elf.interpreter.is_some());
    let (Some(glibc), Some(loader)) = (glibc.filter(|_| starts && graph.is_whole()), graph.loader_node()) else {
        return;
    };
    if graph.family != LibcFamily::Glibc || graph.named("libc.so.6").is_some() {
        return;
    }
    let others = graph.nodes.iter().filter(|node| !std::ptr::eq(*node, loader));
    let defines = |node: &Node<'_>| {
        graph.exports(node).is_none_or(|exports| exports.satisfies_glibc("calloc", None) != Answer::No)
    };
    if glibc == seen && !others.into_iter().any(defines) {
        let needed_by = loader.label().to_owned();
        result.reasons.push(Reason::UndefinedSymbol { name: "calloc".to_owned(), version: None, needed_by });
    } else {
        result.gaps.push(Gap::library(format!(
            "whether glibc {glibc} starts a program that needs {} and no C library is not known",
            loader.label()
        )));
    }
}

/// A C library of another release than the loader: each uses the other's inner parts, which change from one to the next.
fn mixed(graph: &Graph<'_>, result: &mut Load) {
    let libc = graph.named("libc.so.6").filter(|_| graph.family == LibcFamily::Glibc);
    let (Some(node), Some(loader)) = (libc, graph.loader.glibc) else { return };
    let Body::File(image) = &node.body else { return };
    let versions = image.elf().map_or(&[][..], |elf| &elf.version_definitions);
    let Some(release) = versions.iter().filter_map(|node| glibc::node_version(node)).max() else { return };
    if release != loader {
        result.gaps.push(Gap::library(format!(
            "whether the loader, which is of glibc {loader}, works with {}, which is of {release}, is not known",
            image.path
        )));
    }
}

/// A program with glibc linked into it that asks for a loader all the same: both relocate it.
fn twice(graph: &Graph<'_>, result: &mut Load) {
    let node = &graph.nodes[0];
    let asks = node.elf().is_some_and(|elf| elf.interpreter.is_some() && elf.needed.is_empty() && elf.has_dynamic);
    let image = graph.image(node).filter(|_| asks && graph.family == LibcFamily::Glibc);
    if image.is_some_and(|image| image.relocated.only_for_glibc) {
        result.gaps.push(Gap::library(format!(
            "whether {}, which has a C library in it and asks for a loader besides, survives both is not known",
            node.label()
        )));
    }
}
