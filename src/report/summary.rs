//! What forms for people say about a report, or an artifact, as a whole.

use crate::check::{ArtifactResult, HostVerdict, Overall, Runs};

use super::describe::describe;
use super::{Tally, escape};

/// `4 artifacts, 2 ok, 1 rejected, 1 could not be judged, 1 error, 2 warnings`; what there is none of is left out.
pub(super) fn counts(tally: &Tally) -> String {
    let mut parts = vec![plural(tally.artifacts(), "artifact")];
    let verdicts =
        [(tally.passed, Overall::Pass), (tally.failed, Overall::Fail), (tally.inconclusive, Overall::Inconclusive)];
    for (number, verdict) in verdicts {
        if number > 0 {
            parts.push(format!("{number} {}", word(verdict)));
        }
    }
    for (number, noun) in [(tally.errors, "error"), (tally.warnings, "warning")] {
        if number > 0 {
            parts.push(plural(number, noun));
        }
    }
    parts.join(", ")
}

/// The verdict over an artifact in one or a few words.
pub(super) fn word(verdict: Overall) -> &'static str {
    match verdict {
        Overall::Pass => "ok",
        Overall::Fail => "rejected",
        Overall::Inconclusive => "could not be judged",
    }
}

/// What an artifact is, what it is to its image, and which hosts of the policy it runs on; safe to print.
pub(super) fn what_it_is(result: &ArtifactResult) -> String {
    let mut what = result.facts.as_ref().map(describe).unwrap_or_else(|| without_facts(result));
    let image = result.image.as_ref();
    if let Some(image) = image {
        what.extend(["; ", image.part.name()]);
    }
    // That it runs in its own image goes without saying.
    let own = |host: &str| image.is_some_and(|image| image.image == host);
    let hosts = result.hosts.iter().filter(|answer| answer.verdict == Runs::Yes && !own(&answer.host));
    // Of a host that it runs on, the only thing to add is that nobody verified what the host has.
    let doubt = |answer: &HostVerdict| if answer.why.is_some() { " (unverified)" } else { "" };
    for (at, answer) in hosts.enumerate() {
        what.extend([if at == 0 { "; runs on " } else { ", " }, &escape(&answer.host), doubt(answer)]);
    }
    what
}

/// What a file is that nobody reads: a script of an image.
fn without_facts(result: &ArtifactResult) -> String {
    match result.image.as_ref().and_then(|image| image.script.as_deref()) {
        Some(interpreter) => format!("script, run by {}", escape(interpreter)),
        None => "not looked at".into(),
    }
}

/// `1 artifact`, `2 artifacts`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
