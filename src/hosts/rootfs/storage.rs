//! Where the files of a root are: in a directory, or wherever else somebody has them.

use std::fmt;
use std::path::{Path, PathBuf};

/// The files of a root, by paths below it whose parents are no links. Injected, so that a load does not depend on where they
/// are.
pub trait Storage: fmt::Debug + Send + Sync {
    /// What lies at a path.
    fn look(&self, inside: &Path) -> Look;

    /// The content of what lies at a path.
    fn stored(&self, inside: &Path) -> Stored;
}

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Absent,
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Somebody may execute it.
        executable: bool,
    },
    /// A device, a FIFO or a socket.
    Other,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// It is no regular file: a loader that opens it reads nothing.
    Nothing,
    /// A regular file that is no ELF file, and whose content nobody kept.
    NotElf,
    /// A regular file of this machine has it.
    At {
        /// That file.
        disk: PathBuf,
        /// How reports name it.
        shown: String,
    },
}

/// A root that is a directory.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// The root at `directory`.
    ///
    /// # Errors
    /// A sentence when there is no such directory.
    pub fn new(directory: &Path) -> Result<Directory, String> {
        let name = directory.display();
        match std::fs::metadata(directory) {
            Ok(metadata) if metadata.is_dir() => Ok(Directory(directory.to_owned())),
            Ok(_) => Err(format!("`{name}` is not a directory; unpack the image first")),
            Err(error) => Err(format!("cannot read `{name}`: {}", crate::error::plain(error))),
        }
    }
}

impl Directory {
    /// The root of this machine.
    pub(super) fn root() -> Directory {
        Directory(PathBuf::from("/"))
    }
}

/// Whether somebody may execute the file.
#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

/// Whether somebody may execute the file, which nothing here says.
#[cfg(not(unix))]
fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    true
}

impl Storage for Directory {
    fn look(&self, inside: &Path) -> Look {
        let real = self.0.join(inside);
        match std::fs::symlink_metadata(&real) {
            Ok(metadata) if metadata.file_type().is_symlink() => {
                std::fs::read_link(&real).map_or(Look::Absent, Look::Link)
            }
            Ok(metadata) if metadata.is_dir() => Look::Directory,
            Ok(metadata) if metadata.is_file() => Look::File { executable: is_executable(&metadata) },
            Ok(_) => Look::Other,
            Err(_) => Look::Absent,
        }
    }

    fn stored(&self, inside: &Path) -> Stored {
        let disk = self.0.join(inside);
        match std::fs::symlink_metadata(&disk) {
            Ok(metadata) if metadata.is_file() => Stored::At { shown: disk.display().to_string(), disk },
            _ => Stored::Nothing,
        }
    }
}
