//! What belongs to no single file: artifacts that did not come, discovery that was not sure, exceptions that are stale.

use std::path::PathBuf;

use super::Finding;
use crate::policy::{Level, Policy, Setting};
use crate::rules::PolicySource;
use crate::run::Provenance;

/// A rule that no check of a file's facts can answer.
#[derive(Debug)]
pub(super) struct General {
    pub(super) id: &'static str,
    default: Level,
}

pub(super) static DEGRADED_DISCOVERY: General = General { id: "degraded-discovery", default: Level::Warn };
pub(super) static DISCARDED_ARTIFACT: General = General { id: "discarded-artifact", default: Level::Warn };
pub(super) static EXPIRED_EXCEPTION: General = General { id: "expired-exception", default: Level::Deny };
pub(super) static MISSING_ARTIFACT: General = General { id: "missing-artifact", default: Level::Deny };
pub(super) static UNREADABLE_BINARY: General = General { id: "unreadable-binary", default: Level::Deny };
pub(super) static UNUSED_EXCEPTION: General = General { id: "unused-exception", default: Level::Warn };

/// All of them, sorted.
pub(super) static ALL: &[&General] = &[
    &DEGRADED_DISCOVERY,
    &DISCARDED_ARTIFACT,
    &EXPIRED_EXCEPTION,
    &MISSING_ARTIFACT,
    &UNREADABLE_BINARY,
    &UNUSED_EXCEPTION,
];

impl General {
    /// Its level where no artifact is in question.
    fn level(&self, policy: &Policy) -> Setting<Level> {
        policy.rules.get(self.id).cloned().unwrap_or(self.default_level())
    }

    /// Its level without a policy.
    pub(super) fn default_level(&self) -> Setting<Level> {
        Setting::default(self.default)
    }

    /// A finding that is about no single file; `None` where the policy allows it.
    pub(super) fn finding(&self, policy: &Policy, message: String, evidence: String, help: &str) -> Option<Finding> {
        let level = self.level(policy);
        (level.value != Level::Allow).then(|| Finding {
            rule: self.id,
            level: level.value,
            level_origin: level.origin,
            artifact: PathBuf::new(),
            slice: None,
            message,
            evidence: vec![evidence],
            causes: Vec::new(),
            host: None,
            blame: None,
            policy: None,
            help: Some(help.to_owned()),
        })
    }
}

/// Adds the part of the policy that a finding is about.
pub(super) fn with_source(finding: Option<Finding>, source: PolicySource) -> Option<Finding> {
    finding.map(|finding| Finding { policy: Some(source), ..finding })
}

/// What is to be said about the build as a whole.
pub(super) fn findings(policy: &Policy, provenance: &Provenance) -> Vec<Finding> {
    let missing = provenance.missing.iter().map(|what| {
        let message = format!("the build succeeded, but an artifact it should have made is not there: {what}");
        let help = "look at the tool's own output; a file that was moved or deleted meanwhile cannot be judged";
        MISSING_ARTIFACT.finding(policy, message, what.clone(), help)
    });
    let degraded = provenance.degraded.iter().map(|why| {
        let message = format!("discovery degraded: what the build made could not be told for sure: {why}");
        let help = "judge the files that matter by name with `seaworthy check PATH…`";
        DEGRADED_DISCOVERY.finding(policy, message, why.clone(), help)
    });
    missing.chain(degraded).chain(std::iter::once(discarded(policy, provenance))).flatten().collect()
}

fn discarded(policy: &Policy, provenance: &Provenance) -> Option<Finding> {
    let programs = &provenance.discarded;
    let (count, verb) = match programs.len() {
        0 => return None,
        1 => ("1 program".to_owned(), "was"),
        several => (format!("{several} programs"), "were"),
    };
    let message = format!("{count} {verb} built and thrown away, so nothing could be judged");
    DISCARDED_ARTIFACT.finding(
        policy,
        message,
        programs.join(", "),
        "let the tool keep them: `go build -o DIRECTORY/ …`",
    )
}
