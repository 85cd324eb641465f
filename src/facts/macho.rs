//! Facts of Mach-O files (Apple's `mach-o/loader.h`).

use serde::Serialize;

use super::{Facts, Source, Unreadable, Wanted};

/// What only Mach-O files have.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MachOFacts {
    /// Dylibs the file names, in order of their load commands; without the file's own id.
    pub dylibs: Vec<Dylib>,
    /// `LC_RPATH`, in order.
    pub rpaths: Vec<String>,
    /// Lowest macOS the file says it runs on (`LC_BUILD_VERSION`, `LC_VERSION_MIN_MACOSX`), as `11.0`.
    pub min_os: Option<String>,
    /// `LC_UUID`, in hex.
    pub uuid: Option<String>,
}

/// One dylib load command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dylib {
    /// Install name, as written.
    pub name: String,
    /// `load`, `weak`, `reexport`, `upward` or `lazy`.
    pub kind: String,
    /// Current version.
    pub current: String,
    /// Compatibility version.
    pub compat: String,
}

/// Reads a Mach-O file.
///
/// # Errors
/// [`Unreadable`], with the field and the offset that are wrong.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let _ = (source, wanted);
    Err(Unreadable::Unsupported("Mach-O".into()))
}
