//! What holds for one artifact: linkage, hosts and rule levels after `[[artifact]]` entries are applied.

use std::path::Path;

use super::{ArtifactPolicy, FileNames, Level, LinkagePolicy, Policy, Setting};

/// The part of a policy that can differ between artifacts, resolved for one.
#[derive(Debug, Clone)]
pub struct Effective<'p> {
    /// The whole policy.
    pub policy: &'p Policy,
    /// `linkage`.
    pub linkage: &'p Setting<LinkagePolicy>,
    /// `runs-on`.
    pub runs_on: &'p [Setting<String>],
    /// `inconclusive`.
    pub inconclusive: &'p Setting<Level>,
    /// `provided`, of every entry that matches.
    pub provided: Vec<String>,
    /// `[[artifact]]` entries that match, in file order.
    pub matching: Vec<usize>,
}

impl Policy {
    /// Whether `rule` is allowed for every artifact, so that nobody needs what only it looks at.
    pub fn allows_everywhere(&self, rule: &str, default: Level) -> bool {
        let general = self.rules.get(rule).map_or(default, |level| level.value);
        let own = self.artifacts.iter().filter_map(|entry| entry.rules.get(rule));
        general == Level::Allow && own.into_iter().all(|level| level.value == Level::Allow)
    }

    /// Whether an `[[artifact]]` entry could name files of images on purpose.
    pub fn names_paths_in_images(&self) -> bool {
        self.artifacts.iter().filter_map(|entry| entry.path.as_ref()).any(|path| path.value.is_rooted())
    }

    /// Whether an `[[artifact]]` entry names this file of an image on purpose: by a path from the image's root, or with the
    /// name of the image in front.
    pub fn names_in_image(&self, names: &FileNames) -> bool {
        let paths = self.artifacts.iter().filter_map(|entry| entry.path.as_ref());
        paths.into_iter().any(|path| path.value.is_rooted() && path.value.matches_file(names))
    }

    /// Resolves the policy for the artifact at `path`, relative to the working directory, built for `target`, if that is
    /// known.
    pub fn for_artifact(&self, path: &str, target: Option<&str>) -> Effective<'_> {
        self.for_file(&FileNames::new(Path::new(path), Path::new(""), None), target)
    }

    /// Resolves the policy for a file under all its names.
    pub fn for_file(&self, names: &FileNames, target: Option<&str>) -> Effective<'_> {
        let mut effective = Effective {
            policy: self,
            linkage: &self.linkage,
            runs_on: &self.runs_on,
            inconclusive: &self.inconclusive,
            provided: Vec::new(),
            matching: Vec::new(),
        };
        for (index, entry) in self.artifacts.iter().enumerate().filter(|(_, entry)| entry.matches(names, target)) {
            effective.matching.push(index);
            effective.linkage = entry.linkage.as_ref().unwrap_or(effective.linkage);
            effective.runs_on = entry.runs_on.as_deref().unwrap_or(effective.runs_on);
            effective.inconclusive = entry.inconclusive.as_ref().unwrap_or(effective.inconclusive);
            effective.provided.extend(entry.provided.iter().flat_map(|provided| provided.value.iter().cloned()));
        }
        effective
    }
}

impl ArtifactPolicy {
    /// Whether it speaks of this file. A target that is not known matches no glob over targets.
    pub fn matches(&self, names: &FileNames, target: Option<&str>) -> bool {
        let path = self.path.as_ref().is_none_or(|path| path.value.matches_file(names));
        path && self.target.as_ref().is_none_or(|glob| target.is_some_and(|target| glob.value.matches(target)))
    }
}

impl Effective<'_> {
    /// The level of `rule` here, given the rule's own default: the last `[[artifact]]` entry that names it, else `[rules]`,
    /// else the default.
    pub fn level(&self, rule: &str, default: Level) -> Setting<Level> {
        self.named_level(rule).cloned().unwrap_or(Setting::default(default))
    }

    /// Whether [`Effective::level`] is [`Level::Allow`].
    pub fn is_allowed(&self, rule: &str, default: Level) -> bool {
        self.named_level(rule).map_or(default, |level| level.value) == Level::Allow
    }

    /// Whether an `[[artifact]]` entry sets levels here, so that not all of them are those of every file.
    pub fn has_own_levels(&self) -> bool {
        self.entries().any(|entry| !entry.rules.is_empty())
    }

    /// The entries that match, the last one first.
    fn entries(&self) -> impl Iterator<Item = &ArtifactPolicy> {
        self.matching.iter().rev().filter_map(|index| self.policy.artifacts.get(*index))
    }

    fn named_level(&self, rule: &str) -> Option<&Setting<Level>> {
        let own = self.entries().find_map(|entry| entry.rules.get(rule));
        own.or_else(|| self.policy.rules.get(rule))
    }
}
