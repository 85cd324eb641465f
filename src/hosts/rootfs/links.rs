//! Symbolic links inside a root, resolved without ever leaving it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::storage::{Look, Storage};

/// As many links as Linux follows (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// Why a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Nothing is there.
    Absent,
    /// Symbolic links run in circles.
    Circles,
}

/// The path, below the root and free of links, of what `path` names there; `..` and absolute links never lead out of it.
///
/// # Errors
/// [`Lost`].
pub fn resolve(root: &dyn Storage, path: &str) -> Result<PathBuf, Lost> {
    let mut pending: Vec<OsString> = parts(Path::new(path));
    let wants_directory = path.ends_with('/');
    let mut inside = PathBuf::new();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part == ".." {
            inside.pop();
            continue;
        }
        let next = inside.join(&part);
        match root.look(&next) {
            Look::Absent => return Err(Lost::Absent),
            Look::Directory | Look::File { .. } | Look::Other => inside = next,
            Look::Link(target) => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Lost::Circles);
                }
                if target.has_root() {
                    inside = PathBuf::new();
                }
                pending.extend(parts(&target));
            }
        }
    }
    if wants_directory && root.look(&inside) != Look::Directory {
        return Err(Lost::Absent);
    }
    Ok(inside)
}

/// The parts of a path, the last one first; what names a root or the directory itself is left out.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let mut parts: Vec<OsString> = parts.collect();
    parts.reverse();
    parts
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::hosts::rootfs::storage::Directory;

    #[test]
    fn links_stay_inside_the_root() {
        let outside = tempfile::tempdir().expect("a directory");
        fs::write(outside.path().join("secret"), "x").expect("a file");
        let root = outside.path().join("root");
        fs::create_dir_all(root.join("usr/lib")).expect("directories");
        fs::write(root.join("usr/lib/libc.so.6"), "x").expect("a file");
        let link = |target: &str, name: &str| symlink(target, root.join(name)).expect("a link");
        link("usr/lib", "lib");
        link("/usr/lib/libc.so.6", "absolute");
        link("../../../secret", "escape");
        link("circle", "circle");
        let root = Directory::new(&root).expect("a root");
        let libc = Ok(PathBuf::from("usr/lib/libc.so.6"));
        assert_eq!(resolve(&root, "/lib/libc.so.6"), libc);
        assert_eq!(resolve(&root, "/absolute"), libc);
        assert_eq!(resolve(&root, "/escape"), Err(Lost::Absent));
        assert_eq!(resolve(&root, "/../../secret"), Err(Lost::Absent));
        assert_eq!(resolve(&root, "/circle"), Err(Lost::Circles));
        assert_eq!(resolve(&root, "/lib/../lib/libc.so.6"), libc);
    }
}
