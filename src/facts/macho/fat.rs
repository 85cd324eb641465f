//! The header of universal files (`mach-o/fat.h`), always big-endian.

use goblin::mach::fat::FAT_MAGIC;

use super::UniversalSlice;
use crate::facts::fields::Fields;
use crate::facts::{Source, Unreadable};

/// `FAT_MAGIC_64`: 64-bit offsets and sizes.
const FAT_MAGIC_64: u32 = 0xcafe_babf;

/// `FAT_MAGIC` is also the magic of Java classes, where the count lies in the place of the class file's version, which
/// is at least 45.
const JAVA_VERSION: u32 = 45;

/// Most slices that are believed: the kernel refuses tables that do not fit in its first page, lipo knows some forty
/// architectures.
const MOST_SLICES: u32 = 128;

/// The slices of a file: `[None]` for a thin one.
pub(super) fn slices(source: &Source<'_>) -> Result<Vec<Option<UniversalSlice>>, Unreadable> {
    let head = source.read(0, 8, "Mach-O header")?;
    let head = Fields::big(&head);
    let entry_size = match head.u32(0) {
        Some(FAT_MAGIC) => 20,
        Some(FAT_MAGIC_64) => 32,
        _ => return Ok(vec![None]),
    };
    let count = head.u32(4).unwrap_or(0);
    if count == 0 {
        return Err(Unreadable::damaged("nfat_arch", 4, "a universal file without slices"));
    }
    if entry_size == 20 && count >= JAVA_VERSION {
        return Err(Unreadable::NotLinked("Java class file".into()));
    }
    if count > MOST_SLICES {
        return Err(Unreadable::damaged("nfat_arch", 4, format!("{count} slices")));
    }
    let table_len = u64::from(count) * entry_size;
    let table = source.read(8, table_len, "fat_arch table")?;
    let mut slices = Vec::new();
    for at in (0..table.len()).step_by(entry_size as usize) {
        let entry = Fields::big(&table).from(at).and_then(|entry| read_entry(entry, entry_size == 32));
        let slice = entry.ok_or_else(|| Unreadable::damaged("fat_arch", 8 + at as u64, "cut off"))?;
        check_place(slice, at, 8 + table_len, source.len())?;
        slices.push(slice);
    }
    check_overlap(&slices)?;
    Ok(slices.into_iter().map(Some).collect())
}

fn read_entry(entry: Fields<'_>, wide: bool) -> Option<UniversalSlice> {
    Some(if wide {
        UniversalSlice { offset: entry.u64(8)?, size: entry.u64(16)?, align: entry.u32(24)? }
    } else {
        UniversalSlice { offset: entry.u32(8)?.into(), size: entry.u32(12)?.into(), align: entry.u32(16)? }
    })
}

fn check_place(slice: UniversalSlice, at: usize, headers: u64, file: u64) -> Result<(), Unreadable> {
    let end = slice.offset.checked_add(slice.size).filter(|&end| end <= file);
    let why = if end.is_none() {
        format!("the slice at {:#x} of {} bytes does not lie in the file of {file} bytes", slice.offset, slice.size)
    } else if slice.offset < headers {
        format!("the slice at {:#x} overlaps the header", slice.offset)
    } else {
        return Ok(());
    };
    Err(Unreadable::damaged("fat_arch", 8 + at as u64, why))
}

/// Slices that share bytes are refused, which also keeps the work for all of them within the length of the file.
fn check_overlap(slices: &[UniversalSlice]) -> Result<(), Unreadable> {
    let mut sorted: Vec<_> = slices.to_vec();
    sorted.sort_by_key(|slice| (slice.offset, slice.size));
    for pair in sorted.windows(2) {
        if let [left, right] = pair
            && left.offset + left.size > right.offset
        {
            return Err(Unreadable::damaged("fat_arch", right.offset, "two slices overlap"));
        }
    }
    Ok(())
}
