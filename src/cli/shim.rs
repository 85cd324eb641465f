//! The command line of `seaworthy shim`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Own;
use super::commands::PlanTool;
use crate::plan::Tool;

/// What to do with shims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shim {
    /// Make them.
    Install,
    /// Take them away.
    Remove,
    /// Say what runs.
    Status,
}

#[derive(Debug, Subcommand)]
pub(super) enum ShimCommand {
    /// Make them
    Install(ShimArgs),
    /// Take them away
    Remove(ShimArgs),
    /// Say what runs when `cargo` or `go` is called by its name, and what is in the way of the guard
    Status(ShimArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ShimArgs {
    /// `cargo`, `go`; both when none is named
    tools: Vec<PlanTool>,
    /// Directory of the shims; without it `seaworthy/shims` in the user's directory for data
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ShimCommand {
    /// As what is to be done.
    pub(super) fn into_own(self) -> Own {
        let (action, args) = match self {
            ShimCommand::Install(args) => (Shim::Install, args),
            ShimCommand::Remove(args) => (Shim::Remove, args),
            ShimCommand::Status(args) => (Shim::Status, args),
        };
        Own::Shim { action, directory: args.dir, tools: args.tools.into_iter().map(Tool::from).collect() }
    }
}
