//! `seaworthy policy show`: every value of the policy, with where it comes from.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::Error;
use crate::cli::{Format, Options};
use crate::report::{self, escape};
use crate::ui::Ui;

use super::output;

/// Prints the policy that holds in the working directory.
///
/// # Errors
/// When it cannot be read, or has errors.
pub(super) fn show(ui: &Ui, options: &Options) -> Result<u8, Error> {
    let policy = crate::policy::load(options.policy.as_deref(), &super::current_directory()?)?;
    let value = serde_json::to_value(&policy).unwrap_or_default();
    let text = match options.format() {
        Format::Json => report::json::to_text(&value),
        Format::Text | Format::Short => toml(&value),
    };
    output::print(ui, &text)
}

/// As a policy file would say it, each line with its source.
fn toml(policy: &Value) -> String {
    let mut out = String::new();
    let Some(map) = policy.as_object() else { return out };
    match map.get("file").and_then(Value::as_str) {
        Some(file) => out.push_str(&format!("# {}\n", escape(file))),
        None => out.push_str("# no policy file: the built-in default\n"),
    }
    table(&mut out, "", map);
    out
}

/// One table: its own values first, then the tables in it.
fn table(out: &mut String, name: &str, map: &Map<String, Value>) {
    let mut tables = Vec::new();
    let mut lines = String::new();
    for (key, value) in
        map.iter().filter(|(key, _)| name.len() + key.len() > 0 && !matches!(key.as_str(), "file" | "origin"))
    {
        let key = key.replace('_', "-");
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(inner) if is_setting(inner) => line(&mut lines, &key, inner),
            Value::Object(inner) => tables.push((key, vec![inner])),
            Value::Array(items) if items.iter().all(|item| item.as_object().is_some_and(is_setting)) => {
                list(&mut lines, &key, items);
            }
            Value::Array(items) => tables.push((key, items.iter().filter_map(Value::as_object).collect())),
            scalar => lines.push_str(&format!("{key} = {}\n", literal(scalar))),
        }
    }
    out.push_str(&lines);
    for (key, inner) in tables {
        let full = if name.is_empty() { key } else { format!("{name}.{key}") };
        for inner in inner {
            let mut body = String::new();
            table(&mut body, &full, inner);
            if !body.is_empty() {
                let _ = writeln!(out, "\n[{full}]\n{}", body.trim_end());
            }
        }
    }
}

fn is_setting(map: &Map<String, Value>) -> bool {
    map.len() == 2 && map.contains_key("value") && map.contains_key("origin")
}

fn line(out: &mut String, key: &str, setting: &Map<String, Value>) {
    let value = setting.get("value").unwrap_or(&Value::Null);
    let origin = setting.get("origin").unwrap_or(&Value::Null);
    let _ = writeln!(out, "{key} = {}  # {}", literal(value), source(origin));
}

/// A list whose items come from one place is one line; otherwise each item has its own.
fn list(out: &mut String, key: &str, items: &[Value]) {
    let _ = writeln!(out, "{key} = [");
    for item in items {
        let value = item.get("value").unwrap_or(&Value::Null);
        let _ = writeln!(out, "    {},  # {}", literal(value), source(item.get("origin").unwrap_or(&Value::Null)));
    }
    out.push_str("]\n");
}

fn source(origin: &Value) -> String {
    match origin {
        Value::String(_) => "by default".into(),
        Value::Object(map) => match (map.get("preset"), map.get("file")) {
            (Some(preset), _) => format!("preset {}", literal(preset)),
            (_, Some(file)) => {
                let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
                let line = file.get("line").and_then(Value::as_u64).unwrap_or_default();
                format!("{}:{line}", escape(path))
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// A value as TOML writes it; JSON strings are TOML strings.
fn literal(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<_> = map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{} = {}", key.replace('_', "-"), literal(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        scalar => escape(&scalar.to_string()).into_owned(),
    }
}
