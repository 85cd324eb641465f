//! Files made from constants, the same on every machine: what the benches read.

#[path = "../fuzz/src/bytes.rs"]
mod bytes;

use std::fmt::Write as _;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// A library with what is wanted of it: names of symbols with the index of their version in the second part.
type Wanted<'a> = (&'a str, &'a [&'a str]);

/// What a Rust program for glibc asks for.
const LIBC: Wanted<'_> = ("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.3.4", "GLIBC_2.14", "GLIBC_2.17"]);
const LIBM: Wanted<'_> = ("libm.so.6", &["GLIBC_2.2.5"]);
const LIBGCC: Wanted<'_> = ("libgcc_s.so.1", &["GCC_3.0", "GCC_3.3"]);

/// Symbols of such a program, each with its version's place in the lists above, counted from 2 as in the file.
const SYMBOLS: &[(&str, u16)] = &[
    ("__libc_start_main", 2),
    ("abort", 2),
    ("bcmp", 2),
    ("calloc", 2),
    ("close", 2),
    ("dl_iterate_phdr", 2),
    ("environ", 2),
    ("free", 2),
    ("getcwd", 2),
    ("getenv", 2),
    ("lseek64", 2),
    ("malloc", 2),
    ("memmove", 2),
    ("memset", 2),
    ("mmap64", 2),
    ("munmap", 2),
    ("open64", 2),
    ("poll", 2),
    ("read", 2),
    ("realloc", 2),
    ("sigaction", 2),
    ("strlen", 2),
    ("write", 2),
    ("writev", 2),
    ("__snprintf_chk", 3),
    ("memcpy", 4),
    ("clock_gettime", 5),
    ("floor", 6),
    ("pow", 6),
    ("_Unwind_GetIP", 7),
    ("_Unwind_Resume", 7),
    ("_Unwind_Backtrace", 8),
];

/// Names, each ended by NUL.
struct Strings(Vec<u8>);

impl Strings {
    fn new() -> Self {
        Strings(vec![0])
    }

    fn add(&mut self, name: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(name.as_bytes());
        self.0.push(0);
        at
    }
}

/// A section, as far as what follows sets it.
struct Section {
    name: &'static str,
    kind: u32,
    link: u32,
    info: u32,
    entry: u64,
    content: Vec<u8>,
}

/// A position-independent program for x86-64 and glibc that asks for the symbols of a Rust program, and for so many more.
pub(crate) fn dynamic_program(more: usize) -> Vec<u8> {
    let mut strings = Strings::new();
    let needs = version_needs(&mut strings);
    let (mut symbols, mut versions) = (Bytes::default(), Bytes::default());
    symbols.raw(&[0; 24]);
    versions.u16(0);
    let further = (0..more).map(|i| (format!("__imported_symbol_{i}"), 2));
    for (name, version) in SYMBOLS.iter().map(|&(name, version)| (name.to_owned(), version)).chain(further) {
        // STB_GLOBAL and STT_FUNC, undefined.
        symbols.u32(strings.add(&name)).raw(&[0x12, 0]).u16(0).u64(0).u64(0);
        versions.u16(version);
    }
    let sonames: Vec<u32> = [LIBC, LIBM, LIBGCC].iter().map(|(soname, _)| strings.add(soname)).collect();
    let section = |name, kind, link, info, entry, content| Section { name, kind, link, info, entry, content };
    let mut sections = vec![
        section(".interp", 1, 0, 0, 0, b"/lib64/ld-linux-x86-64.so.2\0".to_vec()),
        section(".dynsym", 11, 3, 1, 24, symbols.0),
        section(".dynstr", 3, 0, 0, 0, strings.0),
        section(".gnu.version", 0x6fff_ffff, 2, 0, 2, versions.0),
        section(".gnu.version_r", 0x6fff_fffe, 3, 3, 0, needs),
        section(".text", 1, 0, 0, 0, vec![0x90; 256]),
        section(".dynamic", 6, 3, 0, 16, vec![0; 16 * (sonames.len() + 8)]),
    ];
    let places = places(&sections);
    let dynamic = dynamic(&sonames, &sections, &places);
    sections[6].content = dynamic;
    elf(3, &sections, &places)
}

/// `.gnu.version_r`.
fn version_needs(strings: &mut Strings) -> Vec<u8> {
    let mut out = Bytes::default();
    let mut index = 2;
    for (number, (soname, versions)) in [LIBC, LIBM, LIBGCC].iter().enumerate() {
        let next = if number == 2 { 0 } else { 16 * (versions.len() as u32 + 1) };
        out.u16(1).u16(versions.len() as u16).u32(strings.add(soname)).u32(16).u32(next);
        for (at, version) in versions.iter().enumerate() {
            let next = if at + 1 == versions.len() { 0 } else { 16 };
            out.u32(elf_hash(version)).u16(0).u16(index).u32(strings.add(version)).u32(next);
            index += 1;
        }
    }
    out.0
}

/// The hash of the System V ABI.
fn elf_hash(name: &str) -> u32 {
    name.bytes().fold(0, |hash, byte| {
        let hash = (hash << 4) + u32::from(byte);
        (hash ^ ((hash & 0xf000_0000) >> 24)) & 0x0fff_ffff
    })
}

/// How many program headers there are.
const HEADERS: usize = 6;

/// Offset of each section, which is its address too, after the header and the program headers.
fn places(sections: &[Section]) -> Vec<u64> {
    let mut at = 64 + 56 * HEADERS as u64;
    let place = |section: &Section| {
        let start = at.next_multiple_of(16);
        at = start + section.content.len() as u64;
        start
    };
    sections.iter().map(place).collect()
}

fn dynamic(sonames: &[u32], sections: &[Section], places: &[u64]) -> Vec<u8> {
    let mut out = Bytes::default();
    for &soname in sonames {
        out.u64(1).u64(soname.into());
    }
    // DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_VERSYM, DT_VERNEED, DT_VERNEEDNUM, and the end.
    out.u64(5).u64(places[2]).u64(6).u64(places[1]).u64(10).u64(sections[2].content.len() as u64).u64(11).u64(24);
    out.u64(0x6fff_fff0).u64(places[3]).u64(0x6fff_fffe).u64(places[4]).u64(0x6fff_ffff).u64(3).u64(0).u64(0);
    out.0
}

/// The whole file: program headers for all of it, for `.interp` and `.dynamic` if they are there, and section headers.
fn elf(kind: u16, sections: &[Section], places: &[u64]) -> Vec<u8> {
    let mut names = Strings::new();
    let named: Vec<u32> = sections.iter().map(|section| names.add(section.name)).collect();
    let own_name = names.add(".shstrtab");
    let end = places.last().zip(sections.last()).map_or(0, |(at, last)| at + last.content.len() as u64);
    let table = (end + names.0.len() as u64).next_multiple_of(8);
    let mut file = Bytes::default();
    file.raw(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0").u16(kind).u16(62).u32(1);
    file.u64(places[0]).u64(64).u64(table).u32(0).u16(64).u16(56).u16(HEADERS as u16).u16(64);
    file.u16(sections.len() as u16 + 2).u16(sections.len() as u16 + 1);
    let mut segment = |kind: u32, flags: u32, at: u64, size: u64, align: u64| {
        file.u32(kind).u32(flags).u64(at).u64(at).u64(at).u64(size).u64(size).u64(align);
    };
    let range = |name: &str| {
        let found = sections.iter().position(|section| section.name == name);
        found.map(|at| (places[at], sections[at].content.len() as u64))
    };
    // A program that asks for a loader tells it where it lies; PT_NULL otherwise.
    match range(".interp") {
        Some(_) => segment(6, 4, 64, 56 * HEADERS as u64, 8),
        None => segment(0, 0, 0, 0, 0),
    }
    segment(1, 5, 0, end, 0x1000);
    for (kind, name) in [(3, ".interp"), (2, ".dynamic")] {
        match range(name) {
            Some((at, size)) => segment(kind, 4, at, size, 8),
            None => segment(0, 0, 0, 0, 0),
        }
    }
    segment(0x6474_e551, 6, 0, 0, 16);
    segment(0x6474_e552, 4, end, 0, 1);
    for (section, &at) in sections.iter().zip(places) {
        file.0.resize(at as usize, 0);
        file.raw(&section.content);
    }
    file.raw(&names.0);
    file.0.resize(table as usize, 0);
    file.raw(&[0; 64]);
    let mut header = |name: u32, kind: u32, at: u64, size: u64, link: u32, info: u32, entry: u64| {
        file.u32(name).u32(kind).u64(2).u64(at).u64(at).u64(size).u32(link).u32(info).u64(8).u64(entry);
    };
    for ((section, &name), &at) in sections.iter().zip(&named).zip(places) {
        let size = section.content.len() as u64;
        header(name, section.kind, at, size, section.link, section.info, section.entry);
    }
    header(own_name, 3, end, names.0.len() as u64, 0, 0, 0);
    file.0
}

/// A static program with so many bytes of constants, in which musl's strings stand near the end. Its start-up code is none
/// that is known, so the strings have to tell.
pub(crate) fn static_program(constants: usize) -> Vec<u8> {
    let mut text = prose(constants);
    text.extend(b"\0No error information\0Illegal byte sequence\0Domain error\0-+   0X0x\0Name does not resolve\0");
    let section = |name, content| Section { name, kind: 1, link: 0, info: 0, entry: 0, content };
    let sections = [section(".text", vec![0x90; 256]), section(".rodata", text)];
    let places = places(&sections);
    elf(2, &sections, &places)
}

/// Words in an order that never repeats for long: what constants of real programs look like to a search.
pub(crate) fn prose(length: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "invalid argument",
        "glibc",
        "No such file",
        "%s: %d",
        "/usr/lib/",
        "index out of bounds",
        "utf-8",
        "\0",
        "Name ",
        "src/main.rs",
        "libnot_",
        "assertion failed",
        "-+  ",
        "0123456789abcdef",
        "\n",
        "GCONV",
    ];
    let mut out = Vec::with_capacity(length + 32);
    let mut state = 1_u32;
    while out.len() < length {
        // Numerical Recipes' generator: any will do, as long as it is the same everywhere.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        out.extend(WORDS[(state >> 28) as usize].as_bytes());
    }
    out.truncate(length);
    out
}

/// A static Go program with its build information, of so many modules.
pub(crate) fn go_program(modules: usize) -> Vec<u8> {
    let mut text = String::from("path\texample.org/program\nmod\texample.org/program\t(devel)\t\n");
    for i in 0..modules {
        _ = writeln!(text, "dep\texample.org/module{i}\tv1.{i}.0\th1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
    text.push_str("build\t-compiler=gc\nbuild\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\n");
    let guarded = [&[b'0'; 16][..], text.as_bytes(), &[b'1'; 16]].concat();
    let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
    info.extend([0; 16]);
    info.push(6);
    info.extend(b"go1.27");
    let mut length = guarded.len();
    while length >= 0x80 {
        info.push(length as u8 | 0x80);
        length >>= 7;
    }
    info.push(length as u8);
    info.extend(guarded);
    let section = |name, content| Section { name, kind: 1, link: 0, info: 0, entry: 0, content };
    let sections = [section(".text", vec![0x90; 256]), section(".go.buildinfo", info)];
    elf(2, &sections, &places(&sections))
}

/// A signed Mach-O program for arm64 with so many bytes of code, a multiple of a page, each page with its right hash.
pub(crate) fn mach_o(code: usize) -> Vec<u8> {
    const PAGE: usize = 4096;
    let pages = code / PAGE;
    let directory = 44 + 8 + 32 * pages;
    let size = 20 + directory;
    let mut file = Bytes::default();
    // magic, cputype, cpusubtype, MH_EXECUTE, ncmds, sizeofcmds, flags, reserved.
    file.u32(0xfeed_facf).u32(0x0100_000c).u32(0).u32(2).u32(3).u32(2 * 72 + 16).u32(0x0020_0085).u32(0);
    let mut segment = |name: &[u8; 16], address: usize, from: usize, size: usize, protection: u32| {
        file.u32(0x19).u32(72).raw(name).u64(address as u64).u64(size.next_multiple_of(0x4000) as u64);
        file.u64(from as u64).u64(size as u64).u32(protection).u32(protection).u32(0).u32(0);
    };
    segment(b"__TEXT\0\0\0\0\0\0\0\0\0\0", 0x1_0000_0000, 0, code, 5);
    segment(b"__LINKEDIT\0\0\0\0\0\0", 0x1_0000_0000 + code.next_multiple_of(0x4000), code, size, 1);
    file.u32(0x1d).u32(16).u32(code as u32).u32(size as u32);
    let head = file.0.len();
    file.raw(&prose(code - head));
    let hashes: Vec<u8> = file.0.chunks(PAGE).flat_map(Sha256::digest).collect();
    // A SuperBlob of one blob, a CodeDirectory of version 0x20100: ad hoc, SHA-256, pages of 2^12 bytes.
    let words = [0xfade_0cc0, size as u32, 1, 0, 20, 0xfade_0c02, directory as u32, 0x2_0100, 2, 52, 44, 0];
    file.raw(&words.map(u32::to_be_bytes).concat());
    file.raw(&[pages as u32, code as u32].map(u32::to_be_bytes).concat());
    file.raw(&[32, 2, 0, 12]).raw(&[0; 8]).raw(b"program\0").raw(&hashes);
    file.0
}

/// cargo's messages about so many libraries and one program.
pub(crate) fn cargo_messages(libraries: usize) -> Vec<u8> {
    let mut out = String::new();
    let mut message = |name: &str, kind: &str, executable: &str| {
        _ = writeln!(
            out,
            concat!(
                r#"{{"reason":"compiler-artifact","package_id":"registry+https://example.org/index#{name}@1.0.0","#,
                r#""manifest_path":"/registry/{name}-1.0.0/Cargo.toml","target":{{"kind":["{kind}"],"crate_types":["{kind}"],"#,
                r#""name":"{name}","src_path":"/registry/{name}-1.0.0/src/lib.rs","edition":"2021","doc":true,"doctest":true,"#,
                r#""test":true}},"profile":{{"opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"#,
                r#""test":false}},"features":["default","std"],"filenames":["/target/debug/deps/lib{name}.rlib"],"#,
                r#""executable":{executable},"fresh":true}}"#
            ),
            name = name,
            kind = kind,
            executable = executable
        );
    };
    for i in 0..libraries {
        message(&format!("library{i}"), "lib", "null");
    }
    message("program", "bin", r#""/target/debug/program""#);
    out.push_str("{\"reason\":\"build-finished\",\"success\":true}\n");
    out.into_bytes()
}
