//! `seaworthy facts PATH…`: everything read from binaries, as text or JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::cli::{Listing, Options};
use crate::error::plain;
use crate::exit;
use crate::facts::instructions::scan_file;
use crate::facts::{FORMAT_VERSION, Facts, FileFacts, Unreadable, Wanted, read_file};
use crate::report::{self, Detail, escape, outline};
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
pub(super) fn run(ui: &Ui, options: &Options, paths: &[PathBuf], scan_instructions: bool) -> Result<u8, Error> {
    let read = |path: &PathBuf| {
        let mut facts = read_file(path, Wanted::ALL)?;
        if scan_instructions {
            facts.instructions = scan_file(path)?;
        }
        Ok(facts)
    };
    let read: Vec<_> = paths.iter().map(|path| (path.as_path(), read(path))).collect();
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&document(&read)),
        Listing::Text => text(&read, ui),
    };
    output::print(ui, &text)?;
    let mut code = exit::OK;
    for (path, result) in &read {
        if let Err(why) = result {
            ui.error(&Error::Environment(super::unreadable(path, why)));
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

/// What is read grows with the readers; so does the outline, which is made of the JSON form.
fn text(read: &[(&Path, Result<FileFacts, Unreadable>)], ui: &Ui) -> String {
    let (styles, all) = (ui.styles_out(), ui.detail() == Detail::Verbose);
    let strong = styles.strong;
    let mut out = String::new();
    for (path, facts) in read.iter().filter_map(|(path, result)| Some((path, result.as_ref().ok()?))) {
        let name = report::path(path);
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{strong}{name}{strong:#} ({} bytes)", facts.size);
        for slice in &facts.slices {
            if facts.slices.len() > 1 {
                let _ = writeln!(out, "{strong}{name}{strong:#}, {}", escape(&slice.arch));
            }
            out.push_str(&outline::render(&flat(slice, all), 1, all, &styles));
        }
        if let Some(instructions) = &facts.instructions {
            let uses = serde_json::json!({ "uses": instructions.in_words(), "instructions": instructions });
            out.push_str(&outline::render(&uses, 1, all, &styles));
        }
    }
    out
}

/// The facts of a slice with those that only its format has on the same level, and symbols in one word unless `all`.
fn flat(facts: &Facts, all: bool) -> Value {
    let mut value = serde_json::to_value(facts).unwrap_or_default();
    let details = value.get_mut("details").map(Value::take).unwrap_or_default();
    if let (Some(map), Value::Object(details)) = (value.as_object_mut(), details) {
        map.remove("details");
        for inner in details.into_iter().filter_map(|(_, inner)| inner.as_object().cloned()) {
            map.extend(inner);
        }
        for items in map.values_mut().filter(|_| !all).filter_map(Value::as_array_mut) {
            items.retain(|item| item != "");
            items.iter_mut().for_each(|item| {
                if let Some(word) = symbol(item) {
                    *item = Value::String(word)
                }
            });
        }
        if let Some(floor) = map.get_mut("glibc_floor").filter(|floor| floor.is_array()) {
            let numbers: Vec<_> = floor.as_array().into_iter().flatten().map(Value::to_string).collect();
            *floor = Value::String(numbers.join("."));
        }
    }
    value
}

/// `getenv@GLIBC_2.2.5`, `__gmon_start__ (weak)`.
fn symbol(item: &Value) -> Option<String> {
    let weak = if item.get("weak")?.as_bool()? { " (weak)" } else { "" };
    let name = item.get("name")?.as_str()?;
    let version = item.get("version")?.as_str().map(|version| format!("@{version}")).unwrap_or_default();
    Some(format!("{name}{version}{weak}"))
}
