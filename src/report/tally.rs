//! What artifacts come to, as numbers.

use std::ops::AddAssign;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Level;

/// Numbers of artifacts by their verdicts, and of findings by their levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Artifacts that pass.
    pub passed: usize,
    /// Artifacts that a finding rejects.
    pub failed: usize,
    /// Artifacts that could not be judged.
    pub inconclusive: usize,
    /// Artifacts that fail the build: by a finding, or because they could not be judged and the policy does not allow that.
    pub rejected: usize,
    /// Findings that are denied.
    pub errors: usize,
    /// Findings that are warned about.
    pub warnings: usize,
    /// Findings of any level.
    pub findings: usize,
}

impl Tally {
    /// Artifacts, whatever became of them.
    pub fn artifacts(&self) -> usize {
        self.passed + self.failed + self.inconclusive
    }

    /// The verdict over all of them.
    pub fn verdict(&self) -> Overall {
        match () {
            () if self.failed > 0 || self.errors > 0 => Overall::Fail,
            () if self.inconclusive > 0 => Overall::Inconclusive,
            () => Overall::Pass,
        }
    }

    /// Whether the build fails.
    pub fn is_violated(&self) -> bool {
        self.rejected > 0 || self.errors > 0
    }

    /// Whether there is nothing to say but that all is well.
    pub fn is_clean(&self) -> bool {
        self.findings == 0 && self.verdict() == Overall::Pass
    }

    /// One artifact, with its findings.
    pub fn of(result: &ArtifactResult) -> Tally {
        let is = |verdict| usize::from(result.verdict == verdict);
        Tally {
            passed: is(Overall::Pass),
            failed: is(Overall::Fail),
            inconclusive: is(Overall::Inconclusive),
            rejected: usize::from(result.is_rejected()),
            ..Tally::of_findings(&result.findings)
        }
    }

    /// Findings of no artifact.
    pub fn of_findings(findings: &[Finding]) -> Tally {
        let of_level = |level| findings.iter().filter(|finding| finding.level == level).count();
        Tally {
            errors: of_level(Level::Deny),
            warnings: of_level(Level::Warn),
            findings: findings.len(),
            ..Tally::default()
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.inconclusive += other.inconclusive;
        self.rejected += other.rejected;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.findings += other.findings;
    }
}
