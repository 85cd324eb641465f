//! `seaworthy cargo ARGS…`, `seaworthy go ARGS…`: the main job.

use std::ffi::OsString;

use crate::Error;
use crate::cli::Options;
use crate::plan::Tool;
use crate::ui::Ui;

/// Runs the tool, guarded.
///
/// # Errors
/// When the policy has errors, or the tool is not found.
pub(super) fn run(_ui: &Ui, _options: &Options, tool: Tool, _args: Vec<OsString>) -> Result<u8, Error> {
    Err(Error::Environment(format!("guarding `{}` is not possible yet", tool.name())))
}
