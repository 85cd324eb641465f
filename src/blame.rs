//! Blame: who brought a finding's cause in. Runs on the failure path only, and may run helper tools there.
//!
//! A name is given only where the build shows it; a wrong one would send the user to the wrong place.

pub mod build_failure;
mod cargo;
mod fixes;
mod flags;
mod go;
pub mod link;
pub mod needs;
pub mod objects;
mod startup;
mod toolchain;
mod ways;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::check::{ArtifactResult, Finding};
use crate::facts::Details;
use crate::listing::listed;
use crate::plan::environment::Environment;
use crate::plan::{Plan, Tool};
use crate::rules::Cause;
use crate::run::Provenance;

/// Symbols named in one phrase; the rest is counted.
const SYMBOLS_SHOWN: usize = 3;

/// Who is behind a finding, and the fix that works for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Culprits {
    /// One phrase per culprit; empty when it cannot be told.
    phrases: Vec<String>,
    /// What to do about them, where that is better than the rule's own words.
    help: Option<String>,
}

/// What a finding says, as far as blame depends on it.
#[derive(Debug, Clone, Copy)]
struct About<'f> {
    causes: &'f [Cause],
    evidence: &'f [String],
}

impl About<'_> {
    /// Whether the evidence shows this value, between backticks.
    fn shows(self, value: &str) -> bool {
        let quoted = format!("`{value}`");
        self.evidence.iter().any(|line| line.contains(&quoted))
    }
}

/// Adds the culprit to every finding where it can be told; leaves it out where it cannot.
pub fn blame(results: &mut [ArtifactResult], plan: Option<&Plan>, provenance: &Provenance) {
    let Some(plan) = plan else { return };
    let cargo = (plan.tool == Tool::Cargo).then(|| cargo::CargoBlame::new(plan, &provenance.cargo_messages));
    let go = (plan.tool == Tool::Go).then(|| go::GoBlame::new(plan));
    for result in results {
        let facts = result.facts.as_ref().and_then(|facts| facts.slices.first());
        let artifact = cargo.as_ref().map(|cargo| cargo.of_artifact(&result.artifact, facts));
        for finding in result.findings.iter_mut().filter(|finding| finding.blame.is_none()) {
            let about = About { causes: &finding.causes, evidence: &finding.evidence };
            let culprits = match (&artifact, &go) {
                (Some(artifact), _) => artifact.of(about),
                (_, Some(go)) => go.of(about, &result.artifact, facts),
                (None, None) => Culprits::default(),
            };
            if !culprits.phrases.is_empty() {
                finding.blame = Some(culprits.phrases.join("; "));
                finding.help = culprits.help.or(finding.help.take());
            }
        }
    }
}

/// Names `LD_RUN_PATH` where it is what the linker put into the file: it takes the variable when no `-rpath` is given (ld(1)).
pub fn blame_run_path_variable(results: &mut [ArtifactResult], environment: &Environment) {
    let Some(value) = environment.text("LD_RUN_PATH") else { return };
    for result in results {
        let slice = result.facts.as_ref().and_then(|facts| facts.slices.first());
        let Some(Details::Elf(elf)) = slice.map(|facts| &facts.details) else { continue };
        if elf.runpath.as_deref().or(elf.rpath.as_deref()) != Some(value) {
            continue;
        }
        let is_it = |finding: &&mut Finding| finding.causes.contains(&Cause::Setting("run-path".into()));
        for finding in result.findings.iter_mut().filter(is_it) {
            finding.blame = Some(format!("`LD_RUN_PATH={value}` in the environment"));
            finding.help = Some("unset `LD_RUN_PATH`".into());
        }
    }
}

/// A program that helps to name the culprit: the first on the PATH, but never one of the current directory, which an empty or
/// a relative entry means.
fn helper(name: &str) -> Option<PathBuf> {
    which::which_all_global(name).ok()?.find(|path| path.is_absolute())
}

/// The symbols among the causes.
fn symbols(causes: &[Cause]) -> impl Iterator<Item = &str> {
    causes.iter().filter_map(|cause| if let Cause::Symbol(name) = cause { Some(name.as_str()) } else { None })
}

/// Whose a symbol is that a stripped program has from one of several.
fn one_of(several: &[String]) -> String {
    format!("one of these, which the program does not tell: {};", several.join(", "))
}

/// `WHO refers to `a`, `b` and 4 more`.
fn with_symbols(who: &str, symbols: &BTreeSet<&str>) -> String {
    format!("{who} refers to {}", listed(&symbols.iter().collect::<Vec<_>>(), SYMBOLS_SHOWN))
}
