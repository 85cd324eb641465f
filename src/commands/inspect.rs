//! From artifacts to what was read from them, in parallel when there are many.

use std::path::Path;

use rayon::prelude::*;

use crate::check::{Inspected, ONE_LOCK};
use crate::facts::instructions::scan_file;
use crate::facts::texts::{Texts, search_file};
use crate::facts::{FileFacts, SymbolNames, Unreadable, Wanted, is_in_memory, read_file, read_listed_file};
use crate::policy::Policy;
use crate::rules::{self, Rule, embedded_build_path, forbidden_string, symbols_for};
use crate::run::{Artifact, Provenance};
use crate::ui::Progress;

/// What the rules need of a file, whatever the policy says.
pub(super) const WANTED: Wanted =
    Wanted { names: SymbolNames::Always, hashes: true, strings: true, makers: true, detail: false };

/// Files from which on threads are worth their start.
const MANY: usize = 16;

/// One in so many of them is asked whether it is in memory: to ask costs half as much as to read a small program.
const ONE_IN: usize = 16;

/// Most that are asked.
const SAMPLE: usize = 16;

/// Whether several threads are faster. Where the allocator has one lock, as in programs for musl, they wait for each other more
/// than they work, except while files come from the disk.
fn wants_threads(artifacts: &[(Artifact, bool)]) -> bool {
    let mut sample = artifacts.iter().step_by((artifacts.len() / SAMPLE).max(ONE_IN));
    artifacts.len() >= MANY && (!ONE_LOCK || sample.any(|(artifact, _)| !is_in_memory(&artifact.path)))
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

/// The files whose symbols a rule looks at; all of them where their names are told anyway.
pub(super) fn symbol_names(tells_names: bool, policy: &Policy, provenance: &Provenance) -> SymbolNames {
    if tells_names { SymbolNames::Always } else { rules::symbol_names(policy, provenance) }
}

/// Reads one file on disk.
///
/// # Errors
/// [`Unreadable`], as for [`read_file`].
pub(super) fn one(path: &Path, policy: &Policy, directory: &Path) -> Result<FileFacts, Unreadable> {
    searched(read_file(path, WANTED), path, Search::of(policy, directory).as_ref())
}

fn searched(
    facts: Result<FileFacts, Unreadable>,
    path: &Path,
    search: Option<&Search>,
) -> Result<FileFacts, Unreadable> {
    let mut facts = facts?;
    facts.texts = search.and_then(|search| search.run(path));
    Ok(facts)
}

/// Reads every artifact of a build or check in `directory`; the results are in the order of the artifacts.
pub(super) fn inspect(
    artifacts: Vec<Artifact>,
    policy: &Policy,
    directory: &Path,
    progress: &Progress,
) -> Vec<Inspected> {
    let reading = Reading {
        policy,
        directory,
        symbol_names: SymbolNames::Always,
        tells_makers: true,
        scan_instructions: false,
        progress,
    };
    let mut all = Vec::with_capacity(artifacts.len());
    let named = artifacts.into_iter().map(|artifact| (artifact, true)).collect();
    reading.each(named, |inspected, _| inspected, |inspected| all.push(inspected));
    all
}

/// Adds to what is known of a file who made it, as far as only a search of its data tells that.
pub(super) fn add_makers(facts: &mut FileFacts, path: &Path) {
    let wanted = Wanted { makers: true, ..Wanted::default() };
    // What cannot be read any more was judged by what could.
    let searched = read_file(path, wanted).map(|file| file.slices).unwrap_or_default();
    for (slice, searched) in facts.slices.iter_mut().zip(searched) {
        slice.rust = searched.rust;
    }
}

/// How files are read, for whoever does more with each of them at once: while their facts are at hand, in each thread.
pub(super) struct Reading<'a> {
    pub(super) policy: &'a Policy,
    pub(super) directory: &'a Path,
    /// The files whose symbols somebody will look at.
    pub(super) symbol_names: SymbolNames,
    /// Somebody is told who made a file, whatever is said of it.
    pub(super) tells_makers: bool,
    /// The machine code is read too.
    pub(super) scan_instructions: bool,
    pub(super) progress: &'a Progress,
}

impl Reading<'_> {
    /// Reads every artifact, and gives `take` what `then` makes of it, in the order of the artifacts. Those that nobody named were
    /// found in a directory, as regular files.
    pub(super) fn each<T: Send>(
        &self,
        artifacts: Vec<(Artifact, bool)>,
        then: impl Fn(Inspected, bool) -> T + Sync,
        take: impl FnMut(T),
    ) {
        let search = Search::of(self.policy, self.directory);
        let one = |(artifact, named): (Artifact, bool)| {
            let read = if named { read_file } else { read_listed_file };
            let done = then(self.one(artifact, read, search.as_ref()), named);
            self.progress.step();
            done
        };
        if wants_threads(&artifacts) {
            let all: Vec<T> = artifacts.into_par_iter().map(one).collect();
            all.into_iter().for_each(take);
        } else {
            artifacts.into_iter().map(one).for_each(take);
        }
        self.progress.finish();
    }

    fn one(
        &self,
        artifact: Artifact,
        read: fn(&Path, Wanted) -> Result<FileFacts, Unreadable>,
        search: Option<&Search>,
    ) -> Inspected {
        let names = symbols_for(artifact.target.as_deref(), self.symbol_names);
        let wanted = Wanted { names, makers: self.tells_makers, ..WANTED };
        let mut facts = searched(read(&artifact.path, wanted), &artifact.path, search);
        if self.scan_instructions
            && let Ok(facts) = &mut facts
        {
            facts.instructions = scan_file(&artifact.path).ok().flatten();
        }
        Inspected { artifact, facts, image: None }
    }
}
