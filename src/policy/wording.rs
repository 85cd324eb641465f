//! What is said of keys nobody knows and of values of the wrong type.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::keys::{Key, Kind, ROOT, Section};
use super::problem::{Problem, did_you_mean, visible};
use crate::listing::any_of;

pub(super) fn unknown_key(name: &Spanned<DeString<'_>>, section: &'static Section) -> Problem {
    let known: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
    let place = if section.header.is_empty() { String::new() } else { format!(" in {}", section.place()) };
    let title = format!("unknown key `{}`{place}", visible(name.get_ref()));
    let homes: Vec<String> = homes(name.get_ref())
        .into_iter()
        .map(
            |home| {
                if home.header.is_empty() { "the top level, above the first table".to_owned() } else { home.place() }
            },
        )
        .collect();
    let home = match homes.as_slice() {
        [] => did_you_mean(name.get_ref(), known.iter().copied()),
        some => Some(format!("`{}` belongs in {}", name.get_ref(), some.join(" or "))),
    };
    Problem::new(name.span(), title, "not a key here")
        .maybe_help(home)
        .help(format!("known keys: {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")))
}

/// The sections a key of that name belongs to.
fn homes(name: &str) -> Vec<&'static Section> {
    let below = ROOT.keys.iter().filter_map(|key| match key.kind {
        Kind::Table(section) | Kind::Tables(section) | Kind::Named(section) => Some(section),
        _ => None,
    });
    std::iter::once(&ROOT).chain(below).filter(|section| section.find(name).is_some()).collect()
}

pub(super) fn wrong_type(value: &DeValue<'_>, span: Range<usize>, key: &Key, section: &Section) -> Problem {
    wrong_type_of(key.name, value, span, key, section)
}

/// As [`wrong_type`], for a key that the file names.
pub(super) fn wrong_type_of(
    name: &str,
    value: &DeValue<'_>,
    span: Range<usize>,
    key: &Key,
    section: &Section,
) -> Problem {
    let title = format!("`{}` must be {}, not {}", visible(name), key.kind.phrase(), phrase(value));
    let place = if section.header.is_empty() { String::new() } else { format!(" in {}", section.place()) };
    Problem::new(span.clone(), title, format!("this is {}{place}", phrase(value))).maybe_help(remedy(value, key))
}

/// How to write what was probably meant.
fn remedy(value: &DeValue<'_>, key: &Key) -> Option<String> {
    let name = key.name;
    match (key.kind, value) {
        (Kind::Text(_), DeValue::Float(number)) => {
            Some(format!("put it in quotes: `{name} = \"{}\"`", number.as_str()))
        }
        (Kind::Text(_), DeValue::Integer(number)) => {
            Some(format!("put it in quotes: `{name} = \"{}\"`", number.as_str()))
        }
        (Kind::Texts(_), DeValue::String(one)) => {
            Some(format!("put it in brackets: `{name} = [\"{}\"]`", visible(one)))
        }
        (Kind::Flag, DeValue::String(word)) if matches!(word.as_ref(), "true" | "false") => {
            Some(format!("leave out the quotes: `{name} = {word}`"))
        }
        (Kind::Word(_), DeValue::Boolean(_)) => Some("write one of them, in quotes".to_owned()),
        (Kind::Tables(_), DeValue::Table(_)) => Some(format!("write `[[{name}]]`: there can be several")),
        (Kind::Table(_), DeValue::Array(_)) => Some(format!("write `[{name}]`: there is only one")),
        (Kind::Levels, _) => Some(format!("write `{name} = {{ RULE = \"warn\" }}`")),
        _ => None,
    }
}

impl Kind {
    fn phrase(self) -> String {
        match self {
            Kind::Text(_) => "a string".to_owned(),
            Kind::Texts(_) => "an array of strings".to_owned(),
            Kind::Flag => "`true` or `false`".to_owned(),
            Kind::Word(words) => any_of(&words().iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>()),
            Kind::Words(_) => "a name of a preset, or an array of them".to_owned(),
            Kind::Day => "a date".to_owned(),
            Kind::Levels => "a table of rules and their levels".to_owned(),
            Kind::Table(_) | Kind::Named(_) => "a table".to_owned(),
            Kind::Tables(_) => "an array of tables".to_owned(),
        }
    }
}

fn phrase(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
