//! Are Mach-O files, made by Go's linker and by hand, read as what they are?

mod handmade; // … of processors and forms no tool here writes?
mod hostile; // … and damaged ones refused, whatever is damaged?
mod hosts; // Which Macs run them?
mod signing; // Are signatures verified, and broken ones found out?

use std::path::PathBuf;

use seaworthy::facts::macho::MachOFacts;
use seaworthy::facts::macho::code_signature::SignatureKind;
use seaworthy::facts::{Details, Facts, Kind, Linkage, Os, Source, Unreadable, Wanted, read_source};

use crate::support::{Scratch, have};

fn slices_of(bytes: &[u8]) -> Result<Vec<Facts>, Unreadable> {
    read_source(&Source::from_bytes(bytes), Wanted::ALL).map(|file| file.slices)
}

fn facts_of(bytes: &[u8]) -> Result<Facts, Unreadable> {
    slices_of(bytes).map(|mut slices| slices.remove(0))
}

fn macho(facts: &Facts) -> &MachOFacts {
    match &facts.details {
        Details::MachO(macho) => macho,
        other => panic!("not Mach-O: {other:?}"),
    }
}

fn go(scratch: &Scratch, arch: &str) -> PathBuf {
    scratch.write("go.mod", "module example.com/hello\n\ngo 1.20\n");
    scratch.write("main.go", "package main\n\nfunc main() { println(\"hi\") }\n");
    let run = scratch.program("go").args(["build", "-o", arch, "."]);
    run.env("GOOS", "darwin").env("GOARCH", arch).env("CGO_ENABLED", "0").run().expect_code(0);
    scratch.join(arch)
}

/// Programs by Go's linker for amd64 (not signed) and arm64 (signed by the linker); none without go.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        if !have(&["go"]) {
            return Vec::new();
        }
        let scratch = Scratch::empty();
        ["amd64", "arm64"].iter().map(|arch| std::fs::read(go(&scratch, arch)).expect("a program")).collect()
    })
}

/// A universal file of the slices, each at a multiple of 16 KiB; 64-bit form on request.
pub(crate) fn universal(slices: &[(u32, &[u8])], wide: bool) -> Vec<u8> {
    let magic: u32 = if wide { 0xcafe_babf } else { 0xcafe_babe };
    let mut header = [magic, slices.len() as u32].map(u32::to_be_bytes).concat();
    let mut body: Vec<u8> = vec![0; 0x4000];
    for (cpu, slice) in slices {
        body.resize(body.len().next_multiple_of(0x4000), 0);
        let (offset, size) = (body.len() as u64, slice.len() as u64);
        header.extend([*cpu, 0].map(u32::to_be_bytes).concat());
        if wide {
            header.extend([offset, size].map(u64::to_be_bytes).concat());
            header.extend([14u32, 0].map(u32::to_be_bytes).concat());
        } else {
            header.extend([offset as u32, size as u32, 14].map(u32::to_be_bytes).concat());
        }
        body.extend_from_slice(slice);
    }
    body[..header.len()].copy_from_slice(&header);
    body
}

#[test]
fn go_programs_are_read_on_both_architectures() {
    requires!("go");
    for (seed, (go_arch, arch, kind)) in
        seeds().iter().zip([("amd64", "x86_64", SignatureKind::None), ("arm64", "aarch64", SignatureKind::LinkerAdhoc)])
    {
        let found = facts_of(seed).expect("a program of Go");
        assert_eq!((&*found.arch, found.bits, found.os), (arch, 64, Os::MacOs));
        assert_eq!((found.kind, found.linkage), (Kind::Execute, Linkage::Dynamic));
        assert_eq!(found.go.as_ref().and_then(|build| build.setting("GOARCH")), Some(go_arch));
        let macho = macho(&found);
        assert!(macho.dylibs.iter().any(|dylib| dylib.name == "/usr/lib/libSystem.B.dylib" && dylib.kind == "load"));
        assert_eq!((macho.dylinker.as_deref(), macho.signature_kind), (Some("/usr/lib/dyld"), kind));
        assert!(macho.min_os.is_some() && macho.sdk.is_some() && macho.header_padding.is_some());
        let system = macho.imports.iter().find(|library| library.library == "/usr/lib/libSystem.B.dylib");
        assert!(system.is_some_and(|library| library.symbols.iter().any(|symbol| symbol.name == "_write")));
    }
}

#[test]
fn every_slice_of_a_universal_file_is_read() {
    requires!("go");
    let [amd64, arm64] = seeds() else { panic!("two programs") };
    for wide in [false, true] {
        let file = universal(&[(0x0100_0007, amd64), (0x0100_000c, arm64)], wide);
        let slices = slices_of(&file).expect("a universal file");
        assert_eq!(slices.iter().map(|slice| &*slice.arch).collect::<Vec<_>>(), ["x86_64", "aarch64"]);
        let signature = macho(&slices[1]).code_signature.as_ref().expect("the slice's own signature");
        assert_eq!(signature.problems, Vec::<String>::new());
        let place = macho(&slices[1]).universal.expect("its place");
        assert_eq!((place.size, place.offset % 0x4000, place.align), (arm64.len() as u64, 0, 14));
        assert_eq!(slices[0].go, facts_of(amd64).expect("the thin file").go);
    }
}

#[test]
fn universal_files_whose_slices_lie_are_refused() {
    requires!("go");
    let [amd64, _] = seeds() else { panic!("two programs") };
    let good = universal(&[(0x0100_0007, amd64), (0x0100_000c, amd64)], false);
    let lies: [(usize, u32, &str); 6] = [
        (4, 0, "a universal file without slices"),
        (0, 0xcafe_babf, "does not lie in the file"),
        (16, 0, "overlaps the header"),
        (36, 0x4000, "two slices overlap"),
        (40, u32::MAX, "does not lie in the file"),
        (16, 0x4010, "not a Mach-O slice"),
    ];
    for (at, value, expected) in lies {
        let mut damaged = good.clone();
        damaged[at..at + 4].copy_from_slice(&value.to_be_bytes());
        // The second slice must not stand in the way of what is meant.
        if at == 16 && value == 0x4010 {
            damaged[20..24].copy_from_slice(&0x100u32.to_be_bytes());
        }
        let error = slices_of(&damaged).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    let archive =
        universal(&[(0x0100_0007, b"!<arch>\nfoo.o/          0           0     0     644     4         `\n")], false);
    let error = slices_of(&archive).expect_err("a static library").to_string();
    assert_eq!(error, "not a linked binary: static library (archive)");
}
