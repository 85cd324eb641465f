//! Markdown (GitHub's dialect), for pull requests, wikis, and the summary of a job.

mod escape;

use std::fmt::Write as _;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Level;

use super::{Report, findings, matrix, path, summary};

pub(super) use escape::{code, prose, prose_about, table_cell};

/// Renders `report` as a section of its own: a verdict, every artifact, where each runs, every finding.
pub fn render(report: &Report) -> String {
    let mut out = format!("## seaworthy: {}\n", headline(report));
    if !report.artifacts.is_empty() {
        out.push_str(&artifacts(report));
    }
    if report.artifacts.iter().any(|artifact| !artifact.hosts.is_empty()) {
        let _ = write!(out, "\n### Where it runs\n\n{}", matrix::markdown(report));
    }
    let said: Vec<Finding> = report.artifacts.iter().flat_map(findings::of).chain(report.general.clone()).collect();
    if !said.is_empty() {
        out.push_str("\n### Findings\n");
        said.iter().for_each(|each| finding(&mut out, each));
    }
    excepted(&mut out, report);
    for (heading, lines) in [("Not looked at", &report.problems), ("Notes", &report.notes)] {
        if !lines.is_empty() {
            let _ = write!(out, "\n### {heading}\n\n");
            lines.iter().for_each(|line| item(&mut out, &prose(line)));
        }
    }
    out
}

fn headline(report: &Report) -> String {
    let tally = report.tally();
    let mark = match (report.problems.is_empty() && !tally.is_violated(), tally.is_clean()) {
        (false, _) => "❌",
        (true, false) => "⚠️",
        (true, true) => "✅",
    };
    format!("{mark} {}", summary::counts(&tally))
}

fn artifacts(report: &Report) -> String {
    let mut out = String::from("\n| artifact | verdict | what it is |\n| --- | --- | --- |\n");
    for result in &report.artifacts {
        let name = table_cell(&code(&path(&result.artifact.path)));
        let what = table_cell(&prose(&summary::what_it_is(result, false)));
        let _ = writeln!(out, "| {name} | {} {} | {what} |", mark(result), summary::word(result.verdict));
    }
    out
}

fn mark(result: &ArtifactResult) -> &'static str {
    match (result.is_rejected(), result.verdict == Overall::Pass && result.findings.is_empty()) {
        (true, _) => "❌",
        (false, false) => "⚠️",
        (false, true) => "✅",
    }
}

fn finding(out: &mut String, finding: &Finding) {
    let mark = if finding.level == Level::Deny { "❌" } else { "⚠️" };
    let name = path(&finding.artifact);
    let sentence = prose_about(&findings::sentence(finding), &name);
    let _ = write!(out, "\n{mark} **{}\\[{}\\]**: {sentence}\n\n", findings::severity(finding.level), finding.rule);
    for (label, said) in findings::lines(finding) {
        item(out, &format!("{label}: {}", prose_about(&said, &name)));
    }
}

fn excepted(out: &mut String, report: &Report) {
    let mut excepted = report.artifacts.iter().flat_map(|artifact| &artifact.excepted).peekable();
    if excepted.peek().is_some() {
        out.push_str("\n### Let through by the policy\n\n");
        for (finding, reason) in excepted {
            let sentence = prose_about(&findings::sentence(finding), &path(&finding.artifact));
            item(out, &format!("{}: {sentence} ({})", code(finding.rule), prose(reason)));
        }
    }
}

fn item(out: &mut String, text: &str) {
    let _ = writeln!(out, "- {text}");
}
