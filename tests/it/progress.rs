//! Is long work seen on a terminal, and nowhere else?
#![cfg(unix)]

use crate::parity_terminal::shown;
use crate::support::Scratch;

/// A directory with so many files that reading them is worth a line: links to one program, and one text beside each.
fn many_files() -> Scratch {
    let scratch = Scratch::empty();
    let program = scratch.write("main.c", "int main(void) { return 0; }");
    scratch.program("gcc").args(["-o", "app"]).arg(program).run().expect_code(0);
    std::fs::create_dir(scratch.join("tree")).expect("a scratch directory is writable");
    for number in 0..1200 {
        std::fs::hard_link(scratch.join("app"), scratch.join(format!("tree/{number}"))).expect("a link");
        scratch.write(&format!("tree/{number}.txt"), "text");
    }
    scratch.write("seaworthy.toml", "linkage = \"any\"");
    scratch
}

#[test]
fn many_files_are_counted_on_a_terminal_while_they_are_found_and_read() {
    requires!("python3", "gcc");
    let scratch = many_files();
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let loud = shown(&scratch, "watch", &[program, "check", "tree"]);
    for part in ["files found", "/2400 files read", ": tree/0: "] {
        assert!(loud.contains(part), "{part}: {loud}");
    }
    for quiet in [&["-q", "check", "tree"][..], &["--format", "json", "check", "tree"], &["check", "app"]] {
        let told = shown(&scratch, "watch", &[&[program][..], quiet].concat());
        assert!(!told.contains("files read") && !told.contains("files found"), "{told}");
    }
}

#[test]
fn without_a_terminal_nothing_of_it_is_written() {
    requires!("python3", "gcc");
    let done = many_files().seaworthy().args(["check", "tree"]).run().expect_code(0);
    assert_eq!(done.stderr(), "");
    assert!(!done.stdout().contains("files read"));
}
