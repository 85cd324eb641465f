//! `seaworthy explain`, `seaworthy rules list`: the pages of the rules.

use std::fmt::Write as _;

use serde::Serialize;

use crate::Error;
use crate::cli::{Listing, Options};
use crate::policy::Level;
use crate::report::{self, Styles, table};
use crate::rules::{RULES, Rule, find};
use crate::ui::Ui;

use super::output;

#[derive(Serialize)]
struct Page {
    id: &'static str,
    summary: &'static str,
    default: Level,
    formats: &'static [crate::facts::Format],
    since: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<&'static str>,
}

/// Prints the page of one rule.
///
/// # Errors
/// When there is no rule of that name; close ones are named.
pub(super) fn rule(ui: &Ui, options: &Options, id: &str) -> Result<u8, Error> {
    // `error[dynamic-loader]` pasted whole is understood.
    let id = id.trim_end_matches(']').rsplit('[').next().unwrap_or(id);
    if let Some(meaning) = report::meaning(id) {
        return Err(Error::Usage(format!(
            "`{id}` is no rule: it says that {meaning}; the finding itself names why, and what to do"
        )));
    }
    let rule = find(id).ok_or_else(|| unknown(id))?;
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&page(rule, true)),
        Listing::Text => markdown(rule, &ui.styles_out()),
    };
    output::print(ui, &text)
}

/// Prints every rule with its default level.
///
/// # Errors
/// When standard output cannot take it.
pub(super) fn list(ui: &Ui, options: &Options) -> Result<u8, Error> {
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&RULES.iter().map(|rule| page(rule, false)).collect::<Vec<_>>()),
        Listing::Text => rows(&ui.styles_out()),
    };
    output::print(ui, &text)
}

fn page(rule: &'static Rule, whole: bool) -> Page {
    Page {
        id: rule.id,
        summary: rule.summary,
        default: rule.default,
        formats: rule.formats,
        since: rule.since,
        docs: whole.then_some(rule.docs),
    }
}

fn rows(styles: &Styles) -> String {
    let row = |rule: &&'static Rule| {
        let style = match rule.default {
            Level::Deny => styles.error,
            Level::Warn => styles.warning,
            Level::Allow => styles.label,
        };
        let formats: Vec<_> = rule.formats.iter().map(ToString::to_string).collect();
        vec![
            (rule.id.to_owned(), styles.strong),
            (level(rule).to_owned(), style),
            table::plain(format!("{} ({})", rule.summary, formats.join(", "))),
        ]
    };
    table::render(&RULES.iter().map(row).collect::<Vec<_>>())
}

fn level(rule: &Rule) -> &'static str {
    match rule.default {
        Level::Deny => "deny",
        Level::Warn => "warn",
        Level::Allow => "allow",
    }
}

/// The page for a terminal: headings stand out, code is indented instead of fenced.
fn markdown(rule: &Rule, styles: &Styles) -> String {
    let strong = styles.strong;
    let mut out = format!("{strong}{}{strong:#}: {}\n", rule.id, rule.summary);
    let formats: Vec<_> = rule.formats.iter().map(ToString::to_string).collect();
    let _ = writeln!(out, "{} by default; for {}; since {}\n", level(rule), formats.join(", "), rule.since);
    let docs = format!("{}\n\n## In the policy\n```toml\n{}```", rule.docs.trim(), rule.in_policy());
    let mut code = false;
    for line in docs.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if code {
            let _ = writeln!(out, "    {line}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(out, "{strong}{heading}{strong:#}");
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn unknown(id: &str) -> Error {
    let mut close: Vec<_> = RULES.iter().map(|rule| (strsim::jaro_winkler(id, rule.id), rule.id)).collect();
    close.retain(|(score, other)| *score > 0.8 || (id.len() > 3 && other.contains(id)));
    close.sort_by(|a, b| b.0.total_cmp(&a.0));
    let close: Vec<_> = close.iter().take(3).map(|(_, other)| format!("`{other}`")).collect();
    let hint = match close.as_slice() {
        [] => "`seaworthy explain` lists them all".to_owned(),
        close => format!("did you mean {}?", close.join(" or ")),
    };
    Error::Usage(format!("there is no rule `{id}`; {hint}"))
}
