//! Finds the policy file and reads it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::parse::parse;
use super::{FILE_NAME, Policy};
use crate::Error;
use crate::diff::Build;
use crate::facts::macho::code_signature::from_xml;

/// Finds and reads the policy: `explicit` if given, else [`FILE_NAME`] in `directory` or the nearest of its parents, else
/// the built-in default. `directory` is the working directory, as an absolute path.
///
/// # Errors
/// When the file cannot be read, or has errors. A [`FILE_NAME`] that is there but cannot be read is an error, never passed
/// over.
pub fn load(explicit: Option<&Path>, directory: &Path) -> Result<Policy, Error> {
    load_for(explicit, directory, directory)
}

/// As [`load`], for a build of what lies in the directory `project`: its policy is that of the nearest [`FILE_NAME`] there
/// or above, as if the build were started there; the working directory's holds where there is none.
///
/// # Errors
/// As [`load`].
pub fn load_for(explicit: Option<&Path>, directory: &Path, project: &Path) -> Result<Policy, Error> {
    let found = match explicit {
        Some(path) => Some((directory.join(path), path.to_path_buf())),
        None if project == directory => find(directory),
        None => find_elsewhere(project, directory).or_else(|| find(directory)),
    };
    let Some((path, shown)) = found else {
        return Ok(Policy::default_policy());
    };
    let bytes = read(&POLICY, &path, &shown).map_err(|error| match error {
        Error::Io { source, .. } => {
            let next = match source.kind() {
                io::ErrorKind::NotFound if explicit.is_some() => {
                    "name one that is there with --policy, or leave it out to have `seaworthy.toml` looked for"
                }
                _ => POLICY.next_step,
            };
            unreadable(&POLICY, &shown, &source, next)
        }
        other => other,
    })?;
    let mut policy = parse(&bytes, &path, &shown).map_err(Error::Policy)?;
    if let Some(report) = &policy.baseline {
        policy.last_release = Some(last_release(&report.value, directory)?);
    }
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

/// What the report named by `[baseline]` says.
fn last_release(file: &Path, directory: &Path) -> Result<Build, Error> {
    let bytes = read(&BASELINE, &directory.join(file), file).map_err(|error| match error {
        // The first build that is to be compared has nobody to look at yet.
        Error::Io { source, .. } => {
            let why = crate::error::plain(source);
            let next = "write it with `--report json=FILE` from the last release's build, or take `[baseline]` out";
            wrong(&BASELINE, file, &format!("cannot be read: {why}; {next}"))
        }
        other => other,
    })?;
    Build::from_report(&bytes).map_err(|why| wrong(&BASELINE, file, &why))
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

/// The policy file nearest to `project`, which is not the working directory.
fn find_elsewhere(project: &Path, directory: &Path) -> Option<(PathBuf, PathBuf)> {
    // `..` and links lead where they lead for the tool; on Windows `..` is taken out of the text, there and here.
    let real = if cfg!(windows) { std::path::absolute(project) } else { fs::canonicalize(project) }.ok()?;
    // A link's own name goes first: globs are matched against paths that begin with it.
    let as_named = project.join(FILE_NAME);
    let mut places = std::iter::once(as_named).chain(real.ancestors().map(|ancestor| ancestor.join(FILE_NAME)));
    let path = places.find(|path| fs::symlink_metadata(path).is_ok())?;
    let shown = relative(&path, directory).filter(|shown| shown.as_os_str().len() <= path.as_os_str().len());
    Some((path.clone(), shown.unwrap_or(path)))
}

/// `path` as it is named from `directory`; both are absolute.
fn relative(path: &Path, directory: &Path) -> Option<PathBuf> {
    directory.ancestors().enumerate().find_map(|(steps, ancestor)| {
        let rest = path.strip_prefix(ancestor).ok()?;
        Some(std::iter::repeat_n("..", steps).collect::<PathBuf>().join(rest))
    })
}

/// What a file is to the policy, in the words of messages.
struct Kind {
    action: &'static str,
    noun: &'static str,
    next_step: &'static str,
    /// The most bytes it may have; a larger file is something else.
    largest: u64,
}

const POLICY: Kind = Kind {
    action: "read the policy",
    noun: "the policy",
    next_step: "name a policy file with --policy, or move it away",
    largest: 1 << 20,
};
const ENTITLEMENTS: Kind = Kind {
    action: "read the entitlements",
    noun: "the entitlements",
    next_step: "correct `entitlements-file` in the policy",
    largest: 1 << 20,
};
const BASELINE: Kind = Kind {
    action: "read the report of the last release",
    noun: "the report of the last release",
    next_step: "correct `[baseline] report` in the policy",
    largest: 1 << 30,
};

/// The bytes of a policy file, or of one that it names. Nothing but a regular file is opened: opening a pipe would wait for
/// its other end.
fn read(kind: &Kind, path: &Path, shown: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| Error::Io { action: kind.action, path: shown.to_path_buf(), source };
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a directory" } else { "no regular file" };
        return Err(wrong(kind, shown, &format!("is {what}; {}", kind.next_step)));
    }
    let mut bytes = Vec::with_capacity(found.len().min(kind.largest) as usize + 1);
    File::open(path).and_then(|file| file.take(kind.largest + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > kind.largest {
        let limit = crate::report::size(kind.largest);
        return Err(wrong(kind, shown, &format!("has more than {limit}, which none needs; is it the right file?")));
    }
    Ok(bytes)
}

fn unreadable(file: &Kind, shown: &Path, why: &io::Error, next: &str) -> Error {
    let name = shown.to_string_lossy();
    let (name, why) = (super::problem::visible(&name), crate::error::plain(why));
    Error::Environment(format!("cannot {} `{name}`: {why}; {next}", file.action))
}

fn wrong(file: &Kind, shown: &Path, what: &str) -> Error {
    let name = shown.to_string_lossy();
    Error::Environment(format!("{} `{}` {what}", file.noun, super::problem::visible(&name)))
}
