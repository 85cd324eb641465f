//! Run: the plan is carried out; the tool's own bytes, exit status and signals come through untouched.

pub mod cargo;
pub mod go;
pub mod linker;
pub mod real_tool;
pub mod signals;

use std::path::PathBuf;
use std::process::ExitStatus;

use serde::Serialize;

use crate::plan::{Expectations, Tool};

/// What a guarded build left behind.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How the tool ended.
    pub status: ExitStatus,
    /// What it produced, in the order it was told.
    pub artifacts: Vec<Artifact>,
    /// What else is known about the build.
    pub provenance: Provenance,
}

/// A file the build produced that is meant to run or to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Where it lies.
    pub path: PathBuf,
    /// What the build meant to make.
    pub role: Role,
    /// Package that made it: cargo package name, or Go import path.
    pub package: Option<String>,
    /// Target triple (cargo) or `GOOS/GOARCH` (go), where it is known.
    pub target: Option<String>,
}

/// What the build meant to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A program.
    Program,
    /// A library to be loaded by others on purpose: cdylib, dylib, `c-shared`, `plugin`.
    SharedObject,
    /// Not known: a file named on the command line.
    Unknown,
}

/// What is known about how the artifacts came to be; empty for `seaworthy check`.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The tool, when there was a build.
    pub tool: Option<Tool>,
    /// What the plan set and the artifacts must show.
    pub expectations: Expectations,
    /// cargo: its `compiler-artifact` messages of libraries and its `build-script-executed` messages, one JSON object a
    /// line, unparsed: only [`crate::blame`] reads them, and a passing build must not pay for that.
    pub cargo_messages: Vec<u8>,
    /// The outputs could not be found out in the usual way, and why.
    pub degraded: Option<String>,
    /// Main packages that were built and thrown away (`go build ./...` without `-o`).
    pub discarded: Vec<String>,
    /// Artifacts that were expected and did not come: what, and why they were expected.
    pub missing: Vec<String>,
}
