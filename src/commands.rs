//! One thin file per subcommand; [`main`] is what both binaries call.

use std::process::ExitCode;

/// Runs the program with the process's own arguments and environment.
pub fn main() -> ExitCode {
    ExitCode::from(crate::exit::OK)
}
