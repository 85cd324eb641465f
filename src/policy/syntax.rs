//! What is no TOML: the parser's own errors, each told once, and a text to go on with.
//!
//! The parser recovers, but a bracket that is never closed swallows what follows it, and a line without `=` ends the
//! document. Such a statement is blanked out and the rest parsed again, so that one slip neither hides others nor echoes.

use std::ops::Range;

use toml::de::{DeTable, Error};

use super::problem::{LIMIT, Problem, visible};

/// Statements that are blanked out at most; a text with more of them is no policy.
const MOST: usize = 20;

/// Bytes that are parsed again at most, so that a large file of nonsense is refused in time.
const BUDGET: usize = 1 << 20;

/// The text without the statements that lead the parser astray, byte for byte in the same places, and what is wrong with
/// them.
pub(super) fn repair(text: &str) -> (String, Vec<Problem>) {
    let mut repaired = text.to_owned();
    let mut problems = Vec::new();
    for _ in 0..MOST.min(BUDGET / text.len().max(1)) {
        let (_, errors) = DeTable::parse_recoverable(&repaired);
        let astray = |error: &&Error| error.span().is_some() && leads_astray(error.message());
        let Some(error) = errors.iter().filter(astray).min_by_key(|error| error.span().map(|span| span.start)) else {
            break;
        };
        let (problem, statement) = diagnose(&repaired, error);
        let blanked = blank(&repaired, &statement);
        if blanked == repaired {
            break;
        }
        problems.push(problem);
        repaired = blanked;
    }
    (repaired, problems)
}

/// Whether the parser does not find its way back after this error.
fn leads_astray(message: &str) -> bool {
    ["array", "inline table", "key-value pairs", "key with no value"].iter().any(|part| message.contains(part))
}

/// The problem behind an error that leads astray, and the statement to leave out.
fn diagnose(text: &str, error: &Error) -> (Problem, Range<usize>) {
    let at = error.span().map_or(0, |span| span.start);
    let line = line_of(text, at);
    if error.message().starts_with("key with no value") {
        return (problem(text, error), line);
    }
    let starts = statements(text);
    let here = starts.iter().rposition(|start| *start < line.start.max(1)).unwrap_or(0);
    let next_is_at_fault = starts.contains(&line.start) && here + 1 < starts.len();
    let own = if next_is_at_fault { here } else { starts.iter().rposition(|start| *start <= at).unwrap_or(0) };
    let from = starts.get(own).copied().unwrap_or(0);
    let to = starts.get(own + 1).copied().unwrap_or(text.len());
    if !next_is_at_fault {
        return (problem(text, error), from..to);
    }
    let opened = line_of(text, from);
    let key = text.get(opened.clone()).unwrap_or_default().split('=').next().unwrap_or_default().trim();
    let title = format!("not valid TOML: `{}` is not closed", visible(key));
    let mark = from..text.get(opened.clone()).map_or(from, |line| from + line.trim_end().len());
    let label = "a bracket or brace that starts here has no end";
    (Problem::new(mark, title, label), from..to)
}

/// Where lines start that look like a statement of their own: `key = …` or `[table]`.
fn statements(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let key = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "-_.\"' \t".contains(c));
        let table = line.trim_start().strip_prefix('[').map(|rest| rest.trim_start_matches('['));
        let names_table = table.and_then(|rest| rest.split(']').next()).is_some_and(|name| {
            key(name.trim()) && !name.trim_start().starts_with(['"', '\'']) && line.trim_end().ends_with(']')
        });
        if names_table || line.split_once('=').is_some_and(|(name, _)| key(name.trim())) {
            starts.push(at);
        }
        at += line.len();
    }
    starts
}

/// The line that the byte at `at` is on, without its end.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let bytes = text.as_bytes();
    let start = bytes.iter().take(at).rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
    let length = bytes.iter().skip(start).position(|byte| *byte == b'\n').unwrap_or(text.len() - start);
    start..start + length
}

/// The text with spaces in that place, line ends apart.
fn blank(text: &str, place: &Range<usize>) -> String {
    let space = |c: char| if matches!(c, '\n' | '\r') { c.to_string() } else { " ".repeat(c.len_utf8()) };
    let blanked = |(at, c): (usize, char)| if place.contains(&at) { space(c) } else { c.to_string() };
    text.char_indices().map(blanked).collect()
}

/// The problems behind the parser's errors, in the order of the text.
pub(super) fn problems(text: &str, errors: &[Error]) -> Vec<Problem> {
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let mut problems = Vec::new();
    let mut second_table = None;
    for error in errors.into_iter().take(LIMIT) {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        if error.message() == DUPLICATE {
            if is_header(text.get(line.clone()).unwrap_or_default()) {
                second_table = Some(line.end);
            } else if second_table
                .is_some_and(|end| !text.get(end..line.start).is_some_and(|between| between.lines().any(is_header)))
            {
                // The keys of a table that is there twice are not set twice, as far as anybody can tell.
                continue;
            }
        }
        problems.push(problem(text, error));
    }
    problems
}

/// Where the table that `at` is in ends: at the next header.
pub(super) fn end_of_table(text: &str, at: usize) -> usize {
    let mut start = line_of(text, at).end;
    while let Some(line) = text.get(start + 1..).and_then(|rest| rest.lines().next()) {
        if is_header(line) {
            return start + 1;
        }
        start = line_of(text, start + 1).end;
    }
    text.len()
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

/// What the parser says of a key that is there twice.
const DUPLICATE: &str = "duplicate key";

fn problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    if error.message() != DUPLICATE {
        return Problem::new(span, format!("not valid TOML: {}", visible(error.message())), "");
    }
    let name = text.get(span.clone()).unwrap_or_default();
    let label = match first_of(text, name, span.start) {
        Some(line) => format!("set before on line {line}"),
        None => "set before".to_owned(),
    };
    Problem::new(span, format!("`{}` is set twice", visible(name)), label).help("leave only one of them")
}

/// The line, from 1, on which the key or table `name` that stands again at `at` was set first.
fn first_of(text: &str, name: &str, at: usize) -> Option<usize> {
    let here = line_of(text, at);
    let is_table = is_header(text.get(here.clone())?);
    let before: Vec<&str> = text.get(..here.start)?.lines().collect();
    for (index, line) in before.iter().enumerate().rev() {
        let line = line.trim();
        let header = line.strip_prefix('[').and_then(|rest| rest.split(']').next());
        match header {
            Some(header) if is_table && header.trim() == name => return Some(index + 1),
            Some(_) if !is_table => return None,
            None if !is_table && line.split('=').next().is_some_and(|key| key.trim() == name) => {
                return Some(index + 1);
            }
            _ => {}
        }
    }
    None
}
