//! What may be told of a finding: in no words yet, since of those that many files have only a few are printed.

use std::hash::{Hash, Hasher};

use crate::check::Finding;
use crate::facts::bytes::first;

use super::findings;
use super::telling::Block;

/// A finding that is told, or several that differ only in their host.
#[derive(Debug)]
pub(super) enum Draft {
    /// In no words yet: of those that many files have, only the first are put into any.
    Finding(Finding),
    Block(Block),
}

impl Draft {
    pub(super) fn count(&self) -> usize {
        match self {
            Draft::Finding(_) => 1,
            Draft::Block(block) => block.count,
        }
    }

    pub(super) fn into_block(self, file: &str) -> Block {
        match self {
            Draft::Finding(finding) => Block::of(finding, file),
            Draft::Block(block) => block,
        }
    }

    pub(super) fn evidence(&self) -> &[String] {
        match self {
            Draft::Finding(finding) => &finding.evidence,
            Draft::Block(block) => &block.evidence,
        }
    }

    /// Hashes all it says but the evidence and the file's `name`, which stands between two ticks: drafts of files that share it
    /// differ in nothing else.
    pub(super) fn likeness(&self, name: &str, mut hasher: impl Hasher) -> u64 {
        let is_inconclusive = match self {
            Draft::Finding(finding) => {
                let Finding { rule, level, level_origin, slice, message, blame, policy, help, .. } = finding;
                (rule, level, level_origin, slice).hash(&mut hasher);
                policy.as_ref().map(|source| &source.origin).hash(&mut hasher);
                let key = policy.as_ref().map(|source| &*source.key);
                let texts = [Some(&**message), blame.as_deref(), key, help.as_deref()];
                texts.iter().for_each(|text| hash_without(name, text.unwrap_or_default(), &mut hasher));
                *rule == findings::INCONCLUSIVE
            }
            Draft::Block(block) => {
                (block.level, block.rule).hash(&mut hasher);
                let texts = std::iter::once(&block.sentence).chain(&block.also_on);
                let texts = texts.chain(block.rest.iter().map(|(_, text)| text));
                texts.for_each(|text| hash_without(name, text, &mut hasher));
                block.rule == findings::INCONCLUSIVE
            }
        };
        // Of what could not be judged, the reasons are all there is to say.
        if is_inconclusive {
            self.evidence().iter().for_each(|piece| hash_without(name, piece, &mut hasher));
        }
        hasher.finish()
    }
}

/// Hashes what a text says beside the `name` between two ticks.
fn hash_without(name: &str, text: &str, mut hasher: impl Hasher) {
    let (mut rest, mut at) = (text.as_bytes(), 0);
    while let Some(tick) = first(b'`', &rest[at..]) {
        at += tick + 1;
        let behind = rest[at..].strip_prefix(name.as_bytes());
        if let Some(behind) = behind.filter(|behind| behind.first() == Some(&b'`')) {
            hasher.write(&rest[..at]);
            (rest, at) = (behind, 1);
        }
    }
    rest.hash(&mut hasher);
}
