//! Names: as long as the system allows, not UTF-8, with newlines and escapes of the terminal, in real builds.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{module, package};
use crate::support::Scratch;

#[test]
fn paths_of_a_thousand_characters_are_built_and_judged() {
    requires!("go");
    let scratch = Scratch::empty();
    let deep = ["x".repeat(200), "y".repeat(200), "z".repeat(200), "u".repeat(200), "v".repeat(200)].join("/");
    module(&scratch, &deep);
    let built = scratch.seaworthy().cwd(scratch.join(&deep)).args(["go", "build", "-o", "app"]).run().expect_code(0);
    assert!(built.stderr().starts_with("ok: app: static ELF"), "{}", built.stderr());
    let program = format!("{deep}/app");
    assert!(program.len() > 1000);
    let checked = scratch.seaworthy().args(["check", "--format", "json", &program]).run().expect_code(0);
    assert_eq!(checked.json()["artifacts"][0]["path"], program.as_str());
}

#[test]
fn names_that_no_terminal_should_see_are_escaped_after_a_build_too() {
    requires!("go");
    let scratch = Scratch::empty();
    module(&scratch, "app");
    let name = OsStr::from_bytes(b"a\x1b]0;owned\x07\n::error::\xff");
    let build = scratch.seaworthy().cwd(scratch.join("app")).env("GITHUB_ACTIONS", "true");
    let done = build.args(["go", "build", "-buildmode=pie", "-o"]).arg(name).run().expect_code(3);
    let stderr = &done.output.stderr;
    assert!(scratch.join("app").join(name).exists(), "go builds it under that name");
    assert!(!stderr.iter().any(|byte| matches!(byte, 0x1b | 7 | 0xff)), "{}", done.stderr());
    done.expect_stderr("`a\\x1b]0;owned\\x07\\n::error::\\xff`");
}

#[test]
fn a_project_in_a_directory_that_is_not_utf8_is_guarded() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    package(&scratch, "app");
    let odd = scratch.join(OsStr::from_bytes(b"odd\xfe dir"));
    std::fs::rename(scratch.join("app"), &odd).expect("a scratch directory is writable");
    let cargo = |program: &str, first: &[&str]| scratch.program(program).cwd(&odd).args(first).arg("build").run();
    // What cargo makes of such a path is cargo's; the guard must not make it worse.
    let bare = cargo("cargo", &[]);
    let guarded = cargo(env!("CARGO_BIN_EXE_seaworthy"), &["cargo"]);
    if bare.code() == Some(0) {
        assert!(matches!(guarded.code(), Some(0 | 3)), "{}", guarded.stderr());
    } else {
        assert_eq!(guarded.code(), bare.code(), "{}", guarded.stderr());
    }
    assert!(!guarded.stderr().contains("panicked"), "{}", guarded.stderr());
}
