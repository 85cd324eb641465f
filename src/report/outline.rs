//! Any JSON value as an indented outline for people: what the facts gain, the outline gains.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Styles, escape};

/// Widest line, in characters, where there is a choice.
const WIDTH: usize = 110;

/// Renders the members of `value`, indented by `depth` steps; what is null or empty is left out unless `all`.
pub fn render(value: &Value, depth: usize, all: bool, styles: &Styles) -> String {
    let mut outline = Outline { out: String::new(), all, styles: *styles };
    outline.value(value, depth);
    outline.out
}

struct Outline {
    out: String,
    all: bool,
    styles: Styles,
}

impl Outline {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(map) => self.members(map, depth),
            Value::Array(items) => items.iter().for_each(|item| self.item(item, depth)),
            scalar => {
                let _ = writeln!(self.out, "{}{}", indent(depth), text(scalar));
            }
        }
    }

    fn members(&mut self, map: &Map<String, Value>, depth: usize) {
        for (key, value) in map {
            if self.all || !is_empty(value) {
                self.member(key, value, depth);
            }
        }
    }

    fn member(&mut self, key: &str, value: &Value, depth: usize) {
        let label = self.styles.label;
        let _ = write!(self.out, "{}{label}{}:{label:#}", indent(depth), escape(&key.replace('_', " ")));
        match value {
            Value::Array(items) if items.iter().all(is_scalar) => self.words(items, depth, key.len() + 2),
            value if is_scalar(value) || is_empty(value) => {
                let _ = writeln!(self.out, " {}", text(value));
            }
            value => {
                self.out.push('\n');
                self.value(value, depth + 1);
            }
        }
    }

    /// Scalars behind a label, separated by commas, in as many lines as they need.
    fn words(&mut self, items: &[Value], depth: usize, label: usize) {
        if items.is_empty() {
            self.out.push_str(" –\n");
            return;
        }
        let mut width = depth * 2 + label;
        for (at, item) in items.iter().enumerate() {
            let word = text(item);
            let length = word.chars().count() + 2;
            if at > 0 {
                self.out.push(',');
                if width + length > WIDTH {
                    let _ = write!(self.out, "\n{}", indent(depth + 1));
                    width = depth * 2 + 2;
                    self.out.push_str(&word);
                    width += length;
                    continue;
                }
            }
            self.out.push(' ');
            self.out.push_str(&word);
            width += length;
        }
        self.out.push('\n');
    }

    /// One item of a list: its scalars on the first line, the rest below.
    fn item(&mut self, item: &Value, depth: usize) {
        let _ = write!(self.out, "{}- ", indent(depth));
        match item {
            Value::Object(map) => {
                let wanted = |value: &Value| self.all || !(is_empty(value) || *value == Value::Bool(false));
                let shown = map.iter().filter(|(_, value)| is_scalar(value) && wanted(value));
                let pairs: Vec<_> = shown.map(|(key, value)| pair(key, value)).collect();
                let _ = writeln!(self.out, "{}", pairs.join(", "));
                for (key, value) in map {
                    if !is_scalar(value) && (self.all || !is_empty(value)) {
                        self.member(key, value, depth + 2);
                    }
                }
            }
            Value::Array(items) if items.iter().all(is_scalar) => {
                let _ = writeln!(self.out, "{}", items.iter().map(text).collect::<Vec<_>>().join(" "));
            }
            Value::Array(_) => {
                self.out.push('\n');
                self.value(item, depth + 1);
            }
            scalar => {
                let _ = writeln!(self.out, "{}", text(scalar));
            }
        }
    }
}

/// A scalar member of a list item; the names that are said anyway by their values are left out.
fn pair(key: &str, value: &Value) -> String {
    match (key, value) {
        ("name" | "file" | "dll" | "path" | "version", value) => text(value),
        (_, Value::Bool(false)) => format!("not {}", escape(&key.replace('_', " "))),
        (_, Value::Bool(true)) => escape(&key.replace('_', " ")).into_owned(),
        _ => format!("{} {}", escape(&key.replace('_', " ")), text(value)),
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => escape(text).into_owned(),
        _ => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_lists_and_items_have_their_places() {
        let value = json!({
            "kind": "pie", "has_dynamic": true, "soname": null, "needed": ["libz.so.1", "libc.so.6"],
            "libc": {"family": "glibc"},
            "version_needs": [{"file": "libc.so.6", "version": "GLIBC_2.28", "weak": false, "symbols": ["a\n", "b"]}]
        });
        let expected = "\
kind: pie
has dynamic: yes
needed: libz.so.1, libc.so.6
libc:
  family: glibc
version needs:
  - libc.so.6, GLIBC_2.28
      symbols: a\\n, b
";
        assert_eq!(render(&value, 0, false, &Styles::PLAIN), expected);
        assert!(render(&value, 0, true, &Styles::PLAIN).contains("soname: –\n"));
    }

    #[test]
    fn long_lists_are_wrapped() {
        let names: Vec<_> = (0..100).map(|number| format!("symbol_{number}")).collect();
        let text = render(&json!({ "undefined": names }), 0, false, &Styles::PLAIN);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().count() > 5 && text.contains("symbol_99"));
    }
}
