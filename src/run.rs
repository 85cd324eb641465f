//! Run: the plan is carried out; the tool's own bytes, exit status and signals come through untouched.

pub mod cargo;
pub mod go;
pub mod linker;
pub mod real_tool;
pub mod shims;
pub mod signals;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use serde::Serialize;

use crate::error::Error;
use crate::plan::environment::Environment;
use crate::plan::{Discovery, Expectations, Plan, Tool};

/// What a guarded build left behind.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How the tool ended.
    pub status: ExitStatus,
    /// What it produced, in the order it was told.
    pub artifacts: Vec<Artifact>,
    /// What else is known about the build.
    pub provenance: Provenance,
}

/// A file the build produced that is meant to run or to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Where it lies.
    pub path: PathBuf,
    /// What the build meant to make.
    pub role: Role,
    /// Package that made it: cargo package name, or Go import path.
    pub package: Option<String>,
    /// Target triple (cargo) or `GOOS/GOARCH` (go), where it is known.
    pub target: Option<String>,
}

/// What the build meant to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A program.
    Program,
    /// A library to be loaded by others on purpose: cdylib, dylib, `c-shared`, `plugin`.
    SharedObject,
    /// Not known: a file named on the command line.
    Unknown,
}

/// What is known about how the artifacts came to be; empty for `seaworthy check`.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The tool, when there was a build.
    pub tool: Option<Tool>,
    /// What the plan set and the artifacts must show.
    pub expectations: Expectations,
    /// cargo: its `compiler-artifact` messages of libraries and its `build-script-executed` messages, one JSON object a
    /// line, unparsed: only [`crate::blame`] reads them, and a passing build must not pay for that.
    pub cargo_messages: Vec<u8>,
    /// The outputs could not be found out in the usual way, and why.
    pub degraded: Option<String>,
    /// Main packages that were built and thrown away (`go build ./...` without `-o`).
    pub discarded: Vec<String>,
    /// cargo: what the packages ask for and it left out, with a warning.
    pub dropped: Vec<Dropped>,
}

/// A shared library that cargo did not make, as the target has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// "the cdylib of `app`".
    pub what: String,
    /// The target.
    pub target: Option<String>,
}

impl Provenance {
    /// What a plan knows before the build.
    fn of(plan: &Plan) -> Self {
        Provenance { tool: Some(plan.tool), expectations: plan.expectations.clone(), ..Provenance::default() }
    }
}

/// Carries a plan out. The tool's standard input and error are this process's; so is its output, except that what cargo
/// writes there goes to `stdout` by way of this program. The tool's failure is an [`Outcome`], not an error.
///
/// # Errors
///
/// When the tool cannot be started or waited for.
pub fn run<W: Write>(plan: &Plan, stdout: W) -> Result<Outcome, Error> {
    let signals = signals::Signals::install().map_err(|source| not_started(&plan.program, source))?;
    let mut command = Command::new(&plan.program);
    command.envs(&plan.env);
    match &plan.discovery {
        Discovery::CargoMessages { pass_on } | Discovery::CargoInstall { pass_on, .. } => {
            command.args(&plan.args);
            cargo::run(plan, command, &signals, stdout, *pass_on)
        }
        Discovery::GoActionGraph { .. } => go::run(plan, command, &signals),
        Discovery::None => {
            command.args(&plan.args);
            let status = to_its_end(command, &signals, plan)?;
            Ok(Outcome { status, artifacts: Vec::new(), provenance: Provenance::of(plan) })
        }
    }
}

/// Starts the tool and waits for it.
fn to_its_end(mut command: Command, signals: &signals::Signals, plan: &Plan) -> Result<ExitStatus, Error> {
    let child = command.spawn().and_then(|mut child| signals.wait(&mut child));
    child.map_err(|source| not_started(&plan.program, source))
}

/// Becomes the tool. On Unix this process is replaced and the call returns only on failure; elsewhere the tool is run to
/// its end and its status returned.
///
/// # Errors
///
/// When the program cannot be started.
pub fn exec(program: &Path, args: &[OsString], environment: &Environment) -> Result<ExitStatus, Error> {
    let mut command = Command::new(program);
    command.args(args).envs(real_tool::marks(environment, program, None));
    replace(command).map_err(|source| not_started(program, source))
}

#[cfg(unix)]
fn replace(mut command: Command) -> std::io::Result<ExitStatus> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> std::io::Result<ExitStatus> {
    let _signals = signals::Signals::install()?;
    command.status()
}

/// The error for a program that is there but cannot be started.
fn not_started(program: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "run", path: program.to_path_buf(), source }
}
