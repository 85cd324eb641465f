//! `PT_DYNAMIC`: what the loader is told.

use std::borrow::Cow;
use std::cell::Cell;

use goblin::elf::dynamic::{
    DF_1_NOW, DF_1_PIE, DF_BIND_NOW, DF_TEXTREL, DT_BIND_NOW, DT_DEBUG, DT_FLAGS, DT_FLAGS_1, DT_NEEDED, DT_NULL,
    DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, DT_TEXTREL,
};
use goblin::elf::program_header::PT_DYNAMIC;

use super::image::Image;
use crate::facts::Unreadable;
use crate::facts::bytes::{Order, into_text, nul};
use crate::facts::name::{NameText, Piece, SharedText};
use crate::facts::sparse::SparseTable;

/// gABI `DT_RELR`, `DT_RELRSZ`; Android's first encoding of it.
const DT_RELR: u64 = 36;
const DT_ANDROID_RELR: u64 = 0x6fff_e000;
/// Sun's filters, which glibc knows (`elf.h`).
const DT_AUXILIARY: u64 = 0x7fff_fffd;
const DT_FILTER: u64 = 0x7fff_ffff;
/// Bytes of `PT_DYNAMIC` that are read; real ones have a few hundred.
const LONGEST: u64 = 1 << 20;
/// Entries that room is made for at once.
const USUAL: usize = 32;
/// A string table of up to so many bytes is read at once.
const SMALL: u64 = 64 << 10;
/// Of one with more bytes than this few names are wanted, far apart.
const LARGE: u64 = 1 << 20;
/// A file may say that it has more bytes than any memory: a table of so many is no longer kept.
const LARGEST: u64 = 256 << 20;

/// Tags of the gABI are smaller; those of systems and processors are numbers with eight digits.
const TAGS_OF_GABI: usize = 47;

/// The entries before `DT_NULL`, of `N` bytes each.
fn entries<const N: usize>(order: Order, bytes: &[u8]) -> Vec<(u64, u64)> {
    let mut entries = Vec::with_capacity(USUAL);
    for entry in bytes.as_chunks::<N>().0 {
        let (tag, value) = entry.split_at(N / 2);
        let word = |bytes| order.word(bytes, 0).unwrap_or_default();
        if word(tag) == DT_NULL {
            break;
        }
        entries.push((word(tag), word(value)));
    }
    entries
}

/// The place of a tag in [`Dynamic::last`].
fn place(tag: u64) -> usize {
    usize::try_from(tag).unwrap_or(TAGS_OF_GABI).min(TAGS_OF_GABI)
}

/// The entries before `DT_NULL`.
#[derive(Debug)]
pub(super) struct Dynamic {
    /// Whether there is a `PT_DYNAMIC` with contents.
    pub(super) present: bool,
    entries: Vec<(u64, u64)>,
    /// Where the last entry is, counted from one, of each tag below [`TAGS_OF_GABI`], and of all others together; zero where there is
    /// none, as of most that are asked for.
    last: [u32; TAGS_OF_GABI + 1],
}

impl Dynamic {
    /// # Errors
    /// [`Unreadable::Damaged`] when the segment does not lie in the file.
    pub(super) fn read(image: &Image<'_>) -> Result<Self, Unreadable> {
        let mut last = [0; TAGS_OF_GABI + 1];
        let Some(segment) = image.segments_of(PT_DYNAMIC).next() else {
            return Ok(Dynamic { present: false, entries: Vec::new(), last });
        };
        let wanted = segment.p_filesz.min(LONGEST);
        let bytes = image.source.read(segment.p_offset, wanted, "PT_DYNAMIC")?;
        let entries = match image.order.wide {
            true => entries::<16>(image.order, &bytes),
            false => entries::<8>(image.order, &bytes),
        };
        for (number, &(tag, _)) in (1..).zip(&entries) {
            last[place(tag)] = number;
        }
        Ok(Dynamic { present: true, entries, last })
    }

    /// Value of the last entry with this tag, which is the one loaders keep.
    pub(super) fn get(&self, tag: u64) -> Option<u64> {
        let up_to_last = self.entries.get(..self.last[place(tag)] as usize)?;
        up_to_last.iter().rev().find(|entry| entry.0 == tag).map(|entry| entry.1)
    }

    /// Whether there is an entry with this tag.
    pub(super) fn has(&self, tag: u64) -> bool {
        self.get(tag).is_some()
    }

    /// Every value that may be an address.
    pub(super) fn values(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|entry| entry.1)
    }

    pub(super) fn flags(&self) -> u64 {
        self.get(DT_FLAGS).unwrap_or(0)
    }

    pub(super) fn flags_1(&self) -> u64 {
        self.get(DT_FLAGS_1).unwrap_or(0)
    }

    /// The three encodings of immediate binding.
    pub(super) fn bind_now(&self) -> bool {
        self.has(DT_BIND_NOW) || self.flags() & DF_BIND_NOW != 0 || self.flags_1() & DF_1_NOW != 0
    }

    pub(super) fn text_relocations(&self) -> bool {
        self.has(DT_TEXTREL) || self.flags() & DF_TEXTREL != 0
    }

    pub(super) fn is_marked_pie(&self) -> bool {
        self.flags_1() & DF_1_PIE != 0
    }

    /// `DT_DEBUG`: linkers write it into programs only.
    pub(super) fn is_marked_program(&self) -> bool {
        self.has(DT_DEBUG)
    }

    pub(super) fn has_relr(&self) -> bool {
        self.has(DT_RELR) || self.has(DT_ANDROID_RELR)
    }
}

/// `DT_STRTAB` in the file.
///
/// Entries may share their strings, so a small hostile file can ask for terabytes of names; honest names, all together, are
/// not longer than twice their file.
pub(super) struct DynamicStrings<'i, 's> {
    image: &'i Image<'s>,
    /// All of a small table.
    whole: Option<Cow<'s, [u8]>>,
    /// A large table: of a megabyte of names, few are imported.
    sparse: Option<SparseTable<'s>>,
    offset: u64,
    end: u64,
    budget: Cell<u64>,
}

impl<'i, 's> DynamicStrings<'i, 's> {
    /// `None` without a `DT_STRTAB`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the table does not lie in a segment.
    pub(super) fn open(image: &'i Image<'s>, dynamic: &Dynamic) -> Result<Option<Self>, Unreadable> {
        let Some(address) = dynamic.get(DT_STRTAB) else { return Ok(None) };
        let (offset, left) = image.table(address, "DT_STRTAB")?;
        let size = dynamic.get(DT_STRSZ).unwrap_or(left);
        if size > left {
            let why = format!("DT_STRSZ is {size}, its segment has {left} bytes from here");
            return Err(Unreadable::damaged("DT_STRTAB", offset, why));
        }
        let budget = Cell::new(image.source.len().saturating_mul(2).saturating_add(LONGEST));
        let whole = (size <= SMALL).then(|| image.source.read(offset, size, "DT_STRTAB")).transpose()?;
        let sparse = (LARGE..LARGEST).contains(&size).then(|| SparseTable::new(image.source, offset, size));
        Ok(Some(DynamicStrings { image, whole, sparse, offset, end: offset + size, budget }))
    }

    /// Whether what is wanted of it has to be [fetched](DynamicStrings::fetch).
    pub(super) fn is_large(&self) -> bool {
        self.sparse.is_some()
    }

    /// Brings the strings with these indices, which are wanted next, into the processor's cache.
    pub(super) fn fetch(&self, indices: impl Iterator<Item = u32>) {
        if let Some(sparse) = &self.sparse {
            sparse.fetch(indices.map(|index| self.offset.saturating_add(u64::from(index))));
        }
    }

    /// Where names are put that [`DynamicStrings::add_to`] adds.
    pub(super) fn names(&self) -> NameText {
        self.whole.as_deref().and_then(NameText::of_table).unwrap_or_default()
    }

    /// Puts the string that starts at `at` behind what is in `out`.
    fn append(&self, at: u64, what: &str, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let end = self.end.min(at.saturating_add(self.budget.get() + 1));
        let Some(whole) = &self.whole else {
            return match &self.sparse {
                Some(sparse) => sparse.append_c_string(at, end, what, out),
                None => self.image.window.append_c_string(at, end, what, out),
            };
        };
        let from_here = whole.get((at - self.offset) as usize..(end - self.offset) as usize).unwrap_or_default();
        let length = nul(from_here).ok_or_else(|| Unreadable::damaged(what, at, "the string has no end"))?;
        out.extend_from_slice(&from_here[..length]);
        Ok(())
    }

    /// Where the string with this index starts in the file.
    fn at(&self, index: u64, what: &str) -> Result<u64, Unreadable> {
        let at = self.offset.checked_add(index).filter(|&at| at < self.end);
        at.ok_or_else(|| Unreadable::damaged(what, self.offset, format!("its name {index:#x} lies outside DT_STRTAB")))
    }

    /// The string with this index.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`.
    pub(super) fn get(&self, index: u64, what: &str) -> Result<String, Unreadable> {
        let mut name = Vec::new();
        self.append(self.at(index, what)?, what, &mut name)?;
        self.spend(name.len(), what)?;
        Ok(into_text(name))
    }

    /// Adds the string with this index to `names`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`.
    pub(super) fn add_to(&self, names: &mut NameText, index: u64, what: &str) -> Result<Piece, Unreadable> {
        if let Some(piece) = self.quick(names, index) {
            return Ok(piece);
        }
        let at = self.at(index, what)?;
        let start = names.bytes().len();
        self.append(at, what, names.bytes())?;
        let piece = names.end(start).ok_or_else(|| self.too_long(what))?;
        self.spend(piece.len(), what)?;
        Ok(piece)
    }

    /// The names that were added, at places that may be others then.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when they have more than 4 GiB.
    pub(super) fn share<'p>(
        &self,
        names: NameText,
        pieces: impl IntoIterator<Item = &'p mut Piece>,
        what: &str,
    ) -> Result<SharedText, Unreadable> {
        names.share(pieces).ok_or_else(|| self.too_long(what))
    }

    fn too_long(&self, what: &str) -> Unreadable {
        Unreadable::damaged(what, self.offset, "the names have more than 4 GiB")
    }

    /// [`DynamicStrings::add_to`] for nearly every name, without what it takes to say what is wrong with one.
    fn quick(&self, names: &mut NameText, index: u64) -> Option<Piece> {
        let whole = self.whole.as_deref()?;
        let start = usize::try_from(index).ok()?;
        let len = nul(whole.get(start..)?)?;
        let left = self.budget.get().checked_sub(len as u64)?;
        let piece = names.add(whole, start, len)?;
        self.budget.set(left);
        Some(piece)
    }

    /// Takes the length of a name off what all names together may have: each mention counts, as reports have it again.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when nothing is left.
    pub(super) fn spend(&self, bytes: usize, what: &str) -> Result<(), Unreadable> {
        let left = self.budget.get().checked_sub(bytes as u64);
        let left = left.ok_or_else(|| {
            Unreadable::damaged(what, self.offset, "the names of DT_STRTAB, all together, are longer than the file")
        })?;
        self.budget.set(left);
        Ok(())
    }
}

/// What `PT_DYNAMIC` says in words.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) needed: Vec<String>,
    pub(super) filters: Vec<String>,
    pub(super) auxiliaries: Vec<String>,
    pub(super) soname: Option<String>,
    pub(super) rpath: Option<String>,
    pub(super) runpath: Option<String>,
}

impl Names {
    /// # Errors
    /// [`Unreadable::Damaged`] when a name lies outside the string table.
    pub(super) fn read(dynamic: &Dynamic, strings: Option<&DynamicStrings<'_, '_>>) -> Result<Self, Unreadable> {
        let Some(strings) = strings else { return Ok(Names::default()) };
        let mut names = Names::default();
        for &(tag, value) in &dynamic.entries {
            let what = match tag {
                DT_NEEDED => "DT_NEEDED",
                DT_FILTER => "DT_FILTER",
                DT_AUXILIARY => "DT_AUXILIARY",
                DT_SONAME => "DT_SONAME",
                DT_RPATH => "DT_RPATH",
                DT_RUNPATH => "DT_RUNPATH",
                _ => continue,
            };
            let name = strings.get(value, what)?;
            match tag {
                DT_NEEDED => names.needed.push(name),
                DT_FILTER => names.filters.push(name),
                DT_AUXILIARY => names.auxiliaries.push(name),
                DT_SONAME => names.soname = Some(name),
                DT_RPATH => names.rpath = Some(name),
                _ => names.runpath = Some(name),
            }
        }
        Ok(names)
    }
}
