//! Exceptions applied: which findings they let through, and which of them have had their day.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::Finding;
use super::general::{finding, with_source};
use crate::policy::exceptions::Exception;
use crate::policy::{FileNames, Level, Policy};
use crate::rules::{PolicySource, expired_exception, unused_exception};

/// What became of the policy's exceptions while one artifact, or all, were judged; by their index.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Uses {
    /// Those that let something through.
    pub(super) used: BTreeSet<usize>,
    /// Those that would have, were they not over.
    pub(super) too_late: BTreeSet<usize>,
    /// Those whose glob matched an artifact.
    pub(super) matched: BTreeSet<usize>,
}

impl Uses {
    /// Adds what became of them elsewhere.
    pub fn merge(&mut self, other: Uses) {
        self.used.extend(other.used);
        self.too_late.extend(other.too_late);
        self.matched.extend(other.matched);
    }
}

/// The exceptions of a policy as they stand for one artifact.
pub(super) struct Excuses<'a> {
    /// Those whose glob matches, with their index.
    here: Vec<(usize, &'a Exception)>,
    today: Date,
    pub(super) uses: Uses,
}

impl<'a> Excuses<'a> {
    pub(super) fn new(policy: &'a Policy, names: &FileNames, today: Date) -> Self {
        let hit = |(_, exception): &(usize, &Exception)| exception.artifact.value.matches_file(names);
        let here: Vec<_> = policy.exceptions.iter().enumerate().filter(hit).collect();
        let matched = here.iter().map(|(index, _)| *index).collect();
        Excuses { here, today, uses: Uses { matched, ..Uses::default() } }
    }

    /// The exception that lets findings of `rule` through, if one does; the last one of several.
    pub(super) fn find(&mut self, rule: &str) -> Option<&'a Exception> {
        let mut found = None;
        for (index, exception) in self.here.iter().filter(|(_, exception)| exception.rule.value == rule) {
            if exception.has_expired(self.today) {
                self.uses.too_late.insert(*index);
            } else {
                self.uses.used.insert(*index);
                found = Some(*exception);
            }
        }
        found
    }
}

/// What is to be said about the exceptions themselves once every artifact was judged.
pub(super) fn findings(policy: &Policy, uses: &Uses, today: Date) -> Vec<Finding> {
    let each = policy.exceptions.iter().enumerate();
    each.filter_map(|(index, exception)| about(policy, index, exception, uses, today)).collect()
}

fn about(policy: &Policy, index: usize, exception: &Exception, uses: &Uses, today: Date) -> Option<Finding> {
    let name = format!("the exception for `{}` on `{}`", exception.rule.value, exception.artifact.value);
    let evidence = format!("its reason: {}", exception.reason);
    let key = format!("[[exception]] rule = \"{}\"", exception.rule.value);
    let source = PolicySource { key: key.into(), origin: exception.origin.clone() };
    let over = exception.until.as_ref().filter(|_| exception.has_expired(today)).map(|until| until.value);
    if let Some(until) = over.filter(|_| uses.too_late.contains(&index)) {
        let message = format!("{name} expired on {until}, so its finding is back");
        let help = "fix the cause, or give the exception a later `until`";
        return with_source(finding(&expired_exception::RULE, policy, message, evidence, help), source);
    }
    if uses.used.contains(&index) {
        return None;
    }
    let over = over.map(|until| format!(", and expired on {until}")).unwrap_or_default();
    let help = "remove it, unless other builds need it";
    let said = |why: &str| {
        let found = finding(&unused_exception::RULE, policy, format!("{name} {why}{over}"), evidence, help);
        with_source(found, source)
    };
    if uses.matched.contains(&index) {
        return said("lets nothing through");
    }
    // Another build of the same project may make the file: that must not fail this one.
    said("matches no file of this run").map(|found| Finding { level: found.level.min(Level::Warn), ..found })
}
