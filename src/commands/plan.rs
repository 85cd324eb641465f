//! `seaworthy plan cargo|go ARGS…`: what would be run, and why.

use std::ffi::OsString;

use crate::Error;
use crate::cli::Options;
use crate::plan::Tool;
use crate::ui::Ui;

/// Prints the plan; runs nothing.
///
/// # Errors
/// When the policy has errors, or the tool is not found.
pub(super) fn run(_ui: &Ui, _options: &Options, tool: Tool, _args: Vec<OsString>) -> Result<u8, Error> {
    Err(Error::Environment(format!("planning `{}` is not possible yet", tool.name())))
}
