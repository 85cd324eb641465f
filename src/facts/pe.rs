//! Facts of PE images (Microsoft PE and COFF specification): PE32 and PE32+.

#[expect(dead_code, reason = "the deeper tables use the rest")]
mod header;
mod image;
mod imports;
mod names;

use serde::Serialize;

use super::libc::{Certainty, Libc, LibcFamily};
use super::{Details, Endian, Facts, Format, Kind, Linkage, Os, Source, Unreadable, Wanted};
use header::Headers;
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
    /// Number of COFF symbols.
    pub coff_symbols: u32,
    /// Sections, in order.
    pub sections: Vec<Section>,
    /// Names of sections that are writable and executable at once.
    pub writable_code: Vec<String>,
}

/// One imported DLL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DllImport {
    /// Name of the DLL, in lower case.
    pub dll: String,
    /// Imported functions; an import by ordinal is `#12`.
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
    let _ = wanted;
    let headers = Headers::read(source)?;
    let image = Image::new(source, &headers);
    let mut facts = headers.facts();
    facts.imports = imports::imports(&image)?;
    facts.delay_imports = imports::delay_imports(&image)?;
    Ok(vec![assemble(&headers, facts)])
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
        packed: None,
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
