//! What people are told, artifact by artifact, and which findings of several files are told at once: those that differ in
//! nothing but the file and the evidence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::check::Finding;
use crate::policy::Level;

use super::draft::Draft;
use super::fold::{self, Fold};
use super::{escape, findings};

/// Pieces of evidence that are shown; the JSON report has them all.
const EVIDENCE_SHOWN: usize = 8;
/// Files up to which each is told of by itself.
const FILES_APART: usize = 3;
/// Files that are named beside the first.
const FILES_SHOWN: usize = 4;

/// A finding in words, or several that differ only in their host; all of it safe to print.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) level: Level,
    pub(super) rule: &'static str,
    pub(super) sentence: String,
    /// The other hosts it is true of.
    pub(super) also_on: Option<String>,
    pub(super) evidence: Vec<String>,
    /// Who brought it in, what the policy says, and the next step: label and text.
    pub(super) rest: Vec<(&'static str, String)>,
    /// Findings that it stands for.
    pub(super) count: usize,
}

impl Block {
    /// For several findings; `file` is what `seaworthy facts` takes, if it looks into the artifact.
    pub(super) fn new(fold: &Fold<'_>, file: &str) -> Block {
        let block = Block::resting_on(fold.policy(), fold.head.clone(), file);
        Block { also_on: fold.also_on(), count: fold.count(), ..block }
    }

    /// For a finding that is told alone.
    pub(super) fn of(finding: Finding, file: &str) -> Block {
        Block::resting_on(findings::policy(&finding), finding, file)
    }

    fn resting_on(policy: String, mut finding: Finding, file: &str) -> Block {
        let mut rest = Vec::with_capacity(3);
        rest.extend(finding.blame.take().map(|blame| ("blame", escaped(blame))));
        rest.push(("policy", policy));
        rest.extend(findings::help(&finding).map(|help| ("help", help.into_owned())));
        let sentence = match &finding.slice {
            Some(_) => findings::sentence(&finding).into_owned(),
            None => escaped(finding.message),
        };
        let more = finding.evidence.len().saturating_sub(EVIDENCE_SHOWN);
        let mut evidence: Vec<String> = finding.evidence.into_iter().take(EVIDENCE_SHOWN).map(escaped).collect();
        if more > 0 {
            let see = if file.is_empty() { "--format json".into() } else { format!("seaworthy facts {file}") };
            evidence.push(format!("… and {more} more, see `{see}`"));
        }
        Block { level: finding.level, rule: finding.rule, sentence, also_on: None, evidence, rest, count: 1 }
    }

    /// What stands below the sentence, label and text; `also_in` are other files it is true of.
    pub(super) fn lines<'b>(&'b self, also_in: Option<&'b str>) -> impl Iterator<Item = (&'static str, &'b str)> {
        let also =
            self.also_on.iter().map(|hosts| ("also on", &**hosts)).chain(also_in.map(|files| ("also in", files)));
        let evidence = self.evidence.iter().map(|piece| ("evidence", &**piece));
        also.chain(evidence).chain(self.rest.iter().map(|(label, text)| (*label, &**text)))
    }
}

/// Safe to print.
fn escaped(text: String) -> String {
    match escape(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(other) => other,
    }
}

/// What there is to say about one artifact.
#[derive(Debug, Default)]
pub struct Told {
    /// Its name, safe to print; every group of files that it is in shares it.
    pub(super) name: Arc<str>,
    /// `seaworthy facts` does not look into it.
    pub(super) is_in_image: bool,
    pub(super) drafts: Vec<Draft>,
    /// Lines that follow.
    pub(super) rest: String,
}

impl Told {
    /// Of an artifact that lines say all about.
    pub fn lines(text: String) -> Told {
        Told { rest: text, ..Told::default() }
    }

    /// What `seaworthy facts` takes, if it looks into the artifact.
    fn file(&self) -> &str {
        if self.is_in_image { "" } else { &self.name }
    }
}

/// What is told of all artifacts: each as soon as it is judged, and no more kept of it than is printed.
#[derive(Debug, Default)]
pub struct Telling {
    /// The first few, which are told apart whatever they say: as long as there are no more, nothing is compared.
    held: Vec<Told>,
    pieces: Vec<Piece>,
    groups: Vec<Group>,
    /// Which group a likeness is of. Hashes with random keys stand for the words: nobody can make two that are one.
    likenesses: HashMap<u64, usize>,
    keys: RandomState,
    /// Nothing is told at once.
    apart: bool,
    /// No more files have come than are held.
    is_held: bool,
    /// Findings, and artifacts that could not be judged.
    count: usize,
}

#[derive(Debug)]
enum Piece {
    Lines(String),
    /// A block, and which group it is in.
    Block(Block, usize),
    /// A block that is in none.
    Alone(Block),
}

/// Files with findings that differ in nothing but the name and the evidence.
#[derive(Debug)]
struct Group {
    first: usize,
    names: Vec<Arc<str>>,
    /// That of the first, hashed with the same keys.
    evidence: u64,
    same_evidence: bool,
}

/// A part of what is printed.
pub(super) enum Part {
    Lines(String),
    /// A block, and the other files it stands for.
    Block(Block, Option<String>),
}

impl Telling {
    /// With room for so many bytes; `apart`: every file by itself.
    pub fn new(room: usize, apart: bool) -> Telling {
        let pieces = vec![Piece::Lines(String::with_capacity(room))];
        Telling { pieces, apart, is_held: true, ..Telling::default() }
    }

    /// Adds one artifact.
    pub fn add(&mut self, told: Told) {
        self.count += told.drafts.iter().map(Draft::count).sum::<usize>();
        if self.is_held && self.held.len() < FILES_APART {
            self.held.push(told);
            return;
        }
        self.is_held = false;
        std::mem::take(&mut self.held).into_iter().chain([told]).for_each(|told| self.tell(told));
    }

    fn tell(&mut self, mut told: Told) {
        for draft in std::mem::take(&mut told.drafts) {
            match self.apart {
                true => self.pieces.push(Piece::Alone(draft.into_block(told.file()))),
                false => self.draft(draft, &told),
            }
        }
        self.lines(told.rest);
    }

    fn lines(&mut self, more: String) {
        match self.pieces.last_mut() {
            _ if more.is_empty() => {}
            Some(Piece::Lines(lines)) => lines.push_str(&more),
            _ => self.pieces.push(Piece::Lines(more)),
        }
    }

    fn draft(&mut self, draft: Draft, of: &Told) {
        let alone = self.groups.len();
        let evidence = self.keys.hash_one(draft.evidence());
        let likeness = draft.likeness(&of.name, self.keys.build_hasher());
        let at = *self.likenesses.entry(likeness).or_insert(alone);
        match self.groups.get_mut(at) {
            // A file that says the same twice says it by itself.
            Some(group) if group.names.last().is_some_and(|last| *last != of.name) => {
                group.same_evidence &= group.evidence == evidence;
                group.names.push(of.name.clone());
                if group.names.len() <= FILES_APART {
                    self.pieces.push(Piece::Block(draft.into_block(of.file()), at));
                }
            }
            _ => {
                let (first, names) = (self.pieces.len(), vec![of.name.clone()]);
                self.groups.push(Group { first, names, evidence, same_evidence: true });
                self.pieces.push(Piece::Block(draft.into_block(of.file()), alone));
            }
        }
    }

    /// Everything, in the order in which it is printed.
    pub(super) fn into_parts(mut self) -> impl Iterator<Item = Part> {
        self.apart = true;
        std::mem::take(&mut self.held).into_iter().for_each(|told| self.tell(told));
        let groups = self.groups;
        self.pieces.into_iter().enumerate().filter_map(move |(at, piece)| match piece {
            Piece::Lines(lines) => Some(Part::Lines(lines)),
            Piece::Alone(block) => Some(Part::Block(block, None)),
            Piece::Block(block, group) => match groups.get(group).filter(|group| group.is_told_at_once()) {
                Some(group) if group.first != at => None,
                group => Some(Part::Block(block, group.map(Group::also_in))),
            },
        })
    }

    /// The lines alone, for forms that have no blocks.
    pub fn into_lines(self) -> String {
        let lines = self.into_parts().filter_map(|part| if let Part::Lines(lines) = part { Some(lines) } else { None });
        lines.reduce(|all, lines| all + &lines).unwrap_or_default()
    }

    /// Findings that were added, and artifacts that could not be judged.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

impl Group {
    fn is_told_at_once(&self) -> bool {
        self.names.len() > FILES_APART
    }

    /// The other files.
    fn also_in(&self) -> String {
        let others = fold::named(self.names.get(1..).unwrap_or_default(), FILES_SHOWN);
        let doubt = if self.same_evidence { "" } else { ", with evidence of their own" };
        format!("{others}{doubt}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Origin;

    fn finding(name: &str, evidence: &str) -> Finding {
        Finding {
            rule: "executable-stack",
            level: Level::Deny,
            level_origin: Origin::Default,
            artifact: name.into(),
            slice: None,
            message: format!("`{name}` has an executable stack"),
            evidence: vec![evidence.to_owned()],
            causes: Vec::new(),
            host: None,
            has: None,
            blame: None,
            policy: None,
            help: Some(format!("link `{name}` with `-z noexecstack`")),
        }
    }

    fn told(name: &str, findings: &[Finding]) -> Told {
        let drafts = findings.iter().cloned().map(Draft::Finding).collect();
        Told { name: name.into(), drafts, rest: format!("ok: {name}\n"), is_in_image: false }
    }

    /// The parts in short: lines, or the sentence with the other files.
    fn parts(telling: Telling) -> Vec<String> {
        let short = |part| match part {
            Part::Lines(lines) => lines,
            Part::Block(block, None) => block.sentence,
            Part::Block(block, Some(files)) => format!("{}; also in {files}", block.sentence),
        };
        telling.into_parts().map(short).filter(|part| !part.is_empty()).collect()
    }

    fn of(names: &[&str], apart: bool) -> Telling {
        let mut telling = Telling::new(0, apart);
        names.iter().for_each(|name| telling.add(told(name, &[finding(name, "`PT_GNU_STACK`")])));
        telling
    }

    #[test]
    fn three_files_are_told_apart_and_four_at_once() {
        assert_eq!(parts(of(&["a", "b", "c"], false)).len(), 6);
        let four = of(&["a", "b", "c", "d"], false);
        assert_eq!(four.count(), 4);
        let expected = ["`a` has an executable stack; also in b, c and d", "ok: a\n", "ok: b\n", "ok: c\nok: d\n"];
        assert_eq!(parts(four), expected);
        let nine = parts(of(&["a", "b", "c", "d", "e", "f", "g", "h", "i"], false));
        assert_eq!(nine[0], "`a` has an executable stack; also in b, c, d, e and 4 more");
    }

    #[test]
    fn apart_means_every_file() {
        assert_eq!(parts(of(&["a", "b", "c", "d"], true)).len(), 8);
    }

    #[test]
    fn other_evidence_is_spoken_of_and_other_words_are_told_apart() {
        let mut telling = of(&["a", "b", "c"], false);
        telling.add(told("d", &[finding("d", "`.note.GNU-stack`")]));
        let other = Finding { help: Some("link it anew".into()), ..finding("e", "`PT_GNU_STACK`") };
        telling.add(told("e", &[other]));
        let parts = parts(telling);
        assert_eq!(parts[0], "`a` has an executable stack; also in b, c and d, with evidence of their own");
        assert!(parts.contains(&"`e` has an executable stack".to_owned()), "{parts:#?}");
    }

    #[test]
    fn a_file_that_says_the_same_twice_is_not_two_files() {
        let mut telling = Telling::new(0, false);
        let twice = |name: &str| told(name, &[finding(name, "first"), finding(name, "second")]);
        ["a", "b", "c", "d"].iter().for_each(|name| telling.add(twice(name)));
        let parts = parts(telling);
        assert!(parts[0].contains("also in b, c and d"), "{parts:#?}");
        assert_eq!(parts.iter().filter(|part| *part == "`a` has an executable stack").count(), 1, "{parts:#?}");
    }
}
