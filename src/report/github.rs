//! Annotations of GitHub Actions: workflow commands that show a finding beside the run.

use std::fmt::Write as _;

use crate::check::Overall;
use crate::policy::Level;

use super::{Report, escape, path};

/// One `::error` or `::warning` line per finding.
///
/// Data and properties are escaped as the runner undoes it (`%25`, `%0D`, `%0A`, and `%3A`, `%2C` in properties;
/// actions/toolkit, `packages/core/src/command.ts`).
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for artifact in &report.artifacts {
        let name = path(&artifact.artifact.path);
        for finding in &artifact.findings {
            line(&mut out, finding.level, finding.rule, &escape(&finding.message));
        }
        if artifact.verdict == Overall::Inconclusive {
            line(&mut out, artifact.inconclusive_level.value, "inconclusive", &format!("`{name}` could not be judged"));
        }
    }
    for finding in &report.general {
        line(&mut out, finding.level, finding.rule, &escape(&finding.message));
    }
    out
}

fn line(out: &mut String, level: Level, rule: &str, message: &str) {
    let command = if level == Level::Deny { "error" } else { "warning" };
    let _ = writeln!(out, "::{command} title={}::{}", property(&format!("seaworthy[{rule}]")), data(message));
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
