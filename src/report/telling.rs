//! What people are told, artifact by artifact, and which findings of several files are told at once: those that differ in
//! nothing but the file and the evidence.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use memchr::memmem::Finder;

use crate::check::Finding;
use crate::policy::Level;

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
    also_on: Option<String>,
    evidence: Vec<String>,
    /// Who brought it in, what the policy says, and the next step: label and text.
    rest: Vec<(&'static str, String)>,
    /// Findings that it stands for.
    count: usize,
}

impl Block {
    /// `file` is what `seaworthy facts` takes, if it looks into the artifact.
    pub(super) fn new(fold: &Fold<'_>, file: &str) -> Block {
        let finding = fold.head;
        let mut evidence: Vec<String> =
            finding.evidence.iter().take(EVIDENCE_SHOWN).map(|piece| escape(piece).into_owned()).collect();
        if let Some(more @ 1..) = finding.evidence.len().checked_sub(EVIDENCE_SHOWN) {
            let see = if file.is_empty() { "--format json".into() } else { format!("seaworthy facts {file}") };
            evidence.push(format!("… and {more} more, see `{see}`"));
        }
        let blame = finding.blame.iter().map(|blame| ("blame", escape(blame).into_owned()));
        let help = findings::help(finding).map(|help| ("help", help.into_owned()));
        Block {
            level: finding.level,
            rule: finding.rule,
            sentence: findings::sentence(finding).into_owned(),
            also_on: fold.also_on(),
            evidence,
            rest: blame.chain([("policy", fold.policy())]).chain(help).collect(),
            count: fold.count(),
        }
    }

    /// For a finding that is told alone.
    pub(super) fn of(finding: &Finding, file: &str) -> Block {
        Block::new(&Fold { head: finding, others: Vec::new() }, file)
    }

    /// What stands below the sentence, label and text; `also_in` are other files it is true of.
    pub(super) fn lines<'b>(&'b self, also_in: Option<&'b str>) -> impl Iterator<Item = (&'static str, &'b str)> {
        let also =
            self.also_on.iter().map(|hosts| ("also on", &**hosts)).chain(also_in.map(|files| ("also in", files)));
        let evidence = self.evidence.iter().map(|piece| ("evidence", &**piece));
        also.chain(evidence).chain(self.rest.iter().map(|(label, text)| (*label, &**text)))
    }

    /// Hashes all it says but the evidence and the file's `name`: blocks of files that share it differ in nothing else.
    fn likeness(&self, name: &Finder<'_>, mut hasher: impl Hasher) -> u64 {
        (self.level, self.rule).hash(&mut hasher);
        let mut hash = |text: &str| {
            let mut from = 0;
            for at in name.find_iter(text.as_bytes()) {
                text.get(from..at).hash(&mut hasher);
                from = at + name.needle().len();
            }
            text.get(from..).hash(&mut hasher);
        };
        hash(&self.sentence);
        self.also_on.iter().chain(self.rest.iter().map(|(_, text)| text)).for_each(|text| hash(text));
        // Of what could not be judged, the reasons are all there is to say.
        if self.rule == findings::INCONCLUSIVE {
            self.evidence.iter().for_each(|piece| hash(piece));
        }
        hasher.finish()
    }
}

/// What there is to say about one artifact.
#[derive(Debug, Default)]
pub struct Told {
    /// Its name, safe to print.
    pub(super) name: String,
    pub(super) blocks: Vec<Block>,
    /// Lines that follow.
    pub(super) rest: String,
}

impl Told {
    /// Of an artifact that lines say all about.
    pub fn lines(text: String) -> Told {
        Told { rest: text, ..Told::default() }
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
    names: Vec<String>,
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
        self.count += told.blocks.iter().map(|block| block.count).sum::<usize>();
        if self.is_held && self.held.len() < FILES_APART {
            self.held.push(told);
            return;
        }
        self.is_held = false;
        std::mem::take(&mut self.held).into_iter().chain([told]).for_each(|told| self.tell(told));
    }

    fn tell(&mut self, told: Told) {
        if self.apart {
            self.pieces.extend(told.blocks.into_iter().map(Piece::Alone));
            return self.lines(told.rest);
        }
        let quoted = format!("`{}`", told.name);
        let finder = Finder::new(&quoted);
        for block in told.blocks {
            self.block(block, &told.name, &finder);
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

    fn block(&mut self, block: Block, name: &str, quoted: &Finder<'_>) {
        let alone = self.groups.len();
        let at = *self.likenesses.entry(block.likeness(quoted, self.keys.build_hasher())).or_insert(alone);
        match self.groups.get_mut(at) {
            // A file that says the same twice says it by itself.
            Some(group) if group.names.last().is_some_and(|last| last != name) => {
                let first = self.pieces.get(group.first);
                let evidence =
                    |piece: &Piece| matches!(piece, Piece::Block(first, _) if first.evidence == block.evidence);
                group.same_evidence &= first.is_some_and(evidence);
                group.names.push(name.to_owned());
                if group.names.len() <= FILES_APART {
                    self.pieces.push(Piece::Block(block, at));
                }
            }
            _ => {
                self.groups.push(Group { first: self.pieces.len(), names: vec![name.to_owned()], same_evidence: true });
                self.pieces.push(Piece::Block(block, alone));
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
        let blocks = findings.iter().map(|finding| Block::of(finding, name)).collect();
        Told { name: name.to_owned(), blocks, rest: format!("ok: {name}\n") }
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
