//! What is wrong with a policy file, as data, and how it is shown: the line, a mark under it, the way out.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::report::{escape, is_hostile};

/// Problems shown of one file; the rest are counted. A file with more has one cause, not many.
const SHOWN: usize = 50;

/// Problems looked for in one file.
pub(super) const LIMIT: usize = 200;

/// Bytes of a line shown around a mark.
const WIDTH: usize = 240;

/// Every error of one policy file, rendered with the lines they are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors {
    /// The file.
    pub file: PathBuf,
    /// Its name in messages, safe to print.
    pub shown: String,
    /// One rendered block per error, in the order of the file, without colour. Control characters of the file are shown as
    /// symbols, never raw.
    pub rendered: Vec<String>,
    /// The same with ANSI colours, for a terminal.
    pub styled: Vec<String>,
    /// How many errors there are beyond those rendered.
    pub omitted: usize,
}

impl PolicyErrors {
    /// How many errors the file has, for a sentence: `1 error`, `7 errors`.
    pub fn count(&self) -> String {
        match self.rendered.len() + self.omitted {
            1 => "1 error".to_owned(),
            count if count < LIMIT => format!("{count} errors"),
            _ => format!("{LIMIT} errors or more"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The bytes it is about.
    pub(super) span: Range<usize>,
    /// One sentence that stands alone.
    pub(super) title: String,
    /// What to write beside the mark.
    pub(super) label: String,
    /// The next steps.
    pub(super) help: Vec<String>,
    /// Whether it is about something that is not there, and so may be the echo of a syntax error.
    pub(super) absence: bool,
}

impl Problem {
    pub(super) fn new(span: Range<usize>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Problem { span, title: title.into(), label: label.into(), help: Vec::new(), absence: false }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(super) fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    pub(super) fn absent(mut self) -> Self {
        self.absence = true;
        self
    }
}

/// Where the lines of a text start.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The line, from 1, that the byte at `offset` is on.
    pub(super) fn number(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// The line that `span` starts on, without its end, and where `span` lies in it; both cut down to what can be read.
    fn excerpt(&self, span: &Range<usize>) -> (&'t str, Range<usize>) {
        let index = self.starts.partition_point(|start| *start <= span.start).saturating_sub(1);
        let from = self.starts.get(index).copied().unwrap_or(0);
        let to = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(from..to).unwrap_or("").trim_end_matches(['\n', '\r']);
        let start = floor(line, span.start.saturating_sub(from));
        let end = floor(line, span.end.saturating_sub(from)).max(start);
        if line.len() <= WIDTH {
            return (line, start..end);
        }
        let cut = floor(line, start.saturating_sub(WIDTH / 2));
        let until = floor(line, cut + WIDTH);
        (line.get(cut..until).unwrap_or(""), start - cut..end.min(until).max(start) - cut)
    }
}

/// The last boundary between characters at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Renders the problems of one file in the order of the file.
pub(super) fn render(file: &Path, shown: &Path, lines: &Lines<'_>, mut problems: Vec<Problem>) -> PolicyErrors {
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    problems.dedup();
    let omitted = problems.len().saturating_sub(SHOWN);
    problems.truncate(SHOWN);
    let name = visible(&shown.to_string_lossy());
    let each = |renderer: &Renderer| problems.iter().map(|problem| block(renderer, &name, lines, problem)).collect();
    PolicyErrors {
        file: file.to_path_buf(),
        shown: name.clone(),
        rendered: each(&Renderer::plain()),
        styled: each(&Renderer::styled()),
        omitted,
    }
}

fn block(renderer: &Renderer, name: &str, lines: &Lines<'_>, problem: &Problem) -> String {
    let (line, span) = lines.excerpt(&problem.span);
    let number = usize::try_from(lines.number(problem.span.start)).unwrap_or(usize::MAX);
    let mark = AnnotationKind::Primary.span(span).label(problem.label.as_str());
    let snippet = Snippet::source(harmless(line)).line_start(number).path(name).annotation(mark);
    let help = problem.help.iter().map(|help| Level::HELP.message(help.as_str()));
    renderer.render(&[Level::ERROR.primary_title(problem.title.as_str()).element(snippet).elements(help)])
}

/// A word of the file as a message can hold it: safe to print, and not longer than a line.
pub(super) fn visible(word: &str) -> String {
    const LONGEST: usize = 80;
    match word.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", escape(word.get(..at).unwrap_or_default())),
        None => escape(word).into_owned(),
    }
}

/// A line with what the renderer would print raw replaced by something as many bytes long, so that marks stay in place. It
/// has symbols of its own for ASCII control characters.
fn harmless(line: &str) -> Cow<'_, str> {
    let raw = |c: char| !c.is_ascii() && is_hostile(c);
    if !line.contains(raw) {
        return Cow::Borrowed(line);
    }
    let symbol = |c: char| match c.len_utf8() {
        2 => '\u{bf}',
        3 => '\u{fffd}',
        _ => '\u{1f6ab}',
    };
    Cow::Owned(line.chars().map(|c| if raw(c) { symbol(c) } else { c }).collect())
}

/// The known word that `word` was probably meant to be; of those as close, the first.
pub(crate) fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Comparing takes quadratic time, and no name is longer than this.
    if word.chars().nth(64).is_some() {
        return None;
    }
    let plain = word.to_lowercase().replace(['_', ' '], "-");
    let near = |name: &&str| strsim::jaro_winkler(&plain, name);
    known.into_iter().filter(|name| near(name) > 0.8).min_by(|left, right| near(right).total_cmp(&near(left)))
}

/// "did you mean …?" for a word that is not among the known ones.
pub(super) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    closest(word, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let lines = Lines::new("a\nb\r\n\nd");
        assert_eq!([0, 1, 2, 3, 5, 6, 99].map(|at| lines.number(at)), [1, 1, 2, 2, 3, 4, 4]);
        assert_eq!(lines.excerpt(&(2..3)), ("b", 0..1));
        assert_eq!(lines.excerpt(&(2..40)), ("b", 0..1));
        assert_eq!(lines.excerpt(&(90..95)), ("d", 1..1));
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = format!("{}é{}", "x".repeat(5_000), "y".repeat(5_000));
        let lines = Lines::new(&text);
        let (line, span) = lines.excerpt(&(5_000..5_002));
        assert!(line.len() <= WIDTH + 4, "{}", line.len());
        assert_eq!(line.get(span), Some("é"));
    }

    #[test]
    fn nothing_raw_reaches_a_message() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b"), "a\\x1b[31m\\u{202e}b");
        let line = "é\u{9b}31m\u{200b}\u{1f600}";
        assert_eq!(harmless(line), "é\u{bf}31m\u{fffd}\u{1f600}");
        assert_eq!(harmless(line).len(), line.len());
        assert_eq!(visible(&"x".repeat(100)).chars().count(), 81);
    }

    #[test]
    fn close_words_are_found_and_far_ones_are_not() {
        assert_eq!(closest("linkge", ["linkage", "runs-on"]), Some("linkage"));
        assert_eq!(closest("x86-64", ["x86-64-v1", "x86-64-v2", "x86-64-v3"]), Some("x86-64-v1"));
        assert_eq!(closest("runs_on", ["linkage", "runs-on"]), Some("runs-on"));
        assert_eq!(closest("qqq", ["linkage", "runs-on"]), None);
        assert_eq!(closest(&"l".repeat(10_000), ["linkage"]), None);
    }

    #[test]
    fn a_flood_of_problems_is_cut_off_and_counted() {
        let text = "x\n".repeat(200);
        let problems = (0..200).map(|line| Problem::new(line * 2..line * 2 + 1, "bad", "here")).collect();
        let errors = render(Path::new("p"), Path::new("p"), &Lines::new(&text), problems);
        assert_eq!((errors.rendered.len(), errors.omitted), (SHOWN, 150));
        assert_eq!(errors.count(), "200 errors or more");
    }
}
