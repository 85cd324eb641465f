//! One artifact: what it is, what it needs, where it runs, which rules were asked.

use std::fmt::Write as _;

use super::words::{prose, text};
use super::{graph, grid};
use crate::check::{ArtifactResult, Overall};
use crate::listing::plural;
use crate::profile::Profile;
use crate::report::{matrix, path, size, summary};

/// The card of the artifact at this place of the report.
pub(super) fn card(out: &mut String, at: usize, result: &ArtifactResult) {
    let class = match (result.is_rejected(), result.verdict) {
        (true, _) => "bad",
        (false, Overall::Pass) => "good",
        (false, _) => "odd",
    };
    let _ = write!(
        out,
        "<article class=\"card artifact\" id=\"a{at}\">\n<h3>{}</h3>\n<p><span class=\"level {class}\">{}</span>",
        text(&path(&result.artifact.path)),
        summary::word(result.verdict),
    );
    if let Some(package) = &result.artifact.package {
        let _ = write!(out, " \u{b7} {}", text(package));
    }
    if let Some(target) = &result.artifact.target {
        let _ = write!(out, " \u{b7} {}", text(target));
    }
    out.push_str("</p>\n");
    let slices = result.facts.as_ref().map(|file| file.slices.as_slice()).unwrap_or_default();
    for slice in slices {
        let profile = Profile::of(slice);
        facts(out, &profile, result.facts.as_ref().map(|file| file.size));
        graph::tree(out, &profile, result);
    }
    hosts(out, at, result);
    asked(out, result);
    out.push_str("</article>\n");
}

fn facts(out: &mut String, profile: &Profile, bytes: Option<u64>) {
    let mut facts = vec![
        ("format", profile.format.to_uppercase()),
        ("architecture", profile.arch.clone()),
        ("kind", profile.kind.clone()),
        ("linkage", profile.linkage.clone()),
    ];
    facts.extend(profile.libc.clone().map(|libc| ("C library", libc)));
    let oldest = |name| match name {
        "glibc" => "oldest glibc",
        "linux" => "oldest Linux",
        "macos" => "oldest macOS",
        "windows" => "oldest Windows",
        _ => "CPU",
    };
    facts.extend(profile.floors.iter().map(|(name, floor)| (oldest(name), floor.to_owned())));
    facts.extend(bytes.map(|bytes| ("size of the file", size(bytes))));
    out.push_str("<dl class=\"facts\">");
    for (name, value) in facts {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", text(&value));
    }
    out.push_str("</dl>\n");
}

fn hosts(out: &mut String, at: usize, result: &ArtifactResult) {
    if result.hosts.is_empty() {
        return;
    }
    out.push_str("<h4>Where it runs</h4>\n<ul class=\"reasons\">\n");
    for (place, answer) in result.hosts.iter().enumerate() {
        let verdict = Some(answer.verdict);
        let _ = write!(
            out,
            "<li id=\"a{at}-h{place}\"><span class=\"mark {}\">{}</span><span><code>{}</code>",
            grid::class(verdict),
            matrix::word(verdict),
            text(&answer.host)
        );
        if let Some(why) = &answer.why {
            let _ = write!(out, ": {}", prose(why));
        }
        out.push_str("</span></li>\n");
    }
    out.push_str("</ul>\n");
}

/// Which rules were asked, and what kept the others from an answer.
fn asked(out: &mut String, result: &ArtifactResult) {
    let passed: Vec<String> = result.passed.iter().map(|rule| format!("<code>{}</code>", text(rule))).collect();
    if !passed.is_empty() {
        let _ = write!(
            out,
            "<h4>Rules</h4>\n<details><summary>{} passed</summary><p class=\"small\">{}</p></details>\n",
            plural(passed.len(), "rule"),
            passed.join(", ")
        );
    }
    for (what, pairs) in [("could not be told", &result.inconclusive), ("not applicable", &result.not_applicable)] {
        if !pairs.is_empty() {
            let _ = write!(out, "<details><summary>{} {what}</summary><ul class=\"small\">", pairs.len());
            for (rule, why) in pairs {
                let _ = write!(out, "<li><code>{}</code>: {}</li>", text(rule), prose(why));
            }
            out.push_str("</ul></details>\n");
        }
    }
}
