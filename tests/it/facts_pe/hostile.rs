//! Are damaged images refused, whatever is damaged: never a panic, never a long wait?

use proptest::prelude::*;

use super::{facts_of, pe, seeds};
use crate::support::damage::{EXTREME_WORDS, lie_is_named, overwrite, read_soon};

fn read(bytes: &[u8]) {
    read_soon(|| facts_of(bytes));
}

/// Offset of the PE signature.
fn pe_at(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes[0x3c..0x40].try_into().expect("four bytes")) as usize
}

/// Offset in the file of what a data directory of a 64-bit image names.
fn directory(bytes: &[u8], index: usize) -> usize {
    let entry = pe_at(bytes) + 24 + 112 + index * 8;
    let rva = u32::from_le_bytes(bytes[entry..entry + 4].try_into().expect("four bytes"));
    let facts = facts_of(bytes).expect("a real image");
    let section = pe(&facts).sections.iter().rfind(|section| section.virtual_address <= rva).expect("a section");
    (section.file_offset + rva - section.virtual_address) as usize
}

#[test]
fn a_truncated_image_is_never_an_image() {
    for seed in seeds() {
        for end in (0..seed.len() - 512).step_by(seed.len() / 61) {
            assert!(facts_of(&seed[..end]).is_err(), "cut at {end} of {}", seed.len());
        }
    }
}

#[test]
fn headers_that_lie_are_named_with_their_offset() {
    let Some(seed) = seeds().get(1) else { return };
    let at = pe_at(seed);
    let lies: [(usize, &[u8], &str); 5] = [
        (0x3c, &[0xff; 4], "damaged: e_lfanew"),
        (at + 6, &[0xff; 2], "damaged: section"),
        (at + 20, &[4, 0], "SizeOfOptionalHeader"),
        (at + 24, &[0x34, 0x12], "optional header magic at offset"),
        (at + 24 + 112 + 8, &[0xff; 4], "import table at offset 0xffffffff: this relative address is in no section"),
    ];
    for lie in lies {
        lie_is_named(seed, lie, facts_of);
    }
}

#[test]
fn import_tables_without_end_are_refused() {
    let Some(seed) = seeds().get(1) else { return };
    let table = directory(seed, 1);
    let first: Vec<u8> = seed[table..table + 20].to_vec();
    // A large file of nothing but the same descriptor, whose functions are then read again and again.
    let mut endless = seed.clone();
    let room = (endless.len() - table) / 20;
    for number in 0..room {
        endless[table + number * 20..table + number * 20 + 20].copy_from_slice(&first);
    }
    read(&endless);
    assert!(facts_of(&endless).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mutated_images_never_panic(
        which in 0usize..3,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 4]>(), 1usize..=4, 0u8..3), 1..12),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        let imports = bytes.windows(12).rposition(|window| window.eq_ignore_ascii_case(b"kernel32.dll")).unwrap_or(0);
        for (place, value, length, part) in edits {
            // The headers, the neighbourhood of the import tables, or anywhere.
            let (from, to) = match part {
                0 => (0, 0x400),
                1 => (imports.saturating_sub(0x800), imports + 0x200),
                _ => (0, bytes.len()),
            };
            let to = to.min(bytes.len());
            let at = from + place.index(to - from);
            overwrite(&mut bytes, at, &value[..length]);
        }
        read(&bytes);
    }

    #[test]
    fn extreme_words_in_headers_never_panic(
        which in 0usize..3,
        place in 0usize..0x100,
        word in prop::sample::select(&EXTREME_WORDS[..]),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        let at = place * 4;
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        read(&bytes);
    }
}
