//! Hosts: places where binaries run, as data: what each provides, and whether a binary loads there.
//!
//! A host comes by name from the catalogue ([`find`]) or from the project's own `[hosts.NAME]` ([`resolve`]). It is not a
//! version number but a set of libraries with their version nodes and symbols: nodes are backported, and images leave
//! libraries out.

mod catalogue;
mod exports;
mod float_abi;
mod glibc;
pub mod kernel;
pub mod load;
pub mod macos;
mod musl;
mod own;
mod rootfs;
pub(crate) mod table;
mod version;
pub mod windows;

use std::sync::Arc;

use serde::Serialize;

pub use catalogue::{close_names, find, is_known, known_names};
pub use exports::{Answer, Exports, Listed, Nodes};
pub use float_abi::FloatAbi;
pub use own::{HostError, of_loader, resolve};
pub use rootfs::{
    Directory, Disk, Look, Lost, Root, Storage, Stored, host as of_root, resolve as follow, usual_loaders,
};
pub use version::Version;

/// Whether hosts of this architecture have a loader that is known.
pub fn is_architecture(name: &str) -> bool {
    glibc::loader_path(name, None).is_some()
}

/// What [`Host::doubt`] starts with.
pub(crate) const DOUBT: &str = "unverified: ";

/// A place where binaries run, for programs of one architecture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Host {
    /// `alpine:3.20`, `scratch`, `windows:nanoserver-ltsc2022` …, as it was asked for.
    pub name: String,
    /// The catalogue's own name for it, where it was asked for by another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed_as: Option<&'static str>,
    /// Architecture the host was resolved for, as in [`crate::facts::Facts::arch`].
    pub arch: String,
    /// The system it runs.
    pub system: System,
    /// Its C library, when it has one that programs may use.
    pub libc: Option<Libc>,
    /// Paths of the program loaders it has; empty where only static programs run.
    pub loaders: Vec<String>,
    /// Shared libraries there by default, sorted by soname.
    pub libraries: Vec<Library>,
    /// Whether a library that is not listed is certain to be absent.
    pub complete: bool,
    /// The kernel, where the name means a machine or a kernel floor.
    pub kernel: Option<Version>,
    /// Lowest CPU level the system starts on, so what a program may count on.
    pub cpu: Option<&'static str>,
    /// Architectures that it is made for, `?` behind those of which that is not known; empty where there is no limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<&'static str>,
    /// End of (free) support: a date, or empty.
    pub eol: &'static str,
    /// How sure the catalogue is of this host.
    pub confidence: Confidence,
    /// Where the catalogue has it from.
    pub source: String,
    /// Its files, when the host is a root file system on disk.
    #[serde(skip)]
    pub root: Option<Arc<Root>>,
}

/// The architecture of the 32-bit programs that a Linux machine may run beside its own.
pub fn narrow(arch: &str) -> Option<&'static str> {
    match arch {
        "x86_64" => Some("i386"),
        "aarch64" => Some("arm"),
        _ => None,
    }
}

/// The system of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Linux.
    Linux,
    /// Windows, with its build.
    Windows(Version),
    /// macOS, with its version.
    MacOs(Version),
}

/// The C library of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Libc {
    /// Which one.
    pub family: crate::facts::libc::LibcFamily,
    /// Its version.
    pub version: Version,
}

/// A shared library of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Library {
    /// The name programs ask for.
    pub soname: String,
    /// What it defines; shown in a few words.
    #[serde(serialize_with = "exports::in_words")]
    pub exports: Exports,
}

/// How sure the catalogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read from the named source.
    Verified,
    /// From memory of the vendor's documents.
    Memory,
    /// Unsure.
    Unsure,
}

impl Host {
    /// Whether a verdict about this host must be called unverified.
    pub fn is_unverified(&self) -> bool {
        self.confidence != Confidence::Verified
    }

    /// That what the catalogue says of this host was never verified, in one sentence.
    pub fn doubt(&self) -> Option<String> {
        let doubt = || format!("{DOUBT}what `{}` has is known from {} only", self.name, self.source);
        self.is_unverified().then(doubt)
    }

    /// The library of that soname.
    pub fn library(&self, soname: &str) -> Option<&Library> {
        let at = self.libraries.binary_search_by(|library| library.soname.as_str().cmp(soname)).ok()?;
        self.libraries.get(at)
    }

    /// Version of the host's glibc, when that is its C library.
    pub fn glibc(&self) -> Option<Version> {
        self.libc.filter(|libc| libc.family == crate::facts::libc::LibcFamily::Glibc).map(|libc| libc.version)
    }

    /// Version of the host's musl, when that is its C library.
    pub fn musl(&self) -> Option<Version> {
        self.libc.filter(|libc| libc.family == crate::facts::libc::LibcFamily::Musl).map(|libc| libc.version)
    }

    /// Whether glibc's `library` (its soname) has the version node here; `Unknown` without that library.
    pub fn has_node(&self, library: &str, node: &str) -> Answer {
        match self.library(library).map(|library| library.exports.defines_version(node)) {
            Some(Some(answer)) => answer,
            Some(None) => Answer::Yes,
            None => Answer::Unknown,
        }
    }
}
