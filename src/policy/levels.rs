//! What holds for one artifact: linkage, hosts and rule levels after `[[artifact]]` entries are applied.

use super::{Level, LinkagePolicy, Policy, Setting};

/// The part of a policy that can differ between artifacts, resolved for one.
#[derive(Debug, Clone)]
pub struct Effective<'p> {
    /// The whole policy.
    pub policy: &'p Policy,
    /// `linkage`.
    pub linkage: Setting<LinkagePolicy>,
    /// `runs-on`.
    pub runs_on: Vec<Setting<String>>,
    /// `provided`.
    pub provided: Vec<String>,
    /// `[[artifact]]` entries that match, in file order.
    pub matching: Vec<usize>,
}

impl Policy {
    /// Resolves the policy for the artifact at `path` (as reported) built for `target`, if that is known.
    pub fn for_artifact(&self, path: &str, target: Option<&str>) -> Effective<'_> {
        let _ = (path, target);
        Effective {
            policy: self,
            linkage: self.linkage.clone(),
            runs_on: self.runs_on.clone(),
            provided: Vec::new(),
            matching: Vec::new(),
        }
    }
}

impl Effective<'_> {
    /// The level of `rule` here, given the rule's own default.
    pub fn level(&self, rule: &str, default: Level) -> Setting<Level> {
        let _ = rule;
        Setting::default(default)
    }
}
