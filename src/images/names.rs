//! Names in an archive: made plain, kept inside, bounded.

use super::{Refused, limits, shown};

/// The parts of a member's name below the root of the image, without `.` and empty ones; a name from a root counts from
/// the image's. `..` may lead back, never out.
///
/// # Errors
/// A name that leads out, or that no Linux system could hold.
pub(super) fn parts(name: &[u8]) -> Result<Vec<&[u8]>, Refused> {
    let refused = |why: String| Err(Refused(why));
    if name.len() > limits::PATH {
        return refused(format!("a name has {} bytes, more than the {} of a path", name.len(), limits::PATH));
    }
    if name.contains(&0) {
        return refused(format!("`{}` has a NUL in it", shown(name)));
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.pop().is_none() => return refused(format!("`{}` leads out of the image", shown(name))),
            b".." => {}
            part if part.len() > limits::NAME => {
                return refused(format!("a part of `{}` is longer than {} bytes", shown(name), limits::NAME));
            }
            part => parts.push(part),
        }
    }
    if parts.len() > limits::DEPTH {
        return refused(format!("`{}…` lies in more than {} directories", shown(&name[..40]), limits::DEPTH));
    }
    Ok(parts)
}

/// What a name of an archive does to the layers below.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whiteout<'a> {
    /// Hides this name of the layers below.
    One(&'a [u8]),
    /// Hides everything that the layers below have in its directory.
    All,
    /// Bookkeeping of aufs (`.wh..wh.plnk` …), which no image has a use for.
    Ignored,
}

/// Whether a file's name is a whiteout (OCI image specification, "Layer Filesystem Changeset").
pub(super) fn whiteout(name: &[u8]) -> Option<Whiteout<'_>> {
    Some(match name.strip_prefix(b".wh.")? {
        b".wh..opq" => Whiteout::All,
        rest if rest.starts_with(b".wh.") || rest.is_empty() => Whiteout::Ignored,
        rest => Whiteout::One(rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &str) -> Result<String, String> {
        let parts = parts(name.as_bytes()).map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&parts.join(&b'/')).into_owned())
    }

    #[test]
    fn names_are_made_plain() {
        for (name, plain) in [("./usr//bin/", "usr/bin"), ("/etc/passwd", "etc/passwd"), ("a/../b", "b"), ("./", "")] {
            assert_eq!(joined(name).as_deref(), Ok(plain), "{name}");
        }
    }

    #[test]
    fn names_that_lead_out_or_fit_nowhere_are_refused() {
        for name in ["../x", "a/../../x", "/..", "a\0b", &"x".repeat(256), &"x/".repeat(300), &"x/".repeat(3000)] {
            assert!(joined(name).is_err(), "{name}");
        }
    }

    #[test]
    fn whiteouts_are_told_from_names() {
        assert_eq!(whiteout(b".wh.libz.so.1"), Some(Whiteout::One(b"libz.so.1")));
        assert_eq!(whiteout(b".wh..wh..opq"), Some(Whiteout::All));
        assert_eq!(whiteout(b".wh..wh.plnk"), Some(Whiteout::Ignored));
        assert_eq!(whiteout(b".whatever"), None);
    }
}
