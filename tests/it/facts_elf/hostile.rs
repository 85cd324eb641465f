//! Are damaged files refused, whatever is damaged: never a panic, never a long wait?

use std::sync::OnceLock;

use proptest::prelude::*;
use seaworthy::facts::elf::exports;
use seaworthy::facts::{Source, SymbolNames, Wanted, read_source};

use super::{HELLO, facts_of};
use crate::support::damage::{lie_is_named, overwrite, read_soon};
use crate::support::{Scratch, have};

/// Real files: a program and a library with versions of its own, symbols and section headers; none without gcc.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        if !have(&["gcc"]) {
            return Vec::new();
        }
        let scratch = Scratch::empty();
        scratch.write("map", "ONE { global: main; };\n");
        let links = [
            "-g",
            "-shared -fPIC -Wl,--version-script=map",
            "-no-pie -Wl,--hash-style=sysv",
            "-m32 -nostdlib -shared -fPIC",
        ];
        let built = links.iter().enumerate().filter_map(|(number, link)| {
            let name = format!("out{number}");
            scratch.write("main.c", if link.contains("-m32") { "int main(void) { return 0; }" } else { HELLO });
            let run = scratch.program("gcc").args(["main.c", "-o", &name]).args(link.split(' ')).run();
            // Not every gcc compiles for 32 bits.
            (run.code() == Some(0)).then(|| std::fs::read(scratch.join(&name)).expect("what was just compiled"))
        });
        built.collect()
    })
}

/// Reads every fact.
fn read(bytes: &[u8]) {
    read_soon(|| {
        let without_symbols = Wanted { names: SymbolNames::Where(|_| false), strings: true, ..Wanted::default() };
        let _ = read_source(&Source::from_bytes(bytes), without_symbols);
        let _ = exports(&Source::from_bytes(bytes));
        facts_of(bytes)
    });
}

#[test]
fn a_truncated_program_is_never_a_program() {
    requires!("gcc");
    for seed in seeds() {
        for end in (0..seed.len()).step_by(97) {
            assert!(facts_of(&seed[..end]).is_err(), "cut at {end} of {}", seed.len());
        }
        assert!(facts_of(seed).is_ok());
    }
}

#[test]
fn counts_and_offsets_that_lie() {
    requires!("gcc");
    let Some(seed) = seeds().first() else { return };
    let lies: [(usize, &[u8], &str); 6] = [
        (0x20, &[0xff; 8], "program headers (e_phoff) at offset 0xffffffffffffffff"),
        (0x28, &[0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0], "section headers (e_shoff) at offset 0x7fffffff"),
        (0x36, &[1, 0], "e_phentsize is 1, not 56"),
        (0x3a, &[9, 0], "e_shentsize is 9, not 64"),
        (0x04, &[7], "EI_CLASS at offset 0x4: 7 is no class"),
        (0x10, &[0x34, 0x12], "e_type at offset 0x10: 0x1234 is no type of linked file"),
    ];
    for lie in lies {
        lie_is_named(seed, lie, facts_of);
    }
}

#[test]
fn millions_of_sections_are_refused_before_they_are_read() {
    requires!("gcc");
    let Some(seed) = seeds().first() else { return };
    let mut damaged = seed.clone();
    let sections = u64::from_le_bytes(damaged[0x28..0x30].try_into().expect("eight bytes")) as usize;
    // e_shnum 0: the number stands in sh_size of section 0.
    damaged[0x3c..0x3e].fill(0);
    damaged[sections + 0x20..sections + 0x28].copy_from_slice(&5_000_000u64.to_le_bytes());
    let error = facts_of(&damaged).expect_err("five million sections").to_string();
    assert!(error.contains("5000000 sections are more than any linker writes"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_headers_and_tables_never_panic(
        which in 0usize..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 4]>(), 1usize..=4, any::<bool>()), 1..12),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        for (place, value, length, in_headers) in edits {
            // Headers and dynamic tables lie at the start; section headers at the end.
            let range = if in_headers { bytes.len().min(0x1000) } else { bytes.len() };
            let at = place.index(range);
            overwrite(&mut bytes, at, &value[..length]);
        }
        read(&bytes);
    }

    #[test]
    fn extreme_words_never_panic(
        which in 0usize..4,
        place in any::<prop::sample::Index>(),
        word in prop::sample::select(vec![0u64, 1, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX, u64::MAX - 7]),
        narrow in any::<bool>(),
    ) {
        let Some(seed) = seeds().get(which) else { return Ok(()) };
        let mut bytes = seed.clone();
        let length = if narrow { 4 } else { 8 };
        let at = place.index((bytes.len().min(0x4000) - length) / 4) * 4;
        bytes[at..at + length].copy_from_slice(&word.to_le_bytes()[..length]);
        read(&bytes);
    }
}
