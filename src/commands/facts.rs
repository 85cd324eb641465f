//! `seaworthy facts PATH…`: everything read from binaries, as text or JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::cli::{Format, Options};
use crate::error::plain;
use crate::exit;
use crate::facts::{FORMAT_VERSION, FileFacts, Unreadable, Wanted, read_file};
use crate::report::{self, Styles, escape};
use crate::ui::Ui;

use super::output;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<&'a FileFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Prints the facts of every file.
///
/// # Errors
/// When standard output cannot take them. Files that cannot be read are named, the others are printed all the same.
pub(super) fn run(ui: &Ui, options: &Options, paths: &[PathBuf]) -> Result<u8, Error> {
    let read: Vec<_> = paths.iter().map(|path| (path.as_path(), read_file(path, Wanted::ALL))).collect();
    let text = match options.format() {
        Format::Json => report::json::to_text(&document(&read)),
        Format::Text | Format::Short => text(&read, &ui.styles_out()),
    };
    output::print(ui, &text)?;
    let mut code = exit::OK;
    for (path, result) in &read {
        if let Err(why) = result {
            ui.error(&Error::Environment(format!("cannot read `{}`: {}", report::path(path), plain(why))));
            code = exit::ENVIRONMENT;
        }
    }
    Ok(code)
}

fn document<'a>(read: &'a [(&Path, Result<FileFacts, Unreadable>)]) -> Document<'a> {
    let file = |(path, result): &'a (&Path, Result<FileFacts, Unreadable>)| File {
        path: path.to_string_lossy().into_owned(),
        facts: result.as_ref().ok(),
        error: result.as_ref().err().map(plain),
    };
    Document { format_version: FORMAT_VERSION, files: read.iter().map(file).collect() }
}

/// The JSON form as an indented outline: what a file has grows with the readers, the outline grows with it.
fn text(read: &[(&Path, Result<FileFacts, Unreadable>)], styles: &Styles) -> String {
    let mut out = String::new();
    for (path, facts) in read.iter().filter_map(|(path, result)| Some((path, result.as_ref().ok()?))) {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}{}{:#}", styles.strong, report::path(path), styles.strong);
        let value = serde_json::to_value(facts).unwrap_or_default();
        outline(&mut out, &value, 1, styles);
    }
    out
}

fn outline(out: &mut String, value: &Value, depth: usize, styles: &Styles) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let label = format!("{indent}{}{}:{:#}", styles.label, escape(&key.replace('_', " ")), styles.label);
                match inline(value) {
                    Some(text) => {
                        let _ = writeln!(out, "{label} {text}");
                    }
                    None => {
                        let _ = writeln!(out, "{label}");
                        outline(out, value, depth + 1, styles);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match inline(item).or_else(|| one_line(item)) {
                    Some(text) => {
                        let _ = writeln!(out, "{indent}- {text}");
                    }
                    None => {
                        let _ = writeln!(out, "{indent}-");
                        outline(out, item, depth + 1, styles);
                    }
                }
            }
        }
        scalar => {
            let _ = writeln!(out, "{indent}{}", inline(scalar).unwrap_or_default());
        }
    }
}

/// Widest line of an outline, in characters.
const WIDTH: usize = 100;

/// A scalar, or a short list of scalars.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("–".into()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(escape(text).into_owned()),
        Value::Array(items) if items.is_empty() => Some("–".into()),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let joined = items.iter().filter_map(inline).collect::<Vec<_>>().join(", ");
            (joined.chars().count() <= WIDTH).then_some(joined)
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A small object on one line: `name read, version GLIBC_2.2.5, weak no`.
fn one_line(value: &Value) -> Option<String> {
    let text = match value {
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| Some(format!("{} {}", escape(key), inline(value)?));
            map.iter().map(pair).collect::<Option<Vec<_>>>()?.join(", ")
        }
        Value::Array(items) => items.iter().map(inline).collect::<Option<Vec<_>>>()?.join(" "),
        _ => return None,
    };
    (text.chars().count() <= WIDTH).then_some(text)
}
