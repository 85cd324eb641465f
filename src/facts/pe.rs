//! Facts of PE images (Microsoft PE and COFF specification): PE32 and PE32+.

mod authenticode;
mod certificates;
mod crt;
mod debug;
mod exports;
mod header;
mod image;
mod imports;
mod languages;
mod load_config;
mod manifest;
mod names;
mod resources;
mod small_tables;

use serde::Serialize;

use super::libc::{Certainty, Libc, LibcFamily};
use super::{Details, Endian, Facts, Format, Kind, Linkage, Os, Source, Unreadable, Wanted};
pub use authenticode::Authenticode;
pub use certificates::CertificateEntry;
pub use crt::{Crt, CrtKind};
pub use debug::{Debug, Pdb};
pub use exports::{Export, Exports};
pub use load_config::LoadConfig;
pub use manifest::Manifest;
pub use small_tables::Tls;

use header::{Headers, directory};
use image::Image;

/// What only PE images have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PeFacts {
    /// `Machine`, raw.
    pub machine: u16,
    /// `Characteristics`, raw.
    pub characteristics: u16,
    /// `IMAGE_FILE_LARGE_ADDRESS_AWARE`.
    pub large_address_aware: bool,
    /// `IMAGE_FILE_RELOCS_STRIPPED`: the image can only be loaded at its preferred address.
    pub relocations_stripped: bool,
    /// There is a base relocation directory.
    pub has_relocations: bool,
    /// Imported DLLs with their functions, in table order, names in lower case.
    pub imports: Vec<DllImport>,
    /// Delay-loaded DLLs with their functions.
    pub delay_imports: Vec<DllImport>,
    /// DLLs in the bound import table, in lower case.
    pub bound_imports: Vec<String>,
    /// The C runtime the imports show.
    pub crt: Crt,
    /// The export table.
    pub exports: Option<Exports>,
    /// `Subsystem`: `windows-cui`, `windows-gui`, `efi-application` …
    pub subsystem: String,
    /// `MajorSubsystemVersion.MinorSubsystemVersion`.
    pub subsystem_version: String,
    /// `MajorOperatingSystemVersion.MinorOperatingSystemVersion`.
    pub os_version: String,
    /// `MajorLinkerVersion.MinorLinkerVersion`.
    pub linker_version: String,
    /// `TimeDateStamp` of the COFF header; a hash where the build is reproducible.
    pub timestamp: u32,
    /// `AddressOfEntryPoint`; 0 for a DLL without one.
    pub entry_point: u32,
    /// `ImageBase`.
    pub image_base: u64,
    /// `DllCharacteristics`, raw.
    pub dll_characteristics: u16,
    /// Names of the `DllCharacteristics`, without their prefix: `NX_COMPAT`, `DYNAMIC_BASE` …
    pub dll_characteristic_names: Vec<&'static str>,
    /// The load configuration: cookie, control flow guard.
    pub load_config: Option<LoadConfig>,
    /// Thread local storage.
    pub tls: Option<Tls>,
    /// The application manifest.
    pub manifest: Option<Manifest>,
    /// The debug directory.
    pub debug: Debug,
    /// Every entry of the certificate table.
    pub certificates: Vec<CertificateEntry>,
    /// There is a CLR header: the image is (also) .NET code.
    pub is_clr: bool,
    /// Number of COFF symbols.
    pub coff_symbols: u32,
    /// Neither COFF symbols nor a reference to a PDB.
    pub stripped: bool,
    /// Sections, in order.
    pub sections: Vec<Section>,
    /// Names of sections that are writable and executable at once.
    pub writable_code: Vec<String>,
    /// Bytes behind the last section that are not certificates.
    pub overlay_size: u64,
    /// Tables that contradict the file but that the loader does not need to start it, one sentence each.
    pub problems: Vec<String>,
}

/// One imported DLL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DllImport {
    /// Name of the DLL, in lower case.
    pub dll: String,
    /// Imported functions; an import by ordinal is `#12`, or has its name where the number is a contract (Winsock).
    pub functions: Vec<String>,
}

/// One section header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name; long names (`/4`) are looked up in the string table.
    pub name: String,
    /// `VirtualAddress`, relative to the image base.
    pub virtual_address: u32,
    /// `VirtualSize`, in bytes.
    pub virtual_size: u32,
    /// `PointerToRawData`, in bytes from the start of the file.
    pub file_offset: u32,
    /// `SizeOfRawData`, in bytes.
    pub file_size: u32,
    /// Protection, as `r-x`.
    pub protection: String,
}

/// Reads a PE image.
///
/// # Errors
/// [`Unreadable::Damaged`] when a header, or a table that the loader itself reads, contradicts the file.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let headers = Headers::read(source)?;
    let image = Image::new(source, &headers);
    let mut facts = headers.facts();
    facts.imports = imports::imports(&image)?;
    facts.delay_imports = imports::delay_imports(&image)?;
    facts.crt = crt::crt(facts.imports.iter().chain(&facts.delay_imports));
    facts.load_config = load_config::read(&image)?;
    facts.tls = small_tables::tls(&image)?;
    facts.is_clr = headers.directory(directory::CLR).at != 0;
    facts.overlay_size = small_tables::overlay_size(&image, source.len());
    let problems = &mut facts.problems;
    facts.exports = optional(exports::read(&image), problems)?.flatten();
    facts.bound_imports = optional(small_tables::bound_imports(&image), problems)?.unwrap_or_default();
    facts.debug = optional(debug::read(&image), problems)?.unwrap_or_default();
    facts.manifest = optional(resources::manifest(&image), problems)?.flatten();
    facts.stripped = facts.coff_symbols == 0 && facts.debug.pdb.is_none();
    facts.certificates = certificates::read(source, &headers, wanted.hashes, problems)?;
    if wanted.hashes {
        optional(authenticode::recompute(source, &headers, &mut facts.certificates), problems)?;
    }
    let (go, rust) = languages::with_places(&image, |places| (places.go(source, wanted), places.rust(source, wanted)));
    Ok(vec![Facts { go: go?, rust: rust?, ..assemble(&headers, facts) }])
}

/// A table without which the image still starts: damage to it is noted, not fatal.
fn optional<T>(read: Result<T, Unreadable>, problems: &mut Vec<String>) -> Result<Option<T>, Unreadable> {
    match read {
        Err(damage @ Unreadable::Damaged { .. }) => {
            problems.push(damage.to_string());
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn assemble(headers: &Headers, details: PeFacts) -> Facts {
    let os = names::os(headers.subsystem);
    let loads = !details.imports.is_empty() || !details.delay_imports.is_empty();
    Facts {
        format: Format::Pe,
        arch: names::arch(headers.machine),
        bits: headers.bits,
        endian: Endian::Little,
        os,
        kind: kind(headers),
        linkage: if loads { Linkage::Dynamic } else { Linkage::Static },
        libc: libc(os, loads),
        packed: packed(&details),
        go: None,
        rust: None,
        details: Details::Pe(Box::new(details)),
    }
}

/// A DLL is told by its characteristics; drivers, of Windows and of EFI, are neither program nor library.
fn kind(headers: &Headers) -> Kind {
    const DLL: u16 = 0x2000;
    match headers.subsystem {
        _ if headers.characteristics & DLL != 0 => Kind::SharedObject,
        1 | 8 | 11 | 12 => Kind::Other,
        _ => Kind::Exe,
    }
}

/// Which runtime library a program brings or wants is the matter of its CRT; the C library under it is the system's.
fn libc(os: Os, loads: bool) -> Libc {
    let family = if os == Os::Windows && loads { LibcFamily::System } else { LibcFamily::None };
    Libc {
        family,
        linked_in: false,
        certainty: Certainty::Certain,
        evidence: Vec::new(),
        version: None,
        runtime_parts: Vec::new(),
    }
}

/// Packers name their sections after themselves.
fn packed(details: &PeFacts) -> Option<String> {
    const PACKERS: [(&str, &str); 7] = [
        ("UPX0", "UPX"),
        ("UPX1", "UPX"),
        (".MPRESS1", "MPRESS"),
        (".aspack", "ASPack"),
        (".themida", "Themida"),
        (".vmp0", "VMProtect"),
        (".petite", "Petite"),
    ];
    let names = || details.sections.iter().map(|section| section.name.as_str());
    let found = PACKERS.iter().find(|(section, _)| names().any(|name| name == *section));
    found.map(|(section, packer)| format!("{packer} (section `{section}`)"))
}
