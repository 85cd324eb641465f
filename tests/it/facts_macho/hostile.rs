//! Are damaged files refused, whatever is damaged: never a panic, never a long wait?

use proptest::prelude::*;

use super::handmade::Builder;
use super::{seeds, slices_of, universal};
use crate::support::damage::{EXTREME_WORDS, lie_is_named, overwrite, read_soon};

fn read(bytes: &[u8]) {
    read_soon(|| slices_of(bytes));
}

#[test]
fn a_truncated_program_is_never_a_program() {
    for seed in seeds() {
        for end in (0..seed.len()).step_by(seed.len() / 61) {
            assert!(slices_of(&seed[..end]).is_err(), "cut at {end} of {}", seed.len());
        }
    }
}

#[test]
fn load_commands_that_lie_are_named_with_their_offset() {
    let good =
        Builder::new(0x0100_0007, 2).command(0x1b, &[1, 2, 3, 4], "").command(0xe, &[12], "/usr/lib/dyld").build();
    assert!(slices_of(&good).is_ok());
    let lies: [(usize, u32, &str); 7] = [
        (16, u32::MAX, "load command 2 at offset 0x58: 4294967295 commands do not fit in sizeofcmds"),
        (20, u32::MAX, "sizeofcmds at offset 0x14: 4294967295 bytes of load commands"),
        (20, 0x1000, "load commands at offset 0x20: 4096 bytes wanted"),
        (36, 0, "load command 0 at offset 0x20: cmdsize is 0"),
        (36, 9999, "load command 0 at offset 0x20: cmdsize 9999 goes past sizeofcmds"),
        (36, 8, "load command 0 at offset 0x20: LC_UUID is shorter than its fields"),
        (60, 9999, "load command 1 at offset 0x38: cmdsize 9999"),
    ];
    for (at, value, expected) in lies {
        lie_is_named(&good, (at, &value.to_le_bytes(), expected), slices_of);
    }
}

#[test]
fn segments_that_claim_gigabytes_are_refused() {
    // LC_SEGMENT_64 with a name, addresses, a file range of 4 GiB and no sections; then one with 2^32 - 1 sections.
    let name = [0x4554_5f5f, 0x5458, 0, 0];
    let segment = |file_size: u32, sections: u32| {
        let fields = [0, 0, 0, 1, 0, 0, file_size, 0, 5, 5, sections, 0];
        Builder::new(0x0100_0007, 2).command(0x19, &[&name[..], &fields].concat(), "").build()
    };
    assert!(slices_of(&segment(16, 0)).is_ok());
    let error = slices_of(&segment(u32::MAX, 0)).expect_err("four gigabytes").to_string();
    assert!(error.contains("4294967295 bytes wanted"), "{error}");
    let error = slices_of(&segment(16, u32::MAX)).expect_err("four billion sections").to_string();
    assert!(error.contains("LC_SEGMENT_64 is shorter than its fields"), "{error}");
}

#[test]
fn hundreds_of_thousands_of_commands_are_refused_at_once() {
    let mut builder = Builder::new(0x0100_0007, 2);
    for _ in 0..100_000 {
        builder = builder.command(0x1b, &[1, 2, 3, 4], "");
    }
    let file = builder.build();
    read(&file);
    assert!(slices_of(&file).expect_err("too many commands").to_string().contains("bytes of load commands"));
}

#[test]
fn damage_to_one_slice_does_not_hide_behind_another() {
    let [amd64, arm64] = seeds() else { return };
    let mut damaged = arm64.clone();
    damaged[36..40].fill(0);
    assert!(slices_of(&universal(&[(0x0100_0007, amd64), (0x0100_000c, &damaged)], false)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mutated_files_never_panic(
        which in 0usize..2,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 4]>(), 1usize..=4, 0u8..3), 1..12),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        for (place, value, length, part) in edits {
            // The load commands, the symbols and signature at the end, or anywhere.
            let (from, to) = match part {
                0 => (0, 0xa00),
                1 => (bytes.len() - 0x8000, bytes.len()),
                _ => (0, bytes.len()),
            };
            let at = from + place.index(to - from);
            overwrite(&mut bytes, at, &value[..length]);
        }
        read(&bytes);
    }

    #[test]
    fn extreme_words_in_headers_never_panic(
        which in 0usize..2,
        place in 0usize..0x280,
        word in prop::sample::select(&EXTREME_WORDS[..]),
        wide in any::<bool>(),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        for half in 0..if wide { 2 } else { 1 } {
            let at = (place + half) * 4;
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        read(&bytes);
    }

    #[test]
    fn extreme_words_in_signatures_never_panic(
        place in any::<prop::sample::Index>(),
        word in prop::sample::select(&EXTREME_WORDS[..]),
    ) {
        let Some(seed) = seeds().get(1) else { return Ok(()) };
        let mut bytes = seed.clone();
        let magic = 0xfade_0cc0_u32.to_be_bytes();
        let start = bytes.windows(4).rposition(|window| window == magic).expect("a signature");
        let at = start + place.index(40) * 4;
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
        read(&bytes);
    }
}
