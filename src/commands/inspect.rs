//! From artifacts to what was read from them, in parallel when there are many.

use std::path::Path;

use rayon::prelude::*;

use crate::check::{Inspected, ONE_LOCK};
use crate::facts::instructions::scan_file;
use crate::facts::texts::{Texts, search_file};
use crate::facts::{FileFacts, Unreadable, Wanted, is_in_memory, read_file};
use crate::policy::Policy;
use crate::rules::{Rule, embedded_build_path, forbidden_string};
use crate::run::Artifact;
use crate::ui::Progress;

/// What the rules need of a file.
pub(super) const WANTED: Wanted = Wanted { hashes: true, strings: true, detail: false };

/// Files from which on threads are worth their start.
const MANY: usize = 16;

/// How many of them are asked whether they are in memory.
const SAMPLE: usize = 16;

/// Whether several threads are faster. Where the allocator has one lock, as in programs for musl, they wait for each other more
/// than they work, except while files come from the disk.
fn wants_threads(artifacts: &[Artifact]) -> bool {
    let mut sample = artifacts.iter().step_by((artifacts.len() / SAMPLE).max(1));
    artifacts.len() >= MANY && (!ONE_LOCK || sample.any(|artifact| !is_in_memory(&artifact.path)))
}

/// What is looked for in the whole text of files, which costs a read of every byte.
struct Search {
    directories: Vec<String>,
    strings: Vec<String>,
}

impl Search {
    /// What the policy asks for; `None` when no rule would look at it.
    fn of(policy: &Policy, directory: &Path) -> Option<Search> {
        let strings = policy.forbidden_strings.as_ref().map(|strings| strings.value.clone()).unwrap_or_default();
        let forbidden = !strings.is_empty() && wanted(policy, &forbidden_string::RULE);
        // The root, or a directory of the system right below it, is no place of one build.
        let own = directory.components().count() > 2;
        let directories = if own { vec![directory.to_string_lossy().into_owned()] } else { Vec::new() };
        (forbidden || wanted(policy, &embedded_build_path::RULE)).then_some(Search { directories, strings })
    }

    fn run(&self, path: &Path) -> Option<Texts> {
        search_file(path, &self.directories, &self.strings).ok()
    }
}

fn wanted(policy: &Policy, rule: &Rule) -> bool {
    !policy.allows_everywhere(rule.id, rule.default)
}

/// Reads one file on disk.
///
/// # Errors
/// [`Unreadable`], as for [`read_file`].
pub(super) fn one(path: &Path, policy: &Policy, directory: &Path) -> Result<FileFacts, Unreadable> {
    read(path, Search::of(policy, directory).as_ref())
}

fn read(path: &Path, search: Option<&Search>) -> Result<FileFacts, Unreadable> {
    let mut facts = read_file(path, WANTED)?;
    facts.texts = search.and_then(|search| search.run(path));
    Ok(facts)
}

/// Reads every artifact of a build or check in `directory`; the results are in the order of the artifacts.
pub(super) fn inspect(
    artifacts: Vec<Artifact>,
    policy: &Policy,
    directory: &Path,
    scan_instructions: bool,
    progress: &Progress,
) -> Vec<Inspected> {
    let search = Search::of(policy, directory);
    let read = |artifact: Artifact| {
        let mut facts = self::read(&artifact.path, search.as_ref());
        if scan_instructions && let Ok(facts) = &mut facts {
            facts.instructions = scan_file(&artifact.path).ok().flatten();
        }
        progress.step();
        Inspected { artifact, facts, image: None }
    };
    let inspected = if wants_threads(&artifacts) {
        artifacts.into_par_iter().map(read).collect()
    } else {
        artifacts.into_iter().map(read).collect()
    };
    progress.finish();
    inspected
}
