//! The report for people: a block per finding, a line per artifact without any, a summary.

use std::fmt::{Arguments, Write as _};

use anstyle::Style;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Level;

use super::{Detail, Report, Styles, escape, findings, path, summary};

/// Pieces of evidence that are shown; the JSON report has them all.
const EVIDENCE_SHOWN: usize = 8;

/// Renders `report`; every line ends with a line feed, an empty report renders to nothing.
pub fn render(report: &Report, styles: &Styles, detail: Detail) -> String {
    let label = styles.label;
    let mut text = Text { out: String::new(), styles: *styles, below: format!("  {label}={label:#} ") };
    for artifact in &report.artifacts {
        text.artifact(artifact, detail);
    }
    for finding in &report.general {
        text.finding(finding, &path(&finding.artifact));
    }
    if detail != Detail::Quiet {
        for note in &report.notes {
            text.headline(text.styles.strong, format_args!("note"), &escape(note));
        }
        text.summary(report);
    }
    text.out
}

struct Text {
    out: String,
    styles: Styles,
    /// What every line below a headline starts with.
    below: String,
}

impl Text {
    fn artifact(&mut self, result: &ArtifactResult, detail: Detail) {
        let name = path(&result.artifact.path);
        // `seaworthy facts` does not look into images.
        let file = if result.image.is_some() { "" } else { &name };
        for finding in result.findings.iter().chain(&findings::unjudged(result)) {
            self.finding(finding, file);
        }
        if result.verdict == Overall::Pass && detail != Detail::Quiet {
            let ok = self.styles.ok;
            let _ = writeln!(self.out, "{ok}ok{ok:#}: {name}: {}", summary::what_it_is(result));
        }
        if let Some(instructions) = result.facts.as_ref().and_then(|facts| facts.instructions.as_ref()) {
            self.line("uses", &format!("{name}: {}", escape(&instructions.in_words())));
        }
        if detail == Detail::Verbose {
            for (rule, reason) in &result.not_applicable {
                self.line("not applicable", &format!("{}: {}", escape(rule), escape(reason)));
            }
            for (rule, reason) in result.inconclusive.iter().filter(|_| result.verdict != Overall::Inconclusive) {
                self.line("could not be judged", &format!("{}: {}", escape(rule), escape(reason)));
            }
        }
        if detail != Detail::Quiet {
            for (finding, reason) in &result.excepted {
                self.line("excepted", &format!("{}: {} ({})", finding.rule, escape(&finding.message), escape(reason)));
            }
        }
    }

    fn finding(&mut self, finding: &Finding, name: &str) {
        let word = findings::severity(finding.level);
        let style = if finding.level == Level::Deny { self.styles.error } else { self.styles.warning };
        self.headline(style, format_args!("{word}[{}]", finding.rule), &findings::sentence(finding));
        let lines = findings::lines(finding);
        let (evidence, others) = lines.split_at(finding.evidence.len());
        for (label, piece) in evidence.iter().take(EVIDENCE_SHOWN) {
            self.line(label, piece);
        }
        if let Some(more @ 1..) = evidence.len().checked_sub(EVIDENCE_SHOWN) {
            let see = if name.is_empty() { "--format json".into() } else { format!("seaworthy facts {name}") };
            self.line("evidence", &format!("… and {more} more, see `{see}`"));
        }
        for (label, said) in others {
            self.line(label, said);
        }
    }

    fn headline(&mut self, style: Style, word: Arguments<'_>, sentence: &str) {
        let strong = self.styles.strong;
        let _ = writeln!(self.out, "{style}{word}{style:#}{strong}: {sentence}{strong:#}");
    }

    fn line(&mut self, label: &str, text: &str) {
        self.out.extend([&self.below, label, ": ", text, "\n"]);
    }

    /// One line, when there is more to sum up than one artifact without findings.
    fn summary(&mut self, report: &Report) {
        let quiet = report.is_clean();
        if report.artifacts.is_empty() || (report.artifacts.len() == 1 && quiet) {
            return;
        }
        let style = match (report.is_violated(), quiet) {
            (true, _) => self.styles.error,
            (false, true) => self.styles.ok,
            (false, false) => self.styles.warning,
        };
        self.headline(style, format_args!("seaworthy"), &summary::counts(report));
    }
}
