//! The policy file a project starts with: every key with its default, made of the same table that the parser reads, so that
//! it cannot fall behind.
//!
//! Prose starts with `# `, a key that is commented out with `#` alone: taking that character away makes it hold.

use std::fmt::Write as _;

use super::keys::{Key, Kind, REQUIRED, ROOT, Section, Words as _};
use crate::report::escape;
use crate::rules::{RULES, Rule};

/// A value that the new file sets, since the project asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Header of its table, as `[go]`; empty for the top level.
    pub section: &'static str,
    /// The key.
    pub key: &'static str,
    /// The value as TOML.
    pub value: String,
    /// Why, as a sentence.
    pub because: String,
}

/// A whole policy file. `found` is what was seen in the project, one sentence each.
pub fn starter(found: &[String], chosen: &[Chosen]) -> String {
    let mut file = INTRODUCTION.to_owned();
    if !found.is_empty() {
        file.push_str("#\n");
    }
    for line in found {
        push(&mut file, format_args!("# {}\n", escape(line)));
    }
    section(&mut file, &ROOT, chosen);
    for key in ROOT.keys {
        match key.kind {
            Kind::Levels => rules(&mut file, key),
            Kind::Table(inner) | Kind::Tables(inner) | Kind::Named(inner) => {
                let mark = if matches!(key.kind, Kind::Table(_)) { "" } else { "#" };
                let header = inner.header.replace("NAME", "our-appliance");
                push(&mut file, format_args!("\n# {}\n{mark}{header}\n", inner.meaning));
                section(&mut file, inner, chosen);
            }
            _ => {}
        }
    }
    file
}

const INTRODUCTION: &str = "\
# Where the binaries of this project have to run, and what they must be for that.
#
# Every key is optional. What is commented out shows the default, or an example where there is none; `seaworthy policy show`
# prints what holds, `seaworthy hosts` the names for `runs-on`, `seaworthy explain RULE` what a rule is about.
";

fn push(file: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = file.write_fmt(text);
}

fn section(file: &mut String, section: &Section, chosen: &[Chosen]) {
    for key in section.keys.iter().filter(|key| !is_table(section, key)) {
        push(file, format_args!("\n# {}\n", meaning(key)));
        match chosen.iter().find(|one| one.section == section.header && one.key == key.name) {
            Some(one) => push(file, format_args!("# {}\n{} = {}\n", escape(&one.because), key.name, one.value)),
            None => push(file, format_args!("#{} = {}\n", key.name, key.sample())),
        }
    }
}

/// Whether a key has a table of its own in the file. The levels of an artifact stand on its line.
fn is_table(section: &Section, key: &Key) -> bool {
    match key.kind {
        Kind::Table(_) | Kind::Tables(_) | Kind::Named(_) => true,
        Kind::Levels => section.header.is_empty(),
        _ => false,
    }
}

/// What a key does, what may stand behind it, and what holds without it where the sample does not say so.
fn meaning(key: &Key) -> String {
    let mut text = key.meaning.to_owned();
    if let Kind::Word(words) | Kind::Words(words) = key.kind {
        let words: Vec<_> = words().iter().map(|word| format!("\"{word}\"")).collect();
        push(&mut text, format_args!(" ({})", words.join(" · ")));
    }
    match key.default_value() {
        None if key.default == REQUIRED => text.push_str("; required"),
        None => push(&mut text, format_args!("; default: {}", key.default)),
        Some(_) => {}
    }
    text
}

fn rules(file: &mut String, key: &Key) {
    push(file, format_args!("\n# {}\n[{}]\n", key.meaning, key.name));
    let line = |rule: &Rule| format!("#{} = \"{}\"", rule.id, rule.default.word());
    let width = RULES.iter().map(|rule| line(rule).len()).max().unwrap_or_default();
    for rule in RULES {
        push(file, format_args!("{:width$}  # {}\n", line(rule), rule.summary));
    }
}
