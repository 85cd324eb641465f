//! Static thread-local storage of what is loaded into a running program: glibc has a reserve of it, musl has none.

use super::graph::{Body, Graph, Node};
use super::{Gap, Load, Reason};
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::Answer;

/// What glibc keeps for libraries that come later (`elf/dl-tls.c`, defaults of `glibc.rtld.nns` and
/// `glibc.rtld.optional_static_tls`; before 2.32 as much), in bytes; part of it may be taken.
const RESERVE: u64 = 1664;
/// What alignment may add to it.
const SLACK: u64 = 256;
/// What nothing has taken for sure.
const FREE: u64 = 512;
/// The alignment of the reserve in a program without thread-local storage of its own that is aligned to more (`TLS_TCB_ALIGN`,
/// `_dl_try_allocate_static_tls`).
const ALIGNED: u64 = 64;
/// `DF_STATIC_TLS`.
const DF_STATIC_TLS: u64 = 0x10;
/// A variable of Go's runtime. A plugin of Go's defines it too, but gets that of the program which opens it: only Go programs do,
/// and they export all of theirs (`-dynlink`, cmd/link).
const OF_GO_PROGRAM: &str = "runtime.tlsg";

/// Judges what has to lie at a fixed distance from the thread pointer, all together: the storage of those who define it counts, not of
/// those who use it.
pub(super) fn check(graph: &Graph<'_>, result: &mut Load) {
    let mut blocks = vec![false; graph.nodes.len()];
    for (at, node) in graph.nodes.iter().enumerate() {
        mark(graph, at, node, &mut blocks, result);
    }
    let wanted = graph.nodes.iter().zip(blocks).filter(|(node, is_static)| *is_static && !is_running(graph, node));
    let mut sizes: Vec<(&Node<'_>, u64, u64)> =
        wanted.filter_map(|(node, _)| node.elf().map(|elf| (node, elf.tls_size, elf.tls_align))).collect();
    sizes.retain(|(_, bytes, _)| *bytes > 0);
    let in_all = sizes.iter().map(|(_, bytes, _)| *bytes).fold(0, u64::saturating_add);
    let Some((largest, bytes, _)) = sizes.iter().max_by_key(|(_, bytes, _)| *bytes) else { return };
    let library = largest.label().to_owned();
    if graph.family == LibcFamily::Musl || in_all > RESERVE + SLACK {
        return result.reasons.push(Reason::StaticTls { library, bytes: *bytes, in_all, aligned_to: None });
    }
    if let Some((node, bytes, align)) = sizes.iter().find(|(_, _, align)| *align > ALIGNED) {
        let library = node.label().to_owned();
        let aligned_to = Some(*align);
        return result.reasons.push(Reason::StaticTls { library, bytes: *bytes, in_all, aligned_to });
    }
    if in_all > FREE {
        result.gaps.push(Gap::library(format!(
            "whether the loader has {in_all} bytes of static thread-local storage left for {library} is not known"
        )));
    }
}

/// Marks the objects whose storage `node` asks to be static.
fn mark(graph: &Graph<'_>, at: usize, node: &Node<'_>, blocks: &mut [bool], result: &mut Load) {
    // Of the file itself relocations are read only where its flag says that they matter.
    let is_flagged = node.elf().is_some_and(|elf| elf.dt_flags & DF_STATIC_TLS != 0);
    let known = matches!(graph.family, LibcFamily::Glibc | LibcFamily::Musl);
    if !known || is_running(graph, node) || !(is_flagged || matches!(node.body, Body::File(_))) {
        return;
    }
    let Some(image) = graph.image(node) else {
        blocks[at] |= is_flagged;
        return;
    };
    blocks[at] |= image.relocated.own_static_tls;
    for name in image.relocated.static_tls.iter().filter(|name| *name != OF_GO_PROGRAM) {
        let defines = |node: &Node<'_>| {
            graph.exports(node).is_some_and(|exports| exports.satisfies_glibc(name, None) == Answer::Yes)
        };
        let Some(definer) = graph.nodes.iter().position(defines) else { continue };
        blocks[definer] = true;
        let library = &graph.nodes[definer];
        if library.elf().is_none() && !is_running(graph, library) {
            result.gaps.push(Gap::library(format!(
                "whether the loader has static thread-local storage left for {} is not known",
                library.label()
            )));
        }
    }
}

/// Whether every program has the object loaded before: its storage is static already.
fn is_running(graph: &Graph<'_>, node: &Node<'_>) -> bool {
    let is = |other: Option<&Node<'_>>| other.is_some_and(|other| std::ptr::eq(other, node));
    match graph.family {
        LibcFamily::Musl => node.names.iter().any(|name| crate::hosts::musl::is_own_name(name)),
        _ => is(graph.named("libc.so.6")) || is(graph.loader_node()),
    }
}
