//! Do shims put the guard in front of `cargo` and `go`, find the real ones whatever else stands on the `PATH`, and never run
//! in circles?
#![cfg(unix)]

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{Done, Run, Scratch, shared, tools_path};

/// A directory of its own with a shim for each tool.
fn shims(scratch: &Scratch) -> PathBuf {
    let directory = scratch.join("shims");
    let done = scratch.seaworthy().args(["shim", "install", "--dir", "shims"]).run().expect_code(0);
    assert_eq!(done.stdout().matches("installed ").count(), 2, "{}", done.stdout());
    directory
}

/// A `PATH` with these in front.
fn path(front: &[&Path]) -> OsString {
    let tools = tools_path();
    let front = front.iter().map(|path| path.to_path_buf());
    std::env::join_paths(front.chain(std::env::split_paths(&tools))).expect("no separators in them")
}

fn script(scratch: &Scratch, name: &str, text: &str) -> PathBuf {
    let path = scratch.executable(name, text);
    path.parent().expect("a directory").to_path_buf()
}

/// A Go program, and the call that builds it by the shim that comes first on this `PATH`.
fn go_program(scratch: &Scratch) {
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
}

fn go_build(scratch: &Scratch, path: &OsString) -> Run {
    // By a shell, which looks the name up as a user's does.
    scratch.program("sh").args(["-c", "exec go build"]).env("PATH", path).env("GOCACHE", shared("gocache"))
}

#[track_caller]
fn guarded_once(done: &Done, artifact: &str) {
    let wanted = format!("ok: {artifact}: ");
    if done.code() != Some(0) || done.stderr().matches(&wanted).count() != 1 {
        done.fail(&format!("`{wanted}` was expected once"));
    }
}

#[test]
fn they_are_installed_used_and_removed() {
    requires!("go");
    let scratch = Scratch::empty();
    go_program(&scratch);
    let directory = shims(&scratch);
    let path = path(&[&directory]);
    guarded_once(&go_build(&scratch, &path).run(), "app");

    let shim = |word: &str| scratch.seaworthy().args(["shim", word, "--dir", "shims"]).env("PATH", &path).run();
    let said = shim("status").expect_code(0).stdout();
    assert!(said.contains(&format!("go: guarded: {}/go → ", directory.display())), "{said}");
    assert_eq!(shim("install").expect_code(0).stdout(), "", "there is nothing to do");
    let mine = scratch.write("shims/mine", "");
    assert_eq!(shim("remove").expect_code(0).stdout().matches("removed ").count(), 2);
    assert!(mine.exists() && !directory.join("go").exists());
    let said = shim("status").expect_code(0).stdout();
    assert!(said.contains("go: not guarded: "), "{said}");
}

#[test]
fn nothing_but_shims_is_replaced_or_removed() {
    let scratch = Scratch::empty();
    script(&scratch, "bin/go", "#!/bin/sh\n");
    let shim = |word: &str| scratch.seaworthy().args(["shim", word, "--dir", "bin"]).run();
    shim("install").expect_code(4).expect_stderr("holds a `go` that is no shim");
    assert!(!scratch.join("bin/cargo").exists());
    shim("remove").expect_code(0).expect_stderr("is no shim of this program");
    assert!(scratch.join("bin/go").exists());

    std::fs::create_dir_all(scratch.join("cargo/bin")).expect("writable");
    let install = scratch.seaworthy().args(["shim", "install", "--dir", "cargo/bin"]);
    install.env("CARGO_HOME", scratch.join("cargo")).run().expect_code(4).expect_stderr("rustup's and cargo's own");
}

#[test]
fn one_whose_program_is_gone_is_told_and_replaced() {
    let scratch = Scratch::empty();
    std::fs::create_dir(scratch.join("shims")).expect("writable");
    symlink(scratch.join("gone/seaworthy"), scratch.join("shims/go")).expect("a link");
    let shim = |word: &str| {
        let run = scratch.seaworthy().args(["shim", word, "--dir", "shims", "go"]);
        run.env("PATH", path(&[&scratch.join("shims")])).run()
    };
    shim("status").expect_code(4).expect_stderr("the program behind");
    assert!(shim("install").expect_code(0).stdout().starts_with("installed "));
    assert!(shim("remove").expect_code(0).stdout().starts_with("removed "));
    assert!(!scratch.join("shims").exists(), "an empty directory goes with the last shim");
}

#[test]
fn what_is_in_the_way_is_said() {
    requires!("go");
    let scratch = Scratch::empty();
    let directory = shims(&scratch);
    let status = |path: OsString| {
        let run = scratch.seaworthy().args(["shim", "status", "--dir", "shims", "go"]);
        run.env("PATH", path).run().expect_code(4)
    };
    status(path(&[])).expect_stderr("is not on the PATH; put it in front");
    let other = script(&scratch, "other/go", "#!/bin/sh\n");
    status(path(&[&other, &directory])).expect_stderr("comes before the shim on the PATH");
    let both = scratch.seaworthy().args(["shim", "status", "--dir", "shims"]).env("PATH", path(&[])).run();
    assert_eq!(both.stderr().matches("is not on the PATH").count(), 1, "once for both: {}", both.stderr());
}

#[test]
fn without_a_home_there_has_to_be_a_directory() {
    requires!("go");
    let scratch = Scratch::empty();
    go_program(&scratch);
    let without_home = |run: Run| {
        let mut command = run.into_command();
        command.env_remove("HOME").env_remove("XDG_DATA_HOME").output().expect("it starts")
    };
    let output = without_home(scratch.seaworthy().args(["shim", "install"]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(4) && said.contains("say where with --dir"), "{said}");
    let directory = shims(&scratch);
    let output = without_home(go_build(&scratch, &path(&[&directory])));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ok: app: "), "{output:?}");

    let data = scratch.join("data");
    scratch.seaworthy().args(["shim", "install", "go"]).env("XDG_DATA_HOME", &data).run().expect_code(0);
    assert!(data.join("seaworthy/shims/go").exists());
}

/// rustup's proxy stands behind the shim, and a build script calls cargo by its name: guarded once, from outside.
#[test]
fn a_build_script_that_calls_cargo_is_not_guarded_twice() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    let manifest =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n");
    scratch.write("Cargo.toml", manifest("outer"));
    scratch.write("src/main.rs", "fn main() {}\n");
    scratch.write("inner/Cargo.toml", manifest("inner"));
    scratch.write("inner/src/main.rs", "fn main() {}\n");
    let nested = "fn main() {\n    let nested = std::process::Command::new(\"cargo\")\n        \
                  .args([\"build\", \"--manifest-path\", \"inner/Cargo.toml\", \"--target-dir\", \"nested\"])\n        \
                  .output().unwrap();\n    assert!(nested.status.success(), \"{nested:?}\");\n}\n";
    scratch.write("build.rs", nested);
    let directory = shims(&scratch);
    let build = scratch.program("sh").args(["-c", "exec cargo build"]).env("PATH", path(&[&directory]));
    let done = build.run();
    guarded_once(&done, "target/x86_64-unknown-linux-musl/debug/outer");
    assert!(!done.stderr().contains("inner: static"), "{}", done.stderr());
    assert!(scratch.join("nested/debug/inner").exists(), "the nested build got no other target");
}

/// asdf takes its own directory out of the `PATH` and looks for the tool anew, which finds the shim again.
#[test]
fn a_version_managers_script_that_comes_back_is_passed_over() {
    requires!("go");
    let scratch = Scratch::empty();
    go_program(&scratch);
    let directory = shims(&scratch);
    let text = "#!/bin/sh\necho asdf >> \"$ASDF_LOG\"\nown=$(dirname \"$0\")\n\
                PATH=$(printf %s \"$PATH\" | tr : '\\n' | grep -vx \"$own\" | paste -sd :)\nexport PATH\nexec go \"$@\"\n";
    let asdf = script(&scratch, "asdf/go", text);
    for (front, calls) in [(vec![&*directory, &*asdf], 1), (vec![&*asdf, &*directory], 1)] {
        let log = scratch.join("log");
        let done = go_build(&scratch, &path(&front)).env("ASDF_LOG", &log).run();
        guarded_once(&done, "app");
        let calls_made = std::fs::read_to_string(&log).map_or(0, |log| log.lines().count());
        assert_eq!(calls_made, calls, "{front:?}");
        std::fs::remove_file(&log).expect("it was called");
    }
    // One that goes straight to the tool, as mise does, is run as any other.
    let real = which::which_in("go", Some(tools_path()), ".").expect("go is there");
    let mise = script(&scratch, "mise/go", &format!("#!/bin/sh\nexec {} \"$@\"\n", real.display()));
    guarded_once(&go_build(&scratch, &path(&[&directory, &mise])).run(), "app");
    // Two that both come back.
    let second = script(&scratch, "second/go", text);
    let run = go_build(&scratch, &path(&[&directory, &asdf, &second])).env("ASDF_LOG", scratch.join("log"));
    guarded_once(&run.run(), "app");
}

#[test]
fn two_copies_do_not_call_each_other() {
    requires!("go");
    let scratch = Scratch::empty();
    go_program(&scratch);
    let mut directories = Vec::new();
    for copy in ["one", "two"] {
        let program = scratch.join(copy).join("seaworthy");
        std::fs::create_dir(scratch.join(copy)).expect("writable");
        std::fs::copy(env!("CARGO_BIN_EXE_seaworthy"), &program).expect("a copy of the program");
        let directory = scratch.join(format!("{copy}/shims"));
        Run::program(&program).args(["shim", "install", "--dir"]).arg(&directory).run().expect_code(0);
        directories.push(directory);
    }
    let front = |order: [usize; 2]| path(&order.map(|index| &*directories[index]));
    for order in [[0, 1], [1, 0]] {
        guarded_once(&go_build(&scratch, &front(order)).run(), "app");
        let version = scratch.program("sh").args(["-c", "exec go version"]).env("PATH", front(order)).run();
        assert!(version.expect_code(0).stdout().starts_with("go version "));
    }
}
