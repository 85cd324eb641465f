//! Facts of PE images (Microsoft PE and COFF specification).

use serde::Serialize;

use super::{Facts, Source, Unreadable, Wanted};

/// What only PE images have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PeFacts {
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
    /// `DllCharacteristics`, raw.
    pub dll_characteristics: u16,
}

/// One imported DLL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DllImport {
    /// Name of the DLL, in lower case.
    pub dll: String,
    /// Imported functions; an import by ordinal is `#12`.
    pub functions: Vec<String>,
}

/// Reads a PE file.
///
/// # Errors
/// [`Unreadable`], with the field and the offset that are wrong.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let _ = (source, wanted);
    Err(Unreadable::Unsupported("PE".into()))
}
