//! Report: results as bytes. Pure; one file per format; the CLI alone writes.

pub mod json;
pub mod text;

use serde::Serialize;

use crate::check::ArtifactResult;

/// Version of the JSON report.
pub const FORMAT_VERSION: u32 = 1;

/// Everything a run has to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// One entry per artifact.
    pub artifacts: Vec<ArtifactResult>,
    /// What belongs to no artifact: missing artifacts, degraded discovery, expired or unused exceptions.
    pub general: Vec<crate::check::Finding>,
    /// What the user should know although nothing is wrong.
    pub notes: Vec<String>,
}
