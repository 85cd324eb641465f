//! What a user reads and finds around a guarded build; that it is a drop-in is tested where builds are.

use crate::support::{Run, Scratch};

/// A Go program whose build is rejected on Linux: `-buildmode=pie` asks for a loader even without cgo.
fn rejected() -> (Scratch, Run) {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/app\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let run = scratch.seaworthy().env("GOOS", "linux").env("GOARCH", "amd64");
    (scratch, run)
}

const BUILD: [&str; 4] = ["go", "build", "-buildmode=pie", "-o=app"];

#[test]
fn a_rejected_build_says_so_on_standard_error_only() {
    requires!("go");
    let (_scratch, run) = rejected();
    let done = run.args(BUILD).run().expect_code(3).expect_stderr("error[dynamic-loader]: `app` ");
    assert_eq!(done.stdout(), "");
    assert!(!done.stderr().contains("::error"), "{}", done.stderr());
}

/// Builds the program for a system and gives the line that says what came out.
fn success_line(os: &str, arch: &str) -> String {
    let (_scratch, run) = rejected();
    let done = run.env("GOOS", os).env("GOARCH", arch).args(["go", "build", "-o=app"]).run().expect_code(0);
    assert_eq!(done.stdout(), "");
    done.stderr()
}

#[test]
fn success_is_one_line_that_says_what_came_out() {
    requires!("go");
    let linux = success_line("linux", "arm64");
    assert!(linux.starts_with("ok: app: static ELF aarch64, no libc, go1."), "{linux}");
    assert!(linux.contains("; needs no loader and no libraries") && linux.lines().count() == 1, "{linux}");
    let windows = success_line("windows", "amd64");
    assert!(windows.starts_with("ok: app: program PE x86_64, go1."), "{windows}");
    assert!(windows.contains("needs windows ") && windows.contains("kernel32.dll"), "{windows}");
    let darwin = success_line("darwin", "arm64");
    assert!(darwin.starts_with("ok: app: program Mach-O aarch64, go1."), "{darwin}");
    assert!(darwin.contains("needs macos ") && darwin.contains("/usr/lib/libSystem.B.dylib"), "{darwin}");
}

#[test]
fn quiet_success_is_silent_and_json_ends_standard_error() {
    requires!("go");
    let (scratch, run) = rejected();
    assert_eq!(run.args(["-q", "go", "build", "-o=app"]).run().expect_code(0).stderr(), "");
    let run = scratch.seaworthy().env("GOOS", "linux").args(["--format", "json", "go", "build", "-x", "-o=app"]);
    let stderr = run.run().expect_code(0).stderr();
    let json = stderr.get(stderr.find("\n{\n").expect("a report after go's own output")..).expect("a boundary");
    let report: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!((&report["verdict"], &report["artifacts"][0]["path"]), (&"pass".into(), &"app".into()));
    assert_eq!(report["artifacts"][0]["linkage"], "static");
}

#[test]
fn github_gets_annotations_as_well() {
    requires!("go");
    let (_scratch, run) = rejected();
    let done = run.env("GITHUB_ACTIONS", "true").args(BUILD).run().expect_code(3);
    done.expect_stderr("error[dynamic-loader]: `app` ")
        .expect_stderr("\n::error title=seaworthy[dynamic-loader]::`app` ");
}

#[test]
fn a_rejected_file_is_put_away_as_the_policy_says() {
    requires!("go");
    for (choice, stays, aside) in [("keep", true, false), ("rename", false, true), ("remove", false, false)] {
        let (scratch, run) = rejected();
        scratch.write("seaworthy.toml", format!("on-violation = \"{choice}\"\n"));
        run.args(BUILD).run().expect_code(3);
        assert_eq!(scratch.join("app").exists(), stays, "{choice}");
        assert_eq!(scratch.join("app.rejected").exists(), aside, "{choice}");
    }
}

#[test]
fn a_clash_stops_before_the_build_and_is_in_every_report() {
    requires!("go");
    let (scratch, run) = rejected();
    let run = run.env("CGO_ENABLED", "1").args(["--report", "json=report.json", "go", "build", "-o", "app"]);
    run.run().expect_code(3).expect_stderr("error[conflict]: `CGO_ENABLED=1` clashes with `go.cgo = \"off\"`");
    assert!(!scratch.join("app").exists());
    let report = std::fs::read(scratch.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!((&report["verdict"], &report["findings"][0]["rule"]), (&"fail".into(), &"conflict".into()));
}

#[test]
fn a_plan_is_printed_and_not_run() {
    requires!("go");
    let (scratch, run) = rejected();
    let plan = run.args(["plan", "--format", "json", "go", "build", "-o", "app"]).run().expect_code(0).json();
    assert_eq!((&plan["mode"], &plan["tool"]), (&"guard".into(), &"go".into()));
    assert_eq!(plan["changes"][0]["what"], "CGO_ENABLED=0");
    assert!(!scratch.join("app").exists());
    let clash = scratch.seaworthy().env("CGO_ENABLED", "1").args(["plan", "go", "build"]).run().expect_code(3);
    assert!(clash.stdout().contains("error[conflict]"), "{}", clash.stdout());
}

#[test]
fn what_builds_nothing_does_not_even_read_the_policy() {
    requires!("go", "cargo");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "this is not TOML");
    for (tool, arg) in [("cargo", "--version"), ("go", "version")] {
        let bare = scratch.program(tool).arg(arg).run().expect_code(0);
        assert_eq!(scratch.seaworthy().args([tool, arg]).run().expect_code(0).stdout(), bare.stdout());
    }
    scratch.seaworthy().args(["cargo", "build"]).run().expect_code(4).expect_stderr("seaworthy.toml");
}

#[test]
fn a_tool_that_is_not_there_is_127() {
    let scratch = Scratch::empty();
    let run = scratch.seaworthy().env("PATH", scratch.path()).args(["go", "build"]);
    run.run().expect_code(127).expect_stderr("`go` was not found on the PATH");
}
