//! What rules about hosts share: the loads, and how a finding says which host and which line of the policy.

use crate::hosts::Host;
use crate::hosts::load::{About, Load, Reason};
use crate::policy::Origin;
use crate::rules::{PolicySource, Subject, Verdict, Violation};

/// Why a rule about hosts has nothing to say.
pub(in crate::rules) const NO_HOSTS: &str = "the policy names no Linux host in `runs-on`";

/// The first of what could not be told, and how much more there is.
pub(in crate::rules) fn first_of(gaps: &[impl AsRef<str>]) -> Option<String> {
    let (first, rest) = gaps.split_first()?;
    let first = first.as_ref();
    Some(if rest.is_empty() { first.to_owned() } else { format!("{first} (and {} more)", rest.len()) })
}

impl<'a> Subject<'a> {
    /// The line of `runs-on` that names a host.
    pub(in crate::rules) fn listed(&self, host: &str) -> PolicySource {
        let line = self.policy.runs_on.iter().find(|name| name.value == host);
        PolicySource {
            key: format!("`runs-on` lists `{host}`").into(),
            origin: line.map_or(Origin::Default, |line| line.origin.clone()),
        }
    }

    /// The same; that a file has to run in its own image is no line of the policy.
    pub(in crate::rules) fn demand(&self, host: &str) -> Option<PolicySource> {
        self.image.is_none_or(|image| image.image != host).then(|| self.listed(host))
    }

    /// One violation for each Linux host on which `select` finds a reason; without any, what `about` leaves open.
    pub(in crate::rules) fn judge_loads<'r>(
        &'r self,
        about: Option<About>,
        mut violation: impl FnMut(&'a Host, &'r Load) -> Option<Violation>,
    ) -> Verdict {
        let mut violations = Vec::new();
        let mut gaps: Vec<&str> = Vec::new();
        let mut any = false;
        for (host, load) in self.loads.get() {
            any = true;
            if let Some(found) = violation(host, load) {
                violations.push(self.completed(found, host, load));
            }
            gaps.extend(load.gaps.iter().filter(|gap| Some(gap.about) == about).map(|gap| gap.text.as_str()));
        }
        match (any, violations.is_empty()) {
            (false, _) => Verdict::NotApplicable(NO_HOSTS),
            (true, false) => Verdict::Violated(violations),
            (true, true) => Verdict::of(violations, first_of(&gaps)),
        }
    }

    /// Adds host and policy, and says when the catalogue's row was never verified.
    fn completed(&self, mut violation: Violation, host: &Host, load: &Load) -> Violation {
        // Which loader a host has is never in doubt.
        let certain =
            load.reasons.iter().all(|reason| matches!(reason, Reason::NoLoader { .. } | Reason::NothingLoads));
        violation.evidence.extend(host.doubt().filter(|_| !certain));
        Violation { host: Some(host.name.clone()), policy: self.demand(&host.name), ..violation }
    }
}

/// The reasons of a load as the rule's own sort of item.
pub(in crate::rules) fn pick<'l, T>(load: &'l Load, item: impl Fn(&'l Reason) -> Option<T>) -> Vec<T> {
    load.reasons.iter().filter_map(item).collect()
}
