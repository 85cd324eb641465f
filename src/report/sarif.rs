//! SARIF 2.1.0: findings for code scanning and for editors.
//!
//! Every rule is listed with its page, every finding has a place and a fingerprint that outlives the next build, what the
//! policy lets through is suppressed with its reason, and what could not be judged and does not fail the build is `open`.

mod model;
mod place;

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::check::{self, Finding};
use crate::exit;
use crate::facts::hex;
use crate::policy::{Level, Origin};
use crate::rules::{RULES, Rule};

use super::{Report, escape, findings, json, path};
use model::{
    Artifact, Base, Bases, Configuration, Descriptor, Driver, Fingerprints, Found, Invocation, Location, Log, Message,
    Notification, Physical, Place, Properties, Region, Run, Suppression, Tags, Tool,
};
use place::place;

/// Where the schema of the form is.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Renders `report` as one SARIF log. Paths below `directory`, the absolute working directory, are written relative to it.
pub fn render(report: &Report, directory: &Path) -> String {
    let mut results = Vec::new();
    let said: Vec<Vec<Finding>> = report.artifacts.iter().map(findings::of).collect();
    for (at, (artifact, said)) in report.artifacts.iter().zip(&said).enumerate() {
        let place = Place { index: Some(at), ..place(&artifact.artifact.path, directory) };
        results.extend(said.iter().map(|finding| result(finding, &place, directory)));
        results.extend(artifact.excepted.iter().map(|(finding, reason)| Found {
            suppressions: vec![Suppression { kind: "external", status: "accepted", justification: reason }],
            ..result(finding, &place, directory)
        }));
    }
    results.extend(report.general.iter().map(|finding| result(finding, &of_the_policy(finding, directory), directory)));
    json::to_text(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: tool(),
            invocations: [invocation(report)],
            original_uri_base_ids: Bases {
                root: Base { description: Message::plain("the directory in which the build was judged") },
            },
            artifacts: report
                .artifacts
                .iter()
                .map(|artifact| Artifact {
                    location: place(&artifact.artifact.path, directory),
                    length: artifact.facts.as_ref().map(|file| file.size),
                    roles: ["analysisTarget"],
                })
                .collect(),
            results,
            column_kind: "utf16CodeUnits",
        }],
    })
}

fn tool() -> Tool {
    let named = findings::NO_RULES.iter().map(|(id, meaning)| {
        let description = || Message::plain(*meaning);
        descriptor(id, Level::Deny, description(), description(), description(), Vec::new())
    });
    Tool {
        driver: Driver {
            name: env!("CARGO_PKG_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            short_description: Message::plain(env!("CARGO_PKG_DESCRIPTION")),
            rules: RULES.iter().map(|rule| described(rule)).chain(named).collect(),
        },
    }
}

fn described(rule: &Rule) -> Descriptor {
    let tags = rule.formats.iter().map(|format| format.to_string().to_lowercase());
    let help = Message { text: rule.docs.trim().to_owned(), markdown: Some(rule.page().trim().to_owned()) };
    let first = rule.docs.lines().skip_while(|line| line.starts_with("## ")).take_while(|line| !line.is_empty());
    let full = first.collect::<Vec<_>>().join(" ");
    descriptor(rule.id, rule.default, Message::plain(rule.summary), Message::plain(full), help, tags.collect())
}

fn descriptor(
    id: &'static str,
    level: Level,
    short_description: Message,
    full_description: Message,
    help: Message,
    mut tags: Vec<String>,
) -> Descriptor {
    tags.push("portability".to_owned());
    let configuration = Configuration { enabled: level != Level::Allow, level: word(level) };
    let name = id.split('-').map(capital).collect();
    let properties = Tags { tags, precision: "very-high" };
    Descriptor { id, name, short_description, full_description, help, default_configuration: configuration, properties }
}

/// `newer-glibc` as `NewerGlibc`, part by part.
fn capital(part: &str) -> String {
    let mut letters = part.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow => "none",
    }
}

fn invocation(report: &Report) -> Invocation {
    let exit_code = check::exit_code(report);
    let said = |level, texts: &[String]| {
        let each = texts.iter().map(|text| Notification { level, message: Message::plain(escape(text)) });
        each.collect::<Vec<_>>()
    };
    let mut notifications = said("error", &report.problems);
    notifications.extend(said("note", &report.notes));
    Invocation {
        execution_successful: report.problems.is_empty(),
        exit_code,
        exit_code_description: match exit_code {
            exit::OK => "fine",
            exit::VIOLATED => "the policy is violated, or a binary could not be judged",
            _ => "not everything could be looked at",
        },
        tool_execution_notifications: notifications,
    }
}

fn result<'a>(finding: &'a Finding, place: &Place, directory: &Path) -> Found<'a> {
    // Only `fail` may have a level other than `none`.
    let open = finding.rule == findings::INCONCLUSIVE && finding.level != Level::Deny;
    let rules = RULES.iter().map(|rule| rule.id).chain(findings::NO_RULES.iter().map(|(id, _)| *id));
    Found {
        rule_id: finding.rule,
        rule_index: rules.into_iter().position(|id| id == finding.rule),
        kind: if open { "open" } else { "fail" },
        level: if open { "none" } else { word(finding.level) },
        message: Message::plain(message(finding)),
        locations: [Location {
            id: None,
            physical_location: Physical { artifact_location: place.clone(), region: region(finding) },
            message: None,
        }],
        related_locations: policy_line(finding, directory).into_iter().collect(),
        partial_fingerprints: Fingerprints { finding: fingerprint(finding) },
        suppressions: Vec::new(),
        properties: Properties {
            evidence: &finding.evidence,
            arch: finding.slice.as_deref(),
            host: finding.host.as_deref(),
            blame: finding.blame.as_deref(),
            policy: findings::policy(finding),
            help: findings::help(finding).map(Cow::into_owned),
        },
    }
}

/// The sentence, then what shows it, one line each: code scanning shows nothing else.
fn message(finding: &Finding) -> String {
    let mut text = findings::sentence(finding).into_owned();
    for (label, said) in findings::lines(finding) {
        text.push_str(&format!("\n{label}: {said}"));
    }
    text
}

/// What a finding about no file is about: the line of the policy, or the file where the policy would be.
fn of_the_policy(finding: &Finding, directory: &Path) -> Place {
    match said_by(finding) {
        Some((file, _)) => place(file, directory),
        None => place(Path::new(crate::policy::FILE_NAME), directory),
    }
}

/// The line of a finding that is about the policy itself; a binary has none.
fn region(finding: &Finding) -> Option<Region> {
    let (_, line) = said_by(finding).filter(|_| finding.artifact.as_os_str().is_empty())?;
    Some(Region { start_line: line })
}

fn policy_line(finding: &Finding, directory: &Path) -> Option<Location> {
    let (file, line) = said_by(finding)?;
    Some(Location {
        id: Some(1),
        physical_location: Physical {
            artifact_location: place(file, directory),
            region: Some(Region { start_line: line }),
        },
        message: Some(Message::plain(findings::policy(finding))),
    })
}

/// The line of the policy file that a finding rests on.
fn said_by(finding: &Finding) -> Option<(&Path, u32)> {
    let of_the_key = finding.policy.as_ref().map(|policy| &policy.origin);
    [of_the_key, Some(&finding.level_origin)].into_iter().flatten().find_map(|origin| match origin {
        Origin::File { path, line } => Some((path.as_path(), *line)),
        Origin::Default | Origin::Preset(_) | Origin::CommandLine => None,
    })
}

/// The same for the same finding in the next build and on another machine: the file's name counts, and not where it lies,
/// nor lines of the policy, nor what else was found.
fn fingerprint(finding: &Finding) -> String {
    let name = finding.artifact.file_name().map(|name| path(Path::new(name))).unwrap_or_default();
    let shown = path(&finding.artifact);
    let message = if shown.is_empty() { finding.message.clone() } else { finding.message.replace(&*shown, &name) };
    let mut hash = Sha256::new();
    for part in
        [finding.rule, &name, finding.slice.as_deref().unwrap_or(""), finding.host.as_deref().unwrap_or(""), &message]
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(hash.finalize().get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::capital;

    #[test]
    fn names_of_rules_are_words_joined() {
        assert_eq!("newer-glibc".split('-').map(capital).collect::<String>(), "NewerGlibc");
    }
}
