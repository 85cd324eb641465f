//! Which C library is inside a file, or asked for by it, and how sure that is.

mod code;
mod elf;
mod entry;
mod loader;
mod needed;
mod rows;
mod runtime_parts;
mod strings;
mod version;

use serde::{Deserialize, Serialize};

pub(in crate::facts) use elf::{Subject, of_elf};
pub use loader::{Loader, loader};
pub use runtime_parts::RuntimePart;

/// The C library of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Libc {
    /// Which one.
    pub family: LibcFamily,
    /// Whether it is linked in (`true`) or loaded at run time.
    pub linked_in: bool,
    /// How sure this is.
    pub certainty: Certainty,
    /// What shows it, one sentence each.
    pub evidence: Vec<String>,
    /// Version or range where it shows: `>= 2.34`.
    pub version: Option<String>,
    /// For a static glibc: the parts it still loads at run time, with the evidence. [`RuntimePart::Dlopen`] is looked for
    /// only where [`Wanted::detail`](super::Wanted) is set.
    pub runtime_parts: Vec<RuntimePart>,
}

/// C libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LibcFamily {
    /// GNU libc.
    Glibc,
    /// musl.
    Musl,
    /// Android's bionic.
    Bionic,
    /// klibc.
    Klibc,
    /// diet libc.
    Dietlibc,
    /// uClibc or uClibc-ng.
    Uclibc,
    /// A BSD's own.
    Bsd,
    /// Solaris or illumos.
    Solaris,
    /// Not an ELF file: the system's own library.
    System,
    /// None: pure Go, or freestanding code.
    None,
    /// Cannot be told.
    Unknown,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// From the structure of the file.
    Certain,
    /// From strings.
    Probable,
    /// Not known.
    Unknown,
}

impl LibcFamily {
    /// The library's own name, where it has one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            LibcFamily::Glibc => "glibc",
            LibcFamily::Musl => "musl",
            LibcFamily::Bionic => "bionic",
            LibcFamily::Klibc => "klibc",
            LibcFamily::Dietlibc => "diet libc",
            LibcFamily::Uclibc => "uClibc",
            LibcFamily::Bsd | LibcFamily::Solaris | LibcFamily::System | LibcFamily::None | LibcFamily::Unknown => {
                return None;
            }
        })
    }

    /// The family as the tables and the JSON form write it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "glibc" => LibcFamily::Glibc,
            "musl" => LibcFamily::Musl,
            "bionic" => LibcFamily::Bionic,
            "klibc" => LibcFamily::Klibc,
            "dietlibc" => LibcFamily::Dietlibc,
            "uclibc" => LibcFamily::Uclibc,
            "bsd" => LibcFamily::Bsd,
            "solaris" => LibcFamily::Solaris,
            _ => return None,
        })
    }
}

/// Whether a library is part of glibc itself (`shlib-versions` of its sources): its `GLIBC_` versions are glibc's.
pub fn is_glibc_file(name: &str) -> bool {
    // Not `split`, which prepares for a long text.
    let stem = name.as_bytes().windows(3).position(|three| three == b".so").map_or(name, |at| &name[..at]);
    let is_old = matches!(stem, "libcrypt" | "libSegFault" | "libmemusage" | "libpcprofile" | "libcidn");
    let is_loader = matches!(stem, "ld64" | "ld") || stem.starts_with("ld-linux");
    is_stem_of_glibc(stem) || is_old || is_loader || stem.starts_with("libnss_")
}

/// Whether this is the name, up to `.so`, of one of the libraries that glibc brings to this day; none has a dot before that.
pub(crate) fn is_stem_of_glibc(stem: &str) -> bool {
    matches!(
        stem,
        "libc"
            | "libm"
            | "libmvec"
            | "libpthread"
            | "libdl"
            | "librt"
            | "libresolv"
            | "libutil"
            | "libanl"
            | "libnsl"
            | "libBrokenLocale"
            | "libthread_db"
            | "libc_malloc_debug"
    )
}
