//! `check` on what is no binary: one clear sentence that names the file, the right exit code, and the others judged.

use crate::support::{Done, Scratch};

fn check(scratch: &Scratch, paths: &[&str]) -> Done {
    scratch.seaworthy().arg("check").args(paths).run()
}

/// A program that passes by default on every system: a Go one, which is static on Linux and needs nothing elsewhere.
fn good(scratch: &Scratch, name: &str) {
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let build = scratch.program("go").args(["build", "-o", name, "main.go"]).env("CGO_ENABLED", "0");
    build.run().expect_code(0);
}

#[test]
fn packages_are_named_and_what_to_do_about_them() {
    let scratch = Scratch::empty();
    std::fs::copy(env!("CARGO_BIN_EXE_seaworthy"), scratch.write("dist/app", "")).expect("own directory");
    scratch.write("dist/a.rpm", b"\xed\xab\xee\xdb\x03\0\0\0");
    let archive = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    scratch.write("dist/page.1.gz", archive);
    scratch.write("policy.toml", "linkage = \"any\"");
    let check = |words: &[&str]| scratch.seaworthy().args(["--policy", "policy.toml", "check"]).args(words).run();
    let said = check(&["dist"]).expect_code(0).stdout();
    assert!(said.contains("note: `dist/a.rpm` is a package: what is in it was not judged"), "{said}");
    assert!(said.contains("note: 1 file that is no linked binary left out"), "{said}");
    scratch.write("dist/a.tar.gz", archive);
    let said = check(&["dist"]).expect_code(0).stdout();
    assert!(said.contains("`dist/a.rpm` and 1 more are packages"), "{said}");
    let said = check(&["dist/a.rpm"]).expect_code(3).stdout();
    assert!(said.contains("help: unpack it (`rpm2cpio dist/a.rpm | cpio -idD DIR`) and check DIR"), "{said}");
    let done = check(&["dist/a.tar.gz"]);
    assert!((done.stdout() + &done.stderr()).contains("(`tar -xf dist/a.tar.gz -C DIR`)"), "{}", done.stderr());
    let mut tar = vec![0; 1024];
    tar[..4].copy_from_slice(b"file");
    scratch.write("dist/b.tar", &tar);
    let said = check(&["dist"]).expect_code(0).stdout();
    assert!(said.contains("`dist/a.rpm` and 2 more are packages"), "{said}");
    // What tells disk images stands far from their beginning: in a directory they go by their names.
    scratch.write("dist/c.iso", vec![0; 64]);
    scratch.write("dist/c.dmg", b"x\xda\0\0");
    let said = check(&["dist"]).expect_code(0).stdout();
    assert!(said.contains("`dist/a.rpm` and 4 more are packages"), "{said}");
}

#[test]
fn data_that_begins_like_an_old_program_is_left_out_of_a_directory() {
    let scratch = Scratch::empty();
    std::fs::copy(env!("CARGO_BIN_EXE_seaworthy"), scratch.write("dist/app", "")).expect("own directory");
    scratch.write("policy.toml", "linkage = \"any\"");
    scratch.write("dist/message.pb", b"\x08\x01\x12\x03abc");
    scratch.write("dist/list.txt", "VZ and others\n");
    scratch.write("dist/names.txt", "MZ and others: a text that is longer than the header of a program for DOS\n");
    scratch.write("dist/page.wasm", b"\0asm\x01\0\0\0");
    let check = |path| scratch.seaworthy().args(["--policy", "policy.toml", "check", path]).run();
    let said = check("dist").expect_code(0).stdout();
    assert!(said.contains("note: 4 files that are no linked binaries left out"), "{said}");
    check("dist/page.wasm").expect_code(3);
}

#[test]
fn what_is_let_through_unread_is_named_with_the_reason() {
    let scratch = Scratch::empty();
    scratch.write("page.wasm", b"\0asm\x01\0\0\0");
    scratch.write("seaworthy.toml", "[rules]\nunreadable-binary = \"allow\"\n");
    let said = check(&scratch, &["page.wasm"]).expect_code(0).stdout();
    let line = "excepted: unreadable-binary: `page.wasm` cannot be read: not supported: WebAssembly (`unreadable-binary` is `allow`, \
                seaworthy.toml:2)";
    assert!(said.contains(line), "{said}");
    let short = scratch.seaworthy().args(["check", "--format", "short", "page.wasm"]).run().expect_code(0).stdout();
    assert_eq!(short, "page.wasm: warning[inconclusive]: could not be judged: not supported: WebAssembly\n");
}

#[test]
fn a_build_for_webassembly_is_warned_of() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/app\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let build = |words: &[&str]| {
        let run = scratch.seaworthy().args(words).args(["go", "build", "-o", "app.wasm"]);
        run.env("GOOS", "js").env("GOARCH", "wasm").run()
    };
    build(&[]).expect_code(0).expect_stderr("warning[unreadable-binary]: `app.wasm` cannot be read");
    scratch.write("strict.toml", "extends = \"strict\"\n");
    build(&["--policy", "strict.toml"]).expect_code(3).expect_stderr("error[unreadable-binary]");
}

#[test]
fn a_named_file_that_is_no_binary_is_a_finding() {
    let scratch = Scratch::empty();
    scratch.write("text", "hello\n");
    scratch.write("empty", "");
    scratch.write("script", "#!/bin/sh\n");
    scratch.write("cut", b"\x7fELF\x02\x01\x01\0");
    for name in ["text", "empty", "script", "cut"] {
        let done = check(&scratch, &[name]).expect_code(3);
        let start = format!("error[unreadable-binary]: `{name}` cannot be read: ");
        assert!(done.stdout().starts_with(&start), "{}", done.stdout());
    }
}

#[test]
fn what_cannot_be_read_at_all_exits_with_4_and_the_others_are_judged() {
    let scratch = Scratch::empty();
    scratch.write("text", "hello\n");
    let done = check(&scratch, &["gone", "text"]).expect_code(4).expect_stderr("cannot read `gone`: ");
    assert!(done.stdout().contains("`text`"), "{}", done.stdout());
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_says_where_that_is() {
    let scratch = Scratch::empty();
    std::os::unix::fs::symlink("target/app", scratch.join("app")).expect("a scratch directory is writable");
    check(&scratch, &["app"])
        .expect_code(4)
        .expect_stderr("cannot read `app`: it is a link to `target/app`, which is not");
}

#[test]
fn looking_at_nothing_is_not_a_pass() {
    let scratch = Scratch::empty();
    scratch.write("sources/main.c", "int main;\n");
    check(&scratch, &["sources"])
        .expect_code(4)
        .expect_stderr("nothing was checked: no linked binary was found in `sources`; name");
    let list = scratch.seaworthy().args(["check", "-"]).stdin("\n").run();
    list.expect_code(4).expect_stderr("nothing was checked: the list of files is empty");
}

#[test]
fn directories_are_walked_and_other_files_left_out_with_a_count() {
    requires!("go");
    let scratch = Scratch::empty();
    good(&scratch, "dist/bin/app");
    scratch.write("dist/README", "text\n");
    let done = check(&scratch, &["dist"]).expect_code(0);
    let app = format!("ok: {}", std::path::Path::new("dist").join("bin").join("app").display());
    assert!(done.stdout().starts_with(&app), "{}", done.stdout());
    assert!(done.stdout().contains("note: 1 file that is no linked binary left out"), "{}", done.stdout());
    let listed = scratch.seaworthy().args(["check", "-", "--format", "json"]).stdin("dist/bin/app\0").run();
    assert_eq!(listed.expect_code(0).json()["artifacts"][0]["path"], "dist/bin/app");
}

#[test]
fn a_policy_that_is_no_policy_exits_with_4() {
    let scratch = Scratch::empty();
    scratch.write("text", "hello\n");
    let with = |policy: &str| scratch.seaworthy().args(["--policy", policy, "check", "text"]).run().expect_code(4);
    with("gone.toml").expect_stderr("gone.toml");
    with("text").expect_stderr("text");
    std::fs::create_dir(scratch.join("directory")).expect("a scratch directory is writable");
    with("directory").expect_stderr("directory");
}

#[cfg(unix)]
#[test]
fn special_files_are_named_and_never_waited_for() {
    requires!("mkfifo");
    let scratch = Scratch::empty();
    scratch.program("mkfifo").args(["fifo"]).run().expect_code(0);
    check(&scratch, &["fifo"]).expect_code(4).expect_stderr("cannot read `fifo`: it is a FIFO, not a file");
    check(&scratch, &["/dev/null"]).expect_code(4).expect_stderr("it is a character device");
    scratch.write("sub/text", "hello\n");
    scratch.program("mkfifo").args(["sub/fifo"]).run().expect_code(0);
    check(&scratch, &["sub"]).expect_code(4).expect_stderr("nothing was checked");
    let policy = scratch.seaworthy().args(["--policy", "fifo", "check", "sub/text"]).run();
    policy.expect_code(4).expect_stderr("fifo");
}

#[cfg(unix)]
#[test]
fn names_with_control_characters_and_other_bytes_are_shown_not_printed() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::empty();
    let name = std::ffi::OsStr::from_bytes(b"a\x1b[31m\n\xff");
    std::fs::write(scratch.join(name), "hello\n").expect("a scratch directory is writable");
    let done = scratch.seaworthy().arg("check").arg(name).run().expect_code(3);
    assert!(done.stdout().contains("`a\\x1b[31m\\n\\xff`"), "{}", done.stdout());
    assert!(!done.stdout().contains('\u{1b}'));
    let json = scratch.seaworthy().args(["check", "--format", "json"]).arg(name).run().json();
    assert_eq!(json["artifacts"][0]["path_escaped"], "a\\x1b[31m\\n\\xff");
}
