//! Check: rules × facts × policy → findings; levels, exceptions and unused exceptions are applied here.

use std::path::PathBuf;

use serde::Serialize;

use crate::facts::{FileFacts, Unreadable};
use crate::policy::{Level, Origin, Policy};
use crate::rules::{Cause, PolicySource};
use crate::run::{Artifact, Provenance};

/// One artifact with what was read from it.
#[derive(Debug)]
pub struct Inspected {
    /// The artifact.
    pub artifact: Artifact,
    /// Its facts, or why there are none.
    pub facts: Result<FileFacts, Unreadable>,
}

/// What was found about one artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactResult {
    /// The artifact.
    pub artifact: Artifact,
    /// Its facts, when they could be read.
    pub facts: Option<FileFacts>,
    /// The verdict over all rules.
    pub verdict: Overall,
    /// What is wrong, sorted by level, then rule.
    pub findings: Vec<Finding>,
    /// Rules that could not tell, with the reason; makes the verdict at best inconclusive.
    pub inconclusive: Vec<(&'static str, String)>,
    /// Rules that do not apply, with the reason.
    pub not_applicable: Vec<(&'static str, String)>,
    /// Findings the policy lets through, with their exception's reason.
    pub excepted: Vec<(Finding, String)>,
}

/// The verdict over all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// Nothing denied.
    Pass,
    /// At least one denied finding.
    Fail,
    /// Nothing denied, but it could not be told.
    Inconclusive,
}

/// One rule violated by one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// Level after the policy.
    pub level: Level,
    /// Who set the level.
    pub level_origin: Origin,
    /// Path of the artifact, as reported.
    pub artifact: PathBuf,
    /// Architecture of the slice, when the file has several.
    pub slice: Option<String>,
    /// One sentence that stands alone.
    pub message: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// The same as data, for [`crate::blame`].
    pub causes: Vec<Cause>,
    /// The host it would fail on.
    pub host: Option<String>,
    /// Who brought it in; filled in by [`crate::blame`].
    pub blame: Option<String>,
    /// What the policy says.
    pub policy: Option<PolicySource>,
    /// The next step.
    pub help: Option<String>,
}

/// Judges every artifact; the order of the results is that of the artifacts.
pub fn check(policy: &Policy, inspected: Vec<Inspected>, provenance: &Provenance) -> Vec<ArtifactResult> {
    let _ = (policy, inspected, provenance);
    Vec::new()
}
