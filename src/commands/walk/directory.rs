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

/// Gives `take` every entry of `directory`, in the order of the system, and what kept one, or all that follow, from being told. What is
/// neither a file nor a directory nor a link is left out.
///
/// # Errors
/// What kept the directory from being opened.
#[cfg(target_os = "linux")]
pub(super) fn each_entry(directory: &Path, mut take: impl FnMut(io::Result<(PathBuf, Kind)>)) -> io::Result<()> {
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
        let entry = match entry {
            Ok(entry) => entry,
            // It would be the next answer as well.
            Err(error) => {
                take(Err(error.into()));
                break;
            }
        };
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let mut path = OsString::with_capacity(start.len() + name.len());
        path.push(&start);
        path.push(OsStr::from_bytes(name));
        let path = PathBuf::from(path);
        let kind = match entry.file_type() {
            FileType::Directory => Ok(Some(Kind::Directory)),
            FileType::RegularFile => Ok(Some(Kind::File)),
            FileType::Symlink => Ok(Some(Kind::Link)),
            // Not every file system says it here.
            FileType::Unknown => path.symlink_metadata().map(|metadata| kind(metadata.file_type())),
            _ => Ok(None),
        };
        if let Some(told) = kind.map(|kind| Some((path, kind?))).transpose() {
            take(told);
        }
    }
    Ok(())
}

/// The same by the standard library.
///
/// # Errors
/// What kept the directory from being opened.
#[cfg(not(target_os = "linux"))]
pub(super) fn each_entry(directory: &Path, take: impl FnMut(io::Result<(PathBuf, Kind)>)) -> io::Result<()> {
    let told = |entry: std::fs::DirEntry| Ok(kind(entry.file_type()?).map(|kind| (entry.path(), kind)));
    let entries = std::fs::read_dir(directory)?;
    entries.filter_map(|entry| entry.and_then(told).transpose()).for_each(take);
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
            each_entry(&directory, |entry| found.push(entry.unwrap())).unwrap();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            assert!(found == expected, "{found:?}");
        }
        assert!(each_entry(&directory.join("none"), |_| {}).is_err());
        assert!(each_entry(&directory.join("a file with the number 7"), |_| {}).is_err());
    }
}
