//! The raw form of a policy file: TOML with spans, compared with the table of keys ([`super::keys`]) so that what is read
//! from it later has the right type; every error of the file is collected on the way.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Origin;
use super::keys::{self, Key, Kind, ROOT, Section, Shape};
use super::problem::{LIMIT, Lines, Problem, did_you_mean, visible};
use super::shape;
use super::wording::{unknown_key, wrong_type, wrong_type_of};
use crate::listing::any_of;

/// One text, spanned and of the right types wherever `problems` stayed empty.
#[derive(Debug)]
pub(super) struct Document<'t> {
    pub(super) root: DeTable<'t>,
    pub(super) source: Source<'t>,
}

/// Whose text it is.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub(super) lines: Lines<'t>,
    author: Author<'t>,
}

#[derive(Debug)]
enum Author<'t> {
    File(&'t Path),
    Preset(&'static str),
}

impl<'t> Source<'t> {
    /// The text of a file that messages call `shown`.
    pub(super) fn file(text: &'t str, shown: &'t Path) -> Self {
        Source { lines: Lines::new(text), author: Author::File(shown) }
    }

    /// The text of a preset.
    pub(super) fn preset(name: &'static str, text: &'t str) -> Self {
        Source { lines: Lines::new(text), author: Author::Preset(name) }
    }

    /// Who set the value at `span`.
    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        match &self.author {
            Author::Preset(name) => Origin::Preset((*name).to_owned()),
            Author::File(path) => Origin::File { path: path.to_path_buf(), line: self.lines.number(span.start) },
        }
    }
}

/// Compares what was parsed with the keys. `broken` is what is no TOML in it, in its order.
pub(super) fn read<'t>(
    root: DeTable<'t>,
    source: Source<'t>,
    broken: Vec<Problem>,
    problems: &mut Vec<Problem>,
) -> Document<'t> {
    let mut checker = Checker { problems: Vec::new() };
    checker.table(&root, &ROOT, &(0..0));
    // What the parser made up to go on is not the user's.
    let lines: Vec<u32> = broken.iter().map(|problem| source.lines.number(problem.span.start)).collect();
    let echo = |problem: &Problem| lines.binary_search(&source.lines.number(problem.span.start)).is_ok();
    checker.problems.retain(|problem| !echo(problem));
    problems.extend(broken);
    problems.append(&mut checker.problems);
    Document { root, source }
}

/// The entries of a table in the order of the file.
pub(super) fn entries<'a, 't>(
    table: &'a DeTable<'t>,
) -> Vec<(&'a Spanned<toml::de::DeString<'t>>, &'a Spanned<DeValue<'t>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// What stands behind the name of a rule.
static LEVEL: Key = keys::key("level", Kind::Word(keys::words::<super::Level>), "", "");

/// Compares a table with its section.
struct Checker {
    problems: Vec<Problem>,
}

impl Checker {
    fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Whether so much is wrong that nobody will read more of it.
    fn is_full(&self) -> bool {
        self.problems.len() >= LIMIT
    }

    fn table(&mut self, table: &DeTable<'_>, section: &'static Section, header: &Range<usize>) {
        if self.is_full() {
            return;
        }
        for (name, value) in entries(table) {
            if self.is_full() {
                return;
            }
            match section.find(name.get_ref()) {
                Some(key) => self.value(value, key, section),
                None => self.report(unknown_key(name, section)),
            }
        }
        for key in section.keys.iter().filter(|key| key.default == keys::REQUIRED) {
            if !table.contains_key(key.name) {
                let title = format!("{} needs `{}`", section.place(), key.name);
                let label = format!("`{}` is missing", key.name);
                self.report(
                    Problem::new(header.clone(), title, label)
                        .help(format!("`{}`: {}", key.name, key.meaning))
                        .absent(),
                );
            }
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, key: &Key, section: &'static Section) {
        if self.is_full() {
            return;
        }
        let span = value.span();
        match (key.kind, value.get_ref()) {
            (Kind::Text(shape), DeValue::String(text)) => self.text(text, shape, &span, key),
            (Kind::Texts(shape), DeValue::Array(array)) => self.texts(array, shape, key, section),
            (Kind::Flag, DeValue::Boolean(_)) => {}
            (Kind::Word(words) | Kind::Words(words), DeValue::String(word)) => {
                self.word(word, &words(), &span, key.name)
            }
            (Kind::Words(words), DeValue::Array(array)) => {
                for item in array.iter() {
                    match item.get_ref() {
                        DeValue::String(word) => self.word(word, &words(), &item.span(), key.name),
                        other => self.report(wrong_type(other, item.span(), key, section)),
                    }
                }
            }
            (Kind::Day, DeValue::String(_) | DeValue::Datetime(_)) => {
                if let Err(problem) = shape::day(value) {
                    self.report(problem);
                }
            }
            (Kind::Levels, DeValue::Table(table)) => self.levels(table, key, section),
            (Kind::Table(inner), DeValue::Table(table)) => self.table(table, inner, &span),
            (Kind::Tables(inner), DeValue::Array(array)) if array.iter().all(|item| item.get_ref().is_table()) => {
                for item in array.iter() {
                    if let DeValue::Table(table) = item.get_ref() {
                        self.table(table, inner, &item.span());
                    }
                }
            }
            (Kind::Named(inner), DeValue::Table(named)) => self.named(named, inner, key, section),
            (_, other) => self.report(wrong_type(other, span, key, section)),
        }
    }

    fn text(&mut self, text: &str, shape: Shape, span: &Range<usize>, key: &Key) {
        if let Err(flaw) = shape::check(key.name, text, shape) {
            self.report(Problem::new(span.clone(), flaw.title, flaw.label).maybe_help(flaw.help));
        }
    }

    fn texts(&mut self, array: &[Spanned<DeValue<'_>>], shape: Shape, key: &Key, section: &'static Section) {
        for item in array {
            if self.is_full() {
                return;
            }
            match item.get_ref() {
                DeValue::String(text) => self.text(text, shape, &item.span(), key),
                other => self.report(wrong_type(other, item.span(), key, section)),
            }
        }
    }

    fn word(&mut self, word: &str, words: &[&'static str], span: &Range<usize>, name: &str) {
        if !words.contains(&word) {
            let title = format!("`{}` cannot be `{}`", visible(name), visible(word));
            let label = format!("expected {}", any_of(words));
            let help = meant_level(word, words).or_else(|| did_you_mean(word, words.iter().copied()));
            self.report(Problem::new(span.clone(), title, label).maybe_help(help));
        }
    }

    fn levels(&mut self, table: &DeTable<'_>, key: &Key, section: &'static Section) {
        for (name, value) in entries(table) {
            if self.is_full() {
                return;
            }
            if let Err(flaw) = shape::check(key.name, name.get_ref(), Shape::Rule) {
                self.report(Problem::new(name.span(), flaw.title, flaw.label).maybe_help(flaw.help));
            }
            match value.get_ref() {
                DeValue::String(word) => self.word(word, &keys::words::<super::Level>(), &value.span(), name.get_ref()),
                other => self.report(wrong_type_of(name.get_ref(), other, value.span(), &LEVEL, section)),
            }
        }
    }

    fn named(&mut self, named: &DeTable<'_>, inner: &'static Section, key: &Key, section: &'static Section) {
        for (name, value) in entries(named) {
            if let Err(flaw) = shape::own_host(name.get_ref()) {
                self.report(Problem::new(name.span(), flaw.title, flaw.label).maybe_help(flaw.help));
            }
            match value.get_ref() {
                DeValue::Table(table) => self.table(table, inner, &value.span()),
                other => self.report(wrong_type(other, value.span(), key, section)),
            }
        }
    }
}

/// The level that other tools call so; of a choice that has no `warn` it means nothing.
fn meant_level(word: &str, words: &[&'static str]) -> Option<String> {
    let level = match word.to_ascii_lowercase().as_str() {
        "error" | "forbid" | "fail" => "deny",
        "warning" => "warn",
        "off" | "ignore" | "none" => "allow",
        _ => return None,
    };
    words.contains(&"warn").then(|| format!("that is `{level}` here"))
}
