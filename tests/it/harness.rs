//! Does the harness itself hold: scrubbed environment, copied fixtures, failure messages that say everything?

use crate::support::{Run, Scratch, shared};

#[test]
fn a_run_does_not_see_what_would_change_a_build() {
    requires!("env");
    let done = Run::program("env").env("LATER", "kept").run().expect_code(0);
    let names: Vec<_> = done.stdout().lines().filter_map(|line| line.split('=').next().map(str::to_owned)).collect();
    assert!(names.contains(&"LATER".into()) && names.contains(&"GOCACHE".into()), "{names:?}");
    assert!(!names.iter().any(|name| name == "CARGO" || name == "CARGO_MANIFEST_DIR"), "{names:?}");
}

#[test]
fn standard_input_reaches_the_program_and_json_comes_back() {
    requires!("cat");
    let scratch = Scratch::empty();
    scratch.write("a/b.json", "[1]");
    let read = scratch.program("cat").arg("a/b.json").run().expect_code(0);
    assert_eq!(read.json(), serde_json::json!([1]));
    let echoed = Run::program("cat").args(["-"]).stdin("{}").run();
    assert_eq!(echoed.json(), serde_json::json!({}));
}

#[test]
fn a_failed_expectation_shows_the_whole_run() {
    requires!("sh");
    let scratch = Scratch::empty();
    let run = scratch.program("sh").args(["-c", "echo out; echo err >&2; exit 7"]).run().expect_stderr("err");
    let failure = std::panic::catch_unwind(|| run.expect_code(0)).expect_err("7 is not 0");
    let message = failure.downcast_ref::<String>().expect("a formatted message");
    for part in ["exit code 0 was expected", "echo out", "cwd: ", "status: exit status: 7", "out\n", "err\n"] {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
}

#[test]
fn the_program_under_test_is_the_one_just_built() {
    let scratch = Scratch::empty();
    let mut command = scratch.seaworthy().arg("--version").into_command();
    assert!(std::path::Path::new(command.get_program()).is_file());
    command.current_dir(scratch.join(""));
    assert!(shared("gocache").is_dir());
}

#[test]
fn a_fixture_is_copied_whole() {
    let scratch = Scratch::fixture("builds/rust-hello");
    assert!(scratch.join("src/main.rs").is_file() && scratch.join("Cargo.toml").is_file());
}
