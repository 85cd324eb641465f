//! The report for people: a block per finding, a line per artifact without any, a summary.

use anstyle::Style;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::Level;

use super::{Detail, Report, Styles, escape, findings, path, summary};

/// Pieces of evidence that are shown; the JSON report has them all.
const EVIDENCE_SHOWN: usize = 8;

/// Renders `report`; every line ends with a line feed, an empty report renders to nothing.
pub fn render(report: &Report, styles: &Styles, detail: Detail) -> String {
    let text = Text::new(styles, detail);
    let mut out = String::new();
    for artifact in &report.artifacts {
        text.artifact(&mut out, artifact);
    }
    for finding in &report.general {
        text.finding(&mut out, finding, &path(&finding.artifact));
    }
    if detail != Detail::Quiet {
        for note in &report.notes {
            text.headline(&mut out, &text.strong, &["note"], &escape(note));
        }
        text.summary(&mut out, report);
    }
    out
}

/// What every artifact is told with.
pub struct Text {
    detail: Detail,
    error: Painted,
    warning: Painted,
    ok: Painted,
    strong: Painted,
    /// What every line below a headline starts with.
    below: String,
}

/// What turns a style on and off.
struct Painted {
    on: String,
    off: String,
}

impl Painted {
    fn new(style: Style) -> Painted {
        Painted { on: style.to_string(), off: format!("{style:#}") }
    }
}

impl Text {
    /// For one kind of terminal.
    pub fn new(styles: &Styles, detail: Detail) -> Text {
        let label = styles.label;
        Text {
            detail,
            error: Painted::new(styles.error),
            warning: Painted::new(styles.warning),
            ok: Painted::new(styles.ok),
            strong: Painted::new(styles.strong),
            below: format!("  {label}={label:#} "),
        }
    }

    /// Adds what there is to say about one artifact.
    pub fn artifact(&self, out: &mut String, result: &ArtifactResult) {
        let name = path(&result.artifact.path);
        // `seaworthy facts` does not look into images.
        let file = if result.image.is_some() { "" } else { &name };
        for finding in result.findings.iter().chain(&findings::unjudged(result)) {
            self.finding(out, finding, file);
        }
        if result.verdict == Overall::Pass && self.detail != Detail::Quiet {
            out.extend([&self.ok.on, "ok", &self.ok.off, ": ", &name, ": ", &summary::what_it_is(result), "\n"]);
        }
        if let Some(instructions) = result.facts.as_ref().and_then(|facts| facts.instructions.as_ref()) {
            self.line(out, "uses", &format!("{name}: {}", escape(&instructions.in_words())));
        }
        if self.detail == Detail::Verbose {
            for (rule, reason) in &result.not_applicable {
                self.line(out, "not applicable", &format!("{}: {}", escape(rule), escape(reason)));
            }
            for (rule, reason) in result.inconclusive.iter().filter(|_| result.verdict != Overall::Inconclusive) {
                self.line(out, "could not be judged", &format!("{}: {}", escape(rule), escape(reason)));
            }
        }
        if self.detail != Detail::Quiet {
            for (finding, reason) in &result.excepted {
                let said = format!("{}: {} ({})", finding.rule, escape(&finding.message), escape(reason));
                self.line(out, "excepted", &said);
            }
        }
    }

    fn finding(&self, out: &mut String, finding: &Finding, name: &str) {
        let word = findings::severity(finding.level);
        let style = if finding.level == Level::Deny { &self.error } else { &self.warning };
        self.headline(out, style, &[word, "[", finding.rule, "]"], &findings::sentence(finding));
        let mut lines = findings::lines(finding);
        for (label, piece) in lines.by_ref().take(finding.evidence.len().min(EVIDENCE_SHOWN)) {
            self.line(out, label, &piece);
        }
        if let Some(more @ 1..) = finding.evidence.len().checked_sub(EVIDENCE_SHOWN) {
            lines.by_ref().take(more).for_each(drop);
            let see = if name.is_empty() { "--format json".into() } else { format!("seaworthy facts {name}") };
            self.line(out, "evidence", &format!("… and {more} more, see `{see}`"));
        }
        for (label, said) in lines {
            self.line(out, label, &said);
        }
    }

    fn line(&self, out: &mut String, label: &str, text: &str) {
        out.extend([&self.below, label, ": ", text, "\n"]);
    }

    /// One line, when there is more to sum up than one artifact without findings.
    fn summary(&self, out: &mut String, report: &Report) {
        let (tally, quiet) = (report.tally(), report.is_clean());
        if tally.artifacts() == 0 || (tally.artifacts() == 1 && quiet) {
            return;
        }
        let style = match (tally.is_violated(), quiet) {
            (true, _) => &self.error,
            (false, true) => &self.ok,
            (false, false) => &self.warning,
        };
        self.headline(out, style, &["seaworthy"], &summary::counts(&tally));
    }

    fn headline(&self, out: &mut String, style: &Painted, word: &[&str], sentence: &str) {
        out.push_str(&style.on);
        out.extend(word.iter().copied());
        out.extend([&style.off, &self.strong.on, ": ", sentence, &self.strong.off, "\n"]);
    }
}
