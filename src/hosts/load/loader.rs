//! The loader that a file is loaded by, which is what `PT_INTERP` names and not always the one that the host has for all others.

use super::graph::{Graph, Node};
use super::objects::{Files, Opened};
use super::paths::normal;
use super::search::{self, Found, Place, is_system};
use super::{Program, Reason};
use crate::facts::Kind;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::LibcFamily;
use crate::hosts::{Host, Version, glibc};

/// A loader.
#[derive(Debug, Clone, Default)]
pub(super) struct Loader {
    /// Where it lies; empty where nobody knows.
    pub(super) path: String,
    /// The name that others ask for it by.
    pub(super) soname: String,
    /// The release of the glibc that it is of.
    pub(super) glibc: Option<Version>,
}

impl Loader {
    /// The one that a program asks for, or the host's own for a library.
    pub(super) fn of(elf: &ElfFacts, family: LibcFamily, host: &Host) -> Self {
        let for_its_abi = glibc::loader_path(&host.arch, elf.abi.as_deref());
        let for_its_abi = for_its_abi.filter(|path| host.loaders.iter().any(|known| known == path));
        let usual = for_its_abi.or_else(|| host.loaders.first().map(String::as_str));
        let usual = usual.or_else(|| glibc::loader_path(&host.arch, None));
        let path = elf.interpreter.as_deref().or(usual).unwrap_or_default();
        let root = host.root.as_ref().filter(|_| family == LibcFamily::Glibc);
        let soname = root.and_then(|root| match root.open(path) {
            Opened::Object(image) => image.elf()?.soname.clone(),
            _ => None,
        });
        // Beside the host's own there may be one with a C library of its own.
        let is_usual = host.loaders.iter().any(|loader| loader == path);
        let apart = root.filter(|_| !is_usual).and_then(|root| root.libc(path));
        Loader {
            path: path.to_owned(),
            soname: soname.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default().to_owned()),
            glibc: if is_usual || root.is_none() { host.glibc() } else { apart.map(|libc| libc.version) },
        }
    }
}

/// Which loader would run, by `PT_INTERP`; for a shared object, that of the programs on the host.
pub(super) fn family(program: Program<'_>, elf: &ElfFacts, host: &Host) -> Result<LibcFamily, Reason> {
    let own = host.libc.map(|libc| libc.family);
    let Some(path) = elf.interpreter.as_deref() else {
        return match own {
            _ if program.facts.kind == Kind::Exe => Ok(LibcFamily::Unknown),
            Some(family) => Ok(family),
            None if !host.loaders.is_empty() => Ok(LibcFamily::Unknown),
            None => Err(Reason::NothingLoads),
        };
    };
    let Some(root) = &host.root else {
        return match own {
            Some(family) if host.loaders.iter().any(|loader| loader == path) => Ok(family),
            Some(family) if is_alpines_link(path, host) => Ok(family),
            // Another way to the same directory, or the file behind the usual link: the catalogue knows one path only.
            Some(_) if may_be_a_loader(path, host) => Ok(LibcFamily::Unknown),
            _ => Err(no_loader(path, host)),
        };
    };
    let bad = |why: String| Err(Reason::BadLoader { path: path.to_owned(), why });
    match root.open(path) {
        Opened::Absent => Err(no_loader(path, host)),
        Opened::Unusable(why) | Opened::Damaged { why, .. } => bad(why),
        Opened::Unreachable(why) => bad(why.to_owned()),
        Opened::Foreign(_) => bad("it is not an ELF file".to_owned()),
        Opened::Object(image) if image.facts.arch != program.facts.arch || image.facts.bits != program.facts.bits => {
            bad(format!("it is made for {}", image.facts.arch))
        }
        Opened::Object(_) if !root.is_executable(path) => bad("it may not be executed".to_owned()),
        Opened::Object(image) => Ok(crate::hosts::rootfs::family(&image)),
    }
}

/// Whether an unusual path may lead to a loader of the host: it lies in the system's directories and is called like one.
fn may_be_a_loader(path: &str, host: &Host) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let own = name(path);
    let is_system = normal(path).is_some_and(|path| is_system(&path));
    is_system && (own.starts_with("ld-2.") || own == "libc.so" || host.loaders.iter().any(|loader| name(loader) == own))
}

/// Whether it is the name that Alpine's package `musl` has for the library, a link to the loader (`main/musl/APKBUILD`). It has the
/// machine in it as Alpine calls it, which is not everywhere what it is called here.
fn is_alpines_link(path: &str, host: &Host) -> bool {
    let machine = path.strip_prefix("/lib/libc.musl-").and_then(|rest| rest.strip_suffix(".so.1"));
    host.listed_as.unwrap_or(&host.name).starts_with("alpine:") && machine == Some(&host.arch)
}

fn no_loader(path: &str, host: &Host) -> Reason {
    Reason::NoLoader { path: path.to_owned(), present: host.loaders.clone() }
}

impl<'a> Graph<'a> {
    /// glibc's loader as an object, when somebody asked for it.
    pub(super) fn loader_node(&self) -> Option<&Node<'a>> {
        self.named(&self.loader.soname).or_else(|| self.named(self.interpreter()?))
    }

    /// What is loaded before anything is searched for: glibc's loader, and for a library that a program opens, the C library of the
    /// program, which glibc knows by its soname (`_dl_map_object`).
    pub(super) fn running(&self, name: &str) -> Option<Found<'a>> {
        let is_opened = self.family == LibcFamily::Glibc && self.kind() == Some(Kind::SharedObject);
        let libc = (is_opened && name == "libc.so.6").then(|| search::of_system(self, name));
        self.loader_itself(name).or(libc)
    }

    /// glibc's loader, when it is asked for by its own name: it is loaded before anything is searched for.
    fn loader_itself(&self, name: &str) -> Option<Found<'a>> {
        let Loader { path, soname, .. } = &self.loader;
        let is_asked = self.family == LibcFamily::Glibc && (name == soname || self.interpreter() == Some(name));
        let body = search::loader_object(self.host, self.interpreter(), soname).filter(|_| is_asked)?;
        Some(Found::Object(body, Place::Host(super::paths::directory(path))))
    }
}
