//! The loader that a file is loaded by, which is what `PT_INTERP` names and not always the one that the host has for all others.

use super::graph::{Graph, Node};
use super::objects::{Files, Opened};
use super::search::{self, Found, Place};
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
        let usual = host.loaders.first().map(String::as_str).or_else(|| glibc::loader_path(&host.arch, None));
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
