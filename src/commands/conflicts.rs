//! Clashes between what the user set and what the policy wants: reported before the build, instead of it.

use std::path::PathBuf;

use crate::check::Finding;
use crate::plan::Conflict;
use crate::policy::Level;
use crate::report::Report;
use crate::rules::PolicySource;

/// The report of a build that was not started.
pub(super) fn report(conflicts: &[Conflict]) -> Report {
    Report { general: conflicts.iter().map(finding).collect(), ..Report::default() }
}

fn finding(conflict: &Conflict) -> Finding {
    let Conflict { user, user_source, policy, origin, help } = conflict;
    Finding {
        rule: "conflict",
        level: Level::Deny,
        level_origin: origin.clone(),
        artifact: PathBuf::new(),
        slice: None,
        message: format!("`{user}` clashes with `{policy}`, so the build was not started"),
        evidence: vec![format!("`{user}` comes from {user_source}")],
        causes: Vec::new(),
        host: None,
        has: None,
        blame: None,
        policy: Some(PolicySource { key: policy.clone().into(), origin: origin.clone() }),
        help: Some(help.clone()),
    }
}
