//! The surroundings of one call: environment variables and working directory, captured once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A snapshot of the environment. Plans are made from it, never from the live process, so that they can be tested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The name this program was called by, as it came.
    pub program: OsString,
    /// This process, and the one that started it where the system tells.
    pub processes: (u32, Option<u32>),
}

impl Environment {
    /// The environment of this process. A working directory that is gone is taken as `.`, so that the wrapped tool is the
    /// one to complain, in its own words.
    pub fn capture() -> Self {
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let program = std::env::args_os().next().unwrap_or_default();
        let processes = (std::process::id(), parent());
        Environment { variables: std::env::vars_os().collect(), cwd, program, processes }
    }

    /// An environment of exactly these variables.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
        cwd: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment { variables, cwd: cwd.into(), ..Environment::default() }
    }

    /// The variable, set to whatever, be it empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| same_name(known, name)).map(|(_, value)| value.as_os_str())
    }

    /// The variable, unless it is unset or empty.
    pub fn non_empty(&self, name: &str) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The variable as text, unless it is unset, empty, or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.non_empty(name)?.to_str()
    }

    /// Every variable whose name is text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.to_str()?, value.as_os_str())))
    }

    /// The user's home directory as the environment tells it: `HOME`, on Windows `USERPROFILE`.
    pub fn home(&self) -> Option<&Path> {
        self.non_empty(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(Path::new)
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    rustix::process::getppid().and_then(|parent| parent.as_raw_nonzero().get().try_into().ok())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

/// Windows does not tell `Path` from `PATH`.
fn same_name(known: &OsStr, name: &str) -> bool {
    if cfg!(windows) { known.eq_ignore_ascii_case(name) } else { known == name }
}
