//! The resource tree, as far as it leads to the manifest.

use super::header::directory;
use super::image::Image;
use super::manifest::Manifest;
use crate::facts::Unreadable;

/// `RT_MANIFEST`.
const MANIFEST: u32 = 24;

/// Most bytes of a manifest that are read.
const MOST_BYTES: u32 = 1 << 20;

/// Most entries of one directory that are looked at.
const MOST_ENTRIES: u32 = 4096;

const WHAT: &str = "resource directory";

/// The manifest of the image; `None` when there is none.
pub(super) fn manifest(image: &Image<'_>) -> Result<Option<Manifest>, Unreadable> {
    let place = image.directory(directory::RESOURCE);
    if place.at == 0 {
        return Ok(None);
    }
    let tree = Tree { image, root: place.at };
    // Type, then name, then language; of several the loader takes the one for its own language, which is hardly ever
    // not the only one.
    let Some((_, types)) = tree.child(0, Some(MANIFEST))? else { return Ok(None) };
    let Some((number, names)) = tree.first(types)? else { return Ok(None) };
    let Some((_, leaf)) = tree.first(names)? else { return Ok(None) };
    let entry = image.bytes(place.at.saturating_add(leaf & 0x7fff_ffff), 16, WHAT)?;
    let field = |at| image.fields(&entry).u32(at).unwrap_or(0);
    let data = image.bytes(field(0), field(4).min(MOST_BYTES).into(), "manifest resource")?;
    let resource_id = number.filter(|number| number >> 31 == 0);
    Ok(Some(Manifest { resource_id, ..Manifest::parse(&data) }))
}

struct Tree<'i, 's> {
    image: &'i Image<'s>,
    root: u32,
}

impl Tree<'_, '_> {
    /// The first child of what an entry points at, with its number, when that is a directory; the entry itself when it is data.
    fn first(&self, entry: u32) -> Result<Option<(Option<u32>, u32)>, Unreadable> {
        if entry >> 31 == 0 {
            return Ok(Some((None, entry)));
        }
        let child = self.child(entry & 0x7fff_ffff, None)?;
        Ok(child.map(|(number, child)| (Some(number), child)))
    }

    /// The entry with a number (or the first one) in the directory at an offset from the root: its number, and where it leads.
    fn child(&self, offset: u32, id: Option<u32>) -> Result<Option<(u32, u32)>, Unreadable> {
        let at = self.root.saturating_add(offset);
        let head = self.image.bytes(at, 16, WHAT)?;
        let counts = self.image.fields(&head);
        let count = u32::from(counts.u16(12).unwrap_or(0)) + u32::from(counts.u16(14).unwrap_or(0));
        for index in 0..count.min(MOST_ENTRIES) {
            let entry = self.image.bytes(at.saturating_add(16 + index * 8), 8, WHAT)?;
            let fields = self.image.fields(&entry);
            if id.is_none() || fields.u32(0) == id {
                return Ok(fields.u32(0).zip(fields.u32(4)));
            }
        }
        Ok(None)
    }
}
