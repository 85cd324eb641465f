//! Do signals reach the tool, and does the wrapper end as the tool ended?
#![cfg(unix)]

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

use crate::support::Scratch;

/// Longer than any of these builds may take to end after a signal.
const LONG: Duration = Duration::from_secs(20);

/// A crate whose build script says which process cargo is, and then lets everybody wait.
fn slow_crate() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"slow\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch.write("src/main.rs", "fn main() {}");
    let wait = "fn main() { std::fs::write(\"started.tmp\", std::os::unix::process::parent_id().to_string()).unwrap();\n\
                std::fs::rename(\"started.tmp\", \"started\").unwrap();\n\
                for _ in 0..100 { std::thread::sleep(std::time::Duration::from_millis(100));\n\
                if std::path::Path::new(\"go\").exists() { return } } }";
    scratch.write("build.rs", wait);
    scratch
}

/// A Go program whose compiler says which process go is, and then lets everybody wait.
fn slow_module() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/slow\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let script = "#!/bin/sh\ncase \"$*\" in *-V=full*) exec \"$@\";; esac\n\
                  echo $PPID > started.tmp; mv started.tmp started\n\
                  i=0; while [ $i -lt 100 ] && ! [ -e go ]; do sleep 0.1; i=$((i+1)); done\nexec \"$@\"\n";
    scratch.executable("slow.sh", script);
    scratch
}

/// Waits for a file to appear.
fn appears(path: &Path) -> String {
    let since = Instant::now();
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if !text.is_empty() => return text,
            _ => assert!(since.elapsed() < LONG * 2, "`{}` did not appear", path.display()),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[track_caller]
fn ends(child: &mut Child) -> ExitStatus {
    let since = Instant::now();
    while since.elapsed() < LONG {
        if let Some(status) = child.try_wait().expect("our child") {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("our child");
    panic!("the signal did not end it");
}

fn is_gone(tool: &str) -> bool {
    let pid = Pid::from_raw(tool.trim().parse().expect("a process id")).expect("a process id");
    let since = Instant::now();
    while since.elapsed() < LONG {
        if test_kill_process(pid).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn spawn(mut command: Command) -> Child {
    // A group of its own: what is sent to it must not reach the test.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().expect("the program just built")
}

fn wrapped(scratch: &Scratch, tool: &str) -> Command {
    let directory = scratch.path().display();
    // Whoever runs the tests may ignore signals (nohup does), and would hand that down.
    let defaults = ["--default-signal=INT,TERM,HUP,QUIT", env!("CARGO_BIN_EXE_seaworthy")];
    let seaworthy = scratch.program("env").args(defaults);
    let run = match tool {
        "cargo" => seaworthy.args(["cargo", "build"]),
        _ => seaworthy.args(["go".to_owned(), "build".into(), format!("-toolexec={directory}/slow.sh")]),
    };
    // go's own cache would spare it the compiler, and with it the waiting.
    run.env("GOCACHE", crate::support::shared("gocache")).env("SLOW", directory.to_string()).into_command()
}

#[test]
fn a_signal_to_the_wrapper_alone_ends_both_by_it() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let scratch = slow_crate();
        let mut child = spawn(wrapped(&scratch, "cargo"));
        let tool = appears(&scratch.join("started"));
        kill_process(pid(&child), signal).expect("it runs");
        let status = ends(&mut child);
        assert_eq!(status.signal(), Some(signal.as_raw()), "{signal:?}: {status}");
        assert!(is_gone(&tool), "cargo lives on after {signal:?}");
        scratch.write("go", "");
    }
}

#[test]
fn go_is_ended_the_same_way_and_leaves_nothing_of_ours() {
    requires!("go", "sh");
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let scratch = slow_module();
        let temporary = scratch.join("tmp");
        std::fs::create_dir(&temporary).expect("a directory");
        let mut command = wrapped(&scratch, "go");
        command.env("TMPDIR", &temporary);
        let mut child = spawn(command);
        let tool = appears(&scratch.join("started"));
        kill_process(pid(&child), signal).expect("it runs");
        assert_eq!(ends(&mut child).signal(), Some(signal.as_raw()));
        assert!(signal == Signal::KILL || is_gone(&tool), "go lives on after {signal:?}");
        scratch.write("go", "");
        assert!(is_gone(&tool), "go did not come to its end");
        let ours = std::fs::read_dir(&temporary).expect("a directory").flatten();
        let ours: Vec<_> = ours.filter(|entry| entry.file_name().to_string_lossy().contains("seaworthy")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}

#[test]
fn a_tool_that_is_killed_ends_the_wrapper_the_same_way() {
    requires!("cargo", "go", "sh", "rust-std:x86_64-unknown-linux-musl");
    for (tool, scratch) in [("cargo", slow_crate()), ("go", slow_module())] {
        let mut child = spawn(wrapped(&scratch, tool));
        let started = appears(&scratch.join("started"));
        let id = started.trim().parse().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, Signal::KILL).expect("it runs");
        assert_eq!(ends(&mut child).signal(), Some(Signal::KILL.as_raw()), "{tool}");
        scratch.write("go", "");
    }
}

#[test]
fn a_signal_to_the_whole_group_ends_it_once() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = slow_crate();
    let mut child = spawn(wrapped(&scratch, "cargo"));
    appears(&scratch.join("started"));
    kill_process_group(pid(&child), Signal::INT).expect("it runs");
    assert_eq!(ends(&mut child).signal(), Some(Signal::INT.as_raw()));
}

#[test]
fn a_stopped_build_goes_on() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = slow_crate();
    let mut child = spawn(wrapped(&scratch, "cargo"));
    appears(&scratch.join("started"));
    let group = pid(&child);
    kill_process_group(group, Signal::TSTP).expect("it runs");
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().expect("our child").is_none());
    scratch.write("go", "");
    kill_process_group(group, Signal::CONT).expect("it is stopped");
    assert_eq!(ends(&mut child).code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_was_ignored_stays_ignored() {
    requires!("cargo", "sh", "rust-std:x86_64-unknown-linux-musl");
    let scratch = slow_crate();
    let seaworthy = env!("CARGO_BIN_EXE_seaworthy");
    let run = scratch.program("sh").args(["-c", "trap '' HUP INT; exec \"$@\"", "sh", seaworthy, "cargo", "build"]);
    let mut child = spawn(run.env("SLOW", scratch.path()).into_command());
    appears(&scratch.join("started"));
    kill_process_group(pid(&child), Signal::HUP).expect("it runs");
    kill_process_group(pid(&child), Signal::INT).expect("it runs");
    std::thread::sleep(Duration::from_millis(300));
    scratch.write("go", "");
    assert_eq!(ends(&mut child).code(), Some(0));
}
