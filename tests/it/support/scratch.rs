//! A directory of one test's own, outside the repository: no policy, git repository or workspace lies above it.

use std::path::{Path, PathBuf};

use super::{Run, repository};

/// A temporary directory, removed with the value.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::Builder::new().prefix("seaworthy-").tempdir().expect("a temporary directory");
        Scratch { directory }
    }

    /// A copy of `tests/fixtures/NAME`.
    pub(crate) fn fixture(name: &str) -> Self {
        Scratch::copy_of(&repository().join("tests/fixtures").join(name))
    }

    fn copy_of(source: &Path) -> Self {
        let scratch = Scratch::empty();
        copy(source, scratch.path());
        scratch
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A path in it.
    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, making its directories.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("a scratch directory is writable");
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write `{}`: {error}", path.display()));
        path
    }

    /// The program under test, run here.
    pub(crate) fn seaworthy(&self) -> Run {
        Run::seaworthy().cwd(self.path())
    }

    /// Another program, run here.
    pub(crate) fn program(&self, program: &str) -> Run {
        Run::program(program).cwd(self.path())
    }
}

fn copy(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", from.display()));
    for entry in entries.map(|entry| entry.expect("a directory entry")) {
        let target = to.join(entry.file_name());
        if !entry.file_type().expect("a file type").is_dir() {
            std::fs::copy(entry.path(), target).expect("copying a fixture");
        } else if entry.file_name() != "target" {
            std::fs::create_dir_all(&target).expect("a scratch directory is writable");
            copy(&entry.path(), &target);
        }
    }
}
