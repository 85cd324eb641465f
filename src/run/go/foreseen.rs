//! What a `go build -o` writes, where that is certain before it starts. Then go need not write its action graph, which takes it
//! longer than all that is done here.
//!
//! Sources: `go help build`; `runBuild` in `cmd/go/internal/work/build.go`; `exeFromImportPath` in
//! `cmd/go/internal/load/pkg.go`; `BuildInstallFunc` in `cmd/go/internal/work/exec.go`, by which the times of a program that was
//! up to date are set.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::facts::archive;
use crate::plan::Plan;

/// What file systems with the coarsest times take off them.
const COARSE: Duration = Duration::from_secs(2);
/// Where nothing is written.
const NULL_DEVICE: &str = "/dev/null";

/// The one file that go writes, unless it fails.
pub(super) struct Foreseen {
    /// In the place that go ran in, as its action graph would say it.
    pub(super) path: PathBuf,
    before: Option<Stamp>,
    started: SystemTime,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A program.
    Program,
    /// A library, which nothing starts or loads.
    Archive,
    /// Nothing that shows that go wrote it.
    Nothing,
}

impl Foreseen {
    /// The file, for a call that is documented. `None` where its name has to be found out, or go may leave no trace on it: of a
    /// program that is up to date it sets the times, and says nothing where it must not.
    pub(super) fn of(plan: &Plan, directory: &Path) -> Option<Self> {
        // Elsewhere other names mean nothing at all, or a directory.
        if !cfg!(unix) || plan.verb.as_deref() != Some("build") {
            return None;
        }
        let path = directory.join(place(&super::output_of(plan)?, plan, directory)?);
        let before = match path.metadata() {
            Ok(data) if data.is_file() && is_ours(&path, &data) => Some(stamp(&data)?),
            Ok(_) => return None,
            Err(_) => None,
        };
        Some(Foreseen { path, before, started: SystemTime::now() })
    }

    /// What came, once go has ended well.
    pub(super) fn written(&self) -> Written {
        let Ok(data) = self.path.metadata() else { return Written::Nothing };
        let recent =
            || data.modified().is_ok_and(|time| self.started.checked_sub(COARSE).is_none_or(|start| time >= start));
        if !data.is_file() || (stamp(&data) == self.before && !recent()) {
            return Written::Nothing;
        }
        if is_archive(&self.path) { Written::Archive } else { Written::Program }
    }
}

/// The value of `-o`, or the file that it means.
fn place(output: &Path, plan: &Plan, directory: &Path) -> Option<PathBuf> {
    let text = output.as_os_str().as_encoded_bytes();
    if !text.ends_with(b"/") && !directory.join(output).is_dir() {
        let is_special = text.is_empty() || output == Path::new(NULL_DEVICE);
        // By their names the action graph is told which are archives.
        let is_archive = [&b".a"[..], b".lib"].iter().any(|end| text.ends_with(end));
        return (!is_special && !is_archive).then(|| output.to_path_buf());
    }
    let [package] = &super::fallback::packages(plan)[..] else { return None };
    let mut place = PathBuf::new();
    for part in output.components().filter(|part| *part != Component::CurDir) {
        if part == Component::ParentDir {
            return None;
        }
        place.push(part);
    }
    let extension = if plan.targets.iter().any(|target| target.starts_with("windows/")) { ".exe" } else { "" };
    let name = name(Path::new(package), directory)?.to_str()?;
    Some(place.join(format!("{name}{extension}")))
}

/// The name of the program of a package that is named by its directory. It is that of the directory, since the import path ends
/// in it; not of the root of a module, nor of a major version.
fn name<'p>(package: &'p Path, directory: &Path) -> Option<&'p OsStr> {
    let is_local = package.starts_with(".") || package.starts_with("..");
    let Component::Normal(name) = package.components().next_back()? else { return None };
    let text = name.to_str()?;
    let is_version = text.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_local || is_version || text.contains("...") || text.ends_with(".go") {
        return None;
    }
    // Not a link: go may follow it to where it leads.
    let place = directory.join(package);
    let is_directory = place.symlink_metadata().is_ok_and(|data| data.is_dir());
    (is_directory && !place.join("go.mod").exists()).then_some(name)
}

/// Whether a file begins as archives do.
fn is_archive(path: &Path) -> bool {
    let mut start = [0; archive::MAGIC.len()];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *archive::MAGIC
}

/// What changes with a file when it is written, replaced, or its times are set.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

#[cfg(unix)]
fn stamp(data: &Metadata) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let (modified, changed) = ((data.mtime(), data.mtime_nsec()), (data.ctime(), data.ctime_nsec()));
    Some(Stamp { inode: data.ino(), length: data.len(), modified, changed })
}

#[cfg(not(unix))]
fn stamp(_data: &Metadata) -> Option<Stamp> {
    None
}

/// Whether this user may set its times.
#[cfg(unix)]
fn is_ours(path: &Path, data: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid();
    (user.is_root() || user.as_raw() == data.uid()) && rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn is_ours(_path: &Path, _data: &Metadata) -> bool {
    false
}
