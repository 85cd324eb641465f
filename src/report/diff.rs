//! What changed between two builds: for the terminal, as JSON, in Markdown.

use std::fmt::Write as _;

use anstyle::Style;
use serde::Serialize;

use crate::diff::{Change, Diff, Effect, FileDiff};
use crate::listing::plural;

use super::markdown::{code, prose, table_cell};
use super::table::{self, Cell, plain};
use super::{Detail, Styles, escape, json};

/// Version of the JSON form; as with reports, a field that goes away or changes its meaning raises it.
const FORMAT_VERSION: u32 = 1;

/// Symbols and other details that are shown of a change; the JSON form has them all.
const DETAILS_SHOWN: usize = 4;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    verdict: &'static str,
    files: Vec<File<'a>>,
    gained: &'a [String],
    lost: &'a [String],
}

#[derive(Serialize)]
struct File<'a> {
    verdict: &'static str,
    #[serde(flatten)]
    file: &'a FileDiff,
}

/// For programs: described by `schemas/diff.schema.json`.
pub fn json(diff: &Diff) -> String {
    json::to_text(&Document {
        format_version: FORMAT_VERSION,
        verdict: verdict(diff.files.iter().map(FileDiff::effect).max()),
        files: diff.files.iter().map(|file| File { verdict: verdict(Some(file.effect())), file }).collect(),
        gained: &diff.gained,
        lost: &diff.lost,
    })
}

/// For the terminal: a block per file that changed, the worst changes first, and a summary. Quiet keeps what got worse.
pub fn text(diff: &Diff, styles: &Styles, detail: Detail) -> String {
    let mut out = String::new();
    for file in &diff.files {
        let shown: Vec<&Change> = file.changes.iter().filter(|change| is_shown(change, detail)).collect();
        if shown.is_empty() {
            continue;
        }
        let style = style(file.effect(), styles);
        let old = file.old_path.as_ref().map(|old| format!(" (was {})", escape(old))).unwrap_or_default();
        let strong = styles.strong;
        let _ = writeln!(out, "{style}{}{style:#}: {strong}{}{strong:#}{old}", headline(file), escape(&file.path));
        let rows: Vec<Vec<Cell>> = shown.into_iter().map(|change| row(change, styles, detail)).collect();
        out.push_str(&table::render(&rows));
    }
    if detail != Detail::Quiet {
        for (word, paths) in [("only in the new build", &diff.gained), ("only in the old build", &diff.lost)] {
            for path in paths {
                let _ = writeln!(out, "{word}: {}", escape(path));
            }
        }
        let style = style(diff.files.iter().map(FileDiff::effect).max().unwrap_or(Effect::Neutral), styles);
        let _ = writeln!(out, "{style}seaworthy{style:#}: {}", counts(diff));
    }
    out
}

/// For pull requests: a table per file that changed.
pub fn markdown(diff: &Diff) -> String {
    let mark = if diff.is_worse() { "❌" } else { "✅" };
    let mut out = format!("## seaworthy diff: {mark} {}\n", counts(diff));
    for file in diff.files.iter().filter(|file| !file.changes.is_empty()) {
        let _ = write!(out, "\n### {}\n\n| | change | |\n| --- | --- | --- |\n", code(&file.path));
        for change in &file.changes {
            let sentence = table_cell(&prose(&sentence(change)));
            let details = table_cell(&prose(&details(change, DETAILS_SHOWN)));
            let _ = writeln!(out, "| {} | {sentence} | {details} |", word(change.effect));
        }
    }
    for (heading, paths) in [("Only in the new build", &diff.gained), ("Only in the old build", &diff.lost)] {
        if !paths.is_empty() {
            let _ = write!(out, "\n### {heading}\n\n");
            for path in paths {
                let _ = writeln!(out, "- {}", code(path));
            }
        }
    }
    out
}

fn is_shown(change: &Change, detail: Detail) -> bool {
    detail != Detail::Quiet || change.effect >= Effect::Unknown
}

fn row(change: &Change, styles: &Styles, detail: Detail) -> Vec<Cell> {
    let shown = if detail == Detail::Verbose { usize::MAX } else { DETAILS_SHOWN };
    let details = details(change, shown);
    let mut text = escape(&sentence(change)).into_owned();
    if !details.is_empty() {
        let _ = write!(text, ": {}", escape(&details));
    }
    vec![(format!("  {}", word(change.effect)), style(change.effect, styles)), plain(text)]
}

fn sentence(change: &Change) -> String {
    let arch = change.arch.as_ref().map(|arch| format!(" ({arch})")).unwrap_or_default();
    format!("{}{arch}", change.sentence())
}

fn details(change: &Change, shown: usize) -> String {
    let mut names: Vec<String> = change.details.iter().take(shown).map(|name| format!("`{name}`")).collect();
    if let Some(more @ 1..) = change.details.len().checked_sub(shown) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

fn headline(file: &FileDiff) -> &'static str {
    match file.effect() {
        Effect::Worse => "less portable",
        Effect::Unknown => "not compared",
        Effect::Neutral => "changed",
        Effect::Better if file.changes.iter().all(|change| change.effect == Effect::Better) => "more portable",
        Effect::Better => "changed",
    }
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Worse => "worse",
        Effect::Unknown => "unknown",
        Effect::Neutral => "changed",
        Effect::Better => "better",
    }
}

/// The verdict of the JSON form.
fn verdict(effect: Option<Effect>) -> &'static str {
    match effect {
        Some(Effect::Worse) => "worse",
        Some(Effect::Unknown) => "unknown",
        Some(Effect::Neutral | Effect::Better) | None => "not-worse",
    }
}

fn style(effect: Effect, styles: &Styles) -> Style {
    match effect {
        Effect::Worse => styles.error,
        Effect::Unknown => styles.warning,
        Effect::Neutral => styles.label,
        Effect::Better => styles.ok,
    }
}

/// `3 files compared, 1 less portable, 1 unchanged`.
fn counts(diff: &Diff) -> String {
    let count = |wanted: &dyn Fn(&FileDiff) -> bool| diff.files.iter().filter(|file| wanted(file)).count();
    let mut parts = vec![format!("{} compared", plural(diff.files.len(), "file"))];
    for (number, word) in [
        (count(&|file| file.effect() == Effect::Worse), "less portable"),
        (count(&|file| file.effect() == Effect::Unknown), "not comparable"),
        (count(&|file| file.changes.is_empty()), "unchanged"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    parts.join(", ")
}
