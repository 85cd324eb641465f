//! What forms for people say about a report, or an artifact, as a whole.

use crate::check::{ArtifactResult, HostVerdict, Overall, Runs};
use crate::listing::plural;

use super::describe::describe;
use super::{Tally, escape, fold};

/// Hosts that are named one by one.
const HOSTS_NAMED: usize = 8;

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

/// What an artifact is, what it is to its image, and which hosts of the policy it runs on, one by one if they are few or
/// `names_all`; safe to print.
pub(super) fn what_it_is(result: &ArtifactResult, names_all: bool) -> String {
    let mut what = result.facts.as_ref().map(describe).unwrap_or_else(|| without_facts(result));
    let image = result.image.as_ref();
    if let Some(image) = image {
        what.extend(["; ", image.part.name()]);
    }
    // That it runs in its own image goes without saying.
    let own = |host: &str| image.is_some_and(|image| image.image == host);
    let asked = || result.hosts.iter().filter(|answer| !own(&answer.host));
    let runs = || asked().filter(|answer| answer.verdict == Runs::Yes);
    if !names_all && runs().count() > HOSTS_NAMED {
        let others: Vec<Runs> = asked().map(|answer| answer.verdict).filter(|verdict| *verdict != Runs::Yes).collect();
        what.extend(["; ", &in_number(&runs().collect::<Vec<_>>(), &others)]);
        return what;
    }
    // Of a host that it runs on, the only thing to add is that nobody verified what the host has.
    let doubt = |answer: &HostVerdict| if answer.why.is_some() { " (unverified)" } else { "" };
    for (at, answer) in runs().enumerate() {
        what.extend([if at == 0 { "; runs on " } else { ", " }, &escape(&answer.host), doubt(answer)]);
    }
    what
}

/// How many hosts it runs on, where there are more than anybody reads; those that nobody verified are named.
fn in_number(runs: &[&HostVerdict], others: &[Runs]) -> String {
    let elsewhere = others.iter().filter(|verdict| **verdict == Runs::NotApplicable).count();
    let mut said = match (others.len(), elsewhere) {
        (0, _) => format!("runs on all {} hosts", runs.len()),
        (others, elsewhere) if others == elsewhere => format!("runs on all {} hosts of its system", runs.len()),
        (others, elsewhere) => format!("runs on {} of {} hosts", runs.len(), runs.len() + others - elsewhere),
    };
    let doubted: Vec<String> =
        runs.iter().filter(|answer| answer.why.is_some()).map(|answer| escape(&answer.host).into_owned()).collect();
    match doubted.len() {
        0 => {}
        all if all == runs.len() => said.push_str(" (unverified)"),
        some => said.push_str(&format!(" ({some} unverified: {})", fold::named(&doubted, HOSTS_NAMED))),
    }
    said
}

/// What a file is that nobody reads: a script of an image.
fn without_facts(result: &ArtifactResult) -> String {
    match result.image.as_ref().and_then(|image| image.script.as_deref()) {
        Some(interpreter) => format!("script, run by {}", escape(interpreter)),
        None => "not looked at".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(host: &str, why: Option<&str>) -> HostVerdict {
        HostVerdict { host: host.to_owned(), verdict: Runs::Yes, why: why.map(str::to_owned) }
    }

    #[test]
    fn many_hosts_are_a_number() {
        let (sure, doubted) = (on("debian:12", None), on("wolfi", Some("unverified: …")));
        let said = |runs: &[&HostVerdict], others: &[Runs]| in_number(runs, others);
        assert_eq!(said(&[&sure, &sure], &[]), "runs on all 2 hosts");
        assert_eq!(said(&[&sure, &sure], &[Runs::NotApplicable]), "runs on all 2 hosts of its system");
        assert_eq!(said(&[&sure], &[Runs::NotApplicable, Runs::No, Runs::Unknown]), "runs on 1 of 3 hosts");
        assert_eq!(said(&[&sure, &doubted], &[]), "runs on all 2 hosts (1 unverified: wolfi)");
        assert_eq!(said(&[&doubted, &doubted], &[]), "runs on all 2 hosts (unverified)");
    }
}
