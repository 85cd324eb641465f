//! The reference page of the policy file, made of the same table of keys that the parser reads.

use std::fmt::Write as _;

use super::keys::{Kind, ROOT, Section};
use super::presets;

/// `docs/policy.md`.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, &ROOT);
    for key in ROOT.keys {
        if let Kind::Table(inner) | Kind::Tables(inner) | Kind::Named(inner) = key.kind {
            section(&mut page, inner);
        }
    }
    page.push_str(AFTERWORD);
    for preset in presets::PRESETS {
        push(&mut page, format_args!("\n### `{}`\n\n```toml\n{}```\n", preset.name, preset.text));
    }
    page
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}

fn section(page: &mut String, section: &Section) {
    let title = if section.header.is_empty() { "Top level".to_owned() } else { format!("`{}`", section.header) };
    push(
        page,
        format_args!("\n## {title}\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", section.meaning),
    );
    for key in section.keys {
        if matches!(key.kind, Kind::Table(_) | Kind::Tables(_) | Kind::Named(_)) {
            continue;
        }
        push(
            page,
            format_args!("| `{}` | {} | {} | {} |\n", key.name, key.kind.documented(), key.default, key.meaning),
        );
    }
}

impl Kind {
    fn documented(self) -> String {
        let listed = |words: fn() -> Vec<&'static str>| {
            words().iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" · ")
        };
        match self {
            Kind::Text(_) => "string".to_owned(),
            Kind::Texts(_) => "array of strings".to_owned(),
            Kind::Flag => "boolean".to_owned(),
            Kind::Word(words) => listed(words),
            Kind::Words(words) => format!("{}, or an array of them", listed(words)),
            Kind::Day => "date: `2027-03-01` or `\"2027-03-01\"`".to_owned(),
            Kind::Levels => "table of rules: `\"allow\"` · `\"warn\"` · `\"deny\"`".to_owned(),
            Kind::Table(_) | Kind::Tables(_) | Kind::Named(_) => "table".to_owned(),
        }
    }
}

const INTRODUCTION: &str = "\
# The policy file

`seaworthy.toml`, in the working directory or the nearest directory above it that has one; `--policy FILE` names another.
A guarded build looks where the project is that is built: it begins at the directory of `-C`, `--manifest-path`, or `--path`
of `cargo install`, as if it were started there, and goes on to the working directory when there is none.
Every key is optional, unknown keys are errors, and all errors of the file are reported at once. Without a file the
defaults below hold. `seaworthy policy show` prints every value that is set, with where it comes from; what hangs on the machine
(`cargo.target`) or on a rule (`page-size`) until you set it is not among them.

What holds is decided in this order: the built-in default, then the presets of `extends` in the order they are named, then
the file; of a key that is set twice the later one holds, `[rules]` and `[hosts]` are merged name by name, and the
`[[artifact]]` and `[[exception]]` entries of presets stand before those of the file. For one file, the level of a rule is
that of the last `[[artifact]]` entry that matches and names the rule, else that of `[rules]`, else the rule's own.
";

const AFTERWORD: &str = "
## Exceptions

An exception lets the findings of one rule through for the files that match. It is printed with every report. Once `until`
is over the finding is back, and `expired-exception` says why; `SOURCE_DATE_EPOCH` does not stop that clock, since it dates
the sources and not the day. An exception that lets nothing through is reported as `unused-exception`.

A binary that a rule cannot judge (packed, or silent about what the rule asks) is *inconclusive*, which is not a pass: it fails the
build unless `inconclusive` says otherwise, or an exception for that rule accepts the file. A file that cannot be read at all
(damaged, of a format that is not read) is `unreadable-binary`: its level, or an exception for it, lets the file through, which is
no pass either.

## Presets
";
