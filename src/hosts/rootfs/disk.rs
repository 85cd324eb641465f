//! Files on disk, read as a loader sees them.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::links::{self, Lost};
use super::storage::Directory;
use crate::facts::elf::Head;
use crate::facts::{self, FileFacts, Source, Unreadable, Wanted};
use crate::hosts::load::{Files, Image, Opened};

/// The files of this machine: what is shipped beside an artifact.
#[derive(Debug, Default)]
pub struct Disk {
    opened: Mutex<HashMap<PathBuf, Opened>>,
    /// Every path that was asked for: each host looks in the same places.
    asked: Mutex<HashMap<String, Opened>>,
    /// Directories that were listed: every name in them by the same in lower case.
    listed: Mutex<HashMap<String, HashMap<String, String>>>,
}

impl Files for Disk {
    fn open(&self, path: &str) -> Opened {
        let known = |disk: &Self| disk.asked.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known(self).unwrap_or_else(|| {
            let opened = self.follow(path);
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), opened.clone());
            opened
        })
    }

    fn real(&self, path: &str) -> String {
        std::fs::canonicalize(path).map_or_else(|_| path.to_owned(), |real| real.display().to_string())
    }

    fn in_any_case(&self, directory: &str, name: &str) -> Option<String> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let names = listed.entry(directory.to_owned()).or_insert_with_key(|directory| list(directory));
        names.get(&name.to_lowercase()).map(|name| format!("{directory}/{name}"))
    }

    fn read(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
        let Ok(real) = std::fs::canonicalize(path) else { return Ok(None) };
        let file = facts::open(&real).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > most {
            return Err(format!("it has more than {most} bytes"));
        }
        Ok(Some(bytes))
    }
}

impl Disk {
    /// Opens a path, links followed; what is there under several names is read once.
    fn follow(&self, path: &str) -> Opened {
        let real = match std::fs::canonicalize(path) {
            Ok(real) => real,
            Err(_) if links::resolve(&Directory::root(), path) == Err(Lost::Circles) => {
                return Opened::Unreachable("its symbolic links run in circles");
            }
            Err(_) => return Opened::Absent,
        };
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.entry(real).or_insert_with_key(|real| open(real, real.display().to_string())).clone()
    }
}

/// Every name in a directory by the same in lower case.
fn list(directory: &str) -> HashMap<String, String> {
    let entries = std::fs::read_dir(format!("{directory}/")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).map(|name| (name.to_lowercase(), name)).collect()
}

/// Reads one file, which reports call `shown`; a directory can be opened and not read, devices and the like are absent.
pub(super) fn open(path: &Path, shown: String) -> Opened {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Opened::Unusable("it is a directory".to_owned()),
        Ok(metadata) if metadata.is_file() => {}
        _ => return Opened::Absent,
    }
    read(path, shown).unwrap_or_else(|error| match error {
        Unreadable::Io(why) => Opened::Unusable(why),
        error => Opened::Unusable(error.to_string()),
    })
}

fn read(path: &Path, shown: String) -> Result<Opened, Unreadable> {
    let file = facts::open(path)?;
    let source = Source::from_file(&file).map_err(Unreadable::io)?;
    let Some(head) = Head::read(&source) else { return Err(Unreadable::Io("it cannot be read".to_owned())) };
    match parse(&source, head.clone(), shown) {
        Err(Unreadable::Io(why)) => Ok(Opened::Unusable(why)),
        Err(error) => Ok(Opened::Damaged { is_cut_off: head.is_cut_off(&source), head, why: error.to_string() }),
        opened => opened,
    }
}

fn parse(source: &Source<'_>, head: Head, shown: String) -> Result<Opened, Unreadable> {
    let FileFacts { slices, .. } = facts::read_source(source, Wanted::default())?;
    if slices.iter().any(|slice| slice.format != facts::Format::Elf) {
        return Ok(Opened::Foreign(slices.into()));
    }
    let not_elf = || Opened::Unusable("it is not an ELF file".to_owned());
    let Some(slice) = slices.into_iter().next() else { return Ok(not_elf()) };
    let exported = facts::elf::exports(source)?;
    let relocated = facts::elf::relocated(source)?;
    let image = Image::new(shown, head, slice, exported, relocated);
    Ok(image.map_or_else(not_elf, |image| Opened::Object(Arc::new(image))))
}
