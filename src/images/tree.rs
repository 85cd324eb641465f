//! The files of an image as names in memory: what the layers come to, one on top of the other.
//!
//! Parents are found as containerd finds them: through the links of the layers below, never out of the root. The contents of
//! files are elsewhere ([`File`] says where), so that a tree takes about a hundred bytes for each name.

mod find;

use std::collections::BTreeMap;

use super::access::Access;
use super::names::Whiteout;
use super::spool::Spool;
use super::{Refused, limits, shown};

pub(super) use find::Found;

/// A node's number.
type Id = u32;

/// The root directory's.
const ROOT: Id = 0;

/// What a directory has that no layer has a member for.
const UNSAID: Access = Access { mode: 0o755, uid: 0, gid: 0 };

/// The files of an image.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    files: Vec<File>,
    /// Bytes of all names and link targets so far.
    names: u64,
    /// Nodes that whiteouts have looked at.
    visits: u64,
    spool: Spool,
}

#[derive(Debug)]
struct Node {
    /// The layer that wrote it last.
    layer: u16,
    /// Of a directory; a file has its own, which hard links share.
    access: Access,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Directory(BTreeMap<Box<[u8]>, Id>),
    /// Several nodes with one file are hard links.
    File(u32),
    Link(Box<[u8]>),
    Special,
}

/// What is known of a regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Permission bits and owner.
    pub access: Access,
    /// What is in it.
    pub content: Content,
}

/// What is in a file, as far as a load or a start depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An ELF file that runs or is loaded; kept under this number.
    Elf(u32),
    /// A file that the loader or the runtime reads, kept under this number.
    Settings(u32),
    /// A script: what stands behind `#!`, up to the end of the line.
    Script(Box<[u8]>),
    /// Something else that may be executed, in words.
    Foreign(Box<str>),
    /// Anything else.
    Other,
}

/// What a member of a layer puts into the tree.
pub(super) enum New<'a> {
    Directory(Access),
    File(File),
    /// The same file as that at this path.
    HardLink(&'a [&'a [u8]]),
    Link(&'a [u8]),
    Special,
}

impl Tree {
    pub(super) fn new() -> Tree {
        let root = Node { layer: 0, access: UNSAID, body: Body::Directory(BTreeMap::new()) };
        Tree { nodes: vec![root], files: Vec::new(), names: 0, visits: 0, spool: Spool::default() }
    }

    /// Where contents are kept.
    pub(super) fn spool(&mut self) -> &mut Spool {
        &mut self.spool
    }

    /// Puts what `layer` has at `parts` into the tree.
    ///
    /// # Errors
    /// Parents that are no directories or run in circles, hard links to nothing, and more names than an image has.
    pub(super) fn put(&mut self, layer: u16, parts: &[&[u8]], new: New<'_>) -> Result<(), Refused> {
        let Some((name, parents)) = parts.split_last() else {
            let New::Directory(access) = new else { return Err(Refused("the root is no directory".to_owned())) };
            self.nodes[ROOT as usize].access = access;
            return Ok(());
        };
        let parent = self.make_directory(layer, parents, parts)?;
        let access = if let New::Directory(access) = &new { *access } else { UNSAID };
        let body = match new {
            New::Directory(_) => match self.child(parent, name).map(|id| (id, &self.nodes[id as usize].body)) {
                Some((id, Body::Directory(_))) => {
                    let node = &mut self.nodes[id as usize];
                    (node.layer, node.access) = (layer, access);
                    return Ok(());
                }
                _ => Body::Directory(BTreeMap::new()),
            },
            New::File(file) => {
                self.files.push(file);
                Body::File((self.files.len() - 1) as u32)
            }
            New::HardLink(target) => self.linked(target, parts)?,
            New::Link(target) => {
                self.names += target.len() as u64;
                Body::Link(target.into())
            }
            New::Special => Body::Special,
        };
        self.insert(parent, name, Node { layer, access, body })
    }

    /// Applies a whiteout of `layer` in the directory at `parents`.
    ///
    /// # Errors
    /// As for [`Tree::put`].
    pub(super) fn hide(&mut self, layer: u16, parents: &[&[u8]], whiteout: &Whiteout<'_>) -> Result<(), Refused> {
        // A whiteout in a directory that is not there hides nothing.
        let Ok(Some(directory)) = self.find_parts(parents, true) else { return Ok(()) };
        match whiteout {
            Whiteout::Ignored => {}
            Whiteout::All => self.prune(directory, layer),
            Whiteout::One(name) => {
                if let Some(child) = self.child(directory, name)
                    && !self.survives(child, layer)
                    && let Body::Directory(children) = &mut self.nodes[directory as usize].body
                {
                    children.remove(*name);
                }
            }
        }
        if self.visits > limits::VISITS {
            return Err(Refused(format!("its whiteouts look at more than {} names", limits::VISITS)));
        }
        Ok(())
    }

    /// Takes what layers below `layer` have out of a directory.
    fn prune(&mut self, directory: Id, layer: u16) {
        let Body::Directory(children) = &mut self.nodes[directory as usize].body else { return };
        let mut children = std::mem::take(children);
        children.retain(|_, child| self.survives(*child, layer));
        self.nodes[directory as usize].body = Body::Directory(children);
    }

    /// Whether `layer` itself has the node, or something in it; what it does not have is taken out. As deep as
    /// [`limits::DEPTH`].
    fn survives(&mut self, id: Id, layer: u16) -> bool {
        self.visits += 1;
        self.prune(id, layer);
        let node = &self.nodes[id as usize];
        node.layer == layer || matches!(&node.body, Body::Directory(children) if !children.is_empty())
    }

    /// The file that a hard link leads to, or the link or device, which can have several names as well.
    fn linked(&self, target: &[&[u8]], parts: &[&[u8]]) -> Result<Body, Refused> {
        let found = self.find_parts(target, false).ok().flatten().map(|id| &self.nodes[id as usize].body);
        match found {
            Some(Body::File(file)) => Ok(Body::File(*file)),
            Some(Body::Link(to)) => Ok(Body::Link(to.clone())),
            Some(Body::Special) => Ok(Body::Special),
            Some(Body::Directory(_)) | None => {
                let (name, target) = (shown(&parts.join(&b'/')), shown(&target.join(&b'/')));
                let what = if found.is_some() { "a directory" } else { "not there" };
                Err(Refused(format!("`{name}` is a hard link to `{target}`, which is {what}")))
            }
        }
    }

    /// The directory at `parents`, made where it is missing.
    fn make_directory(&mut self, layer: u16, parents: &[&[u8]], whole: &[&[u8]]) -> Result<Id, Refused> {
        let refused = |why: &str| Refused(format!("the directory of `{}` {why}", shown(&whole.join(&b'/'))));
        // As `find_parts`, but what is absent is made.
        let mut walk = find::Walk::new(parents);
        while let Some(part) = walk.next_part() {
            let at = walk.directory();
            let child = match self.child(at, &part) {
                Some(child) => child,
                None => {
                    let made = Node { layer, access: UNSAID, body: Body::Directory(BTreeMap::new()) };
                    self.insert(at, &part, made)?;
                    (self.nodes.len() - 1) as Id
                }
            };
            match &self.nodes[child as usize].body {
                Body::Directory(_) => walk.enter(child),
                Body::Link(target) => {
                    walk.follow(target).map_err(|_| refused("is reached by links that run in circles"))?
                }
                Body::File(_) | Body::Special => return Err(refused("is none")),
            }
            if walk.depth() > limits::DEPTH {
                return Err(refused("lies too deep"));
            }
        }
        Ok(walk.directory())
    }

    fn child(&self, directory: Id, name: &[u8]) -> Option<Id> {
        match &self.nodes[directory as usize].body {
            Body::Directory(children) => children.get(name).copied(),
            _ => None,
        }
    }

    fn insert(&mut self, directory: Id, name: &[u8], node: Node) -> Result<(), Refused> {
        self.names += name.len() as u64;
        if self.names > limits::NAMES || self.nodes.len() as u64 >= limits::MEMBERS {
            let (members, bytes) = (limits::MEMBERS, limits::NAMES);
            return Err(Refused(format!("it has more than {members} names, or names of more than {bytes} bytes")));
        }
        self.nodes.push(node);
        let id = (self.nodes.len() - 1) as Id;
        if let Body::Directory(children) = &mut self.nodes[directory as usize].body {
            children.insert(name.into(), id);
        }
        Ok(())
    }

    /// Deletes contents that no name leads to any more.
    pub(super) fn sweep(&mut self) {
        let mut used = vec![false; self.files.len()];
        let mut open = vec![ROOT];
        while let Some(id) = open.pop() {
            match &self.nodes[id as usize].body {
                Body::Directory(children) => open.extend(children.values()),
                Body::File(file) => used[*file as usize] = true,
                Body::Link(_) | Body::Special => {}
            }
        }
        for (file, used) in self.files.iter().zip(used) {
            if let (Content::Elf(number) | Content::Settings(number), false) = (&file.content, used) {
                self.spool.drop(*number);
            }
        }
    }
}

#[cfg(test)]
mod tests;
