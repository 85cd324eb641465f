//! Artifacts × hosts as a grid; every answer that is no plain "runs" leads to what decides it.

use std::fmt::Write as _;

use super::words::text;
use crate::check::Runs;
use crate::report::{Report, matrix, path};

/// The section, when any artifact was judged for a host.
pub(super) fn section(out: &mut String, report: &Report) {
    let hosts = matrix::hosts(report);
    if hosts.is_empty() {
        return;
    }
    out.push_str(
        "<section id=\"hosts\">\n<h2>Where it runs</h2>\n\
         <div class=\"scroll\" role=\"region\" aria-label=\"Artifacts and hosts\" tabindex=\"0\">\n<table>\n<thead><tr><td></td>",
    );
    for host in &hosts {
        let _ = write!(out, "<th scope=\"col\" class=\"host\">{}</th>", text(host));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (at, artifact) in report.artifacts.iter().enumerate() {
        let name = text(&path(&artifact.artifact.path));
        let _ = write!(out, "<tr><th scope=\"row\" title=\"{name}\"><a href=\"#a{at}\" class=\"mono\">{name}</a></th>");
        for host in &hosts {
            let place = artifact.hosts.iter().position(|answer| answer.host == *host);
            let answer = place.and_then(|place| artifact.hosts.get(place));
            let verdict = answer.map(|answer| answer.verdict);
            let word = matrix::word(verdict);
            let _ = match (place, answer.is_some_and(|answer| answer.why.is_some())) {
                (Some(place), true) => {
                    write!(out, "<td class=\"cell {}\"><a href=\"#a{at}-h{place}\">{word}</a></td>", class(verdict))
                }
                _ => write!(out, "<td class=\"cell {}\">{word}</td>", class(verdict)),
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

/// The colour of an answer.
pub(super) fn class(verdict: Option<Runs>) -> &'static str {
    match verdict {
        Some(Runs::Yes) => "yes",
        Some(Runs::No) => "no",
        Some(Runs::Unknown) => "unknown",
        Some(Runs::NotApplicable) | None => "none",
    }
}
