//! Is the C library inside a static program named, stripped or not?

use std::path::Path;

use seaworthy::facts::libc::{Certainty, Libc, LibcFamily, RuntimePart};
use seaworthy::facts::{Source, Wanted, read_file, read_source};

use super::{HELLO, compile, elf, facts, facts_of, only, without_section_headers};
use crate::support::Scratch;

const LOOKUP: &str = "#include <netdb.h>\nint main(int c, char **v) { struct addrinfo *r; return getaddrinfo(v[c - 1], \
    \"80\", 0, &r); }\n";
const ICONV: &str = "#include <iconv.h>\nint main(int c, char **v) { iconv_t t = iconv_open(v[0], v[1]); char *p = v[0], \
    b[9], *q = b; size_t n = 3, m = 9; iconv(t, &p, &n, &q, &m); return b[0] + iconv_close(t); }\n";
const DLOPEN: &str =
    "#include <dlfcn.h>\nint main(int c, char **v) { return dlsym(dlopen(v[c - 1], RTLD_NOW), \"x\") != 0; }\n";
const THREADS: &str = "#include <pthread.h>\n#include <stdio.h>\n#include <wchar.h>\n#include <locale.h>\n\
    static void *f(void *a) { wprintf(L\"%d\", 3); return a; }\n\
    int main(void) { pthread_t t; setlocale(LC_ALL, \"\"); pthread_create(&t, 0, f, 0); return pthread_join(t, 0); }\n";

/// Stripped of symbols, and of section headers as well.
fn bare(scratch: &Scratch, path: &Path) -> Vec<u8> {
    let stripped = scratch.join("stripped");
    scratch.program("strip").arg("-s").arg("-o").arg(&stripped).arg(path).run().expect_code(0);
    without_section_headers(&stripped)
}

fn parts(libc: &Libc) -> Vec<&'static str> {
    let name = |part: &RuntimePart| match part {
        RuntimePart::Nss { .. } => "nss",
        RuntimePart::Iconv { .. } => "iconv",
        RuntimePart::Dlopen { .. } => "dlopen",
    };
    libc.runtime_parts.iter().map(name).collect()
}

/// The program as it is, and bare.
fn both(scratch: &Scratch, path: &Path) -> [Libc; 2] {
    let whole = facts(path).libc;
    // What a check asks for is told without a look at all constants, where the linker says where to look.
    let quick = read_file(path, Wanted { strings: true, ..Wanted::default() }).map(only).expect("still a program").libc;
    let modules = |libc: &Libc| libc.runtime_parts.iter().find(|part| matches!(part, RuntimePart::Nss { .. })).cloned();
    assert_eq!(modules(&quick), modules(&whole));
    assert_eq!(parts(&quick).contains(&"iconv"), parts(&whole).contains(&"iconv"));
    [whole, facts_of(&bare(scratch, path)).expect("still a program").libc]
}

#[test]
fn a_static_glibc_is_certain_and_its_runtime_parts_are_found() {
    requires!("gcc", "strip");
    let scratch = Scratch::empty();
    let cases: [(&str, &[&str]); 5] =
        [(HELLO, &[]), (THREADS, &[]), (LOOKUP, &["nss"]), (ICONV, &["iconv"]), (DLOPEN, &["dlopen"])];
    for (source, expected) in cases {
        for link in ["-O2 -static", "-O1 -static-pie -fPIE"] {
            let program = compile(&scratch, "gcc", source, link, "out");
            for libc in both(&scratch, &program) {
                assert_eq!((libc.family, libc.certainty), (LibcFamily::Glibc, Certainty::Certain), "{source}");
                assert_eq!(parts(&libc), expected, "{link}: {source}\n{:?}", libc.runtime_parts);
                assert!(libc.version.is_some() && !libc.evidence.is_empty());
            }
        }
    }
}

#[test]
fn the_version_range_holds_the_version() {
    requires!("gcc", "ldd");
    let scratch = Scratch::empty();
    let banner = scratch.program("ldd").arg("--version").run().expect_code(0);
    let minor =
        |text: &str| text.trim().trim_end_matches('.').rsplit('.').next().and_then(|text| text.parse::<u32>().ok());
    let here =
        banner.stdout().lines().next().and_then(|line| line.rsplit(' ').next().and_then(minor)).expect("a version");
    let found = facts(&compile(&scratch, "gcc", HELLO, "-static", "out")).libc.version.expect("tunables date it");
    let ends: Vec<u32> =
        found.split(" to ").filter_map(|end| minor(end.trim_start_matches([' ', '<', '>', '=']))).collect();
    let holds = match ends[..] {
        [low, high] => (low..=high).contains(&here),
        [one] if found.starts_with('>') => one <= here,
        [one] => one == here,
        _ => false,
    };
    assert!(holds, "glibc here is 2.{here}, found {found}");
}

#[test]
fn a_static_musl_is_certain_whatever_it_embeds() {
    requires!("gcc", "musl-gcc", "strip");
    let scratch = Scratch::empty();
    compile(&scratch, "gcc", LOOKUP, "-static", "other");
    let carrier = "__asm__(\".section .rodata\\n.incbin \\\"other\\\"\\n.text\");\nint main(void) { return 0; }\n";
    for source in [HELLO, carrier] {
        let program = compile(&scratch, "musl-gcc", source, "-static", "out");
        for libc in both(&scratch, &program) {
            assert_eq!((libc.family, libc.certainty), (LibcFamily::Musl, Certainty::Certain));
            assert!(libc.linked_in && libc.runtime_parts.is_empty());
        }
    }
}

#[test]
fn a_static_glibc_program_does_not_answer_for_one_it_embeds() {
    requires!("gcc", "strip");
    let scratch = Scratch::empty();
    compile(&scratch, "gcc", LOOKUP, "-static", "other");
    let carrier = "__asm__(\".section .rodata\\n.incbin \\\"other\\\"\\n.text\");\nint main(void) { return 0; }\n";
    let program = compile(&scratch, "gcc", carrier, "-static", "out");
    for libc in both(&scratch, &program) {
        assert_eq!(libc.family, LibcFamily::Glibc);
        assert!(parts(&libc).is_empty(), "{:?}", libc.runtime_parts);
    }
}

/// Section headers are for tools; what they say of a place outside the file is no reason to know less.
#[test]
fn a_section_header_that_lies_does_not_hide_the_resolver() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let path = compile(&scratch, "gcc", LOOKUP, "-static", "out");
    let mut program = std::fs::read(&path).expect("what was just compiled");
    let field = |bytes: &[u8], at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    };
    let (headers, count, names) = (field(&program, 0x28, 8), field(&program, 0x3c, 2), field(&program, 0x3e, 2));
    let names = field(&program, headers + names * 64 + 0x18, 8);
    let is_rodata = |&header: &usize| program[names + field(&program, header, 4)..].starts_with(b".rodata\0");
    let rodata = (0..count).map(|section| headers + section * 64).find(is_rodata).expect("gcc makes one");
    program[rodata + 0x18..rodata + 0x20].copy_from_slice(&(u64::MAX / 2).to_le_bytes());
    let wanted = Wanted { strings: true, ..Wanted::default() };
    let libc = read_source(&Source::from_bytes(&program), wanted).map(only).expect("still a program").libc;
    assert_eq!(parts(&libc), ["nss"], "{:?}", libc.runtime_parts);
}

#[test]
fn a_go_program_has_no_libc_and_says_how_it_was_built() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    compile(&scratch, "gcc", LOOKUP, "-static", "other");
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    let main = "package main\n\nimport _ \"embed\"\n\n//go:embed other\nvar other []byte\n\nfunc main() { println(len(other)) }\n";
    scratch.write("main.go", main);
    let build = scratch.program("go").args(["build", "-trimpath", "-ldflags=-s -w -X 'main.a=b c'", "-o", "out", "."]);
    build.env("CGO_ENABLED", "0").run().expect_code(0);
    let version = scratch.program("go").args(["version", "-m", "out"]).run().expect_code(0);
    let whole = std::fs::read(scratch.join("out")).expect("what was just built");
    for (name, bytes) in [("whole", whole.clone()), ("bare", without_section_headers(&scratch.join("out")))] {
        let found = facts_of(&bytes).expect("a program");
        assert_eq!((found.libc.family, found.libc.certainty), (LibcFamily::None, Certainty::Certain), "{name}");
        let go = found.go.expect("Go made it");
        assert!(
            version.stdout().starts_with(&format!("out: {}\n", go.version.as_deref().unwrap_or_default())),
            "{name}"
        );
        assert_eq!(go.setting("CGO_ENABLED"), Some("0"));
        assert_eq!(go.setting("-trimpath"), Some("true"));
        assert_eq!(go.path.as_deref(), Some("example.com/hi"));
        let printed = version.stdout().lines().filter(|line| line.trim_start().starts_with("build\t")).count();
        assert_eq!(go.settings.len(), printed, "{name}: {:?}", go.settings);
        assert!(elf(&facts(&scratch.join("out"))).go_build_id.is_some());
    }
    // Build information can be cut out; the table of functions stays.
    let mut cut = without_section_headers(&scratch.join("out"));
    let magic = b"\xff Go buildinf:";
    while let Some(at) = cut.windows(magic.len()).position(|window| window == magic) {
        cut[at] = 0;
    }
    let go = facts_of(&cut).expect("a program").go.expect("still Go");
    assert!(
        go.version.is_none() && go.traces.iter().any(|trace| trace.contains("Go 1.20 or newer")),
        "{:?}",
        go.traces
    );
}
