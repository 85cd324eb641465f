//! Does it hold when the machine does not: files that change, disks that are full, names nobody expects, no descriptors left?
#![cfg(target_os = "linux")]

mod changing;
mod disk;
mod names;
mod scarce;
mod streams;

use crate::support::{Done, Scratch};

/// A Go program that passes by default everywhere, in a module of its own.
fn module(scratch: &Scratch, directory: &str) {
    scratch.write(&format!("{directory}/go.mod"), "module example.org/app\n\ngo 1.21\n");
    scratch.write(&format!("{directory}/main.go"), "package main\n\nfunc main() { println(\"here\") }\n");
}

/// A crate with nothing to download.
fn package(scratch: &Scratch, directory: &str) {
    scratch.write(
        &format!("{directory}/Cargo.toml"),
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    scratch.write(&format!("{directory}/src/main.rs"), "fn main() {}\n");
}

/// The program ended by itself, with one of the codes it promises, and without a word of a panic.
#[track_caller]
fn ended_well(done: &Done) {
    let promised = matches!(done.code(), Some(0 | 3 | 4));
    if !promised || done.stderr().contains("panicked") {
        done.fail("an exit code of 0, 3 or 4 was expected");
    }
}
