//! Facts of ELF files (System V gABI and the processor and GNU supplements).

mod abi;
mod assemble;
mod attributes;
mod code;
mod dynamic;
mod exports;
mod hardening;
mod headers;
pub(in crate::facts) mod image;
mod imports;
mod kind;
mod languages;
mod layout;
mod notes;
mod relocations;
mod start;
mod symbols;
mod undefined;
mod versions;

use std::borrow::Cow;

use serde::Serialize;

use super::{Name, NameList};

pub use assemble::read;
pub(in crate::facts) use code::x86_64_code;
pub use exports::{Exported, ExportedSymbol, exports};
pub use layout::{Head, Layout, Segment};
pub use notes::{AbiTag, Note, Properties};
pub use relocations::{Relocated, relocated};
pub use start::StartCode;
pub use undefined::{SymbolKind, Symbols, UndefinedSymbol};

/// What only ELF files have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ElfFacts {
    /// `e_type`: `EXEC`, `DYN`, …
    pub e_type: Cow<'static, str>,
    /// `e_machine`, raw.
    pub e_machine: u16,
    /// `e_flags`, raw.
    pub e_flags: u32,
    /// Bits of `e_flags` by name, the calling convention apart: `EABI5`, `RVC`, `mips64r2` …
    pub flag_names: Vec<String>,
    /// `EI_OSABI`, in readelf's words.
    pub osabi: Cow<'static, str>,
    /// Calling convention and float ABI where the machine has several: `hard-float`, `soft-float`, `elfv2`, `n64`,
    /// `lp64d` …
    pub abi: Option<String>,
    /// `PT_INTERP`.
    pub interpreter: Option<String>,
    /// Whether there is a `PT_DYNAMIC`.
    pub has_dynamic: bool,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<String>,
    /// `DT_FILTER`: libraries that glibc loads with this one, as it does `needed`.
    pub filters: Vec<String>,
    /// `DT_AUXILIARY`: libraries that glibc loads with this one where they are there.
    pub auxiliaries: Vec<String>,
    /// `DT_SONAME`.
    pub soname: Option<String>,
    /// `DT_RPATH`, as written (colon-separated).
    pub rpath: Option<String>,
    /// `DT_RUNPATH`, as written.
    pub runpath: Option<String>,
    /// Version needs, in the order of `.gnu.version_r`.
    pub version_needs: Vec<VersionNeed>,
    /// `vn_version` of the first entry of `.gnu.version_r` that does not have the only one there is, 1 (LSB Core, "Version Requirements").
    #[serde(skip)]
    pub verneed_version: Option<u16>,
    /// Version definitions (`.gnu.version_d`) in file order, without the base one that names the file.
    pub version_definitions: Vec<String>,
    /// The floor as the loader computes it: the highest numeric `GLIBC_` version among the non-weak needs of files that
    /// are glibc's own, as `(2, 34)`; patch levels count (`2.2.5` is `[2, 2, 5]`).
    pub glibc_floor: Option<Vec<u32>>,
    /// Undefined dynamic symbols, in table order; of files whose [`SymbolNames`](super::SymbolNames) were not wanted, none.
    pub undefined: Symbols,
    /// Targets of copy relocations, which the loader looks up in the libraries like undefined ones: defined dynamic symbols that
    /// carry a needed version, or that a program has such a relocation for.
    pub copied: Symbols,
    /// Defines the entry of musl's loader: the file is musl's `libc.so`.
    pub defines_musl_loader: bool,
    /// Number of defined dynamic symbols, local ones too; 0 where their names were not wanted.
    pub defined_count: u64,
    /// `DT_RELR` is there.
    pub has_relr: bool,
    /// `DT_TEXTREL` or `DF_TEXTREL`.
    pub textrel: bool,
    /// `PT_GNU_STACK`: its flags as `RW` or `RWE`; `None` when the header is absent.
    pub gnu_stack: Option<&'static str>,
    /// `PT_GNU_RELRO`.
    pub relro: Relro,
    /// `DT_BIND_NOW`, `DF_BIND_NOW` or `DF_1_NOW`.
    pub bind_now: bool,
    /// `DT_FLAGS`, raw.
    pub dt_flags: u64,
    /// `DT_FLAGS_1`, raw: `DF_1_NODEFLIB` is `0x800`.
    pub dt_flags_1: u64,
    /// `DF_1_PIE`.
    pub df_1_pie: bool,
    /// `DT_SYMBOLIC` or `DF_SYMBOLIC`.
    pub symbolic: bool,
    /// Hash tables of the dynamic symbols: `gnu`, `sysv`. A loader that knows none of them cannot load the file.
    pub hash_styles: &'static [&'static str],
    /// Virtual addresses of `PT_LOAD` segments that are writable and executable.
    pub writable_code: Vec<u64>,
    /// Largest `p_align` of the `PT_LOAD` segments, in bytes.
    pub max_load_align: u64,
    /// Smallest `p_align` of the `PT_LOAD` segments, in bytes.
    pub min_load_align: u64,
    /// Largest power of two, up to 2^32, modulo which address and offset of every `PT_LOAD` segment are equal: no larger page
    /// holds them as they lie in the file.
    pub load_congruence: u64,
    /// Where the segments lie; `None` in facts that were not read from a file.
    #[serde(skip)]
    pub layout: Option<Layout>,
    /// Lowest kernel of `NT_GNU_ABI_TAG` (for OS 0, Linux), as `3.2.0`.
    pub abi_tag_kernel: Option<String>,
    /// `NT_GNU_ABI_TAG` whole.
    pub abi_tag: Option<AbiTag>,
    /// `NT_GNU_BUILD_ID`, in hex.
    pub build_id: Option<String>,
    /// Build id of the Go linker (note `Go`, type 4).
    pub go_build_id: Option<String>,
    /// API level of Android's note.
    pub android_api: Option<u32>,
    /// x86-64 level asked for by `GNU_PROPERTY_X86_ISA_1_NEEDED`: `x86-64-baseline`, `x86-64-v2` …
    pub x86_isa_needed: Option<&'static str>,
    /// GNU properties, decoded.
    pub properties: Properties,
    /// Every note, in file order; none where [`SymbolNames`](super::SymbolNames) were not wanted.
    pub notes: Vec<Note>,
    /// No `.symtab`.
    pub stripped: bool,
    /// `.debug_info` or its compressed or split forms.
    pub has_debug_info: bool,
    /// Number of symbols in `.symtab`, the empty first one apart.
    pub symbol_count: u64,
    /// There are section headers; without them nothing that rests on sections is known.
    pub has_section_headers: bool,
    /// Names of the sections; empty when there are no section headers, and where [`SymbolNames`](super::SymbolNames) were not
    /// wanted.
    pub sections: NameList,
    /// `PT_TLS`.
    pub has_tls: bool,
    /// Thread-local storage it takes, in bytes: `p_memsz` of `PT_TLS`.
    pub tls_size: u64,
    /// Its alignment: `p_align` of `PT_TLS`.
    #[serde(skip)]
    pub tls_align: u64,
    /// Bytes behind all that the file's headers, segments and sections describe: what a tool appended, as an archive that the
    /// program reads, or a signature.
    pub appended: u64,
    /// What the code at `e_entry` does before `main`; `None` when it was not recognised.
    pub start_code: Option<StartCode>,
    /// Refers to `__stack_chk_fail`; `None` where it cannot be told: for a stripped static file, and where names were not wanted.
    /// `.symtab` is looked at only when [`Wanted::detail`](super::Wanted) is set.
    pub stack_protector: Option<bool>,
    /// Undefined symbols of `_FORTIFY_SOURCE` (`__memcpy_chk` …), sorted.
    pub fortified: Vec<String>,
    /// Build attributes (`.ARM.attributes`, `.riscv.attributes`, `.gnu.attributes`) and MIPS ABI flags, in readelf's words.
    pub attributes: Vec<(String, String)>,
    /// `.comment`: the compilers and linkers that left their names, in file order, each once.
    pub producers: Vec<String>,
}

/// What a file asks its loader for, known before any of its symbols.
#[derive(Debug, Clone, Copy)]
pub struct Asks<'f> {
    /// `PT_INTERP`.
    pub interpreter: Option<&'f str>,
    /// `DT_NEEDED`, in order.
    pub needed: &'f [String],
    /// Version needs, without the symbols that carry them.
    pub version_needs: &'f [VersionNeed],
}

/// One entry of `.gnu.version_r`: a version of a file that the loader looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionNeed {
    /// `vn_file`, the library.
    pub file: Name,
    /// `vna_name`, the version.
    pub version: Name,
    /// `VER_FLG_WEAK`: the loader does not fail when it is missing.
    pub weak: bool,
    /// The undefined symbols that carry this version; empty for marker nodes such as `GLIBC_ABI_DT_RELR`, and where
    /// [`SymbolNames`](super::SymbolNames) were not wanted.
    pub symbols: NameList,
}

/// Read-only relocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Relro {
    /// No `PT_GNU_RELRO`.
    #[default]
    None,
    /// `PT_GNU_RELRO` without immediate binding.
    Partial,
    /// `PT_GNU_RELRO` and immediate binding.
    Full,
}
