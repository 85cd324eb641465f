//! Which linker is meant, and where it is.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::error::Error;
use crate::plan::environment::Environment;
use crate::run::{not_started, real_tool, signals};

use super::{probe, translate};

/// Names the real linker for calls that do not: those under the names `seaworthy-cc` and `seaworthy-ld`.
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

/// Which linker is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linker {
    /// The one behind `seaworthy link --`.
    Named(OsString),
    /// The one behind `seaworthy-cc`, whose line is written for a compiler.
    Compiler,
    /// The one behind `seaworthy-ld`, whose line may be written for a linker.
    Plain,
}

/// The call behind `seaworthy link -- PROGRAM ARGS…`, `seaworthy-cc ARGS…` or `seaworthy-ld ARGS…`.
///
/// # Errors
/// When the program is nowhere to be found.
pub fn call(linker: &Linker, args: Vec<OsString>, environment: &Environment) -> Result<Call, Error> {
    let named = environment.non_empty(LINKER);
    let way_out = match (linker, named) {
        (Linker::Named(_), _) => "name another behind `link --`".to_owned(),
        (_, Some(_)) => format!("correct `{LINKER}`, which is a name or a path, without arguments"),
        (_, None) => format!("set `{LINKER}` to its path"),
    };
    let (name, args) = match (linker, named) {
        (Linker::Named(name), _) => (name.as_os_str(), args),
        (Linker::Compiler, _) => (named.unwrap_or("cc".as_ref()), args),
        (Linker::Plain, Some(name)) if probe::is_linker(name) => (name, args),
        (Linker::Plain, _) => match translate::for_compiler(&args) {
            Some(translated) => (named.unwrap_or("cc".as_ref()), translated),
            None => match named {
                Some(name) => (name, args),
                None if translate::is_for_ld(&args) => ("ld".as_ref(), translate::for_linker(&args)),
                None => ("cc".as_ref(), args),
            },
        },
    };
    Ok(Call { name: name.to_owned(), program: find(name, environment, &way_out)?, args })
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

fn find(name: &OsStr, environment: &Environment, way_out: &str) -> Result<PathBuf, Error> {
    let mut is_guard = false;
    for path in real_tool::on_path(name, environment) {
        if !real_tool::is_ours(&path) {
            return Ok(path);
        }
        is_guard = true;
    }
    let name = name.to_string_lossy();
    Err(Error::ToolNotFound(match is_guard {
        true => format!("`{name}` is the guard, and no linker; {way_out}"),
        false => format!("the linker `{name}` was not found, or may not be run; install it, or {way_out}"),
    }))
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
