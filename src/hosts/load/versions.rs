//! Version needs and what hangs on them: glibc's `_dl_check_map_versions` (`elf/dl-version.c`). musl knows no versions.

use super::graph::{Body, Graph, Node};
use super::{Gap, Load, Reason};
use crate::facts::Kind;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::LibcFamily;
use crate::hosts::Version;
use crate::hosts::exports::{Answer, Exports};
use crate::hosts::musl;

/// The node that says "this loader knows DT_RELR" (glibc 2.36 NEWS).
const RELR_MARKER: &str = "GLIBC_ABI_DT_RELR";
/// The release that brought it.
const KNOWS_RELR: Version = Version::new(2, 36);
/// What glibc keeps for static thread-local storage of libraries that come later (`elf/dl-tls.c`, defaults of
/// `glibc.rtld.nns` and `glibc.rtld.optional_static_tls`; before 2.32 as much), in bytes; part of it may be taken.
const TLS_RESERVE: u64 = 1664;
/// What nothing has taken for sure.
const TLS_FREE: u64 = 512;
/// `DF_STATIC_TLS`.
const DF_STATIC_TLS: u64 = 0x10;
/// The release from which libraries may no longer make the stack executable (glibc 2.41 NEWS).
const NO_EXECUTABLE_STACK: Version = Version::new(2, 41);

/// Judges versions, DT_RELR and executable stacks of every object whose file is known.
pub(super) fn check(graph: &Graph<'_>, result: &mut Load) {
    for node in &graph.nodes {
        let Some(elf) = node.elf() else { continue };
        match graph.family {
            LibcFamily::Glibc => {
                needs(graph, node, elf, result);
                relr_glibc(graph, node, elf, result);
                stack(graph, node, elf, result);
                static_tls(graph, node, elf, result);
            }
            LibcFamily::Musl => {
                relr_musl(graph, node, elf, result);
                static_tls(graph, node, elf, result);
                relocations(graph, node, result);
            }
            _ => {}
        }
    }
}

fn needs(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    for need in &elf.version_needs {
        let Some(library) = graph.named(&need.file) else {
            let reason = Reason::VersionOfNothing { library: need.file.clone(), needed_by: node.label().to_owned() };
            if graph.is_whole() && !result.reasons.contains(&reason) {
                result.reasons.push(reason);
            }
            continue;
        };
        match graph.exports(library).and_then(|exports| exports.defines_version(&need.version)) {
            None | Some(Answer::Yes) => {}
            Some(_) if need.weak => {}
            Some(Answer::No) => result.reasons.push(Reason::MissingVersion {
                library: need.file.clone(),
                version: need.version.clone(),
                symbols: need.symbols.clone(),
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

/// DT_RELR: known from glibc 2.36 on, and then only with its marker, if the object asks libc for any version.
fn relr_glibc(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    if !elf.has_relr || elf.version_needs.iter().any(|need| need.version == RELR_MARKER) {
        return;
    }
    let object = node.label().to_owned();
    let libc = graph.named("libc.so.6").and_then(|libc| graph.exports(libc));
    let by_release = || graph.host.glibc().map(|glibc| Answer::of(glibc >= KNOWS_RELR));
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

/// Static thread-local storage of what is loaded at run time: glibc has a reserve, musl has none.
fn static_tls(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    let loaded_late =
        matches!(&graph.nodes[0].body, Body::Program(program, _) if program.facts.kind == Kind::SharedObject);
    if !loaded_late || elf.dt_flags & DF_STATIC_TLS == 0 || elf.tls_size == 0 {
        return;
    }
    let reserve = if graph.family == LibcFamily::Musl { 0 } else { TLS_RESERVE };
    if elf.tls_size > reserve {
        result.reasons.push(Reason::StaticTls { library: node.label().to_owned(), bytes: elf.tls_size });
    } else if elf.tls_size > TLS_FREE {
        let (bytes, label) = (elf.tls_size, node.label());
        result.gaps.push(Gap::library(format!(
            "whether the loader has {bytes} bytes of static thread-local storage left for {label} is not known"
        )));
    }
}

fn relocations(graph: &Graph<'_>, node: &Node<'_>, result: &mut Load) {
    if graph.image(node).is_some_and(|image| image.only_for_glibc) {
        result.reasons.push(Reason::ForeignRelocations { object: node.label().to_owned() });
    }
}

/// An executable stack of a library, where the program has none: glibc 2.41 and newer refuse it.
fn stack(graph: &Graph<'_>, node: &Node<'_>, elf: &ElfFacts, result: &mut Load) {
    let arch = &graph.host.arch;
    let alone = matches!(&node.body, Body::Program(program, _) if program.facts.kind != Kind::SharedObject);
    let main_has = matches!(&graph.nodes[0].body, Body::Program(program, main)
        if program.facts.kind != Kind::SharedObject && wants_executable_stack(main, arch));
    if alone || main_has || !wants_executable_stack(elf, arch) {
        return;
    }
    if graph.host.glibc().is_some_and(|glibc| glibc >= NO_EXECUTABLE_STACK) {
        result.reasons.push(Reason::ExecutableStack { library: node.label().to_owned() });
    }
}

/// Without the header the architecture's default holds (glibc `sysdeps/*/stackinfo.h`, `DEFAULT_STACK_PERMS`).
fn wants_executable_stack(elf: &ElfFacts, arch: &str) -> bool {
    match elf.gnu_stack.as_deref() {
        Some(flags) => flags.contains('E'),
        None => !matches!(arch, "aarch64" | "riscv64" | "loongarch64" | "ia64"),
    }
}
