//! Why a loader refuses a program.

use std::fmt;

use serde::Serialize;

use crate::hosts::Version;

/// Why it does not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// The machine is another one.
    WrongArchitecture {
        /// What the program is made for.
        program: String,
        /// What the host is.
        host: String,
    },
    /// The host is published for other architectures.
    NotPublished {
        /// What the program is made for.
        arch: String,
        /// What the host is published for.
        published: Vec<&'static str>,
        /// Its kernel starts such programs all the same, and there is nothing to load others with.
        static_only: bool,
    },
    /// `PT_INTERP` names a file that is not there (`execve` says "no such file or directory").
    NoLoader {
        /// The path asked for.
        path: String,
        /// Loaders that are there.
        present: Vec<String>,
    },
    /// `PT_INTERP` names something that cannot be run.
    BadLoader {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A shared object where no loader exists at all.
    NothingLoads,
    /// The float ABI is not that of the host's loader.
    FloatAbi {
        /// What the program uses.
        program: String,
        /// What the library uses.
        library: String,
        /// Its path.
        path: String,
    },
    /// A needed library is nowhere the loader looks.
    MissingLibrary {
        /// `DT_NEEDED`.
        name: String,
        /// The object that needs it.
        needed_by: String,
        /// What was passed over on the way, and why.
        passed_over: Option<String>,
    },
    /// A library of that name is there, and the loader stumbles over it.
    UnusableLibrary {
        /// `DT_NEEDED`.
        name: String,
        /// Where it lies.
        path: String,
        /// What is wrong.
        why: String,
        /// The object that needs it.
        needed_by: String,
    },
    /// A library lacks a version that is needed, whether a symbol uses it or not.
    MissingVersion {
        /// The library.
        library: String,
        /// The version.
        version: String,
        /// Symbols of the object that use it.
        symbols: Vec<String>,
        /// The object that needs it.
        needed_by: String,
    },
    /// Versions are needed of a library that has none at all, on which this loader aborts.
    UnversionedLibrary {
        /// The library.
        library: String,
        /// The object that needs it.
        needed_by: String,
    },
    /// A version is needed of a file that nothing loads: glibc's loader aborts (`dl-version.c`, `needed != NULL`).
    VersionOfNothing {
        /// `vn_file`.
        library: String,
        /// The object that needs it.
        needed_by: String,
    },
    /// `DT_RELR` without the need for `GLIBC_ABI_DT_RELR`: refused from glibc 2.36 on.
    UnmarkedRelr {
        /// The object.
        object: String,
    },
    /// `DT_RELR`, which this loader passes over: the program starts with its pointers unrelocated.
    RelrIgnored {
        /// The object.
        object: String,
    },
    /// A strong undefined symbol that nothing in scope defines.
    UndefinedSymbol {
        /// Its name.
        name: String,
        /// Its version.
        version: Option<String>,
        /// The object that leaves it undefined.
        needed_by: String,
    },
    /// The segments lie otherwise in the file than pages of memory could hold them.
    Unmappable {
        /// The object.
        object: String,
    },
    /// The program cannot be mapped or started as it lies in its file.
    Unstartable {
        /// The object.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// The program copies protected data of a library that forbids it, or takes another address of its protected functions:
    /// refused by glibc ("error due to GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS").
    ProtectedSymbol {
        /// Its name.
        name: String,
        /// The library.
        library: String,
    },
    /// A shared object that was linked not to be opened (`-z nodlopen`), which glibc heeds.
    NotToBeOpened {
        /// The library.
        library: String,
    },
    /// A library wants an executable stack, which glibc 2.41 and newer refuse.
    ExecutableStack {
        /// The library.
        library: String,
    },
    /// A library loaded at run time wants more static thread-local storage than the loader keeps in reserve
    /// ("cannot allocate memory in static TLS block"); musl keeps none.
    StaticTls {
        /// The library.
        library: String,
        /// Bytes it wants.
        bytes: u64,
        /// Bytes that all want that are loaded together.
        in_all: u64,
        /// The alignment of them, where the loader has no storage so aligned.
        #[serde(skip_serializing_if = "Option::is_none")]
        aligned_to: Option<u64>,
    },
    /// Relocations for indirect functions or hidden versions, which musl's loader refuses.
    ForeignRelocations {
        /// The object.
        object: String,
    },
    /// The kernel is older than what the program's runtime works on.
    KernelTooOld {
        /// What the program needs.
        needs: Version,
        /// What the host has.
        has: Version,
        /// Who says so.
        because: String,
    },
    /// The CPU level the system is known for is too low.
    CpuTooOld {
        /// What the program needs.
        needs: String,
        /// What the host has.
        has: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::WrongArchitecture { program, host } => write!(f, "made for {program}, the host is {host}"),
            Reason::NotPublished { arch, published, static_only } => {
                let others = if *static_only { ", of which it starts static programs alone" } else { "" };
                write!(f, "the host is made for {}, not for {arch}{others}", published.join(", "))
            }
            Reason::NoLoader { path, present } if present.is_empty() => {
                write!(f, "its loader {path} is not there, nor any other")
            }
            Reason::NoLoader { path, present } => {
                write!(f, "its loader {path} is not there, only {}", present.join(" and "))
            }
            Reason::BadLoader { path, why } => write!(f, "its loader {path} cannot be run: {why}"),
            Reason::NothingLoads => f.write_str("no program there could load it"),
            Reason::FloatAbi { program, library, path } => write!(f, "it is {program}, {path} is {library}"),
            Reason::MissingLibrary { name, needed_by, passed_over: None } => {
                write!(f, "{name}, needed by {needed_by}, is not found")
            }
            Reason::MissingLibrary { name, needed_by, passed_over: Some(what) } => {
                write!(f, "{name}, needed by {needed_by}, is not found: {what}")
            }
            Reason::UnusableLibrary { name, path, why, needed_by } => {
                write!(f, "{name}, needed by {needed_by}, cannot be loaded from {path}: {why}")
            }
            Reason::MissingVersion { library, version, needed_by, .. } => {
                write!(f, "{library} has no version `{version}`, needed by {needed_by}")
            }
            Reason::VersionOfNothing { library, needed_by } => {
                write!(f, "{needed_by} needs versions of {library}, which nothing loads")
            }
            Reason::UnversionedLibrary { library, needed_by } => {
                write!(f, "{needed_by} needs versions of {library}, which has none")
            }
            Reason::UnmarkedRelr { object } => write!(f, "{object} has DT_RELR without needing GLIBC_ABI_DT_RELR"),
            Reason::RelrIgnored { object } => write!(f, "{object} has DT_RELR, which the loader does not know"),
            Reason::UndefinedSymbol { name, version: Some(version), needed_by } => {
                write!(f, "nothing defines `{name}@{version}`, needed by {needed_by}")
            }
            Reason::UndefinedSymbol { name, version: None, needed_by } => {
                write!(f, "nothing defines `{name}`, needed by {needed_by}")
            }
            Reason::Unmappable { object } => {
                write!(f, "the segments of {object} do not lie in the file as they do in memory, page by page")
            }
            Reason::Unstartable { object, why } => write!(f, "{object} cannot be started: {why}"),
            Reason::ProtectedSymbol { name, library } => {
                write!(f, "`{name}` of {library} is protected, and may only be used through its own address")
            }
            Reason::NotToBeOpened { library } => write!(f, "{library} was linked with `-z nodlopen`"),
            Reason::ExecutableStack { library } => write!(f, "{library} wants an executable stack"),
            Reason::StaticTls { library, bytes, aligned_to: Some(align), .. } => write!(
                f,
                "{library} wants {bytes} bytes of static thread-local storage at a multiple of {align} when it is loaded"
            ),
            Reason::StaticTls { library, bytes, in_all, .. } if in_all == bytes => {
                write!(f, "{library} wants {bytes} bytes of static thread-local storage when it is loaded")
            }
            Reason::StaticTls { library, bytes, in_all, .. } => write!(
                f,
                "{library} wants {bytes} of {in_all} bytes of static thread-local storage that are wanted when it is loaded"
            ),
            Reason::ForeignRelocations { object } => {
                write!(f, "{object} has relocations that only glibc's loader knows")
            }
            Reason::KernelTooOld { needs, has, because } => {
                write!(f, "it needs Linux {needs} ({because}), the host has {has}")
            }
            Reason::CpuTooOld { needs, has } => write!(f, "it needs {needs}, the host starts on {has}"),
        }
    }
}
