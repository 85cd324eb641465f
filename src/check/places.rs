//! Where an artifact runs: one answer per host of `runs-on`.

use serde::Serialize;

use super::ArtifactResult;
use crate::hosts::Host;
use crate::hosts::load::{Load, Loads, Outcome};
use crate::images::InImage;

/// Whether an artifact runs on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostVerdict {
    /// Name of the host, as `runs-on` writes it.
    pub host: String,
    /// The answer.
    pub verdict: Runs,
    /// What decides it, when it does not run or cannot be told; of one that runs, that nobody verified what the host has.
    pub why: Option<String>,
}

/// Answers, the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// The host is of another system than the artifact.
    NotApplicable,
    /// It runs.
    Yes,
    /// A fact is missing.
    Unknown,
    /// It does not.
    No,
}

/// How much a result held before a slice was judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    findings: usize,
    excepted: usize,
    inconclusive: usize,
}

impl Before {
    pub(super) fn of(result: &ArtifactResult) -> Self {
        Before {
            findings: result.findings.len(),
            excepted: result.excepted.len(),
            inconclusive: result.inconclusive.len(),
        }
    }
}

/// Adds the answers for one slice; a host that several slices run on keeps the worst of them.
pub(super) fn add(result: &mut ArtifactResult, before: Before, hosts: &[Host], loads: &Loads<'_>) {
    for host in hosts {
        let load = loads.get().find(|(known, _)| known.name == host.name).map(|(_, load)| load);
        let (verdict, why) = match answer(result, before, &host.name, load) {
            (Runs::Yes, _) => (Runs::Yes, load.filter(|load| load.rests_on_libraries()).and_then(|_| host.doubt())),
            other => other,
        };
        let new = HostVerdict { host: host.name.clone(), verdict, why };
        match result.hosts.iter_mut().find(|known| known.host == new.host) {
            Some(known) if known.verdict < new.verdict => *known = new,
            Some(_) => {}
            None => result.hosts.push(new),
        }
    }
}

/// What the rules found counts first, let through by the policy or not; then the load itself, for rules that are not run.
fn answer(result: &ArtifactResult, before: Before, host: &str, load: Option<&Load>) -> (Runs, Option<String>) {
    let excepted = result.excepted.iter().skip(before.excepted).map(|(finding, _)| finding);
    let mut findings = result.findings.iter().skip(before.findings).chain(excepted);
    if let Some(finding) = findings.find(|finding| finding.host.as_deref() == Some(host)) {
        return (Runs::No, Some(finding.message.clone()));
    }
    match load.map(|load| (load.outcome, load)) {
        Some((Outcome::DoesNotRun, load)) => return (Runs::No, load.reasons.first().map(ToString::to_string)),
        Some((Outcome::Unknown, load)) => return (Runs::Unknown, load.gaps.first().map(|gap| gap.text.clone())),
        _ => {}
    }
    let quoted = format!("`{host}`");
    match result.inconclusive.iter().skip(before.inconclusive).find(|(_, why)| why.contains(&quoted)) {
        Some((_, why)) => (Runs::Unknown, Some(why.to_string())),
        None => (Runs::Yes, None),
    }
}

/// Puts the answers in the order of `runs-on`, and says of every other host of it that nothing was asked.
pub(super) fn complete(result: &mut ArtifactResult, image: Option<&InImage>, runs_on: impl Iterator<Item = String>) {
    let mut known = std::mem::take(&mut result.hosts);
    let judged = result.facts.as_ref().is_some_and(|file| file.slices.iter().all(|slice| slice.packed.is_none()));
    for host in runs_on {
        let verdict = match known.iter().position(|answer| answer.host == host) {
            Some(at) => known.swap_remove(at),
            None if result.hosts.iter().any(|answer| answer.host == host) => continue,
            // A script, which other files than this one run.
            None if image.is_some_and(|image| image.fault.is_none() && result.facts.is_none()) => {
                HostVerdict { host, verdict: Runs::Yes, why: None }
            }
            None if image.is_some_and(|image| image.fault.is_some()) => {
                let why = result.findings.first().map(|finding| finding.message.clone());
                HostVerdict { host, verdict: Runs::No, why }
            }
            None if judged => HostVerdict { host, verdict: Runs::NotApplicable, why: None },
            None => {
                let why = Some("the file could not be judged".to_owned());
                HostVerdict { host, verdict: Runs::Unknown, why }
            }
        };
        result.hosts.push(verdict);
    }
}
