//! The JSON report as a user's script reads it: by its documented fields, ignoring what is not known.

use std::path::Path;

use serde::Deserialize;

/// A whole report.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// Grows with incompatible changes.
    pub(crate) format_version: u32,
    /// One entry per artifact.
    pub(crate) artifacts: Vec<Artifact>,
}

/// One artifact.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact {
    /// As reported.
    pub(crate) path: String,
    /// `elf`, `pe`, `macho`.
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) format: String,
    /// `x86_64`, `aarch64` …
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) arch: String,
    /// `static`, `static-pie`, `exe` …
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) kind: String,
    /// `static` or `dynamic`.
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) linkage: String,
    /// `pass`, `fail` or `inconclusive`.
    pub(crate) verdict: String,
    /// What is wrong.
    pub(crate) findings: Vec<Finding>,
}

/// One finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    /// Id of the rule.
    pub(crate) rule: String,
    /// `warn` or `deny`.
    pub(crate) level: String,
    /// What shows it.
    pub(crate) evidence: Vec<String>,
}

impl Report {
    /// Reads a report that was written with `--report json=FILE`.
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", path.display()));
        Report::parse(&text)
    }

    /// Parses a report.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let report: Report = serde_json::from_slice(bytes)
            .unwrap_or_else(|error| panic!("not a report: {error}\n{}", String::from_utf8_lossy(bytes)));
        assert_eq!(report.format_version, 1);
        report
    }

    /// The artifact whose path ends like this, whole parts compared.
    pub(crate) fn artifact(&self, path: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| Path::new(&artifact.path).ends_with(path))
    }

    /// Paths of all artifacts.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.artifacts.iter().map(|artifact| artifact.path.as_str()).collect()
    }
}

impl Artifact {
    /// Rules that say something about this artifact, sorted; `inconclusive` when it could not be judged.
    pub(crate) fn rules(&self) -> Vec<String> {
        let unsure = (self.verdict == "inconclusive").then(|| "inconclusive".to_owned());
        let rules = self.findings.iter().map(|finding| finding.rule.clone());
        unsure.into_iter().chain(rules.collect::<std::collections::BTreeSet<_>>()).collect()
    }

    /// Rules that deny this artifact, sorted.
    pub(crate) fn denied(&self) -> Vec<&str> {
        let denied = self.findings.iter().filter(|finding| finding.level == "deny");
        let mut rules: Vec<_> = denied.map(|finding| finding.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// What is `null` for an unreadable file, as an empty text.
fn or_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
