//! From the paths of a command line to files: directories are walked, `-` is a list on standard input.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli;
use crate::error::{Error, plain};
use crate::images;
use crate::report;
use crate::ui::Progress;

/// What was found under the paths of a command line.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files, in the order of the command line, sorted within a directory.
    pub(super) files: Vec<Candidate>,
    /// Archives and OCI layouts that were named; those below a directory are files like any other.
    pub(super) images: Vec<PathBuf>,
    /// What could not be looked at, one sentence each.
    pub(super) problems: Vec<String>,
    /// Symbolic links to directories outside of what is walked.
    pub(super) links_outside: usize,
    /// Directories that were named.
    pub(super) directories: usize,
}

/// A file that may be a binary.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The user named it, so that it has to be a binary.
    pub(super) named: bool,
}

/// Bytes of a list on standard input that are read at most.
const LIST_LIMIT: u64 = 64 << 20;

/// Looks at every path.
///
/// # Errors
/// When standard input is to be read and cannot be.
pub(super) fn find(paths: &[PathBuf], progress: &Progress) -> Result<Found, Error> {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            for listed in list_on_stdin()? {
                found.add(&listed, progress);
            }
        } else {
            found.add(path, progress);
        }
    }
    progress.finish();
    Ok(found)
}

impl Found {
    fn add(&mut self, path: &Path, progress: &Progress) {
        match std::fs::metadata(path) {
            Ok(_) if images::is_candidate(path) => self.images.push(path.to_path_buf()),
            Ok(metadata) if metadata.is_dir() => {
                self.directories += 1;
                self.walk(path, progress);
            }
            // What is no regular file is refused by the reader, which names it.
            Ok(_) => self.files.push(Candidate { path: path.to_path_buf(), named: true }),
            Err(error) => self.problem(path, &error),
        }
    }

    /// Every regular file below `root`, sorted.
    ///
    /// Links are never walked, so there are no loops. A link to a file outside of `root` is taken as a file; inside, its
    /// target is found by itself.
    fn walk(&mut self, root: &Path, progress: &Progress) {
        let (mut files, mut links) = (Vec::new(), Vec::new());
        let mut open = vec![root.to_path_buf()];
        while let Some(directory) = open.pop() {
            let entries = match std::fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) => {
                    self.problem(&directory, &error);
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                    Ok((path, kind)) if kind.is_dir() => open.push(path),
                    Ok((path, kind)) if kind.is_file() => {
                        files.push(path);
                        progress.step();
                    }
                    Ok((path, kind)) if kind.is_symlink() => links.push(path),
                    Ok(_) => {}
                    Err(error) => self.problem(&directory, &error),
                }
            }
        }
        self.links(root, links, &mut files);
        files.sort_unstable();
        self.files.extend(files.into_iter().map(|path| Candidate { path, named: false }));
    }

    /// Adds the links among `links` that lead to a file outside of `root`, each target once.
    fn links(&mut self, root: &Path, mut links: Vec<PathBuf>, files: &mut Vec<PathBuf>) {
        let Some(root) = (!links.is_empty()).then(|| root.canonicalize().ok()).flatten() else { return };
        let mut targets = BTreeSet::new();
        links.sort_unstable();
        for link in links {
            // A link that leads nowhere, or in a circle, is no binary.
            let Ok(target) = link.canonicalize() else { continue };
            if target.starts_with(&root) {
                continue;
            }
            match target.metadata() {
                Ok(metadata) if metadata.is_dir() => self.links_outside += 1,
                Ok(metadata) if metadata.is_file() && targets.insert(target) => files.push(link),
                _ => {}
            }
        }
    }

    fn problem(&mut self, path: &Path, error: &std::io::Error) {
        let next = match error.kind() {
            std::io::ErrorKind::NotFound => "; name what the build made, or its directory",
            _ => "",
        };
        self.problems.push(format!("cannot read `{}`: {}{next}", report::path(path), plain(error)));
    }
}

/// The paths on standard input: separated by NUL if there is one, else by line feeds.
fn list_on_stdin() -> Result<Vec<PathBuf>, Error> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LIST_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| {
        Error::Environment(format!("cannot read the list of files on standard input: {}", plain(error)))
    })?;
    if bytes.len() as u64 > LIST_LIMIT {
        return Err(Error::Environment(
            "the list of files on standard input is longer than 64 MiB; name directories instead".into(),
        ));
    }
    Ok(split_list(&bytes))
}

fn split_list(bytes: &[u8]) -> Vec<PathBuf> {
    let nul = bytes.contains(&0);
    bytes
        .split(|&byte| byte == if nul { 0 } else { b'\n' })
        .map(|name| if nul { name } else { name.strip_suffix(b"\r").unwrap_or(name) })
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(cli::os_string(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_separated_by_nul_or_lines() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(split_list(b"a\nb c\r\n\n"), paths(&["a", "b c"]));
        assert_eq!(split_list(b"a\nb\0c\0"), paths(&["a\nb", "c"]));
        assert_eq!(split_list(b""), paths(&[]));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_followed_in_circles_nor_counted_twice() {
        let inside = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir(inside.path().join("sub")).unwrap();
        std::fs::write(inside.path().join("sub/file"), "").unwrap();
        std::fs::write(outside.path().join("other"), "").unwrap();
        let link = |target: &Path, name: &str| std::os::unix::fs::symlink(target, inside.path().join(name)).unwrap();
        link(inside.path(), "loop");
        link(&inside.path().join("sub/file"), "again");
        link(Path::new("nowhere"), "dangling");
        link(Path::new("self"), "self");
        link(&outside.path().join("other"), "one");
        link(&outside.path().join("other"), "two");
        link(outside.path(), "directory");
        let found = find(&[inside.path().to_path_buf()], &Progress::hidden()).unwrap();
        let names: Vec<_> =
            found.files.iter().map(|file| file.path.strip_prefix(inside.path()).unwrap().to_path_buf()).collect();
        assert_eq!(names, [PathBuf::from("one"), PathBuf::from("sub/file")]);
        assert_eq!((found.links_outside, found.problems.len()), (1, 0));
    }
}
