//! From artifacts to what was read from them, in parallel when there are many.

use rayon::prelude::*;

use crate::check::Inspected;
use crate::facts::{FileFacts, Unreadable, Wanted, read_file};
use crate::run::Artifact;
use crate::ui::Progress;

/// What the rules need of a file.
const WANTED: Wanted = Wanted { hashes: true, strings: true, detail: false };

/// Files from which on threads are worth their start.
const MANY: usize = 16;

/// Reads every artifact; the results are in the order of the artifacts.
pub(super) fn inspect(artifacts: Vec<Artifact>, progress: &Progress) -> Vec<Inspected> {
    let read = |artifact: Artifact| {
        let facts: Result<FileFacts, Unreadable> = read_file(&artifact.path, WANTED);
        progress.step();
        Inspected { artifact, facts }
    };
    let inspected = if artifacts.len() < MANY {
        artifacts.into_iter().map(read).collect()
    } else {
        artifacts.into_par_iter().map(read).collect()
    };
    progress.finish();
    inspected
}
