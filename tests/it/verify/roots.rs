//! Roots: unpacked images in place of this machine's own files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{POLICY, refused, run, signed, verify};
use crate::support::{Scratch, repository};

/// A root of `scripts/roots.sh`, made when it is not there yet.
fn real_root(name: &str) -> PathBuf {
    static MADE: OnceLock<String> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let mut script = Command::new(repository().join("scripts/roots.sh"));
        let output = script.args(["debian-11", "alpine-3.23"]).output().expect("scripts/roots.sh starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let line = made.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("no root `{name}` in {made}")).into()
}

fn in_root(scratch: &Scratch, root: &Path, arguments: &[&str]) -> Vec<String> {
    let root = root.display().to_string();
    refused(&verify(scratch, &[&["--root", root.as_str()], arguments].concat()))
}

/// Copies a file of this machine into a root, to the same place.
fn take_along(root: &Path, file: &str) {
    let to = root.join(&file[1..]);
    std::fs::create_dir_all(to.parent().expect("a file has a directory")).expect("a root is writable");
    std::fs::copy(file, to).unwrap_or_else(|error| panic!("cannot copy `{file}`: {error}"));
}

/// A root with this machine's loader and C library, and nothing else.
fn bare_glibc(scratch: &Scratch) -> PathBuf {
    let root = scratch.join("root");
    take_along(&root, "/lib64/ld-linux-x86-64.so.2");
    take_along(&root, "/lib/x86_64-linux-gnu/libc.so.6");
    root
}

#[test]
fn a_root_without_the_loader_is_refused_for_that() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let root = scratch.join("root");
    std::fs::create_dir(&root).expect("a scratch directory is writable");
    assert_eq!(in_root(&scratch, &root, &[]), ["loader: refused"]);
    assert_eq!(in_root(&scratch, &bare_glibc(&scratch), &[]), [""; 0]);
}

#[test]
fn roots_of_other_releases_are_refused_for_their_libc_or_their_loader() {
    requires!("gcc", "musl-gcc", "openssl", "apt-get", "dpkg-deb", "qemu-img", "debugfs");
    let scratch = signed();
    assert_eq!(in_root(&scratch, &real_root("debian-11"), &[]), ["libc: refused"]);
    assert_eq!(in_root(&scratch, &real_root("alpine-3.23"), &[]), ["loader: refused"]);
    run(&scratch, "musl-gcc main.c -o musl-app");
    scratch.seaworthy().args(["manifest", "--manifest", "musl.json", "musl-app"]).run().expect_code(0);
    let manifest = ["--manifest", "musl.json"];
    assert_eq!(in_root(&scratch, &real_root("alpine-3.23"), &manifest), [""; 0]);
    assert_eq!(in_root(&scratch, &real_root("debian-11"), &manifest), ["loader: refused"]);
}

#[test]
fn a_static_program_needs_nothing_of_a_root() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", "int main(void) { return 0; }\n");
    run(&scratch, "gcc -static main.c -o app");
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(0);
    std::fs::create_dir(scratch.join("root")).expect("a scratch directory is writable");
    assert_eq!(in_root(&scratch, &scratch.join("root"), &[]), [""; 0]);
    // A name that is misspelt must not pass for an image that has nothing.
    for name in ["rooot", "main.c"] {
        verify(&scratch, &["--root", name]).expect_code(4).expect_stderr("is no directory; unpack the image there");
    }
}

/// A library that is missing, then one that is there without the function, then the right one beside the program.
#[test]
fn libraries_have_to_be_there_with_their_symbols() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", POLICY);
    scratch.write("one.c", "int one(void) { return 1; }\n");
    scratch.write("two.c", "int one(void) { return 1; }\nint two(void) { return 2; }\n");
    scratch.write("main.c", "int one(void); int two(void);\nint main(void) { return one() + two(); }\n");
    run(&scratch, "gcc -shared -fPIC two.c -o libnumbers.so");
    run(&scratch, "gcc main.c -o app -L. -lnumbers -Wl,-rpath,$ORIGIN/../lib");
    let root = bare_glibc(&scratch);
    scratch.write("root/opt/bin/app", std::fs::read(scratch.join("app")).expect("it was built"));
    scratch.write("root/opt/lib/libnumbers.so", std::fs::read(scratch.join("libnumbers.so")).expect("it was built"));
    let rules = format!("{POLICY}[rules]\nrun-path = \"allow\"\n");
    scratch.write("seaworthy.toml", rules);
    scratch.seaworthy().args(["manifest", "root/opt/bin/app"]).run().expect_code(0);
    let app = ["root/opt/bin/app"];
    assert_eq!(in_root(&scratch, &root, &app), [""; 0]);
    run(&scratch, "gcc -shared -fPIC one.c -o root/opt/lib/libnumbers.so");
    assert_eq!(in_root(&scratch, &root, &app), ["symbols: refused"]);
    std::fs::remove_file(root.join("opt/lib/libnumbers.so")).expect("it was there");
    assert_eq!(in_root(&scratch, &root, &app), ["libraries: refused"]);
}

#[test]
fn links_of_a_root_stay_inside_of_it() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let root = scratch.join("root");
    std::fs::create_dir_all(root.join("lib64")).expect("a scratch directory is writable");
    std::os::unix::fs::symlink("/lib64/ld-linux-x86-64.so.2", root.join("lib64/ld-linux-x86-64.so.2")).expect("a link");
    assert_eq!(in_root(&scratch, &root, &[]), ["loader: refused"]);
}

/// A root with DLLs of the names that a program asks for, each with the functions it asks for.
#[test]
fn windows_programs_need_dlls_and_their_functions() {
    requires!("x86_64-w64-mingw32-gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n");
    run(&scratch, "x86_64-w64-mingw32-gcc main.c -o hello.exe");
    scratch.seaworthy().args(["manifest", "hello.exe"]).run().expect_code(0);
    let bytes = std::fs::read(scratch.join("platform-signature.json")).expect("it was written");
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let libraries = manifest["artifacts"][0]["slices"][0]["libraries"].as_array().expect("DLLs").clone();
    scratch.write("dummy.c", "int dummy(void) { return 0; }\n");
    std::fs::create_dir_all(scratch.join("root/Windows/System32")).expect("a scratch directory is writable");
    let make = |library: &serde_json::Value, without: &str| {
        let name = library["name"].as_str().expect("a name");
        let functions = library["symbols"].as_array().expect("functions").iter().filter_map(|name| name.as_str());
        let exports: String =
            functions.filter(|name| *name != without).map(|name| format!("  {name}=dummy\n")).collect();
        scratch.write("exports.def", format!("LIBRARY {name}\nEXPORTS\n{exports}"));
        let to = format!("root/Windows/System32/{}", name.to_uppercase());
        run(&scratch, &format!("x86_64-w64-mingw32-gcc -shared -nostdlib -Wl,-e,0 -o {to} dummy.c exports.def"));
    };
    libraries.iter().for_each(|library| make(library, ""));
    let machine = |version: &str| {
        let machine = serde_json::json!({ "system": "windows", "arch": "x86_64", "windows": version });
        scratch.write("windows.json", machine.to_string());
        in_root(&scratch, &scratch.join("root"), &["--machine", "windows.json"])
    };
    assert_eq!(machine("10.0.17763"), [""; 0]);
    assert_eq!(machine("3.1"), ["windows: refused"]);
    machine("10.0.17763");
    let unknown = refused(&verify(&scratch, &["--machine", "windows.json"]));
    assert_eq!(unknown, ["libraries: unknown", "symbols: unknown"], "this machine has no files of that one");
    let msvcrt = libraries.iter().find(|library| library["name"] == "msvcrt.dll").expect("a C runtime");
    make(msvcrt, "puts");
    assert_eq!(machine("10.0.17763"), ["symbols: refused"]);
    std::fs::remove_file(scratch.join("root/Windows/System32/MSVCRT.DLL")).expect("it was there");
    assert_eq!(machine("10.0.17763"), ["libraries: refused"]);
}

#[test]
fn windows_on_arm_runs_programs_for_other_processors() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let platform = |arch: &str, windows: &str| {
        let build = scratch.program("go").args(["build", "-o", "hi.exe"]).env("GOOS", "windows").env("GOARCH", arch);
        build.env("CGO_ENABLED", "0").run().expect_code(0);
        scratch.seaworthy().args(["manifest", "hi.exe"]).run().expect_code(0);
        let machine = serde_json::json!({ "system": "windows", "arch": "aarch64", "windows": windows });
        scratch.write("arm.json", machine.to_string());
        refused(&verify(&scratch, &["--machine", "arm.json"])).into_iter().find(|line| line.starts_with("platform"))
    };
    assert_eq!(platform("amd64", "10.0.22631"), None);
    assert_eq!(platform("amd64", "10.0.19045").as_deref(), Some("platform: refused"));
    assert_eq!(platform("386", "10.0.22631").as_deref(), Some("platform: unknown"));
    assert_eq!(platform("arm64", "10.0.19045"), None);
}

#[test]
fn macos_programs_need_their_macos() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let build = scratch.program("go").args(["build", "-o", "hi"]).env("GOOS", "darwin").env("GOARCH", "arm64");
    build.env("CGO_ENABLED", "0").run().expect_code(0);
    scratch.seaworthy().args(["manifest", "hi"]).run().expect_code(0);
    let machine = |version: serde_json::Value| {
        let machine = serde_json::json!({ "system": "macos", "arch": "aarch64", "macos": version });
        scratch.write("mac.json", machine.to_string());
        std::fs::create_dir_all(scratch.join("root")).expect("a scratch directory is writable");
        in_root(&scratch, &scratch.join("root"), &["--machine", "mac.json"])
    };
    assert_eq!(machine("15.1".into()), [""; 0]);
    assert_eq!(machine("10.9".into()), ["macos: refused"]);
    assert_eq!(machine(serde_json::Value::Null), ["macos: unknown"]);
}
