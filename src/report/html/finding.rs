//! Findings, with what shows them and what to do about them.

use std::fmt::Write as _;

use super::words::{prose, text};
use crate::check::Finding;
use crate::policy::Level;
use crate::report::findings;
use crate::rules;

/// Pieces of evidence that are shown at once; the others unfold.
const EVIDENCE_SHOWN: usize = 6;

/// Findings from which on a filter helps.
const WORTH_A_FILTER: usize = 2;

/// The section, when there is a finding.
pub(super) fn section(out: &mut String, all: &[&Finding]) {
    if all.is_empty() {
        return;
    }
    out.push_str("<section id=\"findings\">\n<h2>Findings</h2>\n");
    if all.len() >= WORTH_A_FILTER {
        // Shown by the script, without which it would do nothing.
        out.push_str(
            "<div class=\"filter\" hidden role=\"search\">\
             <input type=\"search\" aria-label=\"Filter findings\" placeholder=\"Filter by rule, file, library \u{2026}\" aria-keyshortcuts=\"/\">\
             <label><input type=\"checkbox\" value=\"deny\" checked> errors</label>\
             <label><input type=\"checkbox\" value=\"warn\" checked> warnings</label>\
             <output aria-live=\"polite\"></output></div>\n",
        );
    }
    for (at, finding) in all.iter().enumerate() {
        card(out, at, finding);
    }
    out.push_str("</section>\n");
}

fn card(out: &mut String, at: usize, finding: &Finding) {
    let level = if finding.level == Level::Deny { "deny" } else { "warn" };
    let rule = match rules::find(finding.rule) {
        Some(rule) => format!("<a href=\"#rule-{0}\"><code>{0}</code></a>", rule.id),
        None => format!("<code>{}</code>", text(finding.rule)),
    };
    let _ = write!(
        out,
        "<article class=\"card finding {level}\" id=\"f{at}\" data-level=\"{level}\">\n\
         <p class=\"tags\"><span class=\"level\">{}</span> {rule}</p>\n<h3>{}</h3>\n<dl>\n",
        findings::severity(finding.level),
        prose(&findings::sentence(finding)),
    );
    let lines: Vec<_> = findings::lines(finding).collect();
    let (evidence, others) = lines.split_at(finding.evidence.len());
    if !evidence.is_empty() {
        out.push_str("<dt>evidence</dt><dd><ul>");
        let (shown, folded) = evidence.split_at(evidence.len().min(EVIDENCE_SHOWN));
        shown.iter().for_each(|(_, piece)| item(out, piece));
        out.push_str("</ul>");
        if !folded.is_empty() {
            let _ = write!(out, "<details><summary>{} more</summary><ul>", folded.len());
            folded.iter().for_each(|(_, piece)| item(out, piece));
            out.push_str("</ul></details>");
        }
        out.push_str("</dd>\n");
    }
    // The rule's page is further down on this one, a click away.
    let elsewhere = format!(", or see `seaworthy explain {}`", finding.rule);
    for (label, said) in others {
        let said = said.strip_suffix(&elsewhere).unwrap_or(said);
        let _ = writeln!(out, "<dt>{label}</dt><dd>{}</dd>", prose(said));
    }
    out.push_str("</dl>\n</article>\n");
}

fn item(out: &mut String, piece: &str) {
    let _ = write!(out, "<li>{}</li>", prose(piece));
}
