//! Check: rules × facts × policy → findings; levels, exceptions and unused exceptions are applied here.

mod docket;
mod excuse;
mod general;
mod judge;
mod places;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::exit;
use crate::facts::{Facts, FileFacts, Unreadable};
use crate::hosts::load::Files;
use crate::hosts::{Host, Version};
use crate::images::InImage;
use crate::policy::levels::Effective;
use crate::policy::{Level, Origin, Policy, Setting};
use crate::report::Report;
use crate::rules::{Cause, PolicySource};
use crate::run::{Artifact, Provenance};

pub use excuse::Uses;
pub use judge::Bench;
pub use places::{HostVerdict, Runs};

/// Whether all threads of this program share one lock for their memory, as those for musl do: they are no faster than one.
pub(crate) const ONE_LOCK: bool = cfg!(target_env = "musl");

/// One artifact with what was read from it.
#[derive(Debug)]
pub struct Inspected {
    /// The artifact.
    pub artifact: Artifact,
    /// Its facts, or why there are none.
    pub facts: Result<FileFacts, Unreadable>,
    /// The image it lies in, if it does.
    pub image: Option<Box<InImage>>,
}

/// What was found about one artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactResult {
    /// The artifact.
    pub artifact: Artifact,
    /// Its facts, when they could be read.
    pub facts: Option<FileFacts>,
    /// The image it lies in, if it does.
    pub image: Option<Box<InImage>>,
    /// The verdict over all rules.
    pub verdict: Overall,
    /// What becomes of an inconclusive verdict: it fails the build on [`Level::Deny`], and who says so. An exception for all
    /// that could not be told makes it [`Level::Allow`].
    pub inconclusive_level: Setting<Level>,
    /// What is wrong, the worst level first, then by rule.
    pub findings: Vec<Finding>,
    /// Rules that could not tell, with the reason; makes the verdict at best inconclusive.
    pub inconclusive: Vec<(&'static str, Reason)>,
    /// Rules that looked at every slice and found nothing.
    pub passed: Vec<&'static str>,
    /// Rules that do not apply, with the reason.
    pub not_applicable: Vec<(&'static str, Reason)>,
    /// Where it runs: one answer per host of `runs-on`, in that order.
    pub hosts: Vec<HostVerdict>,
    /// Findings the policy lets through, with their exception's reason.
    pub excepted: Vec<(Finding, String)>,
}

/// Why a rule has no verdict.
pub type Reason = Cow<'static, str>;

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
    /// Path of the artifact, as reported; empty when the finding is about the build or the policy.
    pub artifact: PathBuf,
    /// Architecture of the slice, when the file has several.
    pub slice: Option<String>,
    /// One sentence that stands alone, with the artifact's name filled in; made safe once more where it is printed.
    pub message: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// The same as data, for [`crate::blame`].
    pub causes: Vec<Cause>,
    /// The host it would fail on.
    pub host: Option<String>,
    /// The version which that host has of what is asked for, where versions decide; for whoever puts findings together.
    #[serde(skip)]
    pub has: Option<Version>,
    /// Who brought it in; filled in by [`crate::blame`].
    pub blame: Option<String>,
    /// What the policy says.
    pub policy: Option<PolicySource>,
    /// The next step.
    pub help: Option<String>,
}

/// What a check knows beside its inputs, so that it asks nobody itself.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The working directory, absolute: globs are matched against paths below it.
    pub directory: &'a Path,
    /// The day exceptions are measured against ([`crate::policy::exceptions::today`]).
    pub today: Date,
    /// Resolves the hosts of `runs-on` that are of the slice's system.
    pub hosts: &'a (dyn Fn(&Effective<'_>, &Facts) -> Arc<[Host]> + Sync),
    /// The files beside the artifacts, for libraries they ship.
    pub files: &'a dyn Files,
    /// Shared objects are judged alone, as `ldd -r` does.
    pub strict_symbols: bool,
}

/// Judges every artifact; the order of the results is that of the artifacts. The second part is what belongs to no single
/// artifact.
pub fn check(
    policy: &Policy,
    inspected: Vec<Inspected>,
    provenance: &Provenance,
    surroundings: &Surroundings<'_>,
) -> (Vec<ArtifactResult>, Vec<Finding>) {
    let (results, uses) = Bench::new(policy, provenance).judge_all(inspected, surroundings);
    (results, conclude(policy, provenance, &uses, surroundings.today))
}

/// The second half of [`check`], after [`Bench`]: what belongs to no single artifact, once all of them were judged.
pub fn conclude(policy: &Policy, provenance: &Provenance, uses: &Uses, today: Date) -> Vec<Finding> {
    let mut findings = general::findings(policy, provenance);
    findings.extend(excuse::findings(policy, uses, today));
    findings
}

/// The exit code of a run that ended in this report.
pub fn exit_code(report: &Report) -> u8 {
    match (report.problems.is_empty(), report.is_violated()) {
        (false, _) => exit::ENVIRONMENT,
        (true, true) => exit::VIOLATED,
        (true, false) => exit::OK,
    }
}

impl ArtifactResult {
    /// Whether it fails the build.
    pub fn is_rejected(&self) -> bool {
        match self.verdict {
            Overall::Pass => false,
            Overall::Fail => true,
            Overall::Inconclusive => self.inconclusive_level.value == Level::Deny,
        }
    }
}

#[cfg(test)]
mod tests;
