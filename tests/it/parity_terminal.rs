//! Does a wrapped build look the same on a terminal, and does Ctrl-C typed there end it?
#![cfg(unix)]

use crate::support::Scratch;

/// Runs a command under a pseudo-terminal: what the terminal showed, then the status as Python tells it. `^C` in the plan
/// is typed once the file `started` is there; `kill` signals the wrapper alone from outside.
const UNDER_A_TERMINAL: &str = r#"
import os, pty, sys, time, signal
plan, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    # What a shell starts in the background ignores it, and so do all its children.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(command[0], command)
if plan != "watch":
    while not os.path.exists("started"):
        time.sleep(0.01)
    if plan == "^C":
        os.write(terminal, b"\x03")
    else:
        os.kill(pid, signal.SIGINT)
shown = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(shown)
print("\nstatus", os.waitstatus_to_exitcode(status))
"#;

fn project(script: &str) -> Scratch {
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("src/main.rs", "fn main() { let unused = 1; }");
    scratch.write("build.rs", script);
    scratch
}

pub(crate) fn shown(scratch: &Scratch, plan: &str, command: &[&str]) -> String {
    let python = scratch.program("python3").args(["-c", UNDER_A_TERMINAL, plan]).args(command);
    python.env("TERM", "xterm-256color").env("CARGO_BUILD_TARGET", "x86_64-unknown-linux-musl").run().stdout()
}

#[test]
fn colours_and_diagnostics_are_cargos_own() {
    requires!("cargo", "python3", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project("fn main() {}");
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let bare = shown(&scratch, "watch", &["cargo", "build"]);
    std::fs::remove_dir_all(scratch.join("target")).expect("it was built");
    let ours = shown(&scratch, "watch", &[program, "cargo", "build"]);
    // Progress is drawn when there is time for it: only whole lines are compared.
    let lines = |text: &str| {
        let lines = text.lines().map(|line| line.rsplit(['\r', '\u{1b}']).next().unwrap_or(line).to_owned());
        lines.filter(|line| !line.contains("target(s) in") && !line.contains("Building")).collect::<Vec<_>>()
    };
    let (bare_lines, our_lines) = (lines(&bare), lines(&ours));
    assert!(bare.contains("\u{1b}[") && bare.contains("unused variable"), "{bare}");
    for line in &bare_lines {
        assert!(our_lines.contains(line), "{line:?} is missing in\n{ours}\nwhich is without seaworthy\n{bare}");
    }
    let coloured = |text: &str| text.matches("\u{1b}[1m").count() > 3;
    assert_eq!(coloured(&ours), coloured(&bare), "{ours}");
    assert!(!ours.contains("\"reason\""), "{ours}");
    assert!(ours.contains("status 0"), "{ours}");
}

const WAITS: &str = "fn main() { std::fs::write(\"started\", \"\").unwrap(); \
                     std::thread::sleep(std::time::Duration::from_secs(8)); }";

#[test]
fn an_interrupt_ends_a_wrapped_build_as_it_ends_a_bare_one() {
    requires!("cargo", "python3", "rust-std:x86_64-unknown-linux-musl");
    let program = env!("CARGO_BIN_EXE_seaworthy");
    for (plan, command) in
        [("^C", &["cargo", "build"][..]), ("^C", &[program, "cargo", "build"]), ("kill", &[program, "cargo", "build"])]
    {
        let scratch = project(WAITS);
        let shown = shown(&scratch, plan, command);
        assert!(shown.trim_end().ends_with("status -2"), "{plan} {command:?}: {shown}");
    }
}
