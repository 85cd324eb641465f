//! Every other program of an image: asked only whether it starts there, in batches, and summed up.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Judged;
use super::bench::{Bench, rooted};
use crate::check::{Finding, Overall};
use crate::facts::{FileFacts, Unreadable, Wanted, read_file};
use crate::images::Part;
use crate::listing::plural;
use crate::rules::unstartable_program;

/// Programs whose facts are in memory at once.
const BATCH: usize = 64;

/// Judges every executable that is not among `seen`; gives how many programs that were.
pub(super) fn judge(bench: &Bench<'_>, seen: &[String], judged: &mut Judged) -> usize {
    let mut others = bench.tree.executables();
    others.retain(|path| !seen.contains(&rooted(path)));
    let (mut programs, mut fine, mut unsure) = (0, 0, 0);
    let mut findings = Vec::new();
    for paths in others.chunks(BATCH) {
        let read = |path: &Vec<u8>| {
            let path = rooted(path);
            let content = bench.content(&path)?;
            Some((path, read_file(&content, Wanted::default()))).filter(is_program)
        };
        let read: Vec<_> = paths.par_iter().filter_map(read).collect();
        programs += read.len();
        let batch = read.into_iter().map(|(path, facts)| bench.inspected(&path, Part::Other, facts)).collect();
        let (results, uses) = bench.check(batch);
        judged.uses.merge(uses);
        for result in results {
            match result.verdict {
                Overall::Inconclusive => unsure += 1,
                _ if result.findings.is_empty() => fine += 1,
                Overall::Pass | Overall::Fail => {}
            }
            findings.extend(result.findings);
        }
    }
    judged.notes.extend(note(&bench.name, fine, unsure));
    judged.general.extend(summed_up(&bench.name, findings));
    programs
}

/// Libraries are judged with the programs that load them; a damaged file is nobody's program.
fn is_program((_, facts): &(String, Result<FileFacts, Unreadable>)) -> bool {
    facts.as_ref().is_ok_and(|facts| facts.slices.iter().any(|slice| slice.kind.is_program()))
}

fn note(image: &str, fine: usize, unsure: usize) -> Option<String> {
    let programs = |count: usize| plural(count, "other program");
    let image = crate::report::path(Path::new(image));
    match (fine, unsure) {
        (0, 0) => None,
        (fine, 0) => Some(format!("{image}: {} can start there as well", programs(fine))),
        (0, unsure) => Some(format!("{image}: whether {} can start there is not known", programs(unsure))),
        (fine, unsure) => {
            Some(format!("{image}: {} can start there as well; whether {unsure} more can is not known", programs(fine)))
        }
    }
}

/// Several findings of one image as one.
fn summed_up(image: &str, mut findings: Vec<Finding>) -> Option<Finding> {
    let count = findings.len();
    let level = findings.iter().map(|finding| finding.level).max()?;
    let evidence: Vec<String> = findings.iter_mut().flat_map(|finding| std::mem::take(&mut finding.evidence)).collect();
    let first = findings.into_iter().next()?;
    if count == 1 {
        return Some(Finding { evidence, ..first });
    }
    debug_assert_eq!(first.rule, unstartable_program::RULE.id, "no other rule is asked");
    let message = format!("{count} programs that `{image}` holds cannot start in it");
    Some(Finding { level, message, evidence, artifact: PathBuf::new(), ..first })
}
