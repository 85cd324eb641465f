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
