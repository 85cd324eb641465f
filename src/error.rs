//! What kept the job from being done. A violated policy is not an error but a [`crate::check::Finding`].

use std::path::PathBuf;

use crate::exit;
use crate::policy::PolicyErrors;

/// Could not do the job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The policy file has errors.
    #[error("the policy `{}` has {}", .0.shown, .0.count())]
    Policy(PolicyErrors),
    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {}", path.display(), plain(source))]
    Io {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The wrapped tool is nowhere to be found.
    #[error("{0}")]
    ToolNotFound(String),
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// Anything else that is wrong with the environment; the sentence names the file and the next step.
    #[error("{0}")]
    Environment(String),
}

impl Error {
    /// The exit code that belongs to it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Policy(_) | Error::Io { .. } | Error::Environment(_) => exit::ENVIRONMENT,
            Error::ToolNotFound(_) => exit::NOT_FOUND,
            Error::Usage(_) => exit::USAGE,
        }
    }
}

/// What the operating system said, without the number it gave it: `No such file or directory`.
pub fn plain(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}
