//! Finds the policy file and reads it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::parse::parse;
use super::{FILE_NAME, Policy};
use crate::Error;
use crate::facts::macho::code_signature::from_xml;

/// The most bytes a policy may have; a larger file is no policy.
const LARGEST: u64 = 1 << 20;

/// Finds and reads the policy: `explicit` if given, else [`FILE_NAME`] in `directory` or the nearest of its parents, else
/// the built-in default. `directory` is the working directory, as an absolute path.
///
/// # Errors
/// When the file cannot be read, or has errors. A [`FILE_NAME`] that is there but cannot be read is an error, never passed
/// over.
pub fn load(explicit: Option<&Path>, directory: &Path) -> Result<Policy, Error> {
    let found = match explicit {
        Some(path) => Some((directory.join(path), path.to_path_buf())),
        None => find(directory),
    };
    let Some((path, shown)) = found else {
        return Ok(Policy::default_policy());
    };
    let bytes = read(&POLICY, &path, &shown)?;
    let mut policy = parse(&bytes, &path, &shown).map_err(Error::Policy)?;
    if let Some(file) = &policy.macos.entitlements_file {
        policy.macos.exact_entitlements = Some(entitlements(&file.value, directory)?);
    }
    Ok(policy)
}

/// What the file named by `entitlements-file` says.
fn entitlements(file: &Path, directory: &Path) -> Result<BTreeMap<String, serde_json::Value>, Error> {
    let bytes = read(&ENTITLEMENTS, &directory.join(file), file)?;
    from_xml(&bytes).map_err(|why| wrong(&ENTITLEMENTS, file, &format!("cannot be used: {why}")))
}

/// The nearest policy file and its name in messages.
fn find(directory: &Path) -> Option<(PathBuf, PathBuf)> {
    directory.ancestors().enumerate().find_map(|(steps, ancestor)| {
        let path = ancestor.join(FILE_NAME);
        // A link that leads nowhere is there all the same, and reading it says so.
        fs::symlink_metadata(&path).ok()?;
        let upwards: PathBuf = std::iter::repeat_n("..", steps).collect::<PathBuf>().join(FILE_NAME);
        let shown = if upwards.as_os_str().len() <= path.as_os_str().len() { upwards } else { path.clone() };
        Some((path, shown))
    })
}

/// What a file is to the policy, in the words of messages.
struct Kind {
    action: &'static str,
    noun: &'static str,
    next_step: &'static str,
}

const POLICY: Kind = Kind {
    action: "read the policy",
    noun: "the policy",
    next_step: "name a policy file with --policy, or move it away",
};
const ENTITLEMENTS: Kind = Kind {
    action: "read the entitlements",
    noun: "the entitlements",
    next_step: "correct `entitlements-file` in the policy",
};

/// The bytes of a policy file, or of one that it names. Nothing but a regular file is opened: opening a pipe would wait for
/// its other end.
fn read(file: &Kind, path: &Path, shown: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| Error::Io { action: file.action, path: shown.to_path_buf(), source };
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a directory" } else { "no regular file" };
        return Err(wrong(file, shown, &format!("is {what}; {}", file.next_step)));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(file, shown, "has more than 1 MiB, which none needs; is it the right file?"));
    }
    Ok(bytes)
}

fn wrong(file: &Kind, shown: &Path, what: &str) -> Error {
    let name = shown.to_string_lossy();
    Error::Environment(format!("{} `{}` {what}", file.noun, super::problem::visible(&name)))
}
