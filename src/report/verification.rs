//! A verification as text, as one line per refusal, or as JSON (`schemas/verification.schema.json`).

use std::fmt::Write as _;

use anstyle::Style;
use serde::Serialize;

use super::table::{self, Cell};
use super::{Detail, Styles, Tool, escape};
use crate::listing::plural;
use crate::verify::{Checked, FORMAT_VERSION, Line, Machine, Verdict, Verification};

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool: Tool,
    accepted: bool,
    general: &'a [Line],
    artifacts: Vec<Artifact<'a>>,
    machine: &'a Machine,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Artifact<'a> {
    path: &'a str,
    accepted: bool,
    lines: &'a [Line],
}

/// Form of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Every line.
    Text,
    /// One line for each that was not accepted.
    Short,
    /// For programs.
    Json,
}

/// Renders in one form; quiet text is what was not accepted.
pub fn render(verification: &Verification, form: Form, styles: &Styles, detail: Detail) -> String {
    match form {
        Form::Json => json(verification),
        Form::Short => short(verification, styles),
        Form::Text => text(verification, styles, detail),
    }
}

fn json(verification: &Verification) -> String {
    let artifact = |checked: &'_ Checked| -> bool { checked.is_accepted() };
    super::json::to_text(&Document {
        format_version: FORMAT_VERSION,
        tool: Tool::THIS,
        accepted: verification.is_accepted(),
        general: &verification.general,
        artifacts: verification
            .artifacts
            .iter()
            .map(|checked| Artifact { path: &checked.path, accepted: artifact(checked), lines: &checked.lines })
            .collect(),
        machine: &verification.machine,
        notes: &verification.notes,
    })
}

/// What the general lines are about.
const GENERAL: &str = "the platform signature";

fn groups(verification: &Verification) -> impl Iterator<Item = (&str, &[Line])> {
    let general = (GENERAL, verification.general.as_slice());
    let artifacts = verification.artifacts.iter().map(|checked| (checked.path.as_str(), checked.lines.as_slice()));
    std::iter::once(general).chain(artifacts).filter(|(_, lines)| !lines.is_empty())
}

fn short(verification: &Verification, styles: &Styles) -> String {
    let mut out = String::new();
    for (name, lines) in groups(verification) {
        for line in lines.iter().filter(|line| !line.is_accepted()) {
            let (word, style) = word(line.verdict, styles);
            let (needed, found) = (escape(&line.needed), escape(&line.found));
            let check = line.check.name();
            let _ = writeln!(out, "{name}: {style}{word}[{check}]{style:#}: needs {needed}; there is: {found}");
        }
    }
    out
}

fn text(verification: &Verification, styles: &Styles, detail: Detail) -> String {
    let mut out = String::new();
    for (name, lines) in groups(verification) {
        let quiet = detail == Detail::Quiet;
        let shown: Vec<&Line> = lines.iter().filter(|line| !quiet || !line.is_accepted()).collect();
        if shown.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{0}{name}{0:#}", styles.strong);
        let rows: Vec<Vec<Cell>> = shown.iter().map(|line| row(line, styles)).collect();
        out.push_str(&table::render(&rows));
    }
    if detail != Detail::Quiet {
        for note in &verification.notes {
            let _ = writeln!(out, "{0}note{0:#}: {1}", styles.strong, escape(note));
        }
        let _ = writeln!(out, "{}", summary(verification, styles));
    }
    out
}

fn row(line: &Line, styles: &Styles) -> Vec<Cell> {
    let (word, style) = word(line.verdict, styles);
    let needed = escape(&line.needed).into_owned();
    let cell = |text: String| table::plain(text);
    vec![
        (format!("  {word}"), style),
        cell(line.check.name().to_owned()),
        cell(needed),
        cell(escape(&line.found).into_owned()),
    ]
}

fn word(verdict: Verdict, styles: &Styles) -> (&'static str, Style) {
    match verdict {
        Verdict::Accepted => ("ok", styles.ok),
        Verdict::Refused => ("refused", styles.error),
        Verdict::Unknown => ("unknown", styles.error),
    }
}

fn summary(verification: &Verification, styles: &Styles) -> String {
    let refused = verification.lines().filter(|line| line.verdict == Verdict::Refused).count();
    let unknown = verification.lines().filter(|line| line.verdict == Verdict::Unknown).count();
    let artifacts = plural(verification.artifacts.len(), "artifact");
    if refused + unknown == 0 {
        let fits = if verification.artifacts.len() == 1 { "fits" } else { "fit" };
        return format!("{0}seaworthy{0:#}: {artifacts} {fits} the machine", styles.ok);
    }
    let mut parts = vec![artifacts];
    parts.extend((refused > 0).then(|| format!("{} refused", plural(refused, "need"))));
    parts.extend((unknown > 0).then(|| format!("{} not known", plural(unknown, "need"))));
    format!("{0}seaworthy{0:#}: {1}", styles.error, parts.join(", "))
}
