//! Disks: full while a report is written, or not to be written to at all.

use std::path::Path;

use crate::support::{Run, Scratch};

use super::{module, package};

/// Runs a shell script in a mount namespace of its own, where it may mount what it likes; `$1` is the program under test.
fn in_own_mounts(scratch: &Scratch, script: &str) -> Run {
    let own = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let seaworthy = env!("CARGO_BIN_EXE_seaworthy");
    scratch.program("unshare").args([own, "sh", "-euc", script, "sh", seaworthy])
}

#[test]
fn a_disk_that_fills_up_leaves_the_old_report_whole() {
    requires!("unshare", "mount");
    let scratch = Scratch::empty();
    std::fs::create_dir(scratch.join("disk")).expect("a scratch directory is writable");
    let script = "mount -t tmpfs -o size=64k tmpfs disk
        printf old > disk/report
        head -c 1000000 /dev/zero > disk/filler 2>&- || true
        for format in json text short; do
            status=0; \"$1\" --report $format=disk/report check \"$1\" > out 2> err || status=$?
            grep -q 'cannot write .disk/report.' err || { cat err; exit 90; }
            test $status = 4 || exit 91
            test \"$(cat disk/report)\" = old || exit 92
            test \"$(ls -A disk)\" = \"$(printf 'filler\\nreport')\" || exit 93
        done";
    in_own_mounts(&scratch, script).run().expect_code(0);
}

#[test]
fn a_work_tree_that_cannot_be_written_to_is_guarded_all_the_same() {
    requires!("unshare", "mount", "go", "cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    module(&scratch, "tree/go");
    package(&scratch, "tree/rust");
    scratch.program("cargo").args(["generate-lockfile"]).cwd(scratch.join("tree/rust")).run().expect_code(0);
    let script = "mount --bind tree tree; mount -o remount,bind,ro tree
        ! touch tree/go/x 2>/dev/null || exit 90
        out=$PWD/out
        cd tree/go; \"$1\" go build -o \"$out/go\" 2> \"$out.err\" || { cat \"$out.err\"; exit 91; }
        cd ../rust; CARGO_TARGET_DIR=\"$out/target\" \"$1\" cargo build 2>> \"$out.err\" || { cat \"$out.err\"; exit 92; }
        cat \"$out.err\" >&2";
    std::fs::create_dir(scratch.join("out")).expect("a scratch directory is writable");
    let done = in_own_mounts(&scratch, script).run().expect_code(0);
    let said = done.stderr().lines().filter(|line| line.starts_with("ok: ")).count();
    assert_eq!(said, 2, "{}", done.stderr());
}

#[test]
fn neither_home_nor_a_temporary_directory_is_needed() {
    requires!("env", "go");
    let scratch = Scratch::empty();
    module(&scratch, "app");
    let (path, cache) = (crate::support::tools_path(), crate::support::shared("gocache"));
    let bare = |args: &[&str]| {
        let assign = |name: &str, value: &std::ffi::OsStr| {
            let mut assigned = std::ffi::OsString::from(format!("{name}="));
            assigned.push(value);
            assigned
        };
        let variables =
            [assign("PATH", &path), assign("GOCACHE", cache.as_os_str()), assign("GOTOOLCHAIN", "local".as_ref())];
        let run = scratch.program("env").cwd(scratch.join("app")).arg("-i").args(variables);
        run.arg(env!("CARGO_BIN_EXE_seaworthy")).args(args).run()
    };
    bare(&["check", env!("CARGO_BIN_EXE_seaworthy"), "--report", "json=report.json"]);
    assert!(Path::new(&scratch.join("app/report.json")).is_file());
    let built = bare(&["go", "build", "-o", "program"]).expect_code(0);
    assert!(built.stderr().starts_with("ok: program: static ELF"), "{}", built.stderr());
}
