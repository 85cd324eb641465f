//! Paths followed inside the tree, links and all.

use std::path::PathBuf;

use super::{Access, Body, Content, File, Id, ROOT, Tree};
use crate::images::limits;

/// Why a path leads nowhere: symbolic links run in circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// A walk from the root, part by part; `..` never leads out.
pub(super) struct Walk {
    /// Parts still to come, the last one first.
    pending: Vec<Box<[u8]>>,
    /// Directories entered, below the root.
    entered: Vec<Id>,
    links: usize,
}

impl Walk {
    pub(super) fn new(parts: &[&[u8]]) -> Self {
        Walk { pending: parts.iter().rev().map(|&part| part.into()).collect(), entered: Vec::new(), links: 0 }
    }

    /// The next name to look up in [`Walk::directory`].
    pub(super) fn next_part(&mut self) -> Option<Box<[u8]>> {
        loop {
            match self.pending.pop()?.as_ref() {
                b"" | b"." => {}
                b".." => drop(self.entered.pop()),
                part => return Some(part.into()),
            }
        }
    }

    pub(super) fn directory(&self) -> Id {
        self.entered.last().copied().unwrap_or(ROOT)
    }

    /// How many directories it is below the root.
    pub(super) fn depth(&self) -> usize {
        self.entered.len()
    }

    pub(super) fn enter(&mut self, directory: Id) {
        self.entered.push(directory);
    }

    /// Goes on with the target of a link.
    pub(super) fn follow(&mut self, target: &[u8]) -> Result<(), Lost> {
        self.links += 1;
        if self.links > limits::LINKS || self.pending.len() > limits::PATH {
            return Err(Lost);
        }
        if target.first() == Some(&b'/') {
            self.entered.clear();
        }
        self.pending.extend(target.split(|&byte| byte == b'/').rev().map(Into::into));
        Ok(())
    }

    /// Whether nothing follows the part that was given last.
    fn is_last(&self) -> bool {
        self.pending.is_empty()
    }
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// A directory.
    Directory(Access),
    /// A regular file.
    File(&'a File),
    /// A symbolic link, not followed, and where it leads.
    Link(&'a [u8]),
    /// A device or a FIFO.
    Special,
}

impl Tree {
    /// The node at a path; with `through`, the last part may be a link that is followed too.
    pub(super) fn find_parts(&self, parts: &[&[u8]], through: bool) -> Result<Option<Id>, Lost> {
        let mut walk = Walk::new(parts);
        while let Some(part) = walk.next_part() {
            let Some(child) = self.child(walk.directory(), &part) else { return Ok(None) };
            match &self.nodes[child as usize].body {
                Body::Directory(_) => walk.enter(child),
                Body::Link(target) if through || !walk.is_last() => walk.follow(target)?,
                _ if walk.is_last() => return Ok(Some(child)),
                _ => return Ok(None),
            }
        }
        Ok(Some(walk.directory()))
    }

    /// What lies at a path whose parents are no links; a link at its end is not followed.
    pub fn look(&self, path: &[u8]) -> Option<Found<'_>> {
        let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        let id = self.find_parts(&parts, false).ok().flatten()?;
        let node = &self.nodes[id as usize];
        Some(match &node.body {
            Body::Directory(_) => Found::Directory(node.access),
            Body::File(file) => Found::File(&self.files[*file as usize]),
            Body::Link(target) => Found::Link(target),
            Body::Special => Found::Special,
        })
    }

    /// Where the content of a file lies on disk; none for what is not kept.
    pub fn content(&self, file: &File) -> Option<PathBuf> {
        match &file.content {
            Content::Elf(number) | Content::Settings(number) => Some(self.spool.path(*number)),
            Content::Script(_) | Content::Foreign(_) | Content::Other => None,
        }
    }

    /// Where the content of the ELF file at a path without links lies.
    pub fn elf(&self, path: &[u8]) -> Option<PathBuf> {
        match self.look(path) {
            Some(Found::File(file)) if matches!(file.content, Content::Elf(_)) => self.content(file),
            _ => None,
        }
    }

    /// Every file that may be executed and is ELF, by its path without the leading slash, each once; sorted.
    pub fn executables(&self) -> Vec<Vec<u8>> {
        self.elf_files(|file| file.access.is_executable())
    }

    /// Every ELF file that `wanted` says yes to, by its path without the leading slash, hard links once; sorted.
    pub fn elf_files(&self, wanted: impl Fn(&File) -> bool) -> Vec<Vec<u8>> {
        let mut seen = vec![false; self.files.len()];
        let mut found = Vec::new();
        let mut open = vec![(ROOT, Vec::new())];
        while let Some((id, path)) = open.pop() {
            match &self.nodes[id as usize].body {
                Body::Directory(children) => open.extend(children.iter().rev().map(|(name, &child)| {
                    let parts: [&[u8]; 2] = [&path, name];
                    (child, if path.is_empty() { name.to_vec() } else { parts.join(&b'/') })
                })),
                Body::File(file) => {
                    let known = &self.files[*file as usize];
                    let is_new = !std::mem::replace(&mut seen[*file as usize], true);
                    if is_new && matches!(known.content, Content::Elf(_)) && wanted(known) {
                        found.push(path);
                    }
                }
                Body::Link(_) | Body::Special => {}
            }
        }
        found
    }
}
