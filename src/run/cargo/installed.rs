//! `cargo install`: messages name files in a directory that is gone by now; the programs are in the root's `bin`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::plan::Plan;
use crate::run::{Artifact, Outcome, Role};

/// The part of `.crates2.json` that says which package brought which programs.
#[derive(Debug, Deserialize)]
struct Crates {
    #[serde(default)]
    installs: std::collections::BTreeMap<String, Install>,
}

#[derive(Debug, Deserialize)]
struct Install {
    #[serde(default)]
    bins: Vec<String>,
}

/// Puts the installed programs in place of those the messages name. When cargo found everything installed already, it
/// built nothing and said nothing: then the named packages' programs are taken from its own record.
pub(super) fn relocate(outcome: &mut Outcome, bin: &Path, plan: &Plan, finished: bool) {
    if !outcome.status.success() {
        outcome.artifacts.clear();
        return;
    }
    outcome.artifacts.retain(|artifact| artifact.role == Role::Program);
    for artifact in &mut outcome.artifacts {
        if let Some(name) = artifact.path.file_name() {
            artifact.path = bin.join(name);
        }
    }
    if finished {
        return;
    }
    match recorded(bin, plan) {
        Ok(artifacts) => outcome.artifacts = artifacts,
        Err(why) => outcome.provenance.degraded = Some(why),
    }
}

fn recorded(bin: &Path, plan: &Plan) -> Result<Vec<Artifact>, String> {
    let record = bin.parent().unwrap_or(bin).join(".crates2.json");
    let cannot = |why: String| format!("cargo installed nothing new, and `{}` {why}", record.display());
    let text = std::fs::read(&record).map_err(|error| cannot(format!("cannot be read: {error}")))?;
    let crates: Crates =
        serde_json::from_slice(&text).map_err(|error| cannot(format!("is not understood: {error}")))?;
    let words: Vec<&str> = plan.args.iter().filter_map(|word| word.to_str()).collect();
    let named = |package: &str| words.iter().any(|word| word.split('@').next() == Some(package));
    let mut artifacts = Vec::new();
    for (id, install) in &crates.installs {
        let package = id.split(' ').next().unwrap_or_default();
        let programs: Vec<PathBuf> = install.bins.iter().map(|name| bin.join(name)).collect();
        for path in programs.into_iter().filter(|_| named(package)) {
            artifacts.push(Artifact { path, role: Role::Program, package: Some(package.to_owned()), target: None });
        }
    }
    if artifacts.is_empty() { Err(cannot("names none of the packages".to_owned())) } else { Ok(artifacts) }
}
