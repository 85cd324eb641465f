//! Symbolic links inside a root, resolved without ever leaving it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as Linux follows (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

/// Why a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing is there.
    Absent,
    /// Symbolic links run in circles.
    Circles,
}

/// The real path of what `path` names inside `root`; `..` and absolute links never lead out of it.
///
/// # Errors
/// [`Lost`].
pub(super) fn resolve(root: &Path, path: &str) -> Result<PathBuf, Lost> {
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
        let real = root.join(&next);
        let metadata = std::fs::symlink_metadata(&real).map_err(|_| Lost::Absent)?;
        if metadata.file_type().is_symlink() {
            links += 1;
            if links > MOST_LINKS {
                return Err(Lost::Circles);
            }
            let target = std::fs::read_link(&real).map_err(|_| Lost::Absent)?;
            if target.has_root() {
                inside = PathBuf::new();
            }
            pending.extend(parts(&target));
        } else {
            inside = next;
        }
    }
    let real = root.join(inside);
    if wants_directory && !real.is_dir() {
        return Err(Lost::Absent);
    }
    Ok(real)
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
        assert_eq!(resolve(&root, "/lib/libc.so.6"), Ok(root.join("usr/lib/libc.so.6")));
        assert_eq!(resolve(&root, "/absolute"), Ok(root.join("usr/lib/libc.so.6")));
        assert_eq!(resolve(&root, "/escape"), Err(Lost::Absent));
        assert_eq!(resolve(&root, "/../../secret"), Err(Lost::Absent));
        assert_eq!(resolve(&root, "/circle"), Err(Lost::Circles));
        assert_eq!(resolve(&root, "/lib/../lib/libc.so.6"), Ok(root.join("usr/lib/libc.so.6")));
    }
}
