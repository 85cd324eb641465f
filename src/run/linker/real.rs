//! Which linker is meant, and where it is.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::error::Error;
use crate::plan::environment::Environment;
use crate::run::{not_started, real_tool, signals};

/// Names the real linker for calls that do not: those under the name `seaworthy-ld`.
pub const LINKER: &str = "SEAWORTHY_LINKER";

/// A call of the real linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The name it is called by: compilers show it, and some programs are several by it.
    pub name: OsString,
    /// Its path.
    pub program: PathBuf,
    /// Its arguments, as they came.
    pub args: Vec<OsString>,
}

/// The call behind `seaworthy link -- PROGRAM ARGS…`, or behind `seaworthy-ld ARGS…` when no program is given.
///
/// # Errors
/// When the program is nowhere to be found.
pub fn call(program: Option<&OsStr>, args: Vec<OsString>, environment: &Environment) -> Result<Call, Error> {
    if let Some(named) = program.or_else(|| environment.non_empty(LINKER)) {
        return Ok(Call { name: named.to_owned(), program: find(named, environment)?, args });
    }
    let (name, args) = match super::for_compiler(&args) {
        Some(translated) => ("cc", translated),
        None if super::is_for_ld(&args) => ("ld", super::for_linker(args)),
        None => ("cc", args),
    };
    Ok(Call { name: name.into(), program: find(name.as_ref(), environment)?, args })
}

impl Call {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::arg0(&mut command, &self.name);
        command.args(&self.args);
        command
    }
}

/// Becomes the linker, as [`crate::run::exec`] does for the other tools.
///
/// # Errors
/// When it cannot be started.
pub fn hand_over(call: &Call) -> Result<ExitStatus, Error> {
    crate::run::replace(call.command()).map_err(|source| not_started(&call.program, source))
}

fn find(name: &OsStr, environment: &Environment) -> Result<PathBuf, Error> {
    real_tool::on_path(name, environment).find(|path| !real_tool::is_ours(path)).ok_or_else(|| {
        let name = name.to_string_lossy();
        Error::ToolNotFound(format!("the linker `{name}` was not found; install it, or set `{LINKER}` to its path"))
    })
}

/// Runs the linker to its end, with this process's own standard streams.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn run(call: &Call) -> Result<ExitStatus, Error> {
    let failed = |source| not_started(&call.program, source);
    let signals = signals::Signals::install().map_err(failed)?;
    let mut child = call.command().spawn().map_err(failed)?;
    signals.wait(&mut child).map_err(failed)
}
