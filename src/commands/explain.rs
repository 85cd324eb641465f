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
        Listing::Text => markdown(rule, &ui.styles_out(), ui.width_out()),
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

/// The page for a terminal: headings stand out, code is indented instead of fenced, and text is broken where the line ends.
fn markdown(rule: &Rule, styles: &Styles, width: Option<usize>) -> String {
    let strong = styles.strong;
    let mut out = format!("{strong}{}{strong:#}: {}\n", rule.id, rule.summary);
    let formats: Vec<_> = rule.formats.iter().map(ToString::to_string).collect();
    let _ = writeln!(out, "{} by default; for {}; since {}\n", level(rule), formats.join(", "), rule.since);
    let docs = format!("{}\n\n## In the policy\n```toml\n{}```", rule.docs.trim(), rule.in_policy());
    let mut code = false;
    // What of a paragraph was not printed yet.
    let mut text = String::new();
    for line in docs.lines() {
        let goes_on =
            !(code || line.is_empty() || line.starts_with("```") || line.starts_with("- ") || line.starts_with('#'));
        if !goes_on || width.is_none() {
            flow(&mut out, &std::mem::take(&mut text), width);
        }
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if code {
            let _ = writeln!(out, "    {line}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(out, "{strong}{heading}{strong:#}");
        } else if line.is_empty() {
            out.push('\n');
        } else {
            let (gap, line) = if text.is_empty() { ("", line) } else { (" ", line.trim_start()) };
            text.extend([gap, line]);
        }
    }
    flow(&mut out, &text, width);
    out
}

/// Prints a paragraph, or a point of a list, in lines of at most so many characters, of which more than a hundred are hard to read.
fn flow(out: &mut String, text: &str, width: Option<usize>) {
    const WIDEST: usize = 100;
    let Some(widest) = width.map(|width| width.min(WIDEST)).filter(|_| !text.is_empty()) else {
        out.extend([text, if text.is_empty() { "" } else { "\n" }]);
        return;
    };
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut used = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        let start = match used {
            0 => "",
            _ if used + 1 + long > widest => {
                used = indent.len();
                out.push('\n');
                indent
            }
            _ => {
                used += 1;
                " "
            }
        };
        out.extend([start, word]);
        used += long;
    }
    out.push('\n');
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_where_the_line_ends_and_code_is_not() {
        for rule in RULES {
            let page = |width| markdown(rule, &Styles::PLAIN, width);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&page(Some(60))), words(&page(None)), "{}", rule.id);
            let is_long = |line: &&str| line.chars().count() > 60 && line.trim_start_matches("- ").trim().contains(' ');
            let page = page(Some(60));
            let long = page.lines().skip(2).filter(is_long).find(|line| !line.starts_with("    "));
            assert_eq!(long, None, "{}", rule.id);
        }
        let mut out = String::new();
        flow(&mut out, "- one two three", Some(9));
        assert_eq!(out, "- one two\n  three\n");
    }
}
