//! From a path or bytes to [`FileFacts`]: recognises the format and hands the bytes to its reader.

mod packages;
mod recognise;

use std::fs::{File, Metadata};
use std::path::Path;

use super::source::End;
use super::{FileFacts, Format, Source, Unreadable, elf, macho, pe};
pub use packages::unpack;
use recognise::{recognise, something_else};

/// How much to read: cheap headers only, or also what needs the whole file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Names of the dynamic symbols of ELF files.
    pub names: SymbolNames,
    /// Recompute page hashes and Authenticode digests, and verify signatures (reads the whole file).
    pub hashes: bool,
    /// Search read-only data for strings where structure alone cannot tell (static libc, embedded Go strings).
    pub strings: bool,
    /// Search the constants of PE and Mach-O files for what Rust's standard library leaves, as nothing else tells that Rust made them
    /// (reads most of the file).
    pub makers: bool,
    /// What no rule asks for and costs a pass over the file: version ranges of a static libc and what it loads beside name
    /// service modules, commits of Rust compilers, packages of cargo-auditable, names in `.symtab`.
    pub detail: bool,
}

impl Wanted {
    /// Everything; what `seaworthy facts` shows.
    pub const ALL: Wanted =
        Wanted { names: SymbolNames::Always, hashes: true, strings: true, makers: true, detail: true };
}

/// The ELF files whose dynamic symbols are read, and with them the names of all sections, and the notes: most of what is known of a
/// file, and of no use to most rules.
#[derive(Debug, Clone, Copy, Default)]
pub enum SymbolNames {
    /// Every file.
    #[default]
    Always,
    /// Files that ask for no library, as their symbols tell what they are, and those of which this says so.
    Where(fn(&elf::Asks<'_>) -> bool),
}

impl SymbolNames {
    /// Whether they are read of a file that asks for this.
    pub(super) fn are_of(self, asks: &elf::Asks<'_>) -> bool {
        match self {
            SymbolNames::Always => true,
            SymbolNames::Where(wants) => asks.needed.is_empty() || wants(asks),
        }
    }
}

/// Reads one file. A FIFO, a device or a directory is refused without opening it for reading.
///
/// # Errors
/// [`Unreadable`], with what is wrong; the caller adds the file's name.
pub fn read_file(path: &Path, wanted: Wanted) -> Result<FileFacts, Unreadable> {
    let (file, length) = open_regular(path)?;
    read_source(&Source::of_length(&file, length).map_err(io)?, wanted)
}

/// Reads one file that its directory lists as a regular one: unlike [`read_file`] it does not ask for that before it opens it.
///
/// # Errors
/// As for [`read_file`].
pub fn read_listed_file(path: &Path, wanted: Wanted) -> Result<FileFacts, Unreadable> {
    let file = open_for_reading(path).map_err(io)?;
    let head = match End::head(&file) {
        Ok(head) => head,
        // What is no file any more is named first.
        Err(error) => return Err(length(&file).err().unwrap_or_else(|| io(error))),
    };
    // Most files of a tree are no binaries, and need not be asked how long they are.
    if let Some(why) = something_else(head.bytes()) {
        return Err(why);
    }
    let source = Source::with_head(&file, length(&file)?, head).map_err(io)?;
    read_source(&source, wanted)
}

fn io(error: std::io::Error) -> Unreadable {
    Unreadable::io(error)
}

/// Reads bytes that are open already.
///
/// # Errors
/// [`Unreadable`], with what is wrong.
pub fn read_source(source: &Source<'_>, wanted: Wanted) -> Result<FileFacts, Unreadable> {
    let slices = match recognise(source)? {
        Format::Elf => elf::read(source, wanted)?,
        Format::Pe => pe::read(source, wanted)?,
        Format::MachO => macho::read(source, wanted)?,
    };
    if slices.is_empty() {
        return Err(Unreadable::NotLinked("it has no architecture slice".into()));
    }
    Ok(FileFacts { size: source.len(), slices, texts: None, instructions: None })
}

/// Opens a regular file for reading, and nothing else.
///
/// # Errors
/// [`Unreadable::NotAFile`] for what is not a regular file; otherwise what the operating system says.
pub fn open(path: &Path) -> Result<File, Unreadable> {
    open_regular(path).map(|(file, _)| file)
}

fn open_regular(path: &Path) -> Result<(File, u64), Unreadable> {
    regular(&std::fs::metadata(path).map_err(io)?)?;
    let file = open_for_reading(path).map_err(io)?;
    let length = length(&file)?;
    Ok((file, length))
}

/// The length of a regular file, in bytes.
fn length(file: &File) -> Result<u64, Unreadable> {
    let metadata = file.metadata().map_err(io)?;
    regular(&metadata)?;
    Ok(metadata.len())
}

/// Whether the end of a file can be read without waiting for a disk; where the system cannot tell, or refuses, it can.
#[cfg(target_os = "linux")]
pub fn is_in_memory(path: &Path) -> bool {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    let Ok((file, length)) = open_regular(path) else { return true };
    let mut byte = [0];
    let into = &mut [std::io::IoSliceMut::new(&mut byte)];
    preadv2(&file, into, length.saturating_sub(1), ReadWriteFlags::NOWAIT) != Err(Errno::AGAIN)
}

/// Whether the end of a file can be read without waiting for a disk: this system cannot tell.
#[cfg(not(target_os = "linux"))]
pub fn is_in_memory(_: &Path) -> bool {
    true
}

/// Without the C library where the system allows: musl's asks twice for every file.
#[cfg(unix)]
fn open_for_reading(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // A FIFO that took the file's place since must not block the build.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(rustix::fs::open(path, flags, Mode::empty()).map(File::from)?)
}

#[cfg(not(unix))]
fn open_for_reading(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

fn regular(metadata: &Metadata) -> Result<(), Unreadable> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    Err(Unreadable::NotAFile(if kind.is_dir() { "a directory" } else { special(kind) }))
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() => "a block device",
        () if kind.is_char_device() => "a character device",
        () => "not a regular file",
    }
}

#[cfg(not(unix))]
fn special(_kind: std::fs::FileType) -> &'static str {
    "not a regular file"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let error = read_file(directory.path(), Wanted::default()).unwrap_err();
        assert_eq!(error.to_string(), "not a file: a directory");
    }

    #[test]
    fn missing_files_say_so() {
        let directory = tempfile::tempdir().unwrap();
        let error = read_file(&directory.path().join("gone"), Wanted::default()).unwrap_err();
        assert!(matches!(error, Unreadable::Io(_)), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_refused_unopened() {
        let error = read_file(Path::new("/dev/null"), Wanted::default()).unwrap_err();
        assert_eq!(error.to_string(), "not a file: a character device");
    }
}
