//! Symbol versions: needs (`DT_VERNEED`), definitions (`DT_VERDEF`) and the index of each symbol (`DT_VERSYM`).
//!
//! LSB Core, "Symbol Versioning". Both tables are linked lists of offsets from a file that may be hostile: offsets only go
//! forward, and the number of steps is bounded by what fits into the table.

use goblin::elf::dynamic::{DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM};
use goblin::elf::symver::VER_FLG_WEAK;

use super::VersionNeed;
use super::dynamic::{Dynamic, DynamicStrings};
use super::image::Image;
use crate::facts::bytes::Order;
use crate::facts::name::{NameText, Piece};
use crate::facts::{NameList, Unreadable};

/// `VER_FLG_BASE`: the definition that names the file itself.
const VER_FLG_BASE: u16 = 1;
/// Hidden bit of a version index.
pub(super) const HIDDEN: u16 = 0x8000;
/// Most entries of one table: version indices have 15 bits.
const MOST: usize = 0x8000;

/// Needs that room is made for at once.
const USUAL: usize = 16;

/// Version needs, and which version index means which of them.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) list: Vec<VersionNeed>,
    /// As they lie in the file, in the same order.
    entries: Vec<Entries>,
    /// `vn_version` of the first file whose is not 1.
    pub(super) unsupported: Option<u16>,
}

/// An entry of a file and one of its versions (`Elfxx_Verneed`, `Elfxx_Vernaux`).
#[derive(Debug)]
struct Entries {
    file: Piece,
    version: Piece,
    is_weak: bool,
    /// `vna_other`.
    index: u16,
}

/// One version definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) index: u16,
    pub(super) name: String,
    pub(super) is_base: bool,
}

impl Needs {
    /// # Errors
    /// [`Unreadable::Damaged`] when an entry lies outside the segment, or there are more than version indices.
    pub(super) fn read(
        image: &Image<'_>,
        dynamic: &Dynamic,
        strings: &DynamicStrings<'_, '_>,
    ) -> Result<Self, Unreadable> {
        const WHAT: &str = "DT_VERNEED";
        let Some(address) = dynamic.get(DT_VERNEED) else { return Ok(Needs::default()) };
        let mut names = NameText::of_few();
        let mut entries: Vec<Entries> = Vec::with_capacity(USUAL);
        let mut unsupported = None;
        let mut walk = Walk::new(image, address, WHAT)?;
        for file in 0..dynamic.get(DT_VERNEEDNUM).unwrap_or(u64::MAX) {
            if file >= MOST as u64 {
                return Err(Unreadable::damaged(WHAT, walk.offset, "more files than there are version indices"));
            }
            let entry = walk.entry::<16>()?;
            unsupported = unsupported.or_else(|| Some(entry.u16(0)).filter(|&version| version != 1));
            let (cnt, file, aux, next) = (entry.u16(2), entry.u32(4), entry.u32(8), entry.u32(12));
            let file = strings.add_to(&mut names, u64::from(file), "vn_file")?;
            let mut inner = walk.at(aux)?;
            for step in 1..=cnt {
                let aux = inner.entry::<16>()?;
                if entries.len() >= MOST {
                    return Err(Unreadable::damaged(WHAT, walk.offset, "more entries than there are version indices"));
                }
                let version = strings.add_to(&mut names, u64::from(aux.u32(8)), "vna_name")?;
                strings.spend(file.len(), "vn_file")?;
                let is_weak = aux.u16(4) & VER_FLG_WEAK != 0;
                entries.push(Entries { file, version, is_weak, index: aux.u16(6) & !HIDDEN });
                if step == cnt || aux.u32(12) == 0 {
                    break;
                }
                inner = inner.at(aux.u32(12))?;
            }
            if next == 0 {
                break;
            }
            walk = walk.at(next)?;
        }
        let pieces = entries.iter_mut().flat_map(|entry| [&mut entry.file, &mut entry.version]);
        let text = strings.share(names, pieces, WHAT)?;
        let need = |entry: &Entries| VersionNeed {
            file: text.name(entry.file),
            version: text.name(entry.version),
            weak: entry.is_weak,
            symbols: NameList::default(),
        };
        Ok(Needs { list: entries.iter().map(need).collect(), entries, unsupported })
    }

    /// The place in `list` of each version index, counted from one; zero for what is the index of none.
    pub(super) fn by_index(&self) -> Vec<u16> {
        let indices = || self.entries.iter().map(|entry| entry.index);
        let mut places = vec![0; indices().max().map_or(0, |max| usize::from(max) + 1)];
        // Indices 0 and 1 mean "local" and "global", whatever a need says.
        for (index, place) in indices().zip(1..).filter(|(index, _)| *index > 1) {
            places[usize::from(index)] = place;
        }
        places
    }
}

/// The version definitions, the base among them.
///
/// # Errors
/// [`Unreadable::Damaged`] when an entry lies outside the segment, or there are more than version indices.
pub(super) fn definitions(
    image: &Image<'_>,
    dynamic: &Dynamic,
    strings: &DynamicStrings<'_, '_>,
) -> Result<Vec<Definition>, Unreadable> {
    const WHAT: &str = "DT_VERDEF";
    let mut found = Vec::new();
    let Some(address) = dynamic.get(DT_VERDEF) else { return Ok(found) };
    let mut walk = Walk::new(image, address, WHAT)?;
    for _ in 0..dynamic.get(DT_VERDEFNUM).unwrap_or(u64::MAX) {
        if found.len() >= MOST {
            return Err(Unreadable::damaged(WHAT, walk.offset, "more entries than there are version indices"));
        }
        let entry = walk.entry::<20>()?;
        let name = walk.at(entry.u32(12))?.entry::<8>()?;
        found.push(Definition {
            index: entry.u16(4) & !HIDDEN,
            name: strings.get(u64::from(name.u32(0)), "vda_name")?,
            is_base: entry.u16(2) & VER_FLG_BASE != 0,
        });
        match entry.u32(16) {
            0 => break,
            next => walk = walk.at(next)?,
        }
    }
    Ok(found)
}

/// A place in one of the two tables.
#[derive(Clone, Copy)]
struct Walk<'i, 's> {
    image: &'i Image<'s>,
    offset: u64,
    end: u64,
    what: &'static str,
}

impl<'i, 's> Walk<'i, 's> {
    fn new(image: &'i Image<'s>, address: u64, what: &'static str) -> Result<Self, Unreadable> {
        let (offset, left) = image.table(address, what)?;
        Ok(Walk { image, offset, end: offset + left, what })
    }

    fn at(self, forward: u32) -> Result<Self, Unreadable> {
        let offset = self.offset.checked_add(u64::from(forward)).filter(|&offset| offset < self.end);
        let offset =
            offset.ok_or_else(|| Unreadable::damaged(self.what, self.offset, "an entry lies outside the table"))?;
        Ok(Walk { offset, ..self })
    }

    fn entry<const N: usize>(&self) -> Result<Entry<N>, Unreadable> {
        Ok(Entry { order: self.image.order, bytes: self.image.window.bytes(self.offset, self.what)? })
    }
}

/// One fixed-size entry; the offsets of its fields are those of the specification.
struct Entry<const N: usize> {
    order: Order,
    bytes: [u8; N],
}

impl<const N: usize> Entry<N> {
    fn u16(&self, at: usize) -> u16 {
        self.order.u16(&self.bytes, at).unwrap_or(0)
    }

    fn u32(&self, at: usize) -> u32 {
        self.order.u32(&self.bytes, at).unwrap_or(0)
    }
}
