//! Artifacts × hosts at a glance: where each binary runs, for the terminal and in Markdown.

use crate::check::{ArtifactResult, Runs};

use super::markdown::{code, prose, prose_about, table_cell};
use super::table::{self, Cell, plain};
use super::{Report, Styles, escape, path};

/// The table for the terminal; nothing when no artifact has a host. What does not fit into `width` has hosts as rows, and what does
/// not even so is several tables, as few lines as can be.
pub fn text(report: &Report, styles: &Styles, width: Option<usize>) -> String {
    let hosts = hosts(report);
    if hosts.is_empty() {
        return String::new();
    }
    let head = std::iter::once(plain("")).chain(hosts.iter().map(|host| (escape(host).into_owned(), styles.strong)));
    let mut rows = vec![head.collect::<Vec<Cell>>()];
    for artifact in &report.artifacts {
        let name = plain(path(&artifact.artifact.path));
        let cells = hosts.iter().map(|host| {
            let answer = answer(artifact, host);
            let style = match answer {
                Some(Runs::Yes) => styles.ok,
                Some(Runs::No) => styles.error,
                Some(Runs::Unknown) => styles.warning,
                Some(Runs::NotApplicable) | None => styles.label,
            };
            (word(answer).to_owned(), style)
        });
        rows.push(std::iter::once(name).chain(cells).collect());
    }
    let Some(width) = width else { return table::render(&rows) };
    let by_artifact = table::split(&rows, width);
    let by_host = table::split(&table::turned(&rows), width);
    let lines = |tables: &[Vec<Vec<Cell>>]| tables.iter().map(|table| table.len() + 1).sum::<usize>();
    let tables = match (by_artifact.len(), by_host.len()) {
        (1, _) => by_artifact,
        (_, 1) => by_host,
        _ if lines(&by_artifact) < lines(&by_host) => by_artifact,
        _ => by_host,
    };
    let tables: Vec<String> = tables.iter().map(|table| table::render(table)).collect();
    tables.join("\n")
}

/// The table in Markdown, with what decides each cell that is no `runs` below it.
pub fn markdown(report: &Report) -> String {
    let hosts = hosts(report);
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut head = vec!["artifact".to_owned()];
    head.extend(hosts.iter().map(|host| table_cell(&prose(host))));
    let mut out = cells(head);
    out.push_str(&format!("|{}\n", " --- |".repeat(hosts.len() + 1)));
    let mut reasons = String::new();
    for artifact in &report.artifacts {
        let path = path(&artifact.artifact.path);
        let name = code(&path);
        let mut row = vec![table_cell(&name)];
        row.extend(hosts.iter().map(|host| word(answer(artifact, host)).to_owned()));
        out.push_str(&cells(row));
        for verdict in &artifact.hosts {
            if let Some(why) = &verdict.why {
                reasons.push_str(&format!("- {name} on {}: {}\n", code(&verdict.host), prose_about(why, &path)));
            }
        }
    }
    if !reasons.is_empty() {
        out.push('\n');
        out.push_str(&reasons);
    }
    out
}

/// Every host of the report, in the order they are first named.
pub(super) fn hosts(report: &Report) -> Vec<&str> {
    let mut hosts: Vec<&str> = Vec::new();
    for verdict in report.artifacts.iter().flat_map(|artifact| &artifact.hosts) {
        if !hosts.contains(&verdict.host.as_str()) {
            hosts.push(&verdict.host);
        }
    }
    hosts
}

fn answer(artifact: &ArtifactResult, host: &str) -> Option<Runs> {
    artifact.hosts.iter().find(|verdict| verdict.host == host).map(|verdict| verdict.verdict)
}

pub(super) fn word(answer: Option<Runs>) -> &'static str {
    match answer {
        Some(Runs::Yes) => "runs",
        Some(Runs::No) => "no",
        Some(Runs::Unknown) => "unknown",
        Some(Runs::NotApplicable) | None => "-",
    }
}
