//! Every exit code of this tool.

/// Nothing to complain about.
pub const OK: u8 = 0;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The policy is violated, or a binary could not be judged.
pub const VIOLATED: u8 = 3;
/// The policy file or the environment is wrong: the job could not be done.
pub const ENVIRONMENT: u8 = 4;
/// The wrapped tool was not found, as a shell says it.
pub const NOT_FOUND: u8 = 127;
