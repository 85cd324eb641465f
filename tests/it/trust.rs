//! Is nothing run, written or told that nobody asked for?
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::support::{Done, Run, Scratch, repository, tools_path};

/// A value that no output may repeat.
const SECRET: &str = "hunter2-pa55phrase-of-the-registry";

fn module(scratch: &Scratch) {
    scratch.write("go.mod", "module example.org/app\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
}

fn package(scratch: &Scratch) {
    scratch.package("");
    scratch.write("src/main.rs", "fn main() {}\n");
}

/// The program under test while somebody writes down its system calls, and those of all it starts.
struct Watched {
    scratch: Scratch,
    calls: &'static str,
}

impl Watched {
    /// Runs it; each line of the result is one call, the number of the calling process first.
    fn run(&self, args: &[&str]) -> (Done, Vec<String>) {
        let log = self.scratch.report().with_extension("strace");
        let strace = self.scratch.program("strace").args(["-f", "-qq", "-s", "4096", "-e", self.calls, "-o"]).arg(&log);
        let done = strace.arg(env!("CARGO_BIN_EXE_seaworthy")).args(args).run();
        let text = std::fs::read_to_string(&log).expect("strace writes a log");
        (done, text.lines().map(str::to_owned).collect())
    }
}

/// Every program that a process became, with the process: `execve` that did not fail, also where its line is cut in two by
/// what another process did meanwhile.
fn executed(calls: &[String]) -> Vec<(String, String)> {
    let mut begun: Vec<(String, String)> = Vec::new();
    let mut found = Vec::new();
    for line in calls {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let path = call.strip_prefix("execve(\"").and_then(|rest| rest.split('"').next());
        match path {
            Some(path) if call.ends_with("= 0") => found.push((process.to_owned(), path.to_owned())),
            Some(path) if call.ends_with("<unfinished ...>") => begun.push((process.to_owned(), path.to_owned())),
            None if call.starts_with("<... execve resumed>") && call.ends_with("= 0") => {
                let at = begun.iter().rposition(|(other, _)| other == process).expect("what is resumed was begun");
                found.push(begun.remove(at));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_check_starts_no_program_at_all() {
    requires!("strace", "gcc");
    let watched = Watched { scratch: Scratch::empty(), calls: "trace=execve,execveat" };
    watched.scratch.write("a.c", "int main(void) { return 0; }\n");
    watched.scratch.program("gcc").args(["-o", "a.out", "a.c"]).run().expect_code(0);
    for args in [&["check", "a.out"][..], &["facts", "a.out"], &["policy", "show"], &["hosts"], &["doctor"]] {
        let (_, calls) = watched.run(args);
        assert_eq!(executed(&calls).len(), 1, "{args:?}: {calls:#?}");
    }
}

#[test]
fn a_build_that_passes_starts_the_tool_and_nothing_else() {
    requires!("strace", "go", "cargo", "rust-std:x86_64-unknown-linux-musl");
    let watched = Watched { scratch: Scratch::empty(), calls: "trace=execve,execveat,vfork,clone,clone3,fork" };
    module(&watched.scratch);
    package(&watched.scratch);
    for tool in ["go", "cargo"] {
        let (done, calls) = watched.run(&[tool, "build"]);
        done.expect_code(0);
        let all = executed(&calls);
        let (own, _) = all.first().expect("the program itself");
        let named = |path: &str| Path::new(path).file_name().is_some_and(|name| name == tool);
        assert!(all.get(1).is_some_and(|(_, path)| named(path)), "{all:#?}");
        // Processes that this one made, by the number that its `vfork` or `clone` came back with.
        let is_child = |process: &str| {
            let back = format!("= {process}");
            calls.iter().any(|line| line.starts_with(&format!("{own} ")) && line.ends_with(&back))
        };
        // rustup's `cargo` becomes the toolchain's, in the same process.
        let started: BTreeSet<_> = all.iter().map(|(process, _)| process).filter(|process| is_child(process)).collect();
        assert_eq!(started.len(), 1, "{all:#?}");
    }
}

#[test]
fn a_tool_in_this_directory_is_never_picked_up() {
    requires!("go", "cargo", "sh");
    let scratch = Scratch::empty();
    module(&scratch);
    package(&scratch);
    for tool in ["cargo", "go"] {
        scratch.executable(tool, "#!/bin/sh\ntouch picked-up\nexit 99\n");
    }
    let path = |before: &str| {
        let mut path = OsString::from(before);
        path.push(":");
        path.push(tools_path());
        path
    };
    for before in ["", ".", "..:.", "./"] {
        for tool in ["cargo", "go"] {
            let done = scratch.seaworthy().env("PATH", path(before)).args([tool, "version"]).run();
            assert!(done.code() != Some(99) && !scratch.join("picked-up").exists(), "{before:?}: {}", done.stderr());
        }
    }
}

#[test]
fn no_policy_makes_it_write_or_run_anything() {
    requires!("strace", "gcc");
    let calls = "trace=execve,execveat,openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,\
                 link,linkat,symlink,symlinkat,truncate,ftruncate,connect,socket";
    let watched = Watched { scratch: Scratch::empty(), calls };
    watched.scratch.write("a.c", "int main(void) { return 0; }\n");
    watched.scratch.program("gcc").args(["-o", "a.out", "a.c"]).run().expect_code(0);
    let everything =
        std::fs::read_to_string(repository().join("examples/policies/everything.toml")).expect("an example");
    let hostile =
        "runs-on = [\"own\"]\non-violation = \"remove\"\n[hosts.own]\nrootfs = \"/\"\n[go]\ncc = \"touch ran\"\n";
    watched.scratch.write("app.entitlements", "<plist/>");
    for policy in [everything.as_str(), hostile] {
        watched.scratch.write("seaworthy.toml", policy);
        let (_, calls) = watched.run(&["check", "a.out"]);
        assert_eq!(executed(&calls).len(), 1, "{calls:#?}");
        let harmless = |line: &&String| {
            let reads =
                line.contains("open") && !["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|way| line.contains(way));
            reads || line.contains(" execve(") || line.contains(" +++ ") || line.contains(" --- ")
        };
        let harm: Vec<_> = calls.iter().filter(|line| !harmless(line)).collect();
        assert!(harm.is_empty(), "{harm:#?}");
        assert!(watched.scratch.join("a.out").exists(), "only a build of its own may be put away");
    }
}

/// Everything that a run wrote: its streams and its reports.
fn written(done: &Done, reports: &[PathBuf]) -> Vec<u8> {
    let mut all = [&done.output.stdout[..], &done.output.stderr].concat();
    reports.iter().for_each(|path| all.extend(std::fs::read(path).expect("a report")));
    all
}

#[test]
fn secrets_of_the_environment_reach_no_report() {
    requires!("go");
    let scratch = Scratch::empty();
    module(&scratch);
    let reports: Vec<_> = ["json", "text", "short"].map(|format| scratch.report().with_extension(format)).into();
    let mut run = scratch.seaworthy().arg("-v");
    for (format, path) in ["json", "text", "short"].iter().zip(&reports) {
        run = run.arg("--report").arg(format!("{format}={}", path.display()));
    }
    let with_secrets = |run: Run| {
        let names = ["CARGO_REGISTRY_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "CGO_CFLAGS", "SOMETHING"];
        names.iter().fold(run, |run, name| run.env(name, SECRET))
    };
    let done = with_secrets(run).args(["go", "build", "-buildmode=pie", "-o", "app"]).run().expect_code(3);
    let said = written(&done, &reports);
    assert!(memchr::memmem::find(&said, b"dynamic-loader").is_some());
    assert!(memchr::memmem::find(&said, SECRET.as_bytes()).is_none(), "{}", String::from_utf8_lossy(&said));
    let plan = with_secrets(scratch.seaworthy()).args(["plan", "--format", "json", "go", "build"]).run().expect_code(0);
    assert!(!plan.stdout().contains(SECRET) && !plan.stderr().contains(SECRET), "{}", plan.stdout());
}
