//! cargo's `--message-format`: what the user asked for, and what is asked for instead so that artifacts can be read.
//!
//! `json-render-diagnostics` leaves the terminal as it was: cargo renders diagnostics to standard error itself, and only
//! standard output turns into JSON, where a plain `cargo build` prints nothing.

use crate::plan::scan::Flag;

/// What becomes of the user's `--message-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The user's options, if any, are taken out and this is put in; the JSON is not shown.
    Inject(&'static str),
    /// The user asked for JSON: nothing is changed, and every line is passed on.
    PassOn,
    /// cargo will refuse it; nothing is changed.
    Refused,
}

/// Decides from every `--message-format` of the call.
pub(super) fn decide(flags: &[Flag]) -> Format {
    let values: Vec<String> = options(flags)
        .flat_map(|flag| flag.text().split(',').map(str::to_ascii_lowercase).collect::<Vec<_>>())
        .collect();
    if values.iter().any(|value| !is_known(value)) {
        return Format::Refused;
    }
    let kinds = |kind: &str| values.iter().filter(|value| *value == kind).count();
    match (kinds("human"), kinds("short"), values.iter().filter(|value| value.starts_with("json")).count()) {
        (0 | 1, 0, 0) => Format::Inject("--message-format=json-render-diagnostics"),
        (0, 1, 0) => Format::Inject("--message-format=json-render-diagnostics,json-diagnostic-short"),
        (0, 0, _) => Format::PassOn,
        _ => Format::Refused,
    }
}

/// The `--message-format` options among the flags.
pub(super) fn options(flags: &[Flag]) -> impl Iterator<Item = &Flag> {
    flags.iter().filter(|flag| flag.name == "message-format")
}

fn is_known(value: &str) -> bool {
    matches!(
        value,
        "human"
            | "short"
            | "json"
            | "json-diagnostic-short"
            | "json-diagnostic-rendered-ansi"
            | "json-render-diagnostics"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Tool;
    use crate::plan::scan::{Flags, Syntax};

    #[test]
    fn every_row_of_the_table() {
        let plain = Format::Inject("--message-format=json-render-diagnostics");
        let short = Format::Inject("--message-format=json-render-diagnostics,json-diagnostic-short");
        for (line, expected) in [
            ("-v", plain),
            ("--message-format human", plain),
            ("--message-format=Human", plain),
            ("--message-format=short", short),
            ("--message-format=json", Format::PassOn),
            ("--message-format json --message-format=json-diagnostic-short", Format::PassOn),
            ("--message-format=json-diagnostic-rendered-ansi,json", Format::PassOn),
            ("--message-format=human,human", Format::Refused),
            ("--message-format=short --message-format=human", Format::Refused),
            ("--message-format=short,json", Format::Refused),
            ("--message-format=xml", Format::Refused),
            ("--message-format", Format::Refused),
        ] {
            let words: Vec<_> = line.split(' ').map(std::ffi::OsString::from).collect();
            let flags: Vec<_> = Flags::new(Syntax::after_verb(Tool::Cargo), &words, 0).collect();
            assert_eq!(decide(&flags), expected, "{line}");
        }
    }
}
