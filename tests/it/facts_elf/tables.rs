//! Are versions, symbols and exports those of readelf and nm?

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use seaworthy::facts::elf::exports;
use seaworthy::facts::{Facts, Os, Source, SymbolNames, Wanted, read_file};

use super::{HELLO, compile, elf, facts, facts_of, only};
use crate::support::{Run, Scratch};

/// The C library of a dynamic program here.
fn libc_here() -> Option<PathBuf> {
    let out = Run::program("gcc").arg("-print-file-name=libc.so.6").run().expect_code(0);
    Some(PathBuf::from(out.stdout().trim())).filter(|path| path.is_file())
}

fn nm(path: &Path, arguments: &[&str]) -> BTreeSet<String> {
    let out =
        Run::program("nm").args(["-D", "--with-symbol-versions", "-P"]).args(arguments).arg(path).run().expect_code(0);
    out.stdout().lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn exports_are_those_of_nm() {
    requires!("gcc", "nm");
    let Some(path) = libc_here() else { panic!("gcc knows no libc.so.6") };
    let file = File::open(&path).expect("a readable libc");
    let found = exports(&Source::from_file(&file).expect("a readable libc")).expect("a sound libc");
    let ours: BTreeSet<String> = found
        .iter()
        .map(|symbol| match symbol.version {
            Some(version) => format!("{}{}{version}", symbol.name, if symbol.default { "@@" } else { "@" }),
            None => symbol.name.to_owned(),
        })
        .collect();
    // nm shows the version definitions themselves, absolute symbols named like their version, in the base version.
    let theirs: BTreeSet<String> = nm(&path, &["--defined-only"]).into_iter().collect();
    let bare = |name: &String| name.split('@').next().map(str::to_owned);
    let definitions: BTreeSet<String> = elf(&facts(&path)).version_definitions.iter().cloned().collect();
    let without = |set: &BTreeSet<String>| -> BTreeSet<String> {
        set.iter().filter(|name| bare(name).is_none_or(|name| !definitions.contains(&name))).cloned().collect()
    };
    assert_eq!(without(&ours), without(&theirs));
    assert!(ours.len() > 2000 && ours.contains("memcpy@@GLIBC_2.14"), "{}", ours.len());
}

#[test]
fn without_the_names_of_symbols_all_else_is_the_same() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let read = |path: &Path, names| {
        let file = read_file(path, Wanted { names, ..Wanted::ALL }).expect("what was just compiled");
        only(file)
    };
    let program = compile(&scratch, "gcc", HELLO, "-D_FORTIFY_SOURCE=2 -O2", "out");
    let whole = facts(&program);
    assert_eq!(read(&program, SymbolNames::Where(|asks| asks.needed == ["libc.so.6"])), whole);
    let without = read(&program, SymbolNames::Where(|_| false));
    assert!(!elf(&without).undefined.are_read() && elf(&whole).undefined.are_read());
    let versions = |facts: &Facts| -> Vec<String> {
        elf(facts).version_needs.iter().map(|need| format!("{}@{}", need.version, need.file)).collect()
    };
    assert_eq!(versions(&without), versions(&whole));
    let same = |facts: &Facts| {
        let elf = elf(facts);
        let of_elf = (
            elf.needed.clone(),
            elf.glibc_floor.clone(),
            elf.relro,
            elf.has_debug_info,
            elf.build_id.clone(),
            elf.abi_tag.clone(),
        );
        (facts.kind, facts.libc.clone(), of_elf)
    };
    assert_eq!(same(&without), same(&whole));
    // What needs nothing is told by its symbols.
    let library = compile(
        &scratch,
        "gcc",
        "extern int other(void); int mine(void) { return other(); }",
        "-shared -nostdlib",
        "a.so",
    );
    assert_eq!(read(&library, SymbolNames::Where(|_| false)), facts(&library));
}

#[test]
fn notes_for_tools_are_listed_and_say_nothing_else() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let noted = |section: &str| {
        let note = format!(
            ".pushsection {section},\\\"\\\",%note; .long 8,4,1; .asciz \\\"Android\\\"; .long 21; .popsection"
        );
        let source = format!("__asm__(\"{note}\");\nint main(void) {{ return 0; }}\n");
        let found = facts(&compile(&scratch, "gcc", &source, "-static", "out"));
        let is_listed = elf(&found).notes.iter().any(|note| note.owner == "Android" && !note.is_loaded);
        (is_listed, elf(&found).android_api)
    };
    assert_eq!(noted(".gnu.build.attributes"), (true, None));
    assert_eq!(noted(".note.stapsdt"), (true, None));
    assert_eq!(noted(".note.other"), (true, Some(21)));
}

#[test]
fn undefined_symbols_and_versions_are_those_of_nm() {
    requires!("gcc", "nm");
    let scratch = Scratch::empty();
    let program = compile(&scratch, "gcc", HELLO, "", "out");
    let found = facts(&program);
    let ours: BTreeSet<String> = elf(&found)
        .undefined
        .iter()
        .map(|symbol| match symbol.version {
            Some(version) => format!("{}@{version}", symbol.name),
            None => symbol.name.to_string(),
        })
        .collect();
    assert_eq!(ours, nm(&program, &["--undefined-only"]));
    let puts = elf(&found).version_needs.iter().find(|need| need.symbols.iter().any(|name| name == "puts"));
    assert!(puts.is_some_and(|need| need.file == "libc.so.6"));
}

#[test]
fn own_versions_weak_symbols_and_copies() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("map", "ONE { global: shared; };\nTWO { global: later; local: *; } ONE;\n");
    let library = "extern int maybe(void) __attribute__((weak));\nint shared = 3;\n\
        int later(void) { return maybe ? maybe() : 1; }\nint hidden(void) { return 2; }\n";
    compile(&scratch, "gcc", library, "-shared -fPIC -Wl,--version-script=map -Wl,-soname,libown.so.1", "libown.so");
    let file = File::open(scratch.join("libown.so")).expect("what was just compiled");
    let found = exports(&Source::from_file(&file).expect("readable")).expect("a library");
    let names: Vec<(&str, Option<&str>)> = found.iter().map(|one| (one.name, one.version)).collect();
    assert!(names.contains(&("shared", Some("ONE"))) && names.contains(&("later", Some("TWO"))), "{names:?}");
    assert!(!names.iter().any(|(name, _)| *name == "hidden"));
    let read = facts(&scratch.join("libown.so"));
    assert_eq!(elf(&read).version_definitions, ["ONE", "TWO"]);
    assert_eq!(elf(&read).soname.as_deref(), Some("libown.so.1"));

    assert!(elf(&read).undefined.iter().any(|one| one.name == "maybe" && one.weak && one.version.is_none()));

    let user = "extern int shared, later(void);\nint main(void) { return shared + later(); }\n";
    let user = facts(&compile(&scratch, "gcc", user, "-no-pie -fno-pie -L. -lown", "user"));
    let elf = elf(&user);
    assert_eq!(elf.needed, ["libown.so.1", "libc.so.6"]);
    let copied: Vec<_> = elf.copied.iter().map(|one| (one.name, one.version)).collect();
    assert_eq!(copied, [("shared", Some("ONE"))]);
    assert!(elf.glibc_floor.is_some(), "libown's versions are not glibc's, libc's are");
}

/// The same program with its first `PT_LOAD` in two, cut at this page, and without `PT_GNU_PROPERTY`.
fn cut_in_two(bytes: &[u8], page: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let word = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let table = word(&bytes, 32) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[56], bytes[57]]));
    let mut headers: Vec<Vec<u8>> = bytes[table..table + 56 * count].chunks(56).map(<[u8]>::to_vec).collect();
    headers.retain(|header| header[..4] != 0x6474_e553_u32.to_le_bytes());
    let first = headers.iter().position(|header| header[..4] == 1_u32.to_le_bytes()).expect("a PT_LOAD");
    let mut second = headers[first].clone();
    for (at, less) in [(8, false), (16, false), (24, false), (32, true), (40, true)] {
        let value = word(&second, at);
        let moved = if less { value - page } else { value + page };
        second[at..at + 8].copy_from_slice(&moved.to_le_bytes());
    }
    for at in [32, 40] {
        headers[first][at..at + 8].copy_from_slice(&page.to_le_bytes());
    }
    headers.insert(first + 1, second);
    assert_eq!(headers.len(), count, "one of each was there");
    bytes[table..table + 56 * count].copy_from_slice(&headers.concat());
    bytes
}

#[test]
fn a_table_may_go_on_in_the_segment_that_follows() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let many = (0..400).map(|number| format!("void a_function_with_a_long_name_{number}(void) {{}}\n"));
    let source = many.collect::<String>() + HELLO;
    let program = compile(&scratch, "gcc", &source, "-rdynamic -no-pie -Wl,--hash-style=gnu", "out");
    let whole = facts(&program);
    let bytes = std::fs::read(&program).expect("what was just compiled");
    let text = b"a_function_with_a_long_name_3";
    let strings = bytes.windows(text.len()).position(|bytes| bytes == text).expect("its name") as u64;
    // Through the symbols, and through their names.
    for page in [0x1000, strings.next_multiple_of(0x1000)] {
        let cut = facts_of(&cut_in_two(&bytes, page)).expect("what loaders take");
        assert_eq!(
            (elf(&cut).defined_count, &elf(&cut).undefined, &elf(&cut).version_needs),
            (elf(&whole).defined_count, &elf(&whole).undefined, &elf(&whole).version_needs)
        );
        scratch.executable("cut", cut_in_two(&bytes, page));
        scratch.program("./cut").run().expect_code(0);
    }
}

#[test]
fn libraries_of_a_bsd_are_told_by_what_they_need() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let os_with = |soname: &str, node: &str| {
        scratch.write("map", format!("{node} {{ global: theirs; }};\n"));
        let options = format!("-shared -fPIC -nostdlib -Wl,-soname,{soname} -Wl,--version-script=map");
        compile(&scratch, "gcc", "void theirs(void) {}", &options, "stub.so");
        let source = "void theirs(void); void ours(void) { theirs(); }";
        facts(&compile(&scratch, "gcc", source, "stub.so -shared -fPIC -nostdlib", "out.so")).os
    };
    assert_eq!(os_with("libc.so.7", "FBSD_1.0"), Os::FreeBsd);
    assert_eq!(os_with("libm.so.5", "FBSD_1.0"), Os::FreeBsd);
    assert_eq!(os_with("libc.so.8", "DF402.0"), Os::DragonFly);
    assert!(!matches!(os_with("libc.so.6", "GLIBC_2.2.5"), Os::FreeBsd | Os::DragonFly));
}
