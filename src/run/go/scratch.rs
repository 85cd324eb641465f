//! Where go writes its action graph: memory on Linux, a temporary file elsewhere; never the work tree, where an untracked
//! file would change the version go stamps into programs (`+dirty`).
//!
//! The memory is reached as `/proc/<this process>/fd/<n>`, not inherited: wrappers around go that close descriptors do not
//! matter, and when this program is killed nothing is left behind.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

/// Largest graph that is read; 300 times that of Kubernetes.
const LARGEST: u64 = 1 << 30;

/// A place for go to write to, gone with the value.
#[derive(Debug)]
pub(super) enum Scratch {
    /// Memory with a path.
    #[cfg(target_os = "linux")]
    Memory(File, PathBuf),
    /// A file.
    Disk(TempPath),
}

impl Scratch {
    /// A new, empty one; `None` when there is no place to be had at all.
    pub(super) fn new() -> Option<Self> {
        #[cfg(target_os = "linux")]
        if let Some(memory) = memory() {
            return Some(memory);
        }
        let file = Builder::new().prefix("seaworthy-").suffix(".json").tempfile().ok()?;
        Some(Scratch::Disk(file.into_temp_path()))
    }

    /// Its path; absolute.
    pub(super) fn path(&self) -> &Path {
        match self {
            #[cfg(target_os = "linux")]
            Scratch::Memory(_, path) => path,
            Scratch::Disk(path) => path,
        }
    }

    /// The file somebody has to remove, should this program be ended.
    pub(super) fn to_remove(&self) -> Option<PathBuf> {
        match self {
            #[cfg(target_os = "linux")]
            Scratch::Memory(..) => None,
            Scratch::Disk(path) => Some(path.to_path_buf()),
        }
    }

    /// What was written.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            #[cfg(target_os = "linux")]
            Scratch::Memory(file, _) => {
                let mut file = file;
                io::Seek::rewind(&mut file)?;
                all(file)
            }
            Scratch::Disk(path) => all(&File::open(path)?),
        }
    }
}

fn all(file: &File) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len().min(LARGEST);
    let mut text = Vec::with_capacity(size as usize + 1);
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(target_os = "linux")]
fn memory() -> Option<Scratch> {
    use std::os::fd::AsRawFd;
    let file = File::from(rustix::fs::memfd_create("seaworthy", rustix::fs::MemfdFlags::CLOEXEC).ok()?);
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    // Without `/proc`, or with one for another set of processes, go could not open it.
    File::options().write(true).open(&path).ok().map(|_| Scratch::Memory(file, path))
}
