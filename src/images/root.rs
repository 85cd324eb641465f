//! The tree of an image as the root file system of a host.

use std::path::{Path, PathBuf};

use super::tree::{Content, Found, Tree};
use crate::hosts::{Look, Storage, Stored};

impl Storage for Tree {
    fn look(&self, inside: &Path) -> Look {
        match Tree::look(self, inside.as_os_str().as_encoded_bytes()) {
            None => Look::Absent,
            Some(Found::Link(target)) => Look::Link(PathBuf::from(crate::cli::os_string(target))),
            Some(Found::Directory(_)) => Look::Directory,
            Some(Found::File(file)) => Look::File { executable: file.access.is_executable() },
            Some(Found::Special) => Look::Other,
        }
    }

    fn stored(&self, inside: &Path) -> Stored {
        let Some(Found::File(file)) = Tree::look(self, inside.as_os_str().as_encoded_bytes()) else {
            return Stored::Nothing;
        };
        match (&file.content, self.content(file)) {
            (Content::Elf(_) | Content::Settings(_), Some(disk)) => {
                Stored::At { disk, shown: format!("/{}", inside.display()) }
            }
            _ => Stored::NotElf,
        }
    }
}
