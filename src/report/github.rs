//! Annotations of GitHub Actions: workflow commands that show a finding beside the run.

use std::fmt::Write as _;

use super::{Report, escape, findings};

/// One `::error` or `::warning` line per finding, with who is to blame and the next step.
///
/// Data and properties are escaped as the runner undoes it (`%25`, `%0D`, `%0A`, and `%3A`, `%2C` in properties;
/// actions/toolkit, `packages/core/src/command.ts`).
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let of_artifacts = report.artifacts.iter().flat_map(findings::of);
    for finding in of_artifacts.chain(report.general.iter().cloned()) {
        let command = findings::severity(finding.level);
        let title = format!("seaworthy[{}]", finding.rule);
        let mut text = findings::sentence(&finding).into_owned();
        for (label, said) in findings::lines(&finding).filter(|(label, _)| matches!(*label, "blame" | "help")) {
            let _ = write!(text, "\n{label}: {said}");
        }
        line(&mut out, command, &title, &text);
    }
    for problem in &report.problems {
        line(&mut out, "error", "seaworthy", &escape(problem));
    }
    out
}

fn line(out: &mut String, command: &str, title: &str, message: &str) {
    let _ = writeln!(out, "::{command} title={}::{}", property(title), data(message));
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
