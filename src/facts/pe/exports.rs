//! The export table.

use serde::Serialize;

use super::header::directory;
use super::image::Image;
use crate::facts::Unreadable;

/// Most entries that are believed; ordinals have 16 bits.
const MOST_EXPORTS: u32 = 65_536;

/// What a DLL (or a program) offers to others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Exports {
    /// The name the image calls itself by.
    pub dll: String,
    /// The functions, by ordinal.
    pub functions: Vec<Export>,
}

/// One exported function or variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    /// Its name; `None` when it is exported by ordinal alone.
    pub name: Option<String>,
    /// Its ordinal, with the table's base added.
    pub ordinal: u32,
    /// `OTHER.Function` or `OTHER.#12`: the export is found in another DLL.
    pub forwarded_to: Option<String>,
}

const WHAT: &str = "export table";

/// Reads the export table; `None` when there is none.
pub(super) fn read(image: &Image<'_>) -> Result<Option<Exports>, Unreadable> {
    let place = image.directory(directory::EXPORT);
    if place.at == 0 {
        return Ok(None);
    }
    let head = image.bytes(place.at, 40, WHAT)?;
    let head = image.fields(&head);
    let field = |at| head.u32(at).unwrap_or(0);
    let (base, functions, names) = (field(16), field(20), field(24));
    if functions > MOST_EXPORTS || names > MOST_EXPORTS {
        return Err(Unreadable::damaged(WHAT, place.at.into(), format!("{functions} functions, {names} names")));
    }
    let dll = if field(12) == 0 { String::new() } else { image.text(field(12), WHAT)? };
    let addresses = words(image, field(28), functions)?;
    let name_addresses = words(image, field(32), names)?;
    let ordinals = image.bytes(field(36), u64::from(names) * 2, WHAT)?;
    let mut by_index: Vec<Vec<String>> = vec![Vec::new(); addresses.len()];
    for (number, address) in name_addresses.into_iter().enumerate() {
        let index = image.fields(&ordinals).u16(number * 2).map_or(usize::MAX, usize::from);
        let aliases = by_index.get_mut(index).ok_or_else(|| {
            Unreadable::damaged(
                WHAT,
                place.at.into(),
                format!("name {number} belongs to function {index} of {functions}"),
            )
        })?;
        aliases.push(image.text(address, WHAT)?);
    }
    let inside = place.at..place.at.saturating_add(place.size);
    let mut exports = Exports { dll, functions: Vec::new() };
    for ((address, aliases), index) in addresses.into_iter().zip(by_index).zip(0u32..) {
        // An address inside the export table itself is the text of a forwarder; 0 is a gap in the ordinals. Every alias reads
        // the text again, so that the copies count as what they are.
        let forwarder = || inside.contains(&address).then(|| image.text(address, WHAT)).transpose();
        let nameless = (aliases.is_empty() && address != 0).then_some(None);
        for name in aliases.into_iter().map(Some).chain(nameless) {
            exports.functions.push(Export { name, ordinal: base.wrapping_add(index), forwarded_to: forwarder()? });
        }
    }
    Ok(Some(exports))
}

fn words(image: &Image<'_>, at: u32, count: u32) -> Result<Vec<u32>, Unreadable> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let table = image.bytes(at, u64::from(count) * 4, WHAT)?;
    Ok((0..count as usize).filter_map(|index| image.fields(&table).u32(index * 4)).collect())
}
