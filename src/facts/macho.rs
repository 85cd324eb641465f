//! Facts of Mach-O files (Apple's `mach-o/loader.h` and `mach-o/fat.h`), thin and universal.

pub mod code_signature;
mod commands;
mod fat;
mod header;
mod imports;
mod languages;
mod names;
mod segments;

use serde::Serialize;

pub use imports::{Fixups, ImportedSymbol, LibraryImports, SymbolCounts};

use super::{Facts, Source, Unreadable, Wanted};
use code_signature::{CodeSignature, SignatureKind};

/// What only Mach-O files have.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MachOFacts {
    /// `cputype`, raw.
    pub cpu_type: u32,
    /// `cpusubtype` without its capability bits: 2 with `cputype` arm64 is arm64e.
    pub cpu_subtype: u32,
    /// The capability bits of `cpusubtype` (its top byte); `0x80` is `CPU_SUBTYPE_LIB64` or, for arm64e, the pointer
    /// authentication ABI.
    pub cpu_capabilities: u8,
    /// `filetype`: `execute`, `dylib`, `bundle`, `dylinker`, `kext-bundle` …
    pub file_type: String,
    /// `flags`, raw.
    pub flags: u32,
    /// Names of the `flags`, without `MH_`.
    pub flag_names: Vec<&'static str>,
    /// Where this slice lies in a universal file; `None` in a thin one.
    pub universal: Option<UniversalSlice>,
    /// Dylibs the file names, in order of their load commands; without the file's own id.
    pub dylibs: Vec<Dylib>,
    /// `LC_RPATH`, in order.
    pub rpaths: Vec<String>,
    /// `LC_ID_DYLIB`: the install name of a dylib.
    pub id: Option<Dylib>,
    /// `LC_LOAD_DYLINKER`.
    pub dylinker: Option<String>,
    /// Lowest system the file says it runs on (`LC_BUILD_VERSION`, `LC_VERSION_MIN_MACOSX`), as `11.0`; of the macOS
    /// entry where there are several. That of Mac Catalyst is one of iOS.
    pub min_os: Option<String>,
    /// SDK it was built with, from the same command, as `14.5`.
    pub sdk: Option<String>,
    /// Platform of the same command: `macos`, `ios`, `mac-catalyst` …
    pub platform: Option<String>,
    /// Every version command, in order; zippered files have two.
    pub build_versions: Vec<BuildVersion>,
    /// `LC_UUID`, in hex.
    pub uuid: Option<String>,
    /// `LC_SOURCE_VERSION`, as `1.2.3`; `None` when absent or zero.
    pub source_version: Option<String>,
    /// How the program is entered: `LC_MAIN` or `LC_UNIXTHREAD`.
    pub entry: Option<&'static str>,
    /// Names of the load commands, in order.
    pub load_commands: Vec<String>,
    /// Load commands that are there twice though dyld takes only one: `LC_UUID`, or `LC_RPATH @loader_path/lib`
    /// (macOS 15 and later refuse to load a file with a repeated run path).
    pub duplicate_commands: Vec<String>,
    /// Bytes between the load commands and the first section: room for `install_name_tool` and `codesign` to add to.
    pub header_padding: Option<u64>,
    /// Segments, in order.
    pub segments: Vec<Segment>,
    /// Names of segments that are writable and executable at once.
    pub writable_code: Vec<String>,
    /// Imported symbols by library; within one library in the order of the table.
    pub imports: Vec<LibraryImports>,
    /// How pointers are fixed up; `None` where only the symbol table says so, or in static files.
    pub fixups: Option<Fixups>,
    /// Sizes of the parts of the symbol table.
    pub symbols: SymbolCounts,
    /// No local symbols are left.
    pub stripped: bool,
    /// `cryptid` of `LC_ENCRYPTION_INFO` is not 0: the code is encrypted and cannot be judged.
    pub encrypted: bool,
    /// What kind of signature the file has.
    pub signature_kind: SignatureKind,
    /// The embedded code signature.
    pub code_signature: Option<CodeSignature>,
}

impl MachOFacts {
    /// The system that the file is for, as Apple writes it; `None` when it does not say, or a number that is not known.
    pub fn system(&self) -> Option<&'static str> {
        Some(match self.platform.as_deref()? {
            "macos" => "macOS",
            "mac-catalyst" => "Mac Catalyst",
            "ios" => "iOS",
            "tvos" => "tvOS",
            "watchos" => "watchOS",
            "visionos" => "visionOS",
            "bridgeos" => "bridgeOS",
            "driverkit" => "DriverKit",
            "ios-simulator" => "the simulator of iOS",
            "tvos-simulator" => "the simulator of tvOS",
            "watchos-simulator" => "the simulator of watchOS",
            "visionos-simulator" => "the simulator of visionOS",
            _ => return None,
        })
    }
}

/// Place of a slice in a universal file (`fat_arch`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UniversalSlice {
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length, in bytes.
    pub size: u64,
    /// Alignment as a power of two.
    pub align: u32,
}

/// One dylib load command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dylib {
    /// Install name, as written.
    pub name: String,
    /// `load`, `weak`, `reexport`, `upward` or `lazy`; `id` for the file's own.
    pub kind: String,
    /// Current version.
    pub current: String,
    /// Compatibility version.
    pub compat: String,
}

/// One `LC_BUILD_VERSION` or `LC_VERSION_MIN_*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildVersion {
    /// `LC_BUILD_VERSION` or `LC_VERSION_MIN_MACOSX` …
    pub command: &'static str,
    /// `macos`, `ios`, `mac-catalyst` …, or `unknown-99`.
    pub platform: String,
    /// Lowest system version.
    pub min_os: String,
    /// SDK version; `0.0` when the linker did not know.
    pub sdk: String,
    /// Tools that took part, with their versions.
    pub tools: Vec<Tool>,
}

/// One `build_tool_version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// `ld`, `clang`, `swift`, `lld` …, or `unknown-7`.
    pub name: String,
    /// Its version, as `1267.0.0`.
    pub version: String,
}

/// One segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// `__TEXT`, `__LINKEDIT` …
    pub name: String,
    /// Address, unslid.
    pub vm_address: u64,
    /// Bytes in memory.
    pub vm_size: u64,
    /// Offset in the slice, in bytes.
    pub file_offset: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Highest protection, as `r-x`.
    pub max_protection: String,
    /// Protection at start, as `r-x`.
    pub initial_protection: String,
    /// `flags`, raw; `0x10` is `SG_READ_ONLY`.
    pub flags: u32,
    /// Names of its sections.
    pub sections: Vec<String>,
}

/// Reads a thin or universal file: one [`Facts`] per slice, in the order of the file.
///
/// # Errors
/// [`Unreadable::NotLinked`] for object files, archives and Java classes (which share the magic of universal files);
/// [`Unreadable::Damaged`] when a header contradicts the file.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let slices = fat::slices(source)?;
    slices.into_iter().map(|slice| read_slice(source, slice, wanted)).collect()
}

fn read_slice(file: &Source<'_>, slice: Option<UniversalSlice>, wanted: Wanted) -> Result<Facts, Unreadable> {
    let Some(place) = slice else { return header::read(file, None, wanted) };
    let part = file.slice(place.offset, place.size, "fat_arch")?;
    header::read(&part, slice, wanted)
}
