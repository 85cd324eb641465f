//! Are PE images, made here by go and mingw, read as what they are?

mod hostile; // … and damaged ones refused, whatever is damaged?
mod signing; // Are signatures by a real signing tool verified, and broken ones found out?

use std::path::PathBuf;

use seaworthy::facts::pe::{CrtKind, PeFacts};
use seaworthy::facts::{Details, Facts, Kind, Linkage, Os, Source, Unreadable, Wanted, read_file, read_source};

use crate::support::{Scratch, have};

const MINGW: &str = "x86_64-w64-mingw32-gcc";
const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }\n";

fn facts_of(bytes: &[u8]) -> Result<Facts, Unreadable> {
    let mut file = read_source(&Source::from_bytes(bytes), Wanted::ALL)?;
    Ok(file.slices.remove(0))
}

fn pe(facts: &Facts) -> &PeFacts {
    match &facts.details {
        Details::Pe(pe) => pe,
        other => panic!("not PE: {other:?}"),
    }
}

/// Compiles a program that imports nothing of Go's library; the files of one architecture are built once by go's cache.
fn go(scratch: &Scratch, arch: &str) -> PathBuf {
    scratch.write("go.mod", "module example.com/hello\n\ngo 1.20\n");
    scratch.write("main.go", "package main\n\nfunc main() { println(\"hi\") }\n");
    let run = scratch.program("go").args(["build", "-o", "hello.exe", "."]);
    run.env("GOOS", "windows").env("GOARCH", arch).env("CGO_ENABLED", "0").run().expect_code(0);
    scratch.join("hello.exe")
}

fn mingw(scratch: &Scratch, source: &str, arguments: &str, output: &str) -> Facts {
    scratch.write("main.c", source);
    let words = arguments.split_whitespace();
    scratch.program(MINGW).args(["main.c", "-o", output]).args(words).run().expect_code(0);
    let mut file = read_file(&scratch.join(output), Wanted::ALL).unwrap_or_else(|error| panic!("{output}: {error}"));
    file.slices.remove(0)
}

#[test]
fn go_programs_are_read_on_every_architecture() {
    requires!("go");
    for (arch, ours, bits) in [("386", "i386", 32), ("amd64", "x86_64", 64), ("arm64", "aarch64", 64)] {
        let scratch = Scratch::empty();
        let mut file = read_file(&go(&scratch, arch), Wanted::default()).expect("a program of Go");
        let found = file.slices.remove(0);
        assert_eq!((&*found.arch, found.bits), (ours, bits));
        assert_eq!((found.os, found.kind, found.linkage), (Os::Windows, Kind::Exe, Linkage::Dynamic), "{arch}");
        let build = found.go.as_ref().expect("Go's build information");
        assert_eq!(build.setting("GOARCH"), Some(arch));
        let pe = pe(&found);
        assert!(pe.imports.iter().any(|import| import.dll == "kernel32.dll" && !import.functions.is_empty()));
        assert_eq!((pe.crt.kind, pe.subsystem.as_str()), (CrtKind::StaticOrNone, "windows-cui"));
        assert_eq!((pe.certificates.len(), &pe.problems), (0, &Vec::new()));
    }
}

#[test]
fn mingw_programs_want_the_runtime_of_windows() {
    requires!(MINGW);
    let scratch = Scratch::empty();
    let found = mingw(&scratch, HELLO, "-mwindows -Wl,--major-os-version,10 -Wl,--minor-os-version,1 -s", "a.exe");
    let plain = pe(&found);
    assert!(matches!(plain.crt.kind, CrtKind::Msvcrt | CrtKind::UcrtOnly), "{:?}", plain.crt);
    assert_eq!((plain.subsystem.as_str(), plain.os_version.as_str()), ("windows-gui", "10.1"));
    assert!(plain.stripped && plain.tls.is_some() && plain.has_relocations);
    assert!(plain.imports.iter().any(|import| import.functions.iter().any(|function| function == "puts")));
    let fixed = mingw(&scratch, HELLO, "-Wl,--disable-dynamicbase -Wl,--disable-reloc-section -g", "b.exe");
    assert_eq!(pe(&fixed).dll_characteristics & 0x40, 0, "DYNAMIC_BASE");
    assert!(!pe(&fixed).stripped && pe(&fixed).sections.iter().any(|section| section.name == ".debug_info"));
}

#[test]
fn libraries_export_by_name_by_number_and_onwards() {
    requires!(MINGW);
    let scratch = Scratch::empty();
    scratch.write("x.def", "LIBRARY x.dll\nEXPORTS\n  plain\n  hidden @7 NONAME\n  onwards = kernel32.Sleep\n");
    let source = "int plain(void) { return 1; }\nint hidden(void) { return 2; }\n";
    let found = mingw(&scratch, source, "-shared x.def", "x.dll");
    assert_eq!(found.kind, Kind::SharedObject);
    let exports = pe(&found).exports.as_ref().expect("an export table");
    assert_eq!(exports.dll, "x.dll");
    let named = |name: &str| exports.functions.iter().find(|export| export.name.as_deref() == Some(name));
    assert_eq!(named("plain").map(|export| &export.forwarded_to), Some(&None));
    let onwards = named("onwards").and_then(|export| export.forwarded_to.as_deref());
    assert_eq!(onwards, Some("kernel32.Sleep"));
    assert!(exports.functions.iter().any(|export| export.ordinal == 7 && export.name.is_none()));
}

#[test]
fn manifests_are_found_in_the_resources() {
    requires!(MINGW, "x86_64-w64-mingw32-windres");
    let scratch = Scratch::empty();
    let level = "<requestedExecutionLevel level='requireAdministrator' uiAccess='false'/>";
    let manifest = format!("<assembly><trustInfo><security>{level}</security></trustInfo></assembly>");
    scratch.write("a.manifest", manifest);
    scratch.write("a.rc", "1 24 \"a.manifest\"\n");
    scratch.program("x86_64-w64-mingw32-windres").args(["a.rc", "-o", "rc.o"]).run().expect_code(0);
    let found = mingw(&scratch, HELLO, "rc.o", "a.exe");
    let manifest = pe(&found).manifest.as_ref().expect("a manifest");
    assert_eq!(manifest.execution_level.as_deref(), Some("requireAdministrator"));
    assert_eq!((manifest.resource_id, &manifest.problem), (Some(1), &None));
    scratch.write("a.rc", "2 24 \"a.manifest\"\n");
    scratch.program("x86_64-w64-mingw32-windres").args(["a.rc", "-o", "rc.o"]).run().expect_code(0);
    let found = mingw(&scratch, HELLO, "-shared rc.o", "a.dll");
    assert_eq!(pe(&found).manifest.as_ref().and_then(|manifest| manifest.resource_id), Some(2));
}

#[test]
fn objects_and_libraries_of_objects_are_refused() {
    requires!(MINGW);
    let scratch = Scratch::empty();
    scratch.write("main.c", HELLO);
    scratch.program(MINGW).args(["-c", "main.c", "-o", "main.o"]).run().expect_code(0);
    let error = read_file(&scratch.join("main.o"), Wanted::ALL).expect_err("an object file").to_string();
    assert_eq!(error, "not a linked binary: a COFF object file");
}

/// Real images: Go's linker and mingw's; none without the tools.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        if !have(&["go", MINGW]) {
            return Vec::new();
        }
        let scratch = Scratch::empty();
        let mut seeds: Vec<_> =
            ["386", "amd64"].iter().map(|arch| std::fs::read(go(&scratch, arch)).expect("a program")).collect();
        scratch.write("x.def", "LIBRARY x.dll\nEXPORTS\n  main\n  onwards = kernel32.Sleep\n");
        mingw(&scratch, HELLO, "-shared -s x.def", "x.dll");
        seeds.push(std::fs::read(scratch.join("x.dll")).expect("a library"));
        seeds
    })
}

#[test]
fn advice_about_a_program_of_rust_is_in_its_words_whatever_form_the_report_has() {
    requires!(MINGW);
    let scratch = Scratch::empty();
    let advice = |kept: &str, format: &str| {
        let source = format!(
            "#include <pthread.h>\nconst char *kept[] = {{{kept}}};\nint main(void) {{ return !kept[1] + !pthread_self(); }}\n"
        );
        mingw(&scratch, &source, "-lpthread", "a.exe");
        let said = scratch.seaworthy().args(["check", "--format", format, "a.exe"]).run().expect_code(3).stdout();
        [said.contains("`-C target-feature=+crt-static`"), said.contains("link with `-static`")]
    };
    for format in ["text", "json"] {
        assert_eq!(advice("\"RUST_BACKTRACE\", \"library/std/src\"", format), [true, false], "{format}");
        assert_eq!(advice("\"RUST\", \"library\"", format), [false, true], "{format}");
    }
}
