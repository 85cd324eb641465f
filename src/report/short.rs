//! One line per finding and per artifact without any, for editors and `grep`: `path: error[rule]: sentence`.

use std::fmt::Write as _;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Level;

use super::{Detail, Report, Styles, escape, path};

/// Renders `report`; every line ends with a line feed.
pub fn render(report: &Report, styles: &Styles, detail: Detail) -> String {
    let mut out = String::new();
    for result in &report.artifacts {
        artifact(&mut out, result, &result.findings, styles, detail);
    }
    for finding in &report.general {
        finding_line(&mut out, styles, finding, &path(&finding.artifact));
    }
    out
}

/// Adds what there is to say about one artifact and its findings.
pub fn artifact(out: &mut String, result: &ArtifactResult, findings: &[Finding], styles: &Styles, detail: Detail) {
    let name = path(&result.artifact.path);
    for finding in findings {
        finding_line(out, styles, finding, &name);
    }
    match result.verdict {
        Overall::Inconclusive => inconclusive_line(out, styles, result, &name),
        Overall::Pass if detail != Detail::Quiet && findings.is_empty() => {
            let _ = writeln!(out, "{name}: {}ok{:#}", styles.ok, styles.ok);
        }
        Overall::Pass | Overall::Fail => {}
    }
}

fn finding_line(out: &mut String, styles: &Styles, finding: &Finding, name: &str) {
    let (style, word) = match finding.level {
        Level::Deny => (styles.error, "error"),
        Level::Warn | Level::Allow => (styles.warning, "warning"),
    };
    let prefix = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let _ = writeln!(out, "{prefix}{style}{word}[{}]{style:#}: {}", finding.rule, escape(&finding.message));
}

fn inconclusive_line(out: &mut String, styles: &Styles, artifact: &ArtifactResult, name: &str) {
    // That a file cannot be read is a finding of its own, unless it was let through.
    let excepted = || artifact.excepted.iter().flat_map(|(finding, _)| &finding.evidence).next().map(|why| escape(why));
    let Some(why) = artifact.inconclusive.first().map(|(_, reason)| escape(reason)).or_else(excepted) else { return };
    let denied = artifact.inconclusive_level.value == Level::Deny;
    let (style, word) = if denied { (styles.error, "error") } else { (styles.warning, "warning") };
    let _ = writeln!(out, "{name}: {style}{word}[inconclusive]{style:#}: could not be judged: {why}");
}
