//! Plan: what will be run instead of what the user typed, and why.
//!
//! Arguments of the wrapped tool are classified, never modelled ([`scan`]): an option this tool does not know is passed on
//! untouched. Every [`Change`] names the policy line that wants it; a clash with what the user set is a [`Conflict`].

pub mod cargo;
pub mod go;
pub mod go_quoting;
pub mod scan;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;

use crate::policy::Origin;

/// The wrapped tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// `cargo`.
    Cargo,
    /// `go`.
    Go,
}

impl Tool {
    /// Name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Cargo => "cargo",
            Tool::Go => "go",
        }
    }
}

/// What is done with one call of the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Enforce the policy, run, inspect what came out.
    Guard,
    /// Hand over to the tool at once; nothing is set, nothing is looked at.
    PassThrough,
}

/// A whole plan; `seaworthy plan …` prints it and runs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which tool.
    pub tool: Tool,
    /// What is done.
    pub mode: Mode,
    /// Full path of the real tool.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables set for it, beyond the inherited ones.
    pub env: BTreeMap<OsString, OsString>,
    /// What was changed, and because of what; in the order of application.
    pub changes: Vec<Change>,
    /// Clashes with what the user set; not empty means the build is not started (exit 3).
    pub conflicts: Vec<Conflict>,
    /// What does not apply to this call, and why: `-race`, `-buildmode=c-shared` …
    pub not_applicable: Vec<String>,
    /// What the user should know although nothing is wrong.
    pub notes: Vec<String>,
    /// How the outputs of this call are found out.
    pub discovery: Discovery,
    /// The verb as classified (`build` for the alias `b`), for messages.
    pub verb: Option<String>,
    /// What the plan expects of every program that comes out; rule `enforced-setting-lost` compares.
    pub expectations: Expectations,
}

/// One thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What: `CGO_ENABLED=0`, `--target x86_64-unknown-linux-musl`.
    pub what: String,
    /// Key of the policy: `go.cgo`.
    pub key: &'static str,
    /// Who set that key.
    pub origin: Origin,
}

/// What the user set and what the policy wants, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// What the user set: `CGO_ENABLED=1`.
    pub user: String,
    /// Where: `the environment`, `the command line`, `/root/.config/go/env`.
    pub user_source: String,
    /// What the policy wants, in its own words: `go.cgo = "off"`.
    pub policy: String,
    /// Who set that.
    pub origin: Origin,
    /// How to allow it.
    pub help: String,
}

/// How outputs are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovery {
    /// Nothing to find.
    None,
    /// cargo's JSON messages on its standard output.
    CargoMessages {
        /// The user asked for JSON: every line is passed on as well.
        pass_on: bool,
    },
    /// `cargo install`: files in this `bin` directory, named by the messages.
    CargoInstall {
        /// The root's `bin`.
        bin: PathBuf,
        /// As in `CargoMessages`.
        pass_on: bool,
    },
    /// go's action graph, written to this file.
    GoActionGraph {
        /// The file.
        file: PathBuf,
        /// Whether it is ours, to be removed afterwards.
        ours: bool,
        /// Directory that relative targets are relative to (after `-C`).
        directory: PathBuf,
    },
}

/// What the plan set and the artifact must show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Go: the effective `CGO_ENABLED` (`"0"` or `"1"`) that was enforced.
    pub cgo_enabled: Option<(String, Origin)>,
    /// Go: build tags that were added.
    pub go_tags: Vec<String>,
    /// Go: `-trimpath` was added.
    pub trimpath: bool,
    /// cargo: the target triple that was given.
    pub target: Option<(String, Origin)>,
    /// cargo or go: static linking was asked for.
    pub static_link: Option<Origin>,
}
