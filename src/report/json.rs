//! The JSON report: a stable interface, described by `schemas/report.schema.json`.
//!
//! Its types are its own, so that a change inside the tool cannot change what programs read.

use std::path::Path;

use serde::Serialize;

use crate::check::{ArtifactResult, Finding, HostVerdict, Overall, Reason, Runs};
use crate::diff::Built;
use crate::facts::instructions::Instructions;
use crate::facts::{Facts, Format, Kind, Linkage};
use crate::images::InImage;
use crate::policy::{Level, Origin};
use crate::profile::Profile;

use super::{FORMAT_VERSION, Floors, Report, Tool, path};

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool: Tool,
    verdict: Overall,
    artifacts: Vec<Artifact<'a>>,
    findings: Vec<JsonFinding<'a>>,
    notes: &'a [String],
    /// Only when something could not be opened.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [String],
}

#[derive(Serialize)]
struct Artifact<'a> {
    path: String,
    /// Only for paths that are not UTF-8: the path with its bytes spelled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_escaped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    format: Option<Format>,
    /// Several architectures are joined by `+`, in file order.
    arch: Option<String>,
    kind: Option<Kind>,
    linkage: Option<Linkage>,
    verdict: Overall,
    floors: Floors,
    /// Bytes of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// What `diff` compares; empty when the file could not be read.
    profiles: Vec<Profile>,
    /// Only with `--scan-instructions`, for x86-64.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<&'a Instructions>,
    findings: Vec<JsonFinding<'a>>,
    inconclusive: Vec<RuleReason<'a>>,
    not_applicable: Vec<RuleReason<'a>>,
    excepted: Vec<Excepted<'a>>,
    /// Only for files of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a InImage>,
    /// Only with `runs-on`, and for files of an image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<OnHost<'a>>,
    /// Only for files with several architectures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slices: Vec<Slice<'a>>,
}

#[derive(Serialize)]
struct OnHost<'a> {
    host: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct Slice<'a> {
    arch: &'a str,
    kind: Kind,
    linkage: Linkage,
    floors: Floors,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    level: Level,
    message: &'a str,
    evidence: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blame: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct PolicyLine<'a> {
    key: &'a str,
    /// `default`, `preset` or `file`.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct RuleReason<'a> {
    rule: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Excepted<'a> {
    finding: JsonFinding<'a>,
    reason: &'a str,
}

/// Renders `report` as one line-fed JSON document, indented.
pub fn render(report: &Report) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        tool: Tool::THIS,
        verdict: report.verdict(),
        artifacts: report.artifacts.iter().map(artifact).collect(),
        findings: report.general.iter().map(finding).collect(),
        notes: &report.notes,
        problems: &report.problems,
    };
    to_text(&document)
}

/// Any serialisable value as JSON that is safe to print: what [`super::escape()`] would escape is written as `\uXXXX`.
pub fn to_text(value: &impl Serialize) -> String {
    // The only errors are maps with keys that are no strings, and `Serialize` implementations that fail: neither is ours.
    let json = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    let mut out = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        // Outside of strings JSON has only ASCII; inside of them, serde_json has escaped C0 controls already.
        if c != '\n' && super::escape::is_hostile(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

fn artifact(result: &ArtifactResult) -> Artifact<'_> {
    let slices = result.facts.as_ref().map(|file| file.slices.as_slice()).unwrap_or_default();
    let first = slices.first();
    let arches: Vec<&str> = slices.iter().map(|slice| &*slice.arch).collect();
    let built = Built::of(&result.artifact.path, result.facts.as_ref());
    Artifact {
        path: lossy(&result.artifact.path),
        path_escaped: result.artifact.path.to_str().is_none().then(|| path(&result.artifact.path).into_owned()),
        package: result.artifact.package.as_deref(),
        target: result.artifact.target.as_deref(),
        format: first.map(|facts| facts.format),
        arch: first.map(|_| arches.join("+")),
        kind: first.map(|facts| facts.kind),
        linkage: first.map(|facts| facts.linkage),
        verdict: result.verdict,
        floors: first.map(Floors::of).unwrap_or_default(),
        size: built.size,
        profiles: built.profiles,
        uses: result.facts.as_ref().and_then(|facts| facts.instructions.as_ref()),
        findings: result.findings.iter().map(finding).collect(),
        inconclusive: reasons(&result.inconclusive),
        not_applicable: reasons(&result.not_applicable),
        excepted: result.excepted.iter().map(|(of, reason)| Excepted { finding: finding(of), reason }).collect(),
        image: result.image.as_deref(),
        hosts: result.hosts.iter().map(on_host).collect(),
        slices: if slices.len() > 1 { slices.iter().map(slice).collect() } else { Vec::new() },
    }
}

fn on_host(answer: &HostVerdict) -> OnHost<'_> {
    let verdict = match answer.verdict {
        Runs::Yes => "runs",
        Runs::No => "does-not-run",
        Runs::Unknown => "unknown",
        Runs::NotApplicable => "not-applicable",
    };
    OnHost { host: &answer.host, verdict, why: answer.why.as_deref() }
}

fn slice(facts: &Facts) -> Slice<'_> {
    Slice { arch: &facts.arch, kind: facts.kind, linkage: facts.linkage, floors: Floors::of(facts) }
}

fn finding(finding: &Finding) -> JsonFinding<'_> {
    JsonFinding {
        rule: finding.rule,
        level: finding.level,
        message: &finding.message,
        evidence: &finding.evidence,
        arch: finding.slice.as_deref(),
        host: finding.host.as_deref(),
        blame: finding.blame.as_deref(),
        policy: finding.policy.as_ref().map(|policy| policy_line(&policy.key, &policy.origin)),
        help: finding.help.as_deref(),
    }
}

fn policy_line<'a>(key: &'a str, origin: &'a Origin) -> PolicyLine<'a> {
    let (source, preset, at) = match origin {
        Origin::Default => ("default", None, None),
        Origin::Preset(preset) => ("preset", Some(preset.as_str()), None),
        Origin::CommandLine => ("command-line", None, None),
        Origin::File { path, line } => ("file", None, Some((lossy(path), *line))),
    };
    let line = at.as_ref().map(|(_, line)| *line);
    PolicyLine { key, source, preset, file: at.map(|(file, _)| file), line }
}

fn reasons<'a>(pairs: &'a [(&'static str, Reason)]) -> Vec<RuleReason<'a>> {
    pairs.iter().map(|(rule, reason)| RuleReason { rule, reason }).collect()
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
