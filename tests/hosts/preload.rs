//! `/etc/ld.so.preload` of a root: loaded into every program there, whether it wants it or not.

use std::fs;
use std::path::Path;
use std::process::Command;

use seaworthy::hosts::Disk;
use seaworthy::hosts::load::Outcome;

use crate::real::{self, Item, Kind, Root, Tools, scratch};
use crate::said::{host_of, say};

/// What the list says, and whether a program that needs nothing starts all the same.
const LISTS: [(&str, bool); 7] = [
    ("/preload/whole.so\n", true),
    ("/preload/nowhere.so\n", true), // said, and passed over
    ("/preload/text.so\n", true),
    ("/preload/nowhere.so:/preload/whole.so # /preload/needs.so\n", true),
    // The second comment is no comment any more.
    ("# /preload/open.so\n/preload/whole.so # /preload/needs.so\n", false),
    (" /preload/open.so", false), // a symbol that nobody has
    ("/preload/needs.so", false), // a library that nobody has
];

fn run(command: &mut Command) {
    assert!(command.status().expect("it starts").success(), "{command:?}");
}

/// The program, and the libraries below `preload/`.
fn make(directory: &Path) {
    let at = |name: &str| directory.join(name);
    fs::create_dir(at("preload")).expect("a directory");
    fs::write(at("preload/text.so"), "no library\n").expect("a file");
    let end = r#"void _start(void) { __asm__ volatile("syscall" : : "a"(231L), "D"(42L)); __builtin_unreachable(); }"#;
    for (name, text) in [
        ("main.c", end),
        ("whole.c", "int whole(void) { return 1; }"),
        ("open.c", "int nowhere(void); int open_end(void) { return nowhere(); }"),
    ] {
        fs::write(at(name), text).expect("a file");
    }
    let library = |name: &str, from: &str, more: &[&str]| {
        let mut gcc = Command::new("gcc");
        gcc.args(["-shared", "-fPIC", "-nostdlib", "-Wl,--no-as-needed", "-o"]).arg(at(name)).arg(at(from));
        run(gcc.args(more).arg(format!("-L{}", directory.display())));
    };
    library("preload/whole.so", "whole.c", &[]);
    library("preload/open.so", "open.c", &[]);
    library("libgone.so", "whole.c", &["-Wl,-soname,libgone.so"]);
    library("preload/needs.so", "open.c", &["-Wl,--unresolved-symbols=ignore-all", "-lgone"]);
    let loader = "-Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2";
    run(Command::new("gcc")
        .args(["-nostdlib", "-fno-stack-protector", "-pie", "-fPIE", loader, "-o"])
        .arg(at("main"))
        .arg(at("main.c")));
}

#[test]
fn what_a_root_preloads_is_loaded_too() {
    if let Err(why) = real::can_ask() {
        println!("skipped: {why}");
        return;
    }
    let scratch = scratch("hosts-preload-");
    let directory = scratch.path();
    make(directory);
    let tools = Tools::compile();
    let item = Item { path: "main".to_owned(), kind: Kind::Run, interpreter: None };
    let item = Item { interpreter: Some("/lib64/ld-linux-x86-64.so.2".to_owned()), ..item };
    for root in real::roots(&["distroless-base", "debian-11"]) {
        for (list, starts) in LISTS {
            let copy = directory.join("root");
            run(Command::new("cp").arg("-a").arg(&root.directory).arg(&copy));
            run(Command::new("cp").arg("-a").arg(directory.join("preload")).arg(&copy));
            fs::create_dir_all(copy.join("etc")).expect("a directory");
            fs::write(copy.join("etc/ld.so.preload"), list).expect("a file");
            let copied = Root::new("preload@amd64", &copy);
            let really = &tools.load(&copied, directory, std::slice::from_ref(&item))["main"];
            let said = say(&directory.join("main"), &host_of(&copied), &Disk::default()).expect("it can be read");
            assert_eq!(really.loads, starts, "{list:?} in {}: {}", root.name, really.complaint);
            let wanted = if starts { Outcome::Runs } else { Outcome::DoesNotRun };
            assert_eq!(said.outcome, wanted, "{list:?} in {}: {said:#?}", root.name);
            fs::remove_dir_all(&copy).expect("the copy goes away");
        }
    }
}
