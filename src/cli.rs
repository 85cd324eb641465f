//! Own flags; splits them from the wrapped tool's arguments. No I/O, no probing.
//!
//! What stands before `cargo` or `go` is ours and goes through clap; what stands after it is the tool's and is never
//! looked at here: not its `--help`, not its `--`, not bytes that are not UTF-8.

mod commands;
mod forms;
mod options;
mod pieces;
mod plain;
mod shim;
mod split;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches as _, Parser};

use crate::plan::Tool;
use crate::run::linker::Linker;

use commands::Command;

pub(crate) use options::os_string;
pub use options::{ColorChoice, Format, Listing, MatrixForm, Options, ReportTo};
pub use shim::Shim;
pub(crate) use split::shim_of;

/// What the user asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Our own options.
    pub options: Options,
    /// What to do.
    pub action: Action,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Run the tool, guarded.
    Wrap {
        /// Which tool.
        tool: Tool,
        /// Its arguments, as they came.
        args: Vec<OsString>,
    },
    /// Print what would be run.
    Plan {
        /// Which tool.
        tool: Tool,
        /// Its arguments, as they came.
        args: Vec<OsString>,
    },
    /// Run a linker, guarded.
    Link {
        /// The linker.
        linker: Linker,
        /// Its arguments, as they came.
        args: Vec<OsString>,
    },
    /// Anything else.
    Own(Own),
}

/// The subcommands that run no tool.
#[derive(Debug, Clone, PartialEq)]
pub enum Own {
    /// Judge files that exist already.
    Check {
        /// Files, directories, or `-`.
        paths: Vec<PathBuf>,
        /// Print the table of artifacts and hosts.
        matrix: Option<MatrixForm>,
        /// Hosts to judge for, in the place of `runs-on`; none leaves that as it is.
        runs_on: Vec<String>,
        /// Judge shared objects alone.
        strict_symbols: bool,
        /// Read the machine code.
        scan_instructions: bool,
    },
    /// Write the platform signature of files that exist already.
    Manifest {
        /// Files, directories, or `-`.
        paths: Vec<PathBuf>,
    },
    /// Compare a platform signature with a machine.
    Verify(Verify),
    /// Describe this machine.
    Machine,
    /// Say what this machine lacks for the policy.
    Doctor,
    /// Write the policy, and whatever else puts the guard into the project.
    Init {
        /// Names of [`crate::init::PIECES`].
        pieces: Vec<&'static str>,
        /// Add to files that are there.
        merge: bool,
    },
    /// Compare two builds.
    Diff {
        /// A file, a directory, or a JSON report.
        old: PathBuf,
        /// The same of the newer build.
        new: PathBuf,
    },
    /// Put the guard on the `PATH` under the names of the tools, take it away, or say whether it works.
    Shim {
        /// Which of these.
        action: Shim,
        /// Where the shims are.
        directory: Option<PathBuf>,
        /// For which tools; all of them when none is named.
        tools: Vec<Tool>,
    },
    /// Print what was read from files.
    Facts {
        /// Files.
        paths: Vec<PathBuf>,
        /// Read the machine code.
        scan_instructions: bool,
    },
    /// Print a rule's page, or the list of rules.
    Explain {
        /// Id of the rule.
        rule: Option<String>,
    },
    /// List the rules.
    Rules,
    /// Print the policy that holds here, with where every value comes from.
    PolicyShow,
    /// Print a host of the catalogue, or the list of hosts.
    Hosts {
        /// Name of the host.
        name: Option<String>,
        /// Architecture of the programs that would run there.
        arch: String,
    },
    /// Print a shell's completion script.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page.
    Man,
    /// Print the version.
    Version,
}

/// What a platform signature is compared with.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct Verify {
    /// The files, or the directory they lie in; without any, the directory of the signature
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Public key (Ed25519, PEM) that must have signed
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// SHA-256 of the policy that must have been enforced
    #[arg(long, value_name = "DIGEST")]
    pub expect_policy: Option<String>,
    /// Look for loader and libraries in this directory, as an unpacked image has them, instead of in `/`
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Description of the machine to compare with, as `seaworthy machine` prints one, instead of this one
    #[arg(long, value_name = "FILE")]
    pub machine: Option<PathBuf>,
}

/// What is printed instead of doing anything: help, the version, or what is wrong with the command line.
#[derive(Debug)]
pub struct Refusal(pub clap::Error);

#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    version,
    about = "Put it in front of `go build` or `cargo build`: it fails the build when the binary would not run where it has to",
    override_usage = "seaworthy [OPTIONS] cargo ARGS…\n       seaworthy [OPTIONS] go ARGS…\n       seaworthy [OPTIONS] <COMMAND>",
    after_help = AFTER_HELP,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Everything after `cargo` or `go` belongs to that tool; own options stand before it, or come from SEAWORTHY_POLICY, \
SEAWORTHY_REPORT, SEAWORTHY_FORMAT, SEAWORTHY_COLOR, SEAWORTHY_MANIFEST and SEAWORTHY_SIGN_KEY. `cargo seaworthy ARGS…` is `seaworthy cargo ARGS…`.

A report or signature that is written into the work tree of a Go module makes Go stamp the next build as modified (`+dirty`): \
write it elsewhere, or have git ignore it.

Exit codes: 0 fine, 2 usage, 3 the policy is violated, or what `diff` compares got worse, 4 the policy file or the environment is wrong, 127 the tool was \
not found; when the build itself fails, the tool's own code.";

/// The definition of the command line; help, completions and the man page are generated from it.
pub fn command() -> clap::Command {
    forms::said(Cli::command())
}

/// What clap makes of a command line. What each command says of its options is added where somebody asks for help.
fn read(argv: Vec<OsString>) -> Result<Cli, Refusal> {
    // A variable that is there and empty is how a CI system says that there is none.
    let is_empty = |name: &&&str| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let own = options::VARIABLES.iter().filter(is_empty).fold(Cli::command(), |own, name| {
        let id = name.trim_start_matches("SEAWORTHY_").to_ascii_lowercase();
        own.mut_arg(id, |arg| arg.env(Resettable::Reset))
    });
    own.try_get_matches_from(&argv).and_then(|found| Cli::from_arg_matches(&found)).map_err(|error| {
        match error.kind() {
            ErrorKind::DisplayHelp => Refusal(command().try_get_matches_from(&argv).err().unwrap_or(error)),
            _ => Refusal(error),
        }
    })
}

/// Reads a whole command line, the program's own name first.
///
/// Options that are not given may come from `SEAWORTHY_POLICY`, `SEAWORTHY_REPORT`, `SEAWORTHY_FORMAT` and
/// `SEAWORTHY_COLOR`; under the name `cargo` or `go` (a shim) that is the only way to give them.
///
/// # Errors
/// [`Refusal`] when the command line is wrong, or asks for help or the version.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Invocation, Refusal> {
    let split = split::split(argv.into_iter().collect());
    let from_environment =
        || options::VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let (action, word) = match (split.tool, split.link) {
        (Some((tool, args)), _) if split.plan => (Action::Plan { tool, args }, tool.name()),
        (Some((tool, args)), _) => (Action::Wrap { tool, args }, tool.name()),
        // clap reads our own options only; any complete command ends the line for it.
        (None, Some((linker, args))) => (Action::Link { linker, args }, "doctor"),
        (None, None) => {
            if let Some(own) = plain::own(&split.head).filter(|_| !from_environment()) {
                return Ok(Invocation { options: Options::default(), action: Action::Own(own) });
            }
            let cli = read(split::program(split.head))?;
            return Ok(Invocation { options: cli.options, action: cli.command.into() });
        }
    };
    // Nothing of ours to parse: clap, whose definitions alone take longer than all else, is not even started.
    if split.head.is_empty() && !from_environment() {
        return Ok(Invocation { options: Options::default(), action });
    }
    let cli = read([split::program(split.head), vec![OsString::from(word)]].concat())?;
    Ok(Invocation { options: cli.options, action })
}
