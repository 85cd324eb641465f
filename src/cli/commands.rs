//! The subcommands as clap reads them, and what each becomes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::pieces::Pieces;
use super::shim::ShimCommand;
use super::{Action, MatrixForm, Own, Verify};
use crate::plan::Tool;
use crate::run::linker::Linker;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run cargo, guarded: `seaworthy cargo build --release`
    #[command(disable_help_flag = true)]
    Cargo {
        /// What you would give to cargo
        #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run go, guarded: `seaworthy go build ./cmd/app`
    #[command(disable_help_flag = true)]
    Go {
        /// What you would give to go
        #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Judge binaries that exist already
    Check {
        /// Files, directories (walked), or `-` for a list on standard input, separated by newlines or NUL
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// Print a table of where each file runs, for the hosts of `runs-on`, instead of one line per file
        #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
        matrix: Option<MatrixForm>,
        /// Judge for this host instead of those of `runs-on`; may be given several times
        #[arg(long, value_name = "HOST", conflicts_with_all = ["manifest", "sign_key", "in_toto"])]
        runs_on: Vec<String>,
        /// Judge shared objects alone, as `ldd -r` does: nothing is expected of the program that loads them
        #[arg(long)]
        strict_symbols: bool,
        /// Say which CPU features the machine code for x86-64 uses; it may need less, so this is never a finding
        #[arg(long)]
        scan_instructions: bool,
    },
    /// Print what would be run and why; run nothing
    #[command(override_usage = "seaworthy plan [OPTIONS] cargo ARGS…\n       seaworthy plan [OPTIONS] go ARGS…")]
    Plan {
        /// `cargo` or `go`
        tool: PlanTool,
        /// What you would give to it
        #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run a linker, guarded: `seaworthy link -- cc -o app main.o`
    #[command(override_usage = "seaworthy [OPTIONS] link [--] PROGRAM ARGS…")]
    Link {
        /// The linker, or the compiler that links
        program: OsString,
        /// What you would give to it
        #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Judge binaries that exist already, and write their platform signature
    Manifest {
        /// Files, directories (walked), or `-` for a list on standard input, separated by newlines or NUL
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },
    /// Compare a platform signature with the machine that is to run its artifacts
    Verify(Verify),
    /// Describe this machine, for `verify --machine`
    Machine,
    /// Say what this machine lacks for the policy, and how to get it
    Doctor,
    /// Write `seaworthy.toml`, and put the guard where this project is built
    Init {
        #[command(flatten)]
        pieces: Pieces,
        /// Add to files that are there, where that is safe; without it, what would go in is printed
        #[arg(long)]
        merge: bool,
    },
    /// Say what changed between two builds: `seaworthy diff old.json target/release/app`
    ///
    /// Floors raised, libraries, versions and symbols gained or lost, protections lost, entitlements changed. The exit code
    /// is 3 when a file got worse: it needs more of its host, or is less protected there.
    Diff {
        /// A binary, a directory, or a JSON report of the older build
        old: PathBuf,
        /// The same of the newer one
        new: PathBuf,
    },
    /// Guard every `cargo` and `go` without a word in front: programs of those names, in front on the PATH
    Shim {
        #[command(subcommand)]
        command: ShimCommand,
    },
    /// Print everything read from binaries
    Facts {
        /// Files
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// Read the machine code for x86-64 too, for the CPU features that it uses
        #[arg(long)]
        scan_instructions: bool,
    },
    /// Explain a rule; without a name, list the rules
    Explain {
        /// Name of the rule, as in `error[dynamic-loader]`
        rule: Option<String>,
    },
    /// List the rules with their default levels
    Rules {
        #[command(subcommand)]
        command: Option<RulesCommand>,
    },
    /// Show a place where binaries run, as `runs-on` names it; without a name, list them
    Hosts {
        /// Name of the host, such as `alpine:3.20`
        name: Option<String>,
        /// Architecture of the programs that would run there
        #[arg(long, default_value = std::env::consts::ARCH)]
        arch: String,
    },
    /// Show the policy that holds in this directory
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    #[command(hide = true)]
    Man,
    /// Print the version
    Version,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List the rules with their default levels
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Print every value of the policy and where it comes from
    Show,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PlanTool {
    Cargo,
    Go,
}

impl From<PlanTool> for Tool {
    fn from(tool: PlanTool) -> Tool {
        match tool {
            PlanTool::Cargo => Tool::Cargo,
            PlanTool::Go => Tool::Go,
        }
    }
}

impl From<Command> for Action {
    fn from(command: Command) -> Action {
        Action::Own(match command {
            Command::Cargo { args } => return Action::Wrap { tool: Tool::Cargo, args },
            Command::Go { args } => return Action::Wrap { tool: Tool::Go, args },
            Command::Plan { tool, args } => return Action::Plan { tool: tool.into(), args },
            Command::Link { program, args } => return Action::Link { linker: Linker::Named(program), args },
            Command::Check { paths, matrix, runs_on, strict_symbols, scan_instructions } => {
                Own::Check { paths, matrix, runs_on, strict_symbols, scan_instructions }
            }
            Command::Manifest { paths } => Own::Manifest { paths },
            Command::Verify(verify) => Own::Verify(verify),
            Command::Machine => Own::Machine,
            Command::Doctor => Own::Doctor,
            Command::Init { pieces, merge } => Own::Init { pieces: pieces.0, merge },
            Command::Diff { old, new } => Own::Diff { old, new },
            Command::Shim { command } => command.into_own(),
            Command::Facts { paths, scan_instructions } => Own::Facts { paths, scan_instructions },
            Command::Explain { rule } => Own::Explain { rule },
            Command::Rules { .. } => Own::Rules,
            Command::Policy { command: PolicyCommand::Show } => Own::PolicyShow,
            Command::Hosts { name, arch } => Own::Hosts { name, arch },
            Command::Completions { shell } => Own::Completions { shell },
            Command::Man => Own::Man,
            Command::Version => Own::Version,
        })
    }
}
