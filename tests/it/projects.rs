//! Real third-party projects whose culprit is known: is it named, with the way to it, and does following the advice make the
//! guard pass?
//!
//! Slow, and in need of the package registries for what is pinned in the fixtures' lock files, so every test here is ignored
//! unless asked for: `make test-projects`. They share one target directory, one at a time.

mod cargo;
mod cost;
mod go;

use crate::support::{Done, Run, Scratch, shared};

/// A policy for programs that run where glibc is and little else.
const BARE_GLIBC: &str = "linkage = \"any\"\nruns-on = [\"distroless:cc-debian12\"]\n";

/// A guarded build in the scratch directory.
fn guarded(scratch: &Scratch, args: &[&str]) -> Run {
    let target = shared("projects");
    scratch.seaworthy().env("CARGO_TARGET_DIR", target).args(args)
}

/// The `= blame:` line of the finding of a rule, and its `= help:` line.
#[track_caller]
fn blame_of(done: &Done, rule: &str) -> (String, String) {
    let stderr = done.stderr();
    let finding = stderr.split("\nerror[").flat_map(|part| part.strip_prefix("error[").or(Some(part)));
    let Some(finding) = finding.into_iter().find(|part| part.starts_with(&format!("{rule}]"))) else {
        done.fail(&format!("no finding of `{rule}`"));
    };
    let line = |label: &str| {
        let line = finding.lines().find_map(|line| line.trim().strip_prefix(label).map(str::to_owned));
        line.unwrap_or_else(|| done.fail(&format!("no `{label}` line")))
    };
    (line("= blame: "), line("= help: "))
}

/// The hints after a failed build, each as cause and fix.
fn hints(done: &Done) -> Vec<(String, String)> {
    let stderr = done.stderr();
    let mut lines = stderr.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(cause) = line.strip_prefix("hint: ") {
            let fix = lines.next().and_then(|line| line.trim().strip_prefix("= help: ")).unwrap_or_default();
            found.push((cause.to_owned(), fix.to_owned()));
        }
    }
    found
}
