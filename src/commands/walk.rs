//! From the paths of a command line to files: directories are walked, `-` is a list on standard input.

mod directory;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::DENIED;
use crate::cli;
use crate::error::{Error, plain};
use crate::images;
use crate::report;
use crate::ui::Progress;

use directory::{Kind, each_entry};

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

    /// Every regular file below `root`, sorted as paths are ordered: part by part.
    ///
    /// Links are never walked, so there are no loops. A link to a file outside of `root` is taken as a file; inside, its
    /// target is found by itself.
    fn walk(&mut self, root: &Path, progress: &Progress) {
        let home = LazyCell::new(|| root.canonicalize().ok());
        let mut links = Links::default();
        let mut open = self.entries(root);
        while let Some(Entry { path, what }) = open.pop() {
            match what {
                What::Directory => open.extend(self.entries(&path)),
                What::File => {
                    self.files.push(Candidate { path, named: false });
                    progress.step();
                }
                What::Link { to } => match home.as_deref().and_then(|home| links.outside(home, &path, &to)) {
                    Some(What::Directory) => self.links_outside += 1,
                    Some(_) => self.files.push(Candidate { path, named: false }),
                    None => {}
                },
            }
        }
    }

    /// What is to be looked at in a directory, the last name first, for whoever takes it from the end.
    fn entries(&mut self, directory: &Path) -> Vec<Entry> {
        let (mut found, mut links) = (Vec::new(), Vec::new());
        let opened = each_entry(directory, |entry| match entry {
            Ok((path, Kind::Directory)) => found.push(Entry { path, what: What::Directory }),
            Ok((path, Kind::File)) => found.push(Entry { path, what: What::File }),
            Ok((path, Kind::Link)) => links.push(path),
            Err(error) => self.problem(directory, &error),
        });
        if let Err(error) = opened {
            self.problem(directory, &error);
        }
        // Only names differ: nothing has to be taken apart to compare them.
        let start = directory.join("").as_os_str().len();
        links.sort_unstable_by(|a, b| after(start, a).cmp(after(start, b)));
        let is_link = |to: &OsStr| links.binary_search_by(|link| after(start, link).cmp(to.as_encoded_bytes())).is_ok();
        for link in &links {
            if let Some(to) = link.read_link().ok().filter(|to| beside(to).is_none_or(is_link)) {
                found.push(Entry { path: link.clone(), what: What::Link { to } });
            }
        }
        found.sort_unstable_by(|a, b| after(start, &b.path).cmp(after(start, &a.path)));
        found
    }

    fn problem(&mut self, path: &Path, error: &std::io::Error) {
        let name = report::path(path);
        let said = match (error.kind(), path.read_link()) {
            (std::io::ErrorKind::NotFound, Ok(to)) => {
                let to = report::path(&to);
                format!(
                    "cannot read `{name}`: it is a link to `{to}`, which is not there; build that, or leave the link out"
                )
            }
            (std::io::ErrorKind::NotFound, _) => {
                format!("cannot read `{name}`: {}; name what the build made, or its directory", plain(error))
            }
            (std::io::ErrorKind::PermissionDenied, _) => format!("cannot read `{name}`: {}{DENIED}", plain(error)),
            _ => format!("cannot read `{name}`: {}", plain(error)),
        };
        self.problems.push(said);
    }
}

/// An entry of a directory that is walked.
struct Entry {
    path: PathBuf,
    what: What,
}

/// What it is.
enum What {
    Directory,
    File,
    /// A link that may lead outside, and what it says.
    Link {
        to: PathBuf,
    },
}

/// A path without its first bytes.
fn after(start: usize, path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes().get(start..).unwrap_or_default()
}

/// The entry of its own directory that a link leads to: nothing outside, then, unless that is a link too, and telling so takes one
/// question instead of one for each part of the path. Most links beside libraries are of this kind.
fn beside(to: &Path) -> Option<&OsStr> {
    let mut parts = to.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => Some(name),
        _ => None,
    }
}

/// The links of one walk.
#[derive(Default)]
struct Links {
    places: Places,
    /// Files that they led to.
    targets: BTreeSet<PathBuf>,
}

impl Links {
    /// What a link to `to` leads to, when that lies outside of `home` and no link led there before. A link that leads nowhere, or in
    /// a circle, is no binary.
    fn outside(&mut self, home: &Path, link: &Path, to: &Path) -> Option<What> {
        let target = self.places.end(link.parent().unwrap_or(link).join(to))?;
        if target.starts_with(home) {
            return None;
        }
        match link.metadata() {
            Ok(metadata) if metadata.is_dir() => Some(What::Directory),
            Ok(metadata) if metadata.is_file() && self.targets.insert(target) => Some(What::File),
            _ => None,
        }
    }
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
    fn files_are_sorted_as_paths_compare() {
        let root = tempfile::tempdir().unwrap();
        let names = ["a/b/c", "a/b.c", "a/b-/d", "a.b", "a-/c", "a-b", "b", "\u{e9}/x", "a/!"];
        for name in names {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        for root in [root.path().to_path_buf(), root.path().join(""), root.path().join("a/..")] {
            let found = find(std::slice::from_ref(&root), &Progress::hidden()).unwrap();
            let paths: Vec<_> = found.files.into_iter().map(|file| file.path).collect();
            assert!(paths.len() == names.len() && paths.is_sorted(), "{paths:?}");
        }
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
