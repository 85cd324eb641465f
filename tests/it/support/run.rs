//! One run of a real program: a scrubbed environment going in, everything that came out kept for the failure message.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{repository, shared};

/// Variables with these beginnings change what a build does, or were set by the cargo that runs the tests.
const SCRUBBED: &[&str] = &[
    "SEAWORTHY",
    "__SEAWORTHY",
    "CARGO",
    "RUSTFLAGS",
    "RUSTC",
    "RUSTDOC",
    "RUST_RECURSION",
    "GITHUB_",
    "GITLAB_",
    "CI",
    "GOFLAGS",
    "GOOS",
    "GOARCH",
    "GOAMD64",
    "GOENV",
    "GOWORK",
    "GO111MODULE",
    "CGO_",
    "CC",
    "CXX",
    "AR",
    "CFLAGS",
    "LDFLAGS",
    "LD_",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "NO_COLOR",
    "CLICOLOR",
    "FORCE_COLOR",
    "COLUMNS",
];

/// Variables that survive [`SCRUBBED`]: where things are, not what is done.
const KEPT: &[&str] = &["CARGO_HOME"];

/// Where programs are looked for: what `scripts/setup.sh` unpacked, then the `PATH`.
pub(crate) fn tools_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = std::iter::once(repository().join("target/tools/bin"));
    std::env::join_paths(own.chain(std::env::split_paths(&path))).expect("PATH was split at its separators")
}

/// A program about to be run.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
}

impl Run {
    /// The program under test.
    pub(crate) fn seaworthy() -> Self {
        Run::program(env!("CARGO_BIN_EXE_seaworthy"))
    }

    /// Any program, in the same environment.
    pub(crate) fn program(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if SCRUBBED.iter().any(|start| text.starts_with(start)) && !KEPT.contains(&&*text) {
                command.env_remove(&name);
            }
        }
        command.env("PATH", tools_path()).env("GOCACHE", shared("gocache")).env("ZIG_GLOBAL_CACHE_DIR", shared("zig"));
        // The machine's own `go env -w` and a newer toolchain in go.mod must not change what a test builds.
        command.env("GOENV", "off").env("GOTOOLCHAIN", "local");
        Run { command, stdin: Vec::new() }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in this directory.
    pub(crate) fn cwd(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Writes this to its standard input.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// The prepared command, for tests that need to spawn it themselves.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to the end.
    pub(crate) fn run(mut self) -> Done {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{:?}", self.command);
        let cwd = self.command.get_current_dir().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        let mut pipe = child.stdin.take().expect("standard input is piped");
        let bytes = self.stdin;
        // A program may end without reading its input: a broken pipe here is not the test's business.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        let output = child.wait_with_output().unwrap_or_else(|error| panic!("cannot wait for {shown}: {error}"));
        writer.join().expect("writing does not panic");
        Done { shown, cwd, output }
    }
}

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Done {
    shown: String,
    cwd: PathBuf,
    /// Status and both streams.
    pub(crate) output: Output,
}

impl Done {
    /// Exit code; `None` when a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Standard output as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        if self.code() != Some(code) {
            self.fail(&format!("exit code {code} was expected"));
        }
        self
    }

    /// Asserts that standard error contains a text.
    #[track_caller]
    pub(crate) fn expect_stderr(self, text: &str) -> Self {
        if !self.stderr().contains(text) {
            self.fail(&format!("`{text}` was expected on standard error"));
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|error| self.fail(&format!("standard output is not JSON: {error}")))
    }

    /// Fails the test, with all there is to know about the run.
    #[track_caller]
    pub(crate) fn fail(&self, why: &str) -> ! {
        panic!(
            "{why}\ncommand: {}\ncwd: {}\nstatus: {}\n--- stdout\n{}\n--- stderr\n{}",
            self.shown,
            self.cwd.display(),
            self.output.status,
            self.stdout(),
            self.stderr()
        );
    }
}
