//! Report: results as bytes. Pure; one file per format; the CLI alone writes.

mod describe;
pub mod diff;
mod draft;
mod escape;
mod findings;
mod floors;
mod fold;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod outline;
pub mod sarif;
pub mod short;
mod size;
mod style;
mod summary;
pub mod table;
mod tally;
pub mod telling;
pub mod text;
pub mod verification;

use std::borrow::Cow;

use serde::Serialize;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Origin;

pub(crate) use escape::is_hostile;
pub use escape::{escape, escape_lines, path};
pub(crate) use findings::meaning;
pub use floors::Floors;
pub use size::size;
pub use style::Styles;
pub use tally::Tally;

/// Who wrote a JSON document.
#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// This program.
    const THIS: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
}

/// Version of the JSON report.
pub const FORMAT_VERSION: u32 = 1;

/// Everything a run has to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// What those artifacts came to that people were told of as soon as they were judged: the facts of thousands would take more
    /// memory than all else. Forms for programs tell of all artifacts, and this is nothing.
    #[serde(skip)]
    pub told: Tally,
    /// One entry per artifact.
    pub artifacts: Vec<ArtifactResult>,
    /// What belongs to no artifact: missing artifacts, degraded discovery, expired or unused exceptions.
    pub general: Vec<Finding>,
    /// What the user should know although nothing is wrong.
    pub notes: Vec<String>,
    /// What should have been looked at and could not be opened, one sentence each: the report is not whole.
    pub problems: Vec<String>,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Findings only.
    Quiet,
    /// Findings, those that are alike at once; one line per artifact without any, a summary.
    #[default]
    Normal,
    /// Every finding by itself; also what does not apply, and what was let through.
    Verbose,
}

impl Report {
    /// What everything comes to.
    pub fn tally(&self) -> Tally {
        let mut tally = self.told;
        self.artifacts.iter().for_each(|artifact| tally += Tally::of(artifact));
        tally += Tally::of_findings(&self.general);
        tally
    }

    /// The verdict over all artifacts.
    pub fn verdict(&self) -> Overall {
        self.tally().verdict()
    }

    /// Whether the build fails: something is denied, or could not be told and the policy does not allow that.
    pub fn is_violated(&self) -> bool {
        self.tally().is_violated()
    }

    /// Whether there is nothing to say but that all is well.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.tally().is_clean()
    }

    /// Every finding that is kept: those of the artifacts in their order, then the general ones.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.artifacts.iter().flat_map(|artifact| &artifact.findings).chain(&self.general)
    }
}

/// Who set a value of the policy, safe to print.
pub fn origin(origin: &Origin) -> Cow<'static, str> {
    match origin {
        // Most settings are, and each finding rests on one.
        Origin::Default => "by default".into(),
        Origin::File { path: file, line } => format!("{}:{line}", path(file)).into(),
        other => escape(&other.to_string()).into_owned().into(),
    }
}
