//! From the results of a run to its platform signature. Pure: digests come from outside.

use std::path::{Component, Path};

use super::{
    Artifact, Build, Enforced, Excepted, FORMAT_VERSION, Manifest, OnHost, PolicyDigest, Runs, Slice, Tool, Uses,
    Verdict,
};
use crate::check::{self, ArtifactResult, Finding, HostVerdict, Overall};
use crate::facts::Digest;
use crate::facts::instructions::Instructions;
use crate::plan::Plan;
use crate::policy::{FileNames, Origin, Policy};
use crate::report::{self, Report};

/// What a signature is made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the run came to.
    pub report: &'a Report,
    /// The policy.
    pub policy: &'a Policy,
    /// The build, when there was one.
    pub plan: Option<&'a Plan>,
    /// The working directory, absolute.
    pub directory: &'a Path,
    /// The digest of each artifact of the report.
    pub digests: &'a [Digest],
}

/// Makes the signature of a run in which nothing was rejected.
///
/// # Errors
/// One sentence when an artifact has a name that cannot be written, or was replaced while it was read.
pub fn build(source: &Source<'_>) -> Result<Manifest, String> {
    let results = source.report.artifacts.iter().zip(source.digests);
    let mut artifacts: Vec<Artifact> =
        results.map(|(result, digest)| source.artifact(result, digest)).collect::<Result<_, _>>()?;
    artifacts.sort_by(|a, b| (&a.path, &a.sha256).cmp(&(&b.path, &b.sha256)));
    artifacts.dedup();
    Ok(Manifest {
        format_version: FORMAT_VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        policy: PolicyDigest {
            file: source
                .policy
                .file
                .as_deref()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned()),
            sha256: source.policy.digest(),
        },
        build: source.plan.map(|plan| source.build(plan)),
        artifacts,
    })
}

impl Uses {
    fn of(scanned: &Instructions) -> Uses {
        Uses {
            level: scanned.level.to_owned(),
            features: scanned.features.iter().map(|feature| feature.name.clone()).collect(),
            asks_cpu: scanned.asks_cpu,
        }
    }
}

impl Source<'_> {
    fn build(&self, plan: &Plan) -> Build {
        let enforced = plan.changes.iter().map(|change| Enforced {
            setting: self.portable(&change.what),
            key: change.key.to_owned(),
            origin: origin(&change.origin),
        });
        Build { tool: plan.tool.name().to_owned(), targets: plan.targets.clone(), enforced: enforced.collect() }
    }

    fn artifact(&self, result: &ArtifactResult, digest: &Digest) -> Result<Artifact, String> {
        let file = &result.artifact;
        if result.facts.as_ref().is_some_and(|facts| facts.size != digest.size) {
            return Err(format!("`{}` was replaced while it was read; run this again", report::path(&file.path)));
        }
        let home = self.policy.file.as_deref().and_then(Path::parent);
        let names = FileNames::new(&file.path, self.directory, home);
        let slices = result.facts.as_ref().map(|facts| facts.slices.as_slice()).unwrap_or_default();
        Ok(Artifact {
            path: relative(&file.path, self.directory)?,
            sha256: digest.sha256.clone(),
            size: digest.size,
            package: file.package.clone(),
            target: file.target.clone(),
            verdict: if result.verdict == Overall::Pass { Verdict::Pass } else { Verdict::Inconclusive },
            hosts: result.hosts.iter().map(|host| self.on_host(host)).collect(),
            excepted: result.excepted.iter().map(|(finding, reason)| self.excepted(finding, reason)).collect(),
            provided: self.policy.for_file(&names, file.target.as_deref()).provided,
            slices: slices.iter().map(Slice::of).collect(),
            uses: result.facts.as_ref().and_then(|facts| facts.instructions.as_ref()).map(Uses::of),
        })
    }

    fn on_host(&self, host: &HostVerdict) -> OnHost {
        let verdict = match host.verdict {
            check::Runs::Yes => Runs::Runs,
            check::Runs::No => Runs::DoesNotRun,
            check::Runs::Unknown => Runs::Unknown,
            check::Runs::NotApplicable => Runs::NotApplicable,
        };
        OnHost { host: host.host.clone(), verdict, why: host.why.as_deref().map(|why| self.portable(why)) }
    }

    fn excepted(&self, finding: &Finding, reason: &str) -> Excepted {
        Excepted {
            rule: finding.rule.to_owned(),
            arch: finding.slice.clone(),
            host: finding.host.clone(),
            finding: self.portable(&finding.message),
            reason: reason.to_owned(),
        }
    }

    /// A text without the directory that the build ran in, which differs between machines.
    fn portable(&self, text: &str) -> String {
        let directory = self.directory.to_string_lossy();
        if directory.len() < 2 {
            return text.to_owned();
        }
        text.replace(&format!("{directory}/"), "").replace(&*directory, ".")
    }
}

/// Who set a value, without directories.
fn origin(origin: &Origin) -> String {
    match origin {
        Origin::File { path, line } => {
            format!("{}:{line}", path.file_name().unwrap_or_default().to_string_lossy())
        }
        other => other.to_string(),
    }
}

/// The path below `directory` that a signature names a file by, its parts joined by `/`; of a file that lies elsewhere the name alone.
///
/// # Errors
/// One sentence when no signature can carry it: it has to mean the same file on every system.
pub fn relative(path: &Path, directory: &Path) -> Result<String, String> {
    let inside = path.strip_prefix(directory).unwrap_or(path);
    let parts: Option<Vec<&str>> = inside
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let name = || path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let found = parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("/")).or_else(name);
    match found {
        Some(found) if super::read::is_inside(&found) => Ok(found),
        found => Err(format!("`{}` {}; rename it", report::path(path), why_not(found.as_deref()))),
    }
}

/// What is wrong with a name that no signature can carry.
fn why_not(found: Option<&str>) -> String {
    const RULE: &str = "its names have to mean the same on every system, so they are UTF-8 without `\\` and `:`";
    match found.and_then(|name| name.chars().find(|&c| matches!(c, '\\' | ':'))) {
        Some(bad) => format!("has a `{bad}` in its name, which no platform signature can carry: {RULE}"),
        None => format!("has a name that no platform signature can carry: {RULE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_and_carry_nothing_of_the_machine() {
        let here = Path::new("/home/me/app");
        let of = |path: &str| relative(Path::new(path), here);
        assert_eq!(of("target/release/app").as_deref(), Ok("target/release/app"));
        assert_eq!(of("./app").as_deref(), Ok("app"));
        assert_eq!(of("/home/me/app/dist/app").as_deref(), Ok("dist/app"));
        assert_eq!(of("/tmp/target/release/app").as_deref(), Ok("app"));
        assert_eq!(of("../other/app").as_deref(), Ok("app"));
        assert!(of("..").is_err());
    }

    #[test]
    fn the_character_that_no_signature_can_carry_is_named() {
        let here = Path::new("/home/me/app");
        let why = relative(Path::new("dist/app:1.0"), here).expect_err("Windows would take it for a drive or a stream");
        let rule = "its names have to mean the same on every system, so they are UTF-8 without `\\` and `:`; rename it";
        assert_eq!(why, format!("`dist/app:1.0` has a `:` in its name, which no platform signature can carry: {rule}"));
        assert!(why_not(Some("a\\b")).starts_with("has a `\\` in its name"));
        assert!(why_not(None).starts_with("has a name that"));
    }

    #[test]
    fn origins_name_the_file_alone() {
        let file = Origin::File { path: "/home/me/app/seaworthy.toml".into(), line: 3 };
        assert_eq!(origin(&file), "seaworthy.toml:3");
        assert_eq!(origin(&Origin::Default), "by default");
    }
}
