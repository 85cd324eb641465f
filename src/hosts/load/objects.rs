//! Files that a loader opens, and where they come from.

use std::fmt;
use std::sync::Arc;

use crate::facts::elf::{ElfFacts, Exported, Head, Relocated};
use crate::facts::{Details, Facts};
use crate::hosts::exports::{Exports, Listed};

/// A tree of files: those shipped beside the artifact, or a root file system. Injected, so that the load itself opens
/// nothing.
pub trait Files: fmt::Debug + Sync {
    /// What lies at an absolute path of that tree, symbolic links followed inside the tree.
    fn open(&self, path: &str) -> Opened;

    /// The path with every symbolic link followed; the path itself where there is nothing.
    fn real(&self, path: &str) -> String {
        path.to_owned()
    }

    /// The path in a directory of a name whose letters may be of either case, as Windows finds files; `None` where there is none.
    fn in_any_case(&self, directory: &str, name: &str) -> Option<String> {
        Some(format!("{directory}/{name}"))
    }

    /// What lies there.
    fn open_in_any_case(&self, directory: &str, name: &str) -> Opened {
        self.in_any_case(directory, name).map_or(Opened::Absent, |path| self.open(&path))
    }

    /// The bytes, at most `most`, of what lies at a path and is no code; `None` where there is nothing.
    ///
    /// # Errors
    /// Why nobody can tell, as the end of a sentence.
    fn read(&self, _path: &str, _most: u64) -> Result<Option<Vec<u8>>, String> {
        Err("it was not kept".to_owned())
    }
}

/// What lies at a path.
#[derive(Debug, Clone)]
pub enum Opened {
    /// Nothing, or nothing the loader could open.
    Absent,
    /// An ELF file.
    Object(Arc<Image>),
    /// A Mach-O or PE file, by its slices.
    Foreign(Arc<[Facts]>),
    /// A file whose inner parts cannot be read, or that is no ELF file: its first bytes, whether it is cut off, and what is
    /// wrong. Loaders read less than we do, and take some of them.
    Damaged {
        /// What a loader looks at first.
        head: Head,
        /// It ends before the pages of its dynamic section.
        is_cut_off: bool,
        /// What is wrong.
        why: String,
    },
    /// Something that cannot be reached though it is there, and why: links in circles.
    Unreachable(&'static str),
    /// Something the loader stumbles over, and why.
    Unusable(String),
}

/// What a loader sees of an ELF file.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Where it lies once every link is followed: two names with one such path are one object.
    pub path: String,
    /// Its facts; always [`Details::Elf`].
    pub facts: Facts,
    /// What a loader looks at first.
    pub head: Head,
    /// What it defines.
    pub exports: Exports,
    /// What its relocations ask for.
    pub relocated: Relocated,
}

impl Image {
    /// An image from facts and the symbols that the file exports; `None` when it is not ELF.
    pub fn new(path: String, head: Head, facts: Facts, exported: Exported, relocated: Relocated) -> Option<Image> {
        let Details::Elf(elf) = &facts.details else { return None };
        let exports = Exports::Listed(Listed::new(elf, exported));
        Some(Image { path, head, facts, exports, relocated })
    }

    /// Whether it is a C library, by what musl's loader looks at before it takes another file for itself (`ldso/dynlink.c`).
    pub(super) fn is_libc(&self) -> bool {
        let Exports::Listed(listed) = &self.exports else { return false };
        ["__libc_start_main", "stdin"].into_iter().all(|name| listed.named(name).next().is_some())
    }

    /// Its ELF facts.
    pub(super) fn elf(&self) -> Option<&ElfFacts> {
        match &self.facts.details {
            Details::Elf(elf) => Some(elf),
            _ => None,
        }
    }
}

/// A tree without files.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, _path: &str) -> Opened {
        Opened::Absent
    }
}
