//! Cases that version numbers get wrong, each made by a compiler or by a changed byte, and each run or opened for real.

use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy::hosts::load::Outcome;
use seaworthy::hosts::{self, Disk};

use crate::matrix::Matrix;
use crate::patch::Patch;
use crate::real::{self, Item, Kind, Tools};
use crate::said::{host_of, say};

const GLIBC: &str = "/lib64/ld-linux-x86-64.so.2";
const MUSL: &str = "/lib/ld-musl-x86_64.so.1";
const MUSL_BY_LIBRARY: &str = "/lib/libc.musl-x86_64.so.1";

/// glibc 2.31, 2.36 and 2.41; musl 1.2.3 and 1.2.5.
const ROOTS: [&str; 5] = ["debian-11", "debian-12", "debian-13", "musl-1.2.3", "alpine-3.23"];

/// What the catalogue calls some of them, and the cases that it leaves open: its tables know nothing of private names.
const NAMED: [(&str, &str); 4] = [
    ("debian-11", "debian:11"),
    ("debian-12", "debian:12"),
    ("debian-13", "debian:13"),
    ("alpine-3.23", "alpine:3.23"),
];
const LEFT_OPEN: [&str; 3] = ["private-__libc_fatal", "private-__libc_dlopen_mode", "errno.so"];

/// A file with the roots in which it really works, so that no case can lose its point.
struct Case {
    path: &'static str,
    kind: Kind,
    loader: Option<&'static str>,
    works_in: &'static [&'static str],
}

const fn program(path: &'static str, works_in: &'static [&'static str]) -> Case {
    Case { path, kind: Kind::Run, loader: Some(GLIBC), works_in }
}

/// A program that would fail if its own code ran.
const fn loaded(path: &'static str, works_in: &'static [&'static str]) -> Case {
    Case { path, kind: Kind::Program, loader: Some(GLIBC), works_in }
}

const fn started(path: &'static str, works_in: &'static [&'static str]) -> Case {
    Case { path, kind: Kind::Static, loader: None, works_in }
}

const fn musl(path: &'static str, works_in: &'static [&'static str]) -> Case {
    Case { path, kind: Kind::Run, loader: Some(MUSL), works_in }
}

const fn library(path: &'static str, works_in: &'static [&'static str]) -> Case {
    Case { path, kind: Kind::Library, loader: None, works_in }
}

const ALL: &[&str] = &ROOTS;
const ALL_GLIBC: &[&str] = &["debian-11", "debian-12", "debian-13"];
const ALL_MUSL: &[&str] = &["musl-1.2.3", "alpine-3.23"];
const FROM_2_34: &[&str] = &["debian-12", "debian-13"];

const CASES: &[Case] = &[
    program("plain", FROM_2_34),
    loaded("exits", FROM_2_34), // the loader is asked, not the program
    started("static", ALL),
    started("static-pie", ALL),
    program("unused-need", FROM_2_34), // no symbol uses the need: the loader checks it all the same
    program("weak-need", ALL_GLIBC),   // VER_FLG_WEAK: the loader lets it pass
    program("relr-marked", FROM_2_34),
    program("relr-unmarked", &[]), // 2.31 does not know it, 2.36 demands the marker
    program("private-__libc_fatal", ALL_GLIBC),
    program("private-__libc_dlopen_mode", &["debian-11"]), // glibc 2.34 took it away
    program("newer-symbol", &["debian-13"]),
    program("runpath-of-parent/main", FROM_2_34),
    program("runpath-of-main/main", &[]), // DT_RUNPATH is not for the libraries' own needs
    program("rpath-of-main/main", FROM_2_34),
    program("missing-child/main", &[]),
    program("other-machine/main", FROM_2_34), // glibc passes over a file for another machine
    program("not-elf/main", &[]),
    program("provided/main", FROM_2_34),
    program("provided-beside/main", FROM_2_34), // the system's other libraries do not hide what the program defines
    program("execstack-needed/main", FROM_2_34), // only what is opened later is refused
    program("execstack-both/main", FROM_2_34),
    program("versions-gone/main", &["debian-13"]), // 2.36 aborts
    program("versions-other/main", &[]),
    program("versions-unreached/main", FROM_2_34), // nothing is looked for in the library without versions
    program("through-nothing/main", &[]),          // `nowhere/..` is nowhere
    program("directory-in-the-way/main", &[]),
    program("circle-in-the-way/main", &[]), // links in circles end the search of this list
    program("dangling-in-the-way/main", FROM_2_34),
    program("lib-token/main", FROM_2_34),
    program("other-lib-token/main", &[]), // that is not Debian's `$LIB`
    program("unknown-token/main", FROM_2_34),
    program("other-system/main", &[]),
    program("misplaced/main", &[]),
    program("origin-as-name/main", FROM_2_34),
    program("other-name/main", FROM_2_34),
    program("filter-F/main", &[]),
    program("filter-f/main", FROM_2_34),
    program("copied/main", FROM_2_34),
    program("copied-gone/main", &[]),
    program("header-abi-gnu-3/main", FROM_2_34),
    program("header-abi-gnu-4/main", &[]), // glibc knows no such ABI
    program("header-abi-none-1/main", &[]),
    program("header-padding/main", &[]),
    program("header-class/main", FROM_2_34), // for another width: passed over
    program("header-order/main", &[]),       // and for another byte order not
    program("header-ident/main", &[]),
    program("header-version/main", &[]),
    program("header-machine/main", FROM_2_34),
    program("header-machine-ident/main", FROM_2_34), // the machine counts before `EI_VERSION`
    program("header-machine-version/main", &[]),     // and after `e_version`
    program("cut-off/main", &[]),
    program("protected-variable/main", &["debian-11"]), // may no longer be copied
    program("protected-address/main", &["debian-11"]),
    program("protected-agreed/main", ALL_GLIBC), // the program says that it goes the long way
    program("far-aligned/main", FROM_2_34),      // 2.31 wants segments to lie as `p_align` says
    program("packed/main", &[]),
    program("hidden/main", &[]),
    program("empty-run-path/main", &[]), // the working directory is not meant
    program("cpu-1/main", ALL_GLIBC),
    program("cpu-17/main", &["debian-11"]), // glibc 2.33 learned to look at it
    program("needs-nothing", ALL_GLIBC),
    program("threads-by-rt", ALL_GLIBC),
    program("threads-by-anl", ALL_GLIBC),
    program("threads-by-util", FROM_2_34),
    program("only-loader", &["debian-11", "debian-13"]), // 2.36 looks for an allocator
    program("static-with-loader", &[]),
    program("audit-nothing", FROM_2_34), // said, and passed over
    program("depaudit-nothing", FROM_2_34),
    program("reserves-all", &[]),
    program("short-in-memory", &[]),
    program("no-dynamic", &[]),
    program("no-phdr", &[]),
    library("nodlopen.so", ALL_MUSL),
    library("nodlopen-needed/asks.so", ALL_MUSL),
    program("nodlopen-needed/main", FROM_2_34),
    program("nodefaultlib", &[]),
    program("need-of-nothing", &[]),
    library("plain-library.so", ALL),
    library("needs-program.so", &[]),
    library("never-asked.so", ALL),
    library("errno.so", ALL_GLIBC),
    library("asked.so", &[]),
    library("execstack.so", &["debian-11", "debian-12", "musl-1.2.3", "alpine-3.23"]),
    library("tls-64.so", ALL_GLIBC),
    library("tls-8000.so", &[]),
    library("cpu-17/libway.so", &["debian-11", "musl-1.2.3", "alpine-3.23"]),
    library("tls-aligned.so", &[]),
    library("tls-aligned-general.so", ALL_GLIBC),
    library("tls-of-other-8/uses.so", ALL_GLIBC), // its own is far more, and need not be static
    library("tls-of-other-3000/uses.so", &[]),
    library("tls-sum/lib1.so", ALL_GLIBC),
    library("tls-sum/all.so", &[]),
    library("tls-same/all.so", ALL_GLIBC), // the first one's variable is everybody's
    library("ifunc.so", ALL_GLIBC),
    library("libc-beside/asks.so", ALL), // the program's own is loaded already
    musl("musl-plain", ALL_MUSL),
    Case { path: "musl-other-loader", kind: Kind::Run, loader: Some(MUSL_BY_LIBRARY), works_in: &["alpine-3.23"] },
    musl("musl-relr", &["alpine-3.23"]), // musl 1.2.4 learned it; older ones start the program and it crashes
    musl("musl-__memcpy_chk", &[]),
    musl("musl-gnu_get_libc_version", &[]),
    musl("musl-__res_init", &[]),
    musl("musl-fopen64", ALL_MUSL), // 1.2.4 dropped the name; its loader still maps it
    musl("musl-runpath-of-parent/main", ALL_MUSL),
    musl("musl-runpath-of-main/main", ALL_MUSL), // musl lets a parent's run path count
    musl("musl-rpath-of-main/main", ALL_MUSL),
    musl("musl-missing-child/main", &[]),
    musl("musl-not-elf/main", &[]),
    musl("musl-provided/main", ALL_MUSL),
    musl("musl-provided-beside/main", &["alpine-3.23"]), // the other root has no zlib
    musl("musl-through-nothing/main", &[]),
    musl("musl-directory-in-the-way/main", &[]),
    musl("musl-circle-in-the-way/main", &[]),
    musl("musl-dangling-in-the-way/main", ALL_MUSL),
    musl("musl-lib-token/main", &[]), // it knows `$ORIGIN` alone
    musl("musl-unknown-token/main", &[]),
    musl("musl-other-system/main", ALL_MUSL),
    musl("musl-origin-as-name/main", &[]), // and that in run paths alone
    musl("musl-other-name/main", &[]),     // a library's own name is nothing to it
    musl("musl-filter-F/main", ALL_MUSL),
    musl("musl-header-abi-gnu-4/main", ALL_MUSL), // it looks at no more of `e_ident` than it needs
    musl("musl-header-abi-none-1/main", ALL_MUSL),
    musl("musl-header-padding/main", ALL_MUSL),
    musl("musl-cut-off/main", &[]),
    musl("musl-audit-nothing", ALL_MUSL),
    musl("musl-depaudit-nothing", ALL_MUSL),
    musl("musl-reserves-all", &[]),
    musl("musl-short-in-memory", &[]),
    musl("musl-no-dynamic", &[]),
    musl("musl-no-phdr", &[]),
    musl("musl-copied/main", ALL_MUSL),
    musl("musl-hidden/main", ALL_MUSL), // it looks at no visibility
    musl("musl-copied-gone/main", &[]),
    musl("musl-nobody-asks/main", &[]), // its libc is in scope only for those who ask for it
    library("musl-plain-library.so", ALL_MUSL),
    library("musl-never-asked.so", ALL_MUSL),
    library("musl-nodlopen-needed/asks.so", ALL_MUSL),
    library("musl-asked.so", &[]),
    library("musl-tls-64.so", &[]),
    library("musl-tls-aligned-general.so", ALL_MUSL),
    library("musl-tls-of-other-8/uses.so", &[]),
];

/// Bytes of the header of a library that comes before a good one on the way: `e_ident` up to 15, then `e_machine`, `e_version`.
const HEADERS: [(&str, &[(usize, u8)]); 11] = [
    ("abi-gnu-3", &[(7, 3), (8, 3)]),
    ("abi-gnu-4", &[(7, 3), (8, 4)]),
    ("abi-none-1", &[(8, 1)]),
    ("padding", &[(15, 1)]),
    ("class", &[(4, 1)]),
    ("order", &[(5, 2)]),
    ("ident", &[(6, 0)]),
    ("version", &[(20, 0)]),
    ("machine", &[(18, 183)]),
    ("machine-ident", &[(18, 183), (6, 0)]),
    ("machine-version", &[(18, 183), (20, 0)]),
];

/// Compiles every file, and changes the bytes that no linker would write so.
fn make(directory: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/constructed.sh");
    let output = Command::new(script).arg(directory).arg(rust_lld()).output().expect("constructed.sh starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Patch::file(&directory.join("unused-need"), |file| file.unbind("__libc_start_main"));
    Patch::file(&directory.join("weak-need"), |file| {
        file.unbind("__libc_start_main");
        file.weaken("GLIBC_2.34");
    });
    Patch::file(&directory.join("need-of-nothing"), |file| file.forget("libv.so"));
    for case in ["other-system", "musl-other-system"] {
        Patch::file(&directory.join(case).join("libway.so"), |file| file.system(9));
    }
    Patch::file(&directory.join("other-machine/wrong/libchild.so"), |file| file.machine(183));
    Patch::file(&directory.join("empty-run-path/main"), |file| file.empty("/nowhere/at/all"));
    Patch::file(&directory.join("far-aligned/libway.so"), |file| file.align(0x1_0000));
    for p in ["", "musl-"] {
        let at = |case: &str| directory.join(format!("{p}{case}"));
        for (case, bytes) in HEADERS {
            let change = |file: &mut Patch| bytes.iter().for_each(|(at, value)| file.header(*at, *value));
            Patch::file(&at(&format!("header-{case}/first/libway.so")), change);
        }
        Patch::file(&at("cut-off/first/libway.so"), |file| file.cut(0x1100));
        Patch::file(&at("hidden/libway.so"), |file| file.hide("own"));
        Patch::file(&at("reserves-all"), |file| file.reserve(1 << 47));
        Patch::file(&at("short-in-memory"), |file| file.reserve(8));
        Patch::file(&at("no-dynamic"), |file| file.forget_segment(2));
        Patch::file(&at("no-phdr"), |file| file.forget_segment(6));
    }
}

/// rustc's own linker, which packs relocations without the marker.
fn rust_lld() -> PathBuf {
    let ask = |arguments: &[&str]| {
        let output = Command::new("rustc").args(arguments).output().expect("rustc starts");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let version = ask(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned();
    Path::new(&ask(&["--print", "sysroot"])).join("lib/rustlib").join(host).join("bin/rust-lld")
}

/// Whether what the catalogue says of a case is what happened, or that it does not know, where it may not.
fn agrees(case: &Case, said: Outcome, loads: bool) -> bool {
    match said {
        Outcome::Runs => loads,
        Outcome::DoesNotRun => !loads,
        Outcome::Unknown => LEFT_OPEN.contains(&case.path),
    }
}

#[test]
fn every_constructed_case_is_judged_as_it_ends() {
    if let Err(why) = real::can_ask() {
        println!("skipped: {why}");
        return;
    }
    let scratch = real::scratch("hosts-constructed-");
    let directory = scratch.path();
    make(directory);
    let tools = Tools::compile();
    let item =
        |case: &Case| Item { path: case.path.to_owned(), kind: case.kind, interpreter: case.loader.map(str::to_owned) };
    let items: Vec<Item> = CASES.iter().map(item).collect();
    let mut total = Matrix::default();
    let mut wrong = Vec::new();
    for root in real::roots(&ROOTS) {
        let mut matrix = Matrix::default();
        assert!(items.iter().all(|item| root.can_try(item)), "{} is no root of this machine's", root.name);
        let real = tools.load(&root, directory, &items);
        let (host, files) = (host_of(&root), Disk::default());
        let named = NAMED.iter().find(|(known, _)| *known == root.name);
        let named = named.map(|(_, name)| hosts::find(name, root.machine.arch).expect("a host of the catalogue"));
        for case in CASES {
            let said = say(&directory.join(case.path), &host, &files).expect("the file can be read");
            let really = &real[case.path];
            if !matrix.count(really.loads, said.outcome) || matrix.undecided() > 0 {
                wrong.push(format!("{} in {}: said {said:#?}\n  really: {}", case.path, root.name, really.complaint));
            }
            if let Some(named) = &named {
                let said = say(&directory.join(case.path), named, &files).expect("the file can be read");
                if !agrees(case, said.outcome, really.loads) {
                    wrong.push(format!(
                        "{} on {}: said {said:#?}\n  really: {}",
                        case.path, named.name, really.complaint
                    ));
                }
            }
            let died = really.died && case.kind != Kind::Run;
            if died || really.loads != case.works_in.contains(&root.name.as_str()) {
                wrong.push(format!("{} in {}: really: {}", case.path, root.name, really.complaint));
            }
        }
        println!("{}: {}", root.name, matrix.line());
        total.add(matrix);
    }
    println!("constructed cases\n{total}\n{}", total.line());
    assert!(total.wrong() == 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
