//! The entries of one directory, and what each of them is.

use std::io;
use std::path::{Path, PathBuf};

/// What an entry is that can be, or lead to, a binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
}

/// Calls `take` for every entry of `directory`, in the order of the system. What is neither a file nor a directory nor a link is left
/// out.
///
/// # Errors
/// What kept the directory from being read, or from being read to its end.
#[cfg(target_os = "linux")]
pub(super) fn each_entry(directory: &Path, mut take: impl FnMut(PathBuf, Kind)) -> io::Result<()> {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, openat};

    /// As the C library has it.
    const AT_ONCE: usize = 32 * 1024;
    // Not with the standard library, which makes three values for each entry, and shares the directory among them.
    let opened = openat(CWD, directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer = Vec::with_capacity(AT_ONCE);
    let mut entries = RawDir::new(opened, buffer.spare_capacity_mut());
    let start = directory.join("").into_os_string();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let mut path = OsString::with_capacity(start.len() + name.len());
        path.push(&start);
        path.push(OsStr::from_bytes(name));
        let path = PathBuf::from(path);
        let kind = match entry.file_type() {
            FileType::Directory => Some(Kind::Directory),
            FileType::RegularFile => Some(Kind::File),
            FileType::Symlink => Some(Kind::Link),
            // Not every file system says it here.
            FileType::Unknown => kind(path.symlink_metadata()?.file_type()),
            _ => None,
        };
        if let Some(kind) = kind {
            take(path, kind);
        }
    }
    Ok(())
}

/// Calls `take` for every entry of `directory`, in the order of the system. What is neither a file nor a directory nor a link is left
/// out.
///
/// # Errors
/// What kept the directory from being read, or from being read to its end.
#[cfg(not(target_os = "linux"))]
pub(super) fn each_entry(directory: &Path, mut take: impl FnMut(PathBuf, Kind)) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(kind) = kind(entry.file_type()?) {
            take(entry.path(), kind);
        }
    }
    Ok(())
}

fn kind(of: std::fs::FileType) -> Option<Kind> {
    match () {
        () if of.is_dir() => Some(Kind::Directory),
        () if of.is_file() => Some(Kind::File),
        () if of.is_symlink() => Some(Kind::Link),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_there_once_with_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path();
        std::fs::create_dir(directory.join("below")).unwrap();
        // More than are told at once.
        let names: Vec<PathBuf> = (0..2000).map(|at| directory.join(format!("a file with the number {at}"))).collect();
        for name in &names {
            std::fs::write(name, "").unwrap();
        }
        let mut expected: Vec<(PathBuf, Kind)> = names.into_iter().map(|name| (name, Kind::File)).collect();
        expected.push((directory.join("below"), Kind::Directory));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("below", directory.join("link")).unwrap();
            expected.push((directory.join("link"), Kind::Link));
            let _socket = std::os::unix::net::UnixListener::bind(directory.join("socket")).unwrap();
        }
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        for directory in [directory.to_path_buf(), directory.join("")] {
            let mut found = Vec::new();
            each_entry(&directory, |path, kind| found.push((path, kind))).unwrap();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            assert!(found == expected, "{found:?}");
        }
        assert!(each_entry(&directory.join("none"), |_, _| {}).is_err());
        assert!(each_entry(&directory.join("a file with the number 7"), |_, _| {}).is_err());
    }
}
