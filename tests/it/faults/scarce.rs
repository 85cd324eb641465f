//! Little of everything: file descriptors, room in a target directory, and time that runs backwards.

use std::process::Stdio;

use super::{ended_well, module, package};
use crate::support::Scratch;

#[test]
fn thirty_two_descriptors_are_enough_for_any_number_of_files() {
    requires!("sh", "go");
    let scratch = Scratch::empty();
    module(&scratch, "app");
    let limited = |args: &[&str]| {
        let script = "ulimit -n 32; exec \"$@\"";
        let run = scratch.program("sh").cwd(scratch.join("app")).args(["-c", script, "sh"]);
        run.arg(env!("CARGO_BIN_EXE_seaworthy")).args(args).run()
    };
    limited(&["go", "build", "-o", "program"]).expect_code(0);
    // Enough for the threads that many files are read by.
    for number in 0..600 {
        let copy = scratch.join(format!("app/dist/{}/program{number}", number % 40));
        std::fs::create_dir_all(copy.parent().expect("a directory")).expect("a scratch directory is writable");
        std::fs::hard_link(scratch.join("app/program"), copy).expect("a link");
    }
    let report = limited(&["check", "--format", "json", "dist"]).expect_code(0).json();
    assert_eq!(report["artifacts"].as_array().map(Vec::len), Some(600));
}

#[test]
fn two_hundred_at_once_share_a_target_directory() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    package(&scratch, "app");
    let start = || {
        let mut command = scratch.seaworthy().cwd(scratch.join("app")).args(["cargo", "build"]).into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program just built")
    };
    let children: Vec<_> = (0..200).map(|_| start()).collect();
    for child in children {
        let output = child.wait_with_output().expect("our child");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert_eq!(stderr.lines().filter(|line| line.starts_with("ok: ")).count(), 1, "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    requires!("faketime", "go");
    let scratch = Scratch::empty();
    module(&scratch, "app");
    let build = |date: &str| {
        let run = scratch.program("faketime").cwd(scratch.join("app")).arg(date);
        run.arg(env!("CARGO_BIN_EXE_seaworthy")).args(["go", "build", "-o", "program"]).run().expect_code(0).stderr()
    };
    let today = build("2026-06-01");
    assert!(today.starts_with("ok: program: "), "{today}");
    assert_eq!(build("1999-12-31"), today);
}

#[test]
fn a_clock_before_every_exception_or_after_it_says_so() {
    requires!("faketime");
    let scratch = Scratch::empty();
    let exception =
        "[[exception]]\nrule = \"unreadable-binary\"\nartifact = \"text\"\nreason = \"a test\"\nuntil = 2020-02-01\n";
    scratch.write("seaworthy.toml", exception);
    scratch.write("text", "no binary\n");
    let check = |date: &str| {
        let run = scratch.program("faketime").arg(date).arg(env!("CARGO_BIN_EXE_seaworthy"));
        let done = run.args(["check", "text"]).run();
        ended_well(&done);
        done.code()
    };
    assert_eq!((check("2020-01-31"), check("2020-02-02")), (Some(0), Some(3)));
}
