//! Facts of ELF files (System V gABI and the processor and GNU supplements).

use serde::Serialize;

use super::{Facts, Source, Unreadable, Wanted};

/// What only ELF files have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ElfFacts {
    /// `e_type`: `EXEC`, `DYN`, …
    pub e_type: String,
    /// `e_flags`, raw.
    pub e_flags: u32,
    /// `EI_OSABI`, in readelf's words.
    pub osabi: String,
    /// Calling convention and float ABI where the machine has several: `hard-float`, `soft-float`, `elfv2`, `n64` …
    pub abi: Option<String>,
    /// `PT_INTERP`.
    pub interpreter: Option<String>,
    /// Whether there is a `PT_DYNAMIC`.
    pub has_dynamic: bool,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<String>,
    /// `DT_SONAME`.
    pub soname: Option<String>,
    /// `DT_RPATH`, as written (colon-separated).
    pub rpath: Option<String>,
    /// `DT_RUNPATH`, as written.
    pub runpath: Option<String>,
    /// Version needs, in the order of `.gnu.version_r`.
    pub version_needs: Vec<VersionNeed>,
    /// The floor as the loader computes it: the highest numeric `GLIBC_` version among the non-weak needs of files that
    /// are glibc's own, as `(2, 34)`; patch levels count (`2.2.5` is `[2, 2, 5]`).
    pub glibc_floor: Option<Vec<u32>>,
    /// Undefined dynamic symbols, in table order.
    pub undefined: Vec<UndefinedSymbol>,
    /// Number of defined dynamic symbols.
    pub defined_count: u64,
    /// `DT_RELR` is there.
    pub has_relr: bool,
    /// `DT_TEXTREL` or `DF_TEXTREL`.
    pub textrel: bool,
    /// `PT_GNU_STACK`: its flags as `RW` or `RWE`; `None` when the header is absent.
    pub gnu_stack: Option<String>,
    /// `PT_GNU_RELRO`.
    pub relro: Relro,
    /// `DT_BIND_NOW`, `DF_BIND_NOW` or `DF_1_NOW`.
    pub bind_now: bool,
    /// `DF_1_PIE`.
    pub df_1_pie: bool,
    /// Virtual addresses of `PT_LOAD` segments that are writable and executable.
    pub writable_code: Vec<u64>,
    /// Largest `p_align` of the `PT_LOAD` segments, in bytes.
    pub max_load_align: u64,
    /// Smallest `p_align` of the `PT_LOAD` segments, in bytes.
    pub min_load_align: u64,
    /// Lowest kernel of `NT_GNU_ABI_TAG` (for OS 0, Linux), as `3.2.0`.
    pub abi_tag_kernel: Option<String>,
    /// `NT_GNU_BUILD_ID`, in hex.
    pub build_id: Option<String>,
    /// x86-64 level asked for by `GNU_PROPERTY_X86_ISA_1_NEEDED`: `x86-64-baseline`, `x86-64-v2` …
    pub x86_isa_needed: Option<String>,
    /// No `.symtab`.
    pub stripped: bool,
    /// `.debug_info` or its compressed or split forms.
    pub has_debug_info: bool,
    /// Names of the sections; empty when there are no section headers.
    pub sections: Vec<String>,
    /// `PT_TLS`.
    pub has_tls: bool,
}

/// One entry of `.gnu.version_r`: a version of a file that the loader looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionNeed {
    /// `vn_file`, the library.
    pub file: String,
    /// `vna_name`, the version.
    pub version: String,
    /// `VER_FLG_WEAK`: the loader does not fail when it is missing.
    pub weak: bool,
    /// The undefined symbols that carry this version; empty for marker nodes such as `GLIBC_ABI_DT_RELR`.
    pub symbols: Vec<String>,
}

/// One undefined dynamic symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndefinedSymbol {
    /// Its name.
    pub name: String,
    /// Its version, if it has one.
    pub version: Option<String>,
    /// `STB_WEAK`: the loader leaves it at zero when nobody provides it.
    pub weak: bool,
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

/// Reads an ELF file.
///
/// # Errors
/// [`Unreadable`], with the field and the offset that are wrong.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let _ = (source, wanted);
    Err(Unreadable::Unsupported("ELF".into()))
}
