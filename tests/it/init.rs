//! Does `seaworthy init` look at the project, write what works there, and never touch what is there already?

use std::path::Path;

use crate::support::{Scratch, repository};

mod deploy;
mod docker;
mod merge;
mod run;

/// A cargo package that builds anywhere, without its policy.
fn cargo_project() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch.write("Cargo.lock", "version = 3\n\n[[package]]\nname = \"hello\"\nversion = \"0.1.0\"\n");
    scratch.write("src/main.rs", "fn main() { println!(\"hello\") }\n");
    scratch
}

/// A Go module of one program.
fn go_project() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/hello\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() { println(\"hello\") }\n");
    scratch
}

fn read(scratch: &Scratch, name: &str) -> String {
    std::fs::read_to_string(scratch.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every option that adds something.
fn options() -> Vec<String> {
    seaworthy::init::PIECES.iter().map(|piece| format!("--{}", piece.name)).collect()
}

#[test]
fn the_policy_says_what_was_found() {
    let scratch = cargo_project();
    scratch.write("go.mod", "module example.org/x\n");
    scratch.write("a/cgo.go", "package a\n\nimport \"C\"\n");
    scratch.write("vendor/v/cgo.go", "package v\n\nimport \"C\"\n");
    scratch.write("rust-toolchain.toml", "[toolchain]\ntargets = [\"aarch64-apple-darwin\"]\n");
    scratch.write(".cargo/config.toml", "build.target = \"x86_64-unknown-linux-gnu\"\n");
    scratch.write("Dockerfile", "FROM rust:1 AS build\nFROM alpine:3.20\n");
    scratch.write(".gitlab-ci.yml", "");
    let done = scratch.seaworthy().arg("init").run().expect_code(0);
    assert_eq!(done.stdout(), "wrote seaworthy.toml\n");
    done.expect_stderr("`seaworthy init --gitlab`");
    let shown = scratch.seaworthy().args(["policy", "show"]).run().expect_code(0).stdout();
    let set: Vec<_> = shown.lines().filter(|line| line.contains("# seaworthy.toml:")).collect();
    let values: Vec<_> = set.iter().filter_map(|line| Some(line.split_once('#')?.0.trim())).collect();
    assert_eq!(values, ["linkage = \"any\"", "runs-on = [\"alpine:3.20\"]", "cgo = \"static\""]);
    let text = read(&scratch, "seaworthy.toml");
    for words in
        ["a cargo project", "a Go module", "aarch64-apple-darwin, says rust-toolchain.toml", "a/cgo.go imports C"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn nothing_that_is_there_is_touched() {
    let scratch = cargo_project();
    let mine = "mine\n";
    let there: Vec<&str> = seaworthy::init::PIECES
        .iter()
        .flat_map(|piece| piece.files)
        .map(|file| file.path)
        .chain(["seaworthy.toml"])
        .collect();
    there.iter().for_each(|name| drop(scratch.write(name, if *name == "seaworthy.toml" { "" } else { mine })));
    let done = scratch.seaworthy().arg("init").args(options()).run().expect_code(0);
    for name in &there {
        assert!(["", mine].contains(&&*read(&scratch, name)), "{name}");
    }
    assert!(!done.stdout().contains("wrote"), "{}", done.stdout());
    done.expect_stderr("`Dockerfile` is there already: it was left as it is; this would go into it");
    let done = scratch.seaworthy().arg("init").run().expect_code(0);
    assert!(done.stdout().contains("#linkage = \"static\""), "a policy that is there is not written, but shown");
}

#[test]
fn what_only_makes_sense_in_a_project_is_refused_elsewhere() {
    let scratch = Scratch::empty();
    scratch
        .seaworthy()
        .args(["init", "--github"])
        .run()
        .expect_code(4)
        .expect_stderr("`--github` is for what cargo or go builds");
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a directory").count(), 0, "nothing is written half");
    assert_eq!(
        scratch.seaworthy().args(["init", "--make"]).run().expect_code(0).stdout(),
        "wrote seaworthy.toml\nwrote seaworthy.mk\nwrote Makefile\n"
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through() {
    let scratch = cargo_project();
    let outside = scratch.report();
    std::os::unix::fs::symlink(&outside, scratch.join("seaworthy.toml")).expect("a link");
    scratch.seaworthy().arg("init").run().expect_code(0);
    assert!(!outside.exists());
}

#[test]
fn every_template_is_a_piece_and_is_rendered_whole() {
    let directory = repository().join("templates/init");
    let mut templates: Vec<_> = std::fs::read_dir(directory)
        .expect("there are templates")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a template is text"))
        .collect();
    for file in seaworthy::init::PIECES.iter().flat_map(|piece| piece.files) {
        templates.retain(|text| text != file.text);
    }
    assert_eq!(templates, [""; 0], "these belong to no piece");
    for scratch in [cargo_project(), go_project()] {
        scratch.seaworthy().arg("init").args(options()).run().expect_code(0);
        for file in seaworthy::init::PIECES.iter().flat_map(|piece| piece.files) {
            let text = read(&scratch, file.path);
            let leftover = text.lines().find(|line| line.starts_with('@') || (line.matches('@').count() > 1));
            assert_eq!(leftover, None, "{}", file.path);
            assert!(!Path::new(file.path).is_absolute());
        }
    }
}
