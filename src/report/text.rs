//! The report for people: a block per finding, a line per artifact without any, a summary.

use std::fmt::Write as _;

use anstyle::Style;

use crate::check::{ArtifactResult, Finding, Overall, Runs};
use crate::policy::{Level, Origin};
use crate::rules::{self, PolicySource};

use super::describe::describe;
use super::{Detail, Report, Styles, escape, origin, path, plural};

/// Pieces of evidence that are shown; the JSON report has them all.
const EVIDENCE_SHOWN: usize = 8;

/// Renders `report`; every line ends with a line feed, an empty report renders to nothing.
pub fn render(report: &Report, styles: &Styles, detail: Detail) -> String {
    let mut text = Text { out: String::new(), styles: *styles };
    for artifact in &report.artifacts {
        text.artifact(artifact, detail);
    }
    for finding in &report.general {
        text.finding(finding, &path(&finding.artifact));
    }
    if detail != Detail::Quiet {
        for note in &report.notes {
            text.headline(text.styles.strong, "note", &escape(note));
        }
        text.summary(report);
    }
    text.out
}

struct Text {
    out: String,
    styles: Styles,
}

impl Text {
    fn artifact(&mut self, result: &ArtifactResult, detail: Detail) {
        let name = path(&result.artifact.path);
        for finding in &result.findings {
            self.finding(finding, &name);
        }
        if result.verdict == Overall::Inconclusive {
            self.inconclusive(result, &name);
        }
        if result.verdict == Overall::Pass && detail != Detail::Quiet {
            let mut what = result.facts.as_ref().map(describe).unwrap_or_else(|| "not looked at".into());
            what.push_str(&runs_on(result));
            let ok = self.styles.ok;
            let _ = writeln!(self.out, "{ok}ok{ok:#}: {name}: {what}");
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
        let (style, word) = match finding.level {
            Level::Deny => (self.styles.error, "error"),
            Level::Warn | Level::Allow => (self.styles.warning, "warning"),
        };
        let slice = finding.slice.as_deref().map(|slice| format!(" ({})", escape(slice))).unwrap_or_default();
        self.headline(style, &format!("{word}[{}]", finding.rule), &format!("{}{slice}", escape(&finding.message)));
        self.evidence(&finding.evidence, name);
        if let Some(blame) = &finding.blame {
            self.line("blame", &escape(blame));
        }
        self.line("policy", &policy(finding));
        // A clash with the policy is no rule and has no page.
        let explain = rules::find(finding.rule).map(|rule| format!("see `seaworthy explain {}`", rule.id));
        match (&finding.help, explain) {
            (Some(help), Some(explain)) if !help.contains(&explain) => {
                self.line("help", &format!("{}, or {explain}", escape(help)));
            }
            (Some(help), _) => self.line("help", &escape(help)),
            (None, Some(explain)) => self.line("help", &explain),
            (None, None) => {}
        }
    }

    /// An artifact that could not be judged: one block, with every rule that could not tell.
    fn inconclusive(&mut self, result: &ArtifactResult, name: &str) {
        let denied = result.inconclusive_level.value == Level::Deny;
        let (style, word) = if denied { (self.styles.error, "error") } else { (self.styles.warning, "warning") };
        self.headline(style, &format!("{word}[inconclusive]"), &format!("`{name}` could not be judged"));
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (rule, reason) in &result.inconclusive {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, rules)) => rules.push(rule),
                None => reasons.push((reason, vec![rule])),
            }
        }
        let evidence: Vec<String> =
            reasons.iter().map(|(reason, rules)| format!("{reason} ({})", rules.join(", "))).collect();
        self.evidence(&evidence, name);
        let level = level_word(result.inconclusive_level.value);
        self.line("policy", &format!("`inconclusive = \"{level}\"` ({})", origin(&result.inconclusive_level.origin)));
        let packed = result.facts.iter().flat_map(|file| &file.slices).any(|slice| slice.packed.is_some());
        let help = match result.inconclusive.first() {
            Some(_) if packed => "judge the file before it is packed".to_owned(),
            Some((rule, _)) => format!("see `seaworthy explain {rule}`"),
            None => "see `seaworthy explain`".to_owned(),
        };
        self.line("help", &format!("{help}, or let it through with `inconclusive = \"allow\"`"));
    }

    fn evidence(&mut self, evidence: &[String], name: &str) {
        for piece in evidence.iter().take(EVIDENCE_SHOWN) {
            self.line("evidence", &escape(piece));
        }
        if let Some(more @ 1..) = evidence.len().checked_sub(EVIDENCE_SHOWN) {
            self.line("evidence", &format!("… and {more} more, see `seaworthy facts {name}`"));
        }
    }

    fn headline(&mut self, style: Style, word: &str, sentence: &str) {
        let strong = self.styles.strong;
        let _ = writeln!(self.out, "{style}{word}{style:#}{strong}: {sentence}{strong:#}");
    }

    fn line(&mut self, label: &str, text: &str) {
        let style = self.styles.label;
        let _ = writeln!(self.out, "  {style}={style:#} {label}: {text}");
    }

    /// One line, when there is more to sum up than one artifact without findings.
    fn summary(&mut self, report: &Report) {
        let quiet = report.findings().next().is_none() && report.verdict() == Overall::Pass;
        if report.artifacts.is_empty() || (report.artifacts.len() == 1 && quiet) {
            return;
        }
        let count = |verdict| report.artifacts.iter().filter(|artifact| artifact.verdict == verdict).count();
        let level = |level| report.findings().filter(|finding| finding.level == level).count();
        let mut parts = vec![plural(report.artifacts.len(), "artifact")];
        for (number, word) in [
            (count(Overall::Pass), "ok"),
            (count(Overall::Fail), "rejected"),
            (count(Overall::Inconclusive), "could not be judged"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        for (number, noun) in [(level(Level::Deny), "error"), (level(Level::Warn), "warning")] {
            if number > 0 {
                parts.push(plural(number, noun));
            }
        }
        let (style, word) = match (report.is_violated(), quiet) {
            (true, _) => (self.styles.error, "seaworthy"),
            (false, true) => (self.styles.ok, "seaworthy"),
            (false, false) => (self.styles.warning, "seaworthy"),
        };
        self.headline(style, word, &parts.join(", "));
    }
}

/// `; runs on scratch, alpine:3.20`: the hosts of the policy that were judged, all of which it runs on.
fn runs_on(result: &ArtifactResult) -> String {
    let hosts = result.hosts.iter().filter(|answer| answer.verdict == Runs::Yes);
    let names: Vec<_> = hosts.map(|answer| escape(&answer.host)).collect();
    if names.is_empty() { String::new() } else { format!("; runs on {}", names.join(", ")) }
}

/// Which part of the policy the finding rests on, and who set it.
fn policy(finding: &Finding) -> String {
    let level = format!("`{}` is `{}`", finding.rule, level_word(finding.level));
    match &finding.policy {
        None => format!("{level} ({})", origin(&finding.level_origin)),
        Some(source) if finding.level_origin == Origin::Default => source_text(source),
        Some(source) => format!("{}, {level} ({})", source_text(source), origin(&finding.level_origin)),
    }
}

fn source_text(source: &PolicySource) -> String {
    let key = escape(&source.key);
    let key = if key.contains('`') { key.into_owned() } else { format!("`{key}`") };
    format!("{key} ({})", origin(&source.origin))
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}
