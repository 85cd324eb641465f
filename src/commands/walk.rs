//! From the paths of a command line to files: directories are walked, `-` is a list on standard input.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

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
        sort(&mut files);
        self.files.extend(files.into_iter().map(|path| Candidate { path, named: false }));
    }

    /// Adds the links among `links` that lead to a file outside of `root`, each target once.
    fn links(&mut self, root: &Path, mut links: Vec<PathBuf>, files: &mut Vec<PathBuf>) {
        let Some(root) = (!links.is_empty()).then(|| root.canonicalize().ok()).flatten() else { return };
        let mut targets = BTreeSet::new();
        let mut places = Places::default();
        sort(&mut links);
        for link in &links {
            let Ok(to) = link.read_link() else { continue };
            if leads_beside(link, &to, &links) {
                continue;
            }
            // A link that leads nowhere, or in a circle, is no binary.
            let Some(target) = places.end(link.parent().unwrap_or(link).join(to)) else { continue };
            if target.starts_with(&root) {
                continue;
            }
            match link.metadata() {
                Ok(metadata) if metadata.is_dir() => self.links_outside += 1,
                Ok(metadata) if metadata.is_file() && targets.insert(target) => files.push(link.clone()),
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

/// Sorts paths below one directory as they are ordered, part by part; taking each of them apart for every comparison costs as
/// much as reading a tenth of the files.
fn sort(paths: &mut [PathBuf]) {
    let separated = |byte: &u8| if std::path::is_separator(char::from(*byte)) { 0 } else { *byte };
    paths.sort_by_cached_key(|path| path.as_os_str().as_encoded_bytes().iter().map(separated).collect::<Vec<u8>>());
}

/// Whether a link leads to an entry of its own directory that is not one of the sorted `links`: nothing outside, then, and
/// telling so takes one question instead of one for each part of the path. Most links beside libraries are of this kind.
fn leads_beside(link: &Path, to: &Path, links: &[PathBuf]) -> bool {
    let mut parts = to.components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    is_name && links.binary_search(&link.with_file_name(to)).is_err()
}

/// Where links lead. The directories they lead through are asked about once: there are few of them, and each takes a question for
/// every part of its path.
#[derive(Default)]
struct Places(BTreeMap<PathBuf, Option<PathBuf>>);

impl Places {
    /// The file at the end of a path, without links in its own; `None` where it leads nowhere, or in a circle.
    fn end(&mut self, mut path: PathBuf) -> Option<PathBuf> {
        /// As many links are followed by Linux (`MAXSYMLINKS`).
        const MOST: usize = 40;
        for _ in 0..MOST {
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
                return path.canonicalize().ok();
            };
            let place = match self.0.get(directory) {
                Some(known) => known.clone(),
                None => {
                    let place = directory.canonicalize().ok();
                    self.0.insert(directory.to_path_buf(), place.clone());
                    place
                }
            }?;
            let here = place.join(name);
            match here.read_link() {
                Ok(target) => path = place.join(target),
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => return Some(here),
                // Other systems have other words for what is no link.
                Err(_) => return here.canonicalize().ok(),
            }
        }
        None
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

    #[test]
    fn paths_are_sorted_as_they_compare() {
        let names = ["a/b", "a.b", "a", "a-/c", "a/b/c", "a/b.c", "b", "a/b-/d", "\u{e9}/x", "a/\u{1}"];
        let mut sorted = names.map(PathBuf::from);
        sort(&mut sorted);
        assert!(sorted.is_sorted(), "{sorted:?}");
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
        link(Path::new("two"), "a link to a link outside");
        link(Path::new(".."), "up");
        link(outside.path(), "directory");
        link(&outside.path().join("other/"), "a file is no directory");
        let found = find(&[inside.path().to_path_buf()], &Progress::hidden()).unwrap();
        let names: Vec<_> =
            found.files.iter().map(|file| file.path.strip_prefix(inside.path()).unwrap().to_path_buf()).collect();
        assert_eq!(names, [PathBuf::from("a link to a link outside"), PathBuf::from("sub/file")]);
        assert_eq!((found.links_outside, found.problems.len()), (2, 0));
    }
}
