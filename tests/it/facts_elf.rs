//! Are ELF files, compiled here by gcc, musl-gcc and go, read as what they are?

mod hostile; // … and damaged ones refused, whatever is damaged?
mod libc; // Is the C library inside a static program named, stripped or not?
mod tables; // Are versions, symbols and exports those of readelf and nm?

use std::path::{Path, PathBuf};

use seaworthy::facts::elf::{ElfFacts, Relro};
use seaworthy::facts::{Details, Facts, FileFacts, Kind, Linkage, Source, Unreadable, Wanted, read_file, read_source};

use crate::support::Scratch;

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }\n";

/// Compiles C with the words of the line after the compiler's name; returns the output.
fn compile(scratch: &Scratch, compiler: &str, source: &str, arguments: &str, output: &str) -> PathBuf {
    scratch.write("main.c", source);
    let run = scratch.program(compiler).args(["main.c", "-o", output]).args(arguments.split_whitespace());
    run.run().expect_code(0);
    scratch.join(output)
}

fn facts(path: &Path) -> Facts {
    only(read_file(path, Wanted::ALL).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn facts_of(bytes: &[u8]) -> Result<Facts, Unreadable> {
    read_source(&Source::from_bytes(bytes), Wanted::ALL).map(only)
}

fn only(file: FileFacts) -> Facts {
    file.slices.into_iter().next().expect("one slice at least")
}

fn elf(facts: &Facts) -> &ElfFacts {
    match &facts.details {
        Details::Elf(elf) => elf,
        other => panic!("not ELF: {other:?}"),
    }
}

/// The same file as a tool leaves it that removes section headers.
fn without_section_headers(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).expect("what was just compiled");
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    bytes
}

#[test]
fn what_is_appended_is_counted_and_an_image_of_programs_is_not_judged_by_its_runtime() {
    requires!("musl-gcc");
    let scratch = Scratch::empty();
    let program = compile(&scratch, "musl-gcc", HELLO, "-static", "hello");
    let plain = std::fs::read(&program).expect("what was just compiled");
    let read = |bytes: &[u8]| {
        let facts = facts_of(bytes).expect("a program");
        (elf(&facts).appended, facts.packed)
    };
    assert_eq!(read(&plain), (0, None));
    let mut image = plain.clone();
    image[8..11].copy_from_slice(b"AI\x02");
    assert_eq!(read(&image), (0, None), "the runtime alone");
    assert_eq!(read(&[&plain[..], b"PK\x03\x04"].concat()), (4, None));
    image.extend(b"hsqs and so on");
    let (appended, packed) = read(&image);
    assert!(appended == 14 && packed.as_deref().is_some_and(|packed| packed.starts_with("AppImage")), "{packed:?}");

    scratch.write("app", &image);
    scratch.write("seaworthy.toml", "runs-on = [\"scratch\"]\n");
    let done = scratch.seaworthy().args(["check", "app"]).run().expect_code(3);
    assert!(done.stdout().contains("AppImage, whose programs `--appimage-extract` lays into"), "{}", done.stdout());
    scratch.write("app", [&plain[..], b"PK\x03\x04"].concat());
    scratch.seaworthy().args(["check", "app"]).run().expect_code(0);
}

#[test]
fn what_py_installer_made_is_judged_by_more_than_its_bootloader() {
    requires!("gcc", "objcopy");
    let scratch = Scratch::empty();
    let program = compile(&scratch, "gcc", HELLO, "", "app");
    let cookie = [&b"MEI\x0c\x0b\x0a\x0b\x0e"[..], &[0; 16], b"libpython3.11.so.1.0", &[0; 44]].concat();
    scratch.write("archive", [&b"PYZ\0"[..], &cookie].concat());
    scratch.program("objcopy").arg("--add-section=pydata=archive").arg(&program).run().expect_code(0);
    let packed = facts(&program).packed.expect("it is packed");
    assert!(packed.starts_with("PyInstaller"), "{packed}");
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\n");
    let done = scratch.seaworthy().args(["check", "app"]).run().expect_code(3);
    assert!(done.stdout().contains("error[inconclusive]: `app` could not be judged"), "{}", done.stdout());
    // Another tool's section of that name.
    scratch.write("archive", [b'x'; 100]);
    scratch.program("objcopy").arg("--update-section=pydata=archive").arg(&program).run().expect_code(0);
    assert_eq!(facts(&program).packed, None);
}

#[test]
fn kinds_are_decided_once() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let cases = [
        ("-no-pie", Kind::Exe, Linkage::Dynamic),
        ("-pie -fPIE", Kind::Pie, Linkage::Dynamic),
        ("-static", Kind::Static, Linkage::Static),
        ("-static-pie -fPIE", Kind::StaticPie, Linkage::Static),
        ("-shared -fPIC", Kind::SharedObject, Linkage::Dynamic),
        ("-shared -fPIC -Wl,-soname,libx.so.1", Kind::SharedObject, Linkage::Dynamic),
        ("-shared -fPIC -nostdlib -Wl,-e,main", Kind::SharedObject, Linkage::Dynamic),
    ];
    for (arguments, kind, linkage) in cases {
        let found = facts(&compile(&scratch, "gcc", HELLO, arguments, "out"));
        assert_eq!((found.kind, found.linkage), (kind, linkage), "{arguments}");
    }
}

#[test]
fn what_is_not_linked_is_refused() {
    requires!("gcc", "objcopy");
    let scratch = Scratch::empty();
    let refused = |path: &Path| read_file(path, Wanted::ALL).expect_err("not a linked binary").to_string();
    let object = compile(&scratch, "gcc", HELLO, "-c", "main.o");
    assert_eq!(refused(&object), "not a linked binary: an object file (ET_REL)");
    compile(&scratch, "gcc", HELLO, "-g", "out");
    scratch.program("objcopy").args(["--only-keep-debug", "out", "out.debug"]).run().expect_code(0);
    assert_eq!(
        refused(&scratch.join("out.debug")),
        "not a linked binary: a separate debug file: its code is not in it"
    );
}

#[test]
fn hardening_is_read_in_every_encoding() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let read = |arguments: &str| facts(&compile(&scratch, "gcc", HELLO, arguments, "out"));
    let plain = read("-Wl,-z,lazy -Wl,-z,norelro -fno-stack-protector");
    assert_eq!((elf(&plain).relro, elf(&plain).bind_now), (Relro::None, false));
    assert_eq!(elf(&plain).gnu_stack, Some("RW"));
    let full = read("-Wl,-z,relro -Wl,-z,now -Wl,-z,execstack -Wl,-rpath,/a:/b -Wl,--disable-new-dtags");
    assert_eq!((elf(&full).relro, elf(&full).bind_now), (Relro::Full, true));
    assert_eq!(elf(&full).gnu_stack, Some("RWE"));
    assert_eq!((elf(&full).rpath.as_deref(), elf(&full).runpath.as_deref()), (Some("/a:/b"), None));
    let partial = read("-Wl,-z,relro -Wl,-z,lazy -Wl,-rpath,$ORIGIN -Wl,--enable-new-dtags -Wl,-z,nodefaultlib");
    assert_eq!((elf(&partial).relro, elf(&partial).bind_now), (Relro::Partial, false));
    assert_eq!(elf(&partial).runpath.as_deref(), Some("$ORIGIN"));
    assert_eq!(elf(&partial).dt_flags_1 & 0x800, 0x800, "DF_1_NODEFLIB");
    let guarded = "#include <string.h>\nint main(int c, char **v) { char b[64]; strcpy(b, v[0]); return b[c]; }\n";
    let guarded = facts(&compile(
        &scratch,
        "gcc",
        guarded,
        "-O2 -fstack-protector-all -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2",
        "out",
    ));
    assert_eq!(elf(&guarded).stack_protector, Some(true));
    assert_eq!(elf(&guarded).fortified, ["__strcpy_chk"]);
    assert_eq!(elf(&plain).stack_protector, Some(false));
}

#[test]
fn facts_survive_the_loss_of_section_headers() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let program = compile(&scratch, "gcc", HELLO, "-Wl,--hash-style=gnu", "out");
    let (with, without) = (facts(&program), facts_of(&without_section_headers(&program)).expect("still a program"));
    assert_eq!((with.kind, &with.libc.family), (without.kind, &without.libc.family));
    let (with, without) = (elf(&with), elf(&without));
    assert_eq!(with.undefined, without.undefined);
    assert!(!without.undefined.is_empty());
    assert_eq!((&with.version_needs, &with.build_id), (&without.version_needs, &without.build_id));
    assert_eq!((with.has_section_headers, without.has_section_headers), (true, false));
    // DT_GNU_HASH counts hashed symbols only, and this library has none.
    let imports = "extern void a(void), b(void), c(void);\nstatic void run(void) { a(); b(); c(); }\n\
        __attribute__((constructor)) static void start(void) { run(); }\n";
    let library = compile(&scratch, "gcc", imports, "-shared -fPIC -nostdlib -Wl,--hash-style=gnu", "libx.so");
    let found = facts_of(&without_section_headers(&library)).expect("still a library");
    let names: Vec<&str> = elf(&found).undefined.iter().map(|symbol| symbol.name).collect();
    assert!(["a", "b", "c"].iter().all(|name| names.contains(name)), "{names:?}");
}

#[test]
fn packed_relocations_need_their_marker() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let source = "static int x; int *volatile p = &x; int main(void) { return *p; }\n";
    let program = compile(&scratch, "gcc", source, "-pie -fPIE -Wl,-z,pack-relative-relocs", "out");
    let found = facts(&program);
    assert!(elf(&found).has_relr);
    let marker = elf(&found).version_needs.iter().find(|need| need.version == "GLIBC_ABI_DT_RELR");
    assert!(marker.is_some_and(|need| need.symbols.is_empty() && !need.weak), "{:?}", elf(&found).version_needs);
    assert!(elf(&found).glibc_floor.as_ref().is_some_and(|floor| floor[0] == 2), "the marker is no number");
}
