//! What belongs to no single file: artifacts that did not come, discovery that was not sure, exceptions that are stale.

use std::path::PathBuf;

use super::Finding;
use crate::policy::{Level, Policy, Setting};
use crate::rules::{PolicySource, Rule, degraded_discovery, discarded_artifact, missing_artifact};
use crate::run::{Dropped, Provenance};

/// A finding of `rule` that is about no single file; `None` where the policy allows it.
pub(super) fn finding(rule: &Rule, policy: &Policy, message: String, evidence: String, help: &str) -> Option<Finding> {
    let level = policy.rules.get(rule.id).cloned().unwrap_or(Setting::default(rule.default));
    finding_at(level, rule, message, evidence, help)
}

fn finding_at(level: Setting<Level>, rule: &Rule, message: String, evidence: String, help: &str) -> Option<Finding> {
    (level.value != Level::Allow).then(|| Finding {
        rule: rule.id,
        level: level.value,
        level_origin: level.origin,
        artifact: PathBuf::new(),
        slice: None,
        message,
        evidence: vec![evidence],
        causes: Vec::new(),
        host: None,
        has: None,
        blame: None,
        policy: None,
        help: Some(help.to_owned()),
    })
}

/// Adds the part of the policy that a finding is about.
pub(super) fn with_source(finding: Option<Finding>, source: PolicySource) -> Option<Finding> {
    finding.map(|finding| Finding { policy: Some(source), ..finding })
}

/// What is to be said about the build as a whole.
pub(super) fn findings(policy: &Policy, provenance: &Provenance) -> Vec<Finding> {
    let missing = provenance.dropped.iter().map(|dropped| missing(policy, provenance, dropped));
    let degraded = provenance.degraded.iter().map(|why| {
        let message = format!("discovery degraded: what the build made could not be told for sure: {why}");
        let help = "judge the files that matter by name with `seaworthy check PATH…`";
        finding(&degraded_discovery::RULE, policy, message, why.clone(), help)
    });
    missing.chain(degraded).chain(std::iter::once(discarded(policy, provenance))).flatten().collect()
}

fn missing(policy: &Policy, provenance: &Provenance, Dropped { what, target }: &Dropped) -> Option<Finding> {
    let message = format!("the build succeeded, but an artifact it should have made is not there: {what}");
    let made = target.as_ref().map_or_else(String::new, |target| format!(" for {target}"));
    let evidence = format!("cargo warned that it drops it, as none can be made{made}");
    let help = "build it for a target with shared libraries (`--target x86_64-unknown-linux-gnu`, with `linkage = \"any\"` for it), \
                or take it out of `crate-type`";
    // It would have had a place of its own, which nobody knows; what the policy says of its target holds.
    let rule = &missing_artifact::RULE;
    let level = policy.for_artifact("", target.as_deref()).level(rule.id, rule.default);
    let found = finding_at(level, rule, message, evidence, help);
    match &provenance.expectations.target {
        Some((given, origin)) if Some(given) == target.as_ref() => with_source(
            found,
            PolicySource { key: format!("cargo.target = \"{given}\"").into(), origin: origin.clone() },
        ),
        _ => found,
    }
}

fn discarded(policy: &Policy, provenance: &Provenance) -> Option<Finding> {
    let programs = &provenance.discarded;
    let (count, verb) = match programs.len() {
        0 => return None,
        1 => ("1 program".to_owned(), "was"),
        several => (format!("{several} programs"), "were"),
    };
    let message = format!("{count} {verb} built and thrown away, so nothing could be judged");
    let help = "let the tool keep them: `go build -o DIRECTORY/ …`";
    finding(&discarded_artifact::RULE, policy, message, programs.join(", "), help)
}
