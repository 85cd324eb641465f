//! Go's table of functions, which no linker flag removes: it shows Go where the build information is gone.
//!
//! Go `internal/abi` and `debug/gosym`: a magic that names the format's release, two zero bytes, the instruction quantum,
//! the size of a pointer, then counts and offsets that must make sense together.

use crate::facts::bytes::Order;
use crate::facts::patterns::Patterns;
use crate::facts::ranges::bounded;
use crate::facts::{Source, Unreadable};

/// Bytes searched at once, and what two chunks share.
const CHUNK: u64 = 64 * 1024;
const HEADER: u64 = 80;
/// More functions than this no program has.
const MOST_FUNCTIONS: u64 = 1 << 24;

/// The releases that write one format of the table.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::facts) struct Releases {
    magic: u32,
    /// The oldest of them.
    pub(in crate::facts) oldest: &'static str,
    /// All of them, in words.
    pub(in crate::facts) shown: &'static str,
}

/// Every format, newest first.
static FORMATS: [Releases; 4] = [
    Releases { magic: 0xffff_fff1, oldest: "1.20", shown: "Go 1.20 or newer" },
    Releases { magic: 0xffff_fff0, oldest: "1.18", shown: "Go 1.18 or 1.19" },
    Releases { magic: 0xffff_fffa, oldest: "1.16", shown: "Go 1.16 or 1.17" },
    Releases { magic: 0xffff_fffb, oldest: "1.2", shown: "Go 1.2 to 1.15" },
];

/// What the table says that lies at the start of a section (offset and length).
///
/// # Errors
/// What reading gives.
pub(in crate::facts) fn at(
    source: &Source<'_>,
    order: Order,
    (offset, size): (u64, u64),
) -> Result<Option<&'static Releases>, Unreadable> {
    let head = source.read_up_to(offset, size.min(HEADER), "Go pclntab")?;
    let Some(magic) = order.u32(&head, 0) else { return Ok(None) };
    Ok(FORMATS.iter().find(|format| format.magic == magic && is_table(order, magic, &head, size)))
}

/// What the table says, when one of the ranges (offset and length) has one.
///
/// # Errors
/// What reading gives.
pub(in crate::facts) fn find(
    source: &Source<'_>,
    order: Order,
    ranges: &[(u64, u64)],
) -> Result<Option<&'static Releases>, Unreadable> {
    let bytes = |magic: u32| if order.big { magic.to_be_bytes() } else { magic.to_le_bytes() };
    let patterns = FORMATS.each_ref().map(|format| [&bytes(format.magic)[..], &[0, 0]].concat());
    let Some(patterns) = Patterns::new(&patterns) else { return Ok(None) };
    let mut buffer = Vec::new();
    for (offset, size) in bounded(source.len(), ranges.iter().copied()) {
        let mut at = 0;
        while at < size {
            let chunk = source.read_into(offset + at, (CHUNK + HEADER).min(size - at), "Go pclntab", &mut buffer)?;
            let mut from = 0;
            while let Some((which, found)) = patterns.find(chunk, from) {
                let format = &FORMATS[which];
                if is_table(order, format.magic, &chunk[found..], size) {
                    return Ok(Some(format));
                }
                from = found + 1;
            }
            at += CHUNK;
        }
    }
    Ok(None)
}

fn is_table(order: Order, magic: u32, table: &[u8], longest: u64) -> bool {
    let [quantum, pointer] = match table.get(6..8) {
        Some(&[quantum, pointer]) => [quantum, pointer],
        _ => return false,
    };
    let size = order.word_size();
    if !matches!(quantum, 1 | 2 | 4) || usize::from(pointer) != size {
        return false;
    }
    let word = |index: usize| order.word(table, 8 + index * size);
    let Some(functions) = word(0).filter(|count| (1..=MOST_FUNCTIONS).contains(count)) else { return false };
    // Offsets of the parts: names, compilation units, files, pc data, functions. They follow each other.
    let first = match magic {
        0xffff_fffb => return functions > 1,
        0xffff_fffa => 2,
        _ => 3,
    };
    let parts: Option<Vec<u64>> = (first..first + 5).map(word).collect();
    let header = 8 + (first as u64 + 5) * size as u64;
    parts.is_some_and(|parts| {
        parts.is_sorted() && parts[0] >= header && parts[0] <= header + 64 && parts[4] > parts[0] && parts[4] < longest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(order: Order, magic: u32) -> Vec<u8> {
        let mut bytes = if order.big { magic.to_be_bytes().to_vec() } else { magic.to_le_bytes().to_vec() };
        bytes.extend([0, 0, 1, order.word_size() as u8]);
        let parts: &[u64] =
            if magic == 0xffff_fffa { &[10, 2, 64, 70, 80, 90, 100] } else { &[10, 2, 0, 72, 80, 90, 95, 100] };
        for part in parts {
            let all = if order.big { part.to_be_bytes() } else { part.to_le_bytes() };
            bytes.extend(if order.wide {
                &all[..]
            } else if order.big {
                &all[4..]
            } else {
                &all[..4]
            });
        }
        bytes.resize(200, 0);
        bytes
    }

    #[test]
    fn tables_of_every_release() {
        for order in
            [Order { big: false, wide: true }, Order { big: true, wide: true }, Order { big: false, wide: false }]
        {
            for format in &FORMATS {
                let file = [vec![0; 100], table(order, format.magic)].concat();
                let source = Source::from_bytes(&file);
                let size = file.len() as u64;
                assert_eq!(find(&source, order, &[(0, size)]), Ok(Some(format)), "{order:?}");
                assert_eq!(at(&source, order, (100, size - 100)), Ok(Some(format)), "{order:?}");
                assert_eq!(at(&source, order, (0, size)), Ok(None), "{order:?}");
            }
        }
    }

    #[test]
    fn a_magic_alone_is_no_table() {
        let order = Order { big: false, wide: true };
        let mut file = table(order, 0xffff_fff1);
        file[8 + 3 * 8..8 + 4 * 8].fill(0xff);
        let source = Source::from_bytes(&file);
        assert_eq!(find(&source, order, &[(0, file.len() as u64)]), Ok(None));
    }
}
