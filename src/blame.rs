//! Blame: who brought a finding's cause in. Runs on the failure path only, and may run helper tools there.
//!
//! A name is given only where the build shows it; a wrong one would send the user to the wrong place.

mod cargo;
mod go;
pub mod needs;
pub mod objects;

use std::collections::BTreeSet;

use crate::check::{ArtifactResult, Finding};
use crate::plan::{Plan, Tool};
use crate::run::Provenance;

/// Symbols named in one phrase; the rest is counted.
const SYMBOLS_SHOWN: usize = 3;

/// Adds the culprit to every finding where it can be told; leaves it out where it cannot.
pub fn blame(results: &mut [ArtifactResult], plan: Option<&Plan>, provenance: &Provenance) {
    let Some(plan) = plan else { return };
    match plan.tool {
        Tool::Cargo => {
            let build = cargo::CargoBlame::new(plan, &provenance.cargo_messages);
            for result in results {
                for finding in result.findings.iter_mut().filter(|finding| finding.blame.is_none()) {
                    add(finding, build.culprits(&finding.causes, &result.artifact), None);
                }
            }
        }
        Tool::Go => {
            let build = go::GoBuildBlame::new(plan);
            for result in results {
                let facts = result.facts.as_ref().and_then(|facts| facts.slices.first());
                for finding in result.findings.iter_mut().filter(|finding| finding.blame.is_none()) {
                    let blame = build.of(&finding.causes, facts);
                    add(finding, blame.culprits, blame.help);
                }
            }
        }
    }
}

fn add(finding: &mut Finding, culprits: Vec<String>, help: Option<String>) {
    if culprits.is_empty() {
        return;
    }
    finding.blame = Some(culprits.join("; "));
    if help.is_some() {
        finding.help = help;
    }
}

/// `WHO refers to `a`, `b` and 4 more`.
fn with_symbols(who: &str, symbols: &BTreeSet<&str>) -> String {
    let shown: Vec<String> = symbols.iter().take(SYMBOLS_SHOWN).map(|symbol| format!("`{symbol}`")).collect();
    match symbols.len().saturating_sub(shown.len()) {
        0 => format!("{who} refers to {}", shown.join(", ")),
        more => format!("{who} refers to {} and {more} more", shown.join(", ")),
    }
}
