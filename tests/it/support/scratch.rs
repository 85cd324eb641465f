//! A directory of one test's own, outside the repository: no policy, git repository or workspace lies above it.

use std::path::{Path, PathBuf};

use super::report::{Artifact, Report};
use super::{Run, repository};

/// A temporary directory and one for reports beside it, removed with the value.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: tempfile::TempDir,
    reports: tempfile::TempDir,
}

impl Scratch {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        let make = || tempfile::Builder::new().prefix("seaworthy-").tempdir().expect("a temporary directory");
        Scratch { directory: make(), reports: make() }
    }

    /// A copy of `tests/fixtures/NAME`.
    pub(crate) fn fixture(name: &str) -> Self {
        let scratch = Scratch::empty();
        copy(&repository().join("tests/fixtures").join(name), scratch.path());
        scratch
    }

    /// A directory with a copy of `examples/`, as the root of the repository has one.
    pub(crate) fn examples() -> Self {
        let scratch = Scratch::empty();
        copy(&repository().join("examples"), &scratch.join("examples"));
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

    /// A directory, beside the project, with nothing but links to programs of this package, for a `PATH`.
    pub(crate) fn programs(&self, names: &[&str]) -> PathBuf {
        let directory = self.reports.path().join("bin");
        std::fs::create_dir_all(&directory).expect("a scratch directory is writable");
        let built = Path::new(env!("CARGO_BIN_EXE_seaworthy")).with_file_name("");
        for name in names {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            // Copying onto a link of itself would empty the program.
            if directory.join(&file).exists() {
                continue;
            }
            std::fs::hard_link(built.join(&file), directory.join(&file))
                .or_else(|_| std::fs::copy(built.join(&file), directory.join(&file)).map(drop))
                .unwrap_or_else(|error| panic!("cannot copy `{file}`: {error}"));
        }
        directory
    }

    /// A `PATH`, beside the project, with every program of this machine but one.
    #[cfg(unix)]
    pub(crate) fn path_without(&self, program: &str) -> PathBuf {
        let directory = self.reports.path().join("programs");
        std::fs::create_dir_all(&directory).expect("a scratch directory is writable");
        for folder in std::env::split_paths(&super::tools_path()).filter(|folder| folder.is_absolute()) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let link = directory.join(entry.file_name());
                if entry.file_name() != *program && link.symlink_metadata().is_err() {
                    std::os::unix::fs::symlink(entry.path(), link).expect("a scratch directory is writable");
                }
            }
        }
        directory
    }

    /// Where the JSON report of a guarded build goes: beside the project, not into it.
    pub(crate) fn report(&self) -> PathBuf {
        self.reports.path().join("report.json")
    }

    /// Writes a file, making its directories.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("a scratch directory is writable");
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write `{}`: {error}", path.display()));
        path
    }

    /// Writes the manifest of a package `app`, which `more` ends.
    pub(crate) fn package(&self, more: &str) {
        let package = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        self.write("Cargo.toml", [package, more].concat());
    }

    /// Writes a file that may be run.
    #[cfg(unix)]
    pub(crate) fn executable(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, bytes);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("own file");
        path
    }

    /// The program under test, run here.
    pub(crate) fn seaworthy(&self) -> Run {
        Run::seaworthy().cwd(self.path())
    }

    /// The rules that each of some files here breaks, whatever their level, by a policy.
    pub(crate) fn rules_broken(&self, policy: &str, files: &[String]) -> Vec<Vec<String>> {
        let check = self.seaworthy().args(["check", "--policy", policy, "--format", "json"]).args(files);
        let report = Report::parse(&check.run().output.stdout);
        assert_eq!(report.artifacts.len(), files.len());
        report.artifacts.iter().map(Artifact::rules).collect()
    }

    /// Another program, run here.
    pub(crate) fn program(&self, program: &str) -> Run {
        Run::program(program).cwd(self.path())
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a scratch directory is writable");
    let entries = std::fs::read_dir(from).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", from.display()));
    for entry in entries.map(|entry| entry.expect("a directory entry")) {
        let target = to.join(entry.file_name());
        if !entry.file_type().expect("a file type").is_dir() {
            std::fs::copy(entry.path(), target).expect("copying a fixture");
        } else if entry.file_name() != "target" {
            copy(&entry.path(), &target);
        }
    }
}
