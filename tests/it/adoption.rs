//! Do the wheel, the hooks, the GitHub action and what `seaworthy init` writes for services work with the real programs?
//!
//! These programs come from package registries, and the wheel is built first: `make test-adoption` runs all of this.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::init::{cargo_project, go_project};
use crate::support::{Run, Scratch, repository, tools_path};

mod action;
mod other_tools;
mod pre_commit;
mod services;
#[cfg(unix)]
mod slow;
mod wheel;

/// Where `scripts/test-adoption.sh` put the wheel of this program, and those that a package without one needs to be built.
fn wheels() -> PathBuf {
    let wheels = repository().join("target/adoption/wheels");
    assert!(wheels.is_dir(), "there is no wheel; `make test-adoption` builds it and runs these tests");
    wheels
}

/// A Python that has PyYAML.
fn python() -> Run {
    Run::program(repository().join("target/tools/adoption/bin/python"))
}

/// A file of YAML, as its users read it.
fn yaml(path: &Path) -> Value {
    const SCRIPT: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    python().args(["-c", SCRIPT]).arg(path).run().expect_code(0).json()
}

/// A run that gets packages from our wheels and from nowhere else.
fn offline(run: Run) -> Run {
    run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels()).env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
}

/// The `PATH` of the tools with these in front, the first of all first.
fn path(front: &[PathBuf]) -> OsString {
    let tools = tools_path();
    std::env::join_paths(front.iter().cloned().chain(std::env::split_paths(&tools))).expect("no separators in them")
}

/// Makes a git repository of a project.
fn commit(scratch: &Scratch) {
    scratch.write(".gitignore", "target\n");
    for words in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "all"]] {
        git(scratch, words);
    }
}

fn git(scratch: &Scratch, words: &[&str]) -> String {
    let who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"];
    scratch.program("git").args(who).args(words).run().expect_code(0).stdout()
}

/// Makes what the Go module builds dynamic, and lets the policy see that.
fn spoil_go(scratch: &Scratch) {
    scratch.write("main.go", "package main\n\nimport \"C\"\n\nfunc main() {}\n");
    scratch.write("seaworthy.toml", "go.cgo = \"allow\"\n");
}
