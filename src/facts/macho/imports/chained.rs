//! `LC_DYLD_CHAINED_FIXUPS` (`mach-o/fixup-chains.h`).

use super::{Collector, Fixups, Origin};
use crate::facts::fields::Fields;
use crate::facts::macho::commands::Range;
use crate::facts::macho::header::Header;
use crate::facts::{Source, Unreadable};

const WHAT: &str = "chained fixups";

/// Most different pointer formats of one file.
const MOST_FORMATS: usize = 64;

/// Reads the import table and the pointer formats.
pub(super) fn read(
    slice: &Source<'_>,
    header: &Header,
    range: Range,
    collector: &mut Collector,
) -> Result<Fixups, Unreadable> {
    let data = slice.read(range.offset, range.size, WHAT)?;
    let fields = Fields::new(&data, header.endian, header.bits);
    let damaged = |why: &str| Unreadable::damaged(WHAT, range.offset, why);
    let head = |at| fields.u32(at).ok_or_else(|| damaged("shorter than its header"));
    let (starts, imports, symbols) = (head(4)? as usize, head(8)? as usize, head(12)? as usize);
    let (count, format, compression) = (head(16)? as usize, head(20)?, head(24)?);
    if compression != 0 {
        return Err(damaged("the symbol names are compressed"));
    }
    let size = match format {
        1 => 4,
        2 => 8,
        3 => 16,
        other => return Err(damaged(&format!("import format {other}"))),
    };
    let table = count.checked_mul(size).and_then(|len| fields.slice(imports, len));
    let table = table.ok_or_else(|| damaged(&format!("{count} imports do not fit")))?;
    for entry in table.chunks_exact(size) {
        let import = import(fields.with(entry), format).ok_or_else(|| damaged("an ordinal that is not known"))?;
        let name = symbols.checked_add(import.name).and_then(|at| fields.text(at));
        collector.add(import.origin, &name.ok_or_else(|| damaged("a name lies outside"))?, import.weak)?;
    }
    let pointer_formats = pointer_formats(fields, starts).ok_or_else(|| damaged("the starts lie outside"))?;
    Ok(Fixups { kind: "chained", pointer_formats, import_format: Some(format) })
}

struct Import {
    origin: Origin,
    weak: bool,
    name: usize,
}

/// One `dyld_chained_import`, whose bit fields differ between the formats.
fn import(entry: Fields<'_>, format: u32) -> Option<Import> {
    let (ordinal, weak, name) = if format == 3 {
        let raw = entry.u64(0)?;
        let ordinal = (raw & 0xffff) as u16;
        let ordinal = if ordinal > 0xfff0 { i64::from(ordinal as i16) } else { ordinal.into() };
        (ordinal, raw >> 16 & 1, raw >> 32)
    } else {
        let raw = entry.u32(0)?;
        let ordinal = (raw & 0xff) as u8;
        let ordinal = if ordinal > 0xf0 { i64::from(ordinal as i8) } else { ordinal.into() };
        (ordinal, u64::from(raw >> 8 & 1), u64::from(raw >> 9))
    };
    Some(Import { origin: Origin::from_ordinal(ordinal)?, weak: weak == 1, name: usize::try_from(name).ok()? })
}

/// The formats of the segments that have fixups.
fn pointer_formats(fields: Fields<'_>, starts: usize) -> Option<Vec<u16>> {
    let count = fields.u32(starts)? as usize;
    let mut formats = Vec::new();
    for index in 0..count {
        let offset = fields.u32(starts.checked_add(4)?.checked_add(index * 4)?)? as usize;
        if offset != 0 {
            let format = fields.u16(starts.checked_add(offset)?.checked_add(6)?)?;
            if !formats.contains(&format) {
                // There are 13 of them (`DYLD_CHAINED_PTR_*`).
                (formats.len() < MOST_FORMATS).then(|| formats.push(format))?;
            }
        }
    }
    Some(formats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_signed_near_their_end() {
        let of = |raw: u32| import(Fields::little(&raw.to_le_bytes()), 1).map(|import| (import.origin, import.weak));
        assert_eq!(of(0x02), Some((Origin::Library(2), false)));
        assert_eq!(of(0x1fe), Some((Origin::Flat, true)));
        assert_eq!(of(0xfd), Some((Origin::WeakDefinitions, false)));
        assert_eq!(of(0xf0), Some((Origin::Library(0xf0), false)));
        assert_eq!(of(0xf1), None);
    }

    #[test]
    fn there_are_not_as_many_pointer_formats_as_a_file_can_claim() {
        // dyld_chained_starts_in_image: a count, then for each segment where its starts lie; the format is at 6 in them.
        let formats = |count: u32| {
            let starts = 4 + 4 * count;
            let offsets = (0..count).flat_map(|index| (starts + 8 * index).to_le_bytes());
            let segments = (0..count).flat_map(|index| u64::from(index).rotate_right(16).to_le_bytes());
            let bytes: Vec<u8> = count.to_le_bytes().into_iter().chain(offsets).chain(segments).collect();
            pointer_formats(Fields::little(&bytes), 0)
        };
        assert_eq!(formats(3), Some(vec![0, 1, 2]));
        assert_eq!(formats(1000), None);
    }
}
