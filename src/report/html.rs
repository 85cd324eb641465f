//! One self-contained page for a browser: verdict, artifacts × hosts, what every artifact needs, findings, rule pages.
//!
//! It needs no network, and no script to be read; the script that is in it filters findings, and nothing else may run: a
//! policy in the page (Content Security Policy 3) names the one style sheet and the one script by their hashes.

mod artifact;
mod finding;
mod graph;
mod grid;
mod page;
mod words;

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::check::{Finding, Overall};
use crate::rules::{self, Rule};

use super::{Report, Tally, findings, summary};
use words::{prose, text};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Renders `report` as one page.
pub fn render(report: &Report) -> String {
    let said: Vec<Vec<Finding>> = report.artifacts.iter().map(findings::of).collect();
    let all: Vec<&Finding> = said.iter().flatten().chain(&report.general).collect();
    let tally = report.tally();
    let (verdict, class) = headline(report, &tally);
    let mut out = head(verdict);
    let _ = write!(
        out,
        "<header>\n<p class=\"brand\">seaworthy</p>\n<div class=\"verdict {class}\">\n<h1>{verdict}</h1>\n<p>{}</p>\n</div>\n",
        text(&summary::counts(&tally))
    );
    contents(&mut out, report, &all);
    out.push_str("<main id=\"main\">\n");
    grid::section(&mut out, report);
    finding::section(&mut out, &all);
    if !report.artifacts.is_empty() {
        out.push_str("<section id=\"artifacts\">\n<h2>Artifacts</h2>\n");
        for (at, artifact) in report.artifacts.iter().enumerate() {
            artifact::card(&mut out, at, artifact);
        }
        out.push_str("</section>\n");
    }
    excepted(&mut out, report);
    lines(&mut out, "Not looked at", &report.problems);
    lines(&mut out, "Notes", &report.notes);
    pages(&mut out, &all);
    let _ = write!(
        out,
        "</main>\n<footer>Made by seaworthy {}. <code>seaworthy explain RULE</code> prints a rule\u{2019}s page in the terminal.\
         </footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn head(verdict: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
         img-src data:; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{verdict}: seaworthy</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        hash(STYLE),
        hash(SCRIPT),
    )
}

/// The source of an inline style or script, as a Content Security Policy names it.
fn hash(source: &str) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(source)))
}

/// The verdict in a word or two, and its colour.
fn headline(report: &Report, tally: &Tally) -> (&'static str, &'static str) {
    match (report.problems.is_empty(), tally.is_violated(), tally.verdict()) {
        (_, true, _) => ("Rejected", "bad"),
        (false, false, _) => ("Not everything could be looked at", "bad"),
        (true, false, Overall::Inconclusive) => ("Accepted, though not all could be judged", "odd"),
        (true, false, _) if !tally.is_clean() => ("Fine, with warnings", "odd"),
        (true, false, _) => ("Seaworthy", "good"),
    }
}

/// Links to the parts of the page; closes the header.
fn contents(out: &mut String, report: &Report, all: &[&Finding]) {
    let parts = [
        ("hosts", "Where it runs", report.artifacts.iter().any(|artifact| !artifact.hosts.is_empty())),
        ("findings", "Findings", !all.is_empty()),
        ("artifacts", "Artifacts", !report.artifacts.is_empty()),
        ("rules", "Rules", !fired(all).is_empty()),
    ];
    out.push_str("<nav aria-label=\"Parts of the report\">");
    for (id, name, _) in parts.iter().filter(|(_, _, there)| *there) {
        let _ = write!(out, "<a href=\"#{id}\">{name}</a>");
    }
    out.push_str("</nav>\n</header>\n");
}

fn excepted(out: &mut String, report: &Report) {
    let mut excepted = report.artifacts.iter().flat_map(|artifact| &artifact.excepted).peekable();
    if excepted.peek().is_none() {
        return;
    }
    out.push_str("<section>\n<h2>Let through by the policy</h2>\n");
    for (finding, reason) in excepted {
        let _ = write!(
            out,
            "<article class=\"card\"><p class=\"tags\"><code>{}</code></p>\n<h3>{}</h3>\n<p class=\"small\">{}</p></article>\n",
            text(finding.rule),
            prose(&findings::sentence(finding)),
            prose(reason)
        );
    }
    out.push_str("</section>\n");
}

fn lines(out: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<section>\n<h2>{heading}</h2>\n<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", prose(line));
    }
    out.push_str("</ul>\n</section>\n");
}

/// The rules that fired, sorted, each once.
fn fired(all: &[&Finding]) -> Vec<&'static Rule> {
    let mut ids: Vec<&str> = all.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(rules::find).collect()
}

fn pages(out: &mut String, all: &[&Finding]) {
    let fired = fired(all);
    if fired.is_empty() {
        return;
    }
    out.push_str("<section id=\"rules\">\n<h2>The rules that fired</h2>\n");
    for rule in fired {
        let _ = write!(
            out,
            "<article class=\"card rule\" id=\"rule-{0}\">\n<h3>{0}</h3>\n<p class=\"small\">{1}</p>\n{2}</article>\n",
            rule.id,
            prose(rule.summary),
            page::html(rule.docs)
        );
    }
    out.push_str("</section>\n");
}
