//! From a path or bytes to [`FileFacts`]: recognises the format and hands the bytes to its reader.

use std::path::Path;

use super::{FileFacts, Source, Unreadable};

/// How much to read: cheap headers only, or also what needs the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Recompute page hashes and Authenticode digests (reads the whole file).
    pub hashes: bool,
    /// Search read-only data for strings where structure alone cannot tell (static libc, embedded Go strings).
    pub strings: bool,
}

impl Wanted {
    /// Everything; what `seaworthy facts` shows.
    pub const ALL: Wanted = Wanted { hashes: true, strings: true };
}

/// Reads one file. A FIFO, a device or a directory is refused without opening it for reading.
///
/// # Errors
/// [`Unreadable`], with what is wrong; the caller adds the file's name.
pub fn read_file(path: &Path, wanted: Wanted) -> Result<FileFacts, Unreadable> {
    let _ = (path, wanted);
    Err(Unreadable::NotLinked("not read yet".into()))
}

/// Reads bytes that are open already.
///
/// # Errors
/// [`Unreadable`], with what is wrong.
pub fn read_source(source: &Source<'_>, wanted: Wanted) -> Result<FileFacts, Unreadable> {
    let _ = (source, wanted);
    Err(Unreadable::NotLinked("not read yet".into()))
}
