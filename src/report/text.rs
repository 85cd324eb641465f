//! The report for people: a block per finding or for all that are alike, a line per artifact without any, a summary.

use anstyle::Style;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::listing::plural;
use crate::policy::Level;

use super::draft::Draft;
use super::fold;
use super::telling::{Block, Part, Telling, Told};
use super::{Detail, Report, Styles, escape, findings, path, summary};

/// Bytes that nearly all lines about one artifact fit into.
const ROOM: usize = 512;

/// Renders `report`; every line ends with a line feed, an empty report renders to nothing.
pub fn render(report: &Report, styles: &Styles, detail: Detail) -> String {
    let text = Text::new(styles, detail);
    text.finish(text.telling(0), report)
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

    /// What is told of artifacts, with room for so many bytes.
    pub fn telling(&self, room: usize) -> Telling {
        Telling::new(room, self.detail == Detail::Verbose)
    }

    /// What there is to say about one artifact, with its findings apart.
    pub fn artifact(&self, result: &ArtifactResult, mut findings: Vec<Finding>) -> Told {
        let name = path(&result.artifact.path);
        let is_in_image = result.image.is_some();
        findings.extend(findings::unjudged(result));
        let drafts: Vec<Draft> = match self.detail {
            Detail::Quiet | Detail::Normal if fold::may_fold(&findings) => {
                let file = if is_in_image { "" } else { &*name };
                fold::by_host(&findings).iter().map(|fold| fold.draft(file)).collect()
            }
            _ => findings.into_iter().map(Draft::Finding).collect(),
        };
        let mut out = String::with_capacity(if drafts.is_empty() { ROOM } else { 0 });
        if result.verdict == Overall::Pass && self.detail != Detail::Quiet {
            out.extend([
                &self.ok.on,
                "ok",
                &self.ok.off,
                ": ",
                &name,
                ": ",
                &summary::what_it_is(result, self.detail == Detail::Verbose),
                "\n",
            ]);
        }
        if let Some(instructions) = result.facts.as_ref().and_then(|facts| facts.instructions.as_ref()) {
            self.line(&mut out, "uses", &format!("{name}: {}", escape(&instructions.in_words())));
        }
        if self.detail == Detail::Verbose {
            for (rule, reason) in &result.not_applicable {
                self.line(&mut out, "not applicable", &format!("{}: {}", escape(rule), escape(reason)));
            }
            for (rule, reason) in result.inconclusive.iter().filter(|_| result.verdict != Overall::Inconclusive) {
                self.line(&mut out, "could not be judged", &format!("{}: {}", escape(rule), escape(reason)));
            }
        }
        if self.detail != Detail::Quiet {
            for (finding, reason) in &result.excepted {
                let said = format!("{}: {} ({})", finding.rule, escape(&finding.message), escape(reason));
                self.line(&mut out, "excepted", &said);
            }
        }
        Told { name: name.into(), is_in_image, drafts, rest: out }
    }

    /// Everything: what was told already, then what `report` has still to say.
    pub fn finish(&self, mut telling: Telling, report: &Report) -> String {
        report.artifacts.iter().for_each(|one| telling.add(self.artifact(one, one.findings.clone())));
        let (told, mut printed) = (telling.count(), 0);
        let mut out = String::new();
        for part in telling.into_parts() {
            match part {
                // That of most runs is all there is.
                Part::Lines(lines) if out.is_empty() => out = lines,
                Part::Lines(lines) => out.push_str(&lines),
                Part::Block(block, also_in) => {
                    printed += 1;
                    self.block(&mut out, &block, also_in.as_deref());
                }
            }
        }
        for finding in &report.general {
            self.block(&mut out, &Block::of(finding.clone(), &path(&finding.artifact)), None);
        }
        if self.detail != Detail::Quiet {
            for note in &report.notes {
                self.headline(&mut out, &self.strong, &["note"], &escape(note));
            }
            let folded = (printed < told).then_some(printed + report.general.len());
            self.summary(&mut out, report, folded);
        }
        out
    }

    fn block(&self, out: &mut String, block: &Block, also_in: Option<&str>) {
        let style = if block.level == Level::Deny { &self.error } else { &self.warning };
        self.headline(out, style, &[findings::severity(block.level), "[", block.rule, "]"], &block.sentence);
        block.lines(also_in).for_each(|(label, said)| self.line(out, label, said));
    }

    fn line(&self, out: &mut String, label: &str, text: &str) {
        out.extend([&self.below, label, ": ", text, "\n"]);
    }

    /// One line, when there is more to sum up than one artifact without findings; `folded`: so many blocks tell of more findings.
    fn summary(&self, out: &mut String, report: &Report, folded: Option<usize>) {
        let tally = report.tally();
        let quiet = report.problems.is_empty() && tally.is_clean();
        if tally.artifacts() == 0 || (tally.artifacts() == 1 && quiet) {
            return;
        }
        let style = match (tally.is_violated(), quiet) {
            (true, _) => &self.error,
            (false, true) => &self.ok,
            (false, false) => &self.warning,
        };
        let mut counts = summary::counts(&tally);
        if let Some(blocks) = folded {
            counts.extend([", told in ", &plural(blocks, "block"), " (`-v` tells each)"]);
        }
        self.headline(out, style, &["seaworthy"], &counts);
    }

    fn headline(&self, out: &mut String, style: &Painted, word: &[&str], sentence: &str) {
        out.push_str(&style.on);
        out.extend(word.iter().copied());
        out.extend([&style.off, &self.strong.on, ": ", sentence, &self.strong.off, "\n"]);
    }
}
