//! Facts: what was read from one architecture slice of one file.
//!
//! This module and its children are the only place that names `goblin`. They read only the ranges they need, through
//! [`Source`], and treat every byte as hostile: a file that cannot be read becomes [`Unreadable`], never a panic.
//! Nothing here judges; rules do.

pub mod archive;
mod asn1;
pub(crate) mod bytes;
pub mod elf;
mod fields;
pub mod go_build_info;
pub mod instructions;
mod languages;
pub mod libc;
pub mod macho;
mod name;
pub mod object;
mod patterns;
pub mod pe;
mod ranges;
mod read;
pub mod rust_build_info;
pub mod signed_data;
mod source;
mod sparse;
mod tables;
pub mod texts;
mod whole;
mod window;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub(crate) use bytes::{dotted, hex};
pub use name::{Name, NameList};
pub use read::{SymbolNames, Wanted, is_in_memory, open, read_file, read_listed_file, read_source, unpack};
pub use source::{Source, Unreadable};
pub use whole::{Digest, digest};

/// Version of the JSON form of [`FileFacts`]; it grows when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// This machine's architecture, in the words of [`Facts::arch`].
pub(crate) const OWN_ARCH: &str = if cfg!(target_arch = "x86") { "i386" } else { std::env::consts::ARCH };

/// Everything read from one file: one [`Facts`] per architecture slice (universal Mach-O files have several).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileFacts {
    /// Length of the file, in bytes.
    pub size: u64,
    /// The slices, in the order of the file; never empty.
    pub slices: Vec<Facts>,
    /// What a search of the whole file found; `None` when nobody asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<texts::Texts>,
    /// What its code uses; `None` when nobody asked, or it is no code for x86-64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<instructions::Instructions>,
}

/// What was read from one architecture slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// The container format.
    pub format: Format,
    /// Architecture, in the words of Debian and LLVM: `x86_64`, `aarch64`, `arm`, `i386`, `riscv64`, `ppc64le`, `s390x`,
    /// `mips64el`; Mach-O's own name `arm64` is written `aarch64` here. An unknown machine is `unknown-0x1234`.
    pub arch: Cow<'static, str>,
    /// Width of an address: 32 or 64.
    pub bits: u8,
    /// Byte order.
    pub endian: Endian,
    /// The system the file is made for.
    pub os: Os,
    /// What the file is.
    pub kind: Kind,
    /// Whether the file stands alone.
    pub linkage: Linkage,
    /// The C library inside the file or asked for by it.
    pub libc: libc::Libc,
    /// Why the code cannot be judged although the container can be read: a packer such as UPX.
    pub packed: Option<String>,
    /// Go build information, or what shows that Go made this file.
    pub go: Option<go_build_info::GoBuild>,
    /// What a Rust compiler left in the file.
    pub rust: Option<rust_build_info::RustBuild>,
    /// What only one format has.
    pub details: Details,
}

impl Facts {
    /// Whether reading with [`Wanted::makers`] could not tell more of who made the file.
    pub fn tells_maker(&self) -> bool {
        self.format == Format::Elf || self.go.is_some() || self.rust.is_some()
    }
}

/// The facts of one format.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Details {
    /// An ELF file.
    Elf(Box<elf::ElfFacts>),
    /// A PE or PE32+ image.
    Pe(Box<pe::PeFacts>),
    /// A Mach-O file, or one slice of a universal one.
    MachO(Box<macho::MachOFacts>),
}

/// Container format of a linked binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Executable and Linkable Format (gABI).
    Elf,
    /// Portable Executable, PE32 and PE32+.
    Pe,
    /// Mach object file.
    MachO,
}

/// Byte order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// The operating system a file is made for, as far as the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Linux, with whatever C library.
    Linux,
    /// Android (bionic).
    Android,
    /// FreeBSD.
    FreeBsd,
    /// NetBSD.
    NetBsd,
    /// OpenBSD.
    OpenBsd,
    /// DragonFly BSD.
    DragonFly,
    /// Solaris or illumos.
    Solaris,
    /// macOS.
    MacOs,
    /// Another Apple platform (iOS, watchOS …).
    OtherApple,
    /// Windows.
    Windows,
    /// UEFI firmware.
    Efi,
    /// The file does not say.
    Unknown,
}

impl Os {
    /// The system of one part of a triple, or of a `GOOS`. Other systems than these are not told apart.
    pub(crate) fn named(part: &str) -> Option<Os> {
        Some(match part {
            "linux" => Os::Linux,
            "android" => Os::Android,
            "freebsd" => Os::FreeBsd,
            "netbsd" => Os::NetBsd,
            "openbsd" => Os::OpenBsd,
            "dragonfly" => Os::DragonFly,
            "solaris" | "illumos" => Os::Solaris,
            "darwin" | "macos" => Os::MacOs,
            "ios" | "tvos" | "watchos" | "visionos" => Os::OtherApple,
            "windows" | "win7" => Os::Windows,
            "uefi" => Os::Efi,
            _ => return None,
        })
    }

    /// The container format of its binaries.
    pub(crate) fn format(self) -> Option<Format> {
        match self {
            Os::MacOs | Os::OtherApple => Some(Format::MachO),
            Os::Windows | Os::Efi => Some(Format::Pe),
            Os::Unknown => None,
            _ => Some(Format::Elf),
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A statically linked program at a fixed address (no `PT_INTERP`, no `DT_NEEDED`).
    Static,
    /// A statically linked position-independent program.
    StaticPie,
    /// A dynamically linked position-independent program.
    Pie,
    /// A dynamically linked program at a fixed address; in PE, a program.
    Exe,
    /// A shared object, DLL or dylib.
    SharedObject,
    /// A shared object that names a loader, so it can also be run (`libc.so.6`).
    RunnableSharedObject,
    /// A Mach-O bundle (`MH_BUNDLE`), loaded with `dlopen`.
    Bundle,
    /// A Mach-O program (`MH_EXECUTE`).
    Execute,
    /// A driver, kernel extension, core file, or anything else that is linked but neither program nor library.
    Other,
}

impl Kind {
    /// Whether the system starts this file as a program of its own.
    pub fn is_program(self) -> bool {
        matches!(self, Kind::Static | Kind::StaticPie | Kind::Pie | Kind::Exe | Kind::Execute)
    }
}

/// Whether a file stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linkage {
    /// ELF without `PT_INTERP` and without `DT_NEEDED`; `PT_DYNAMIC` alone does not make a program dynamic.
    Static,
    /// Needs a loader or libraries at run time.
    Dynamic,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Format {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Elf => "ELF",
            Format::Pe => "PE",
            Format::MachO => "Mach-O",
        }
    }
}
