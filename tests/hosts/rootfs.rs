//! Root file systems that are wrong: said, and never left.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy::hosts::load::{Outcome, Reason};
use seaworthy::hosts::{Disk, HostError};
use seaworthy::policy::{OwnHost, Setting};
use tempfile::TempDir;

use crate::real::{Root, scratch};
use crate::said::{host_of, say};

/// A dynamic program of this system, and an empty root.
fn program_and_root() -> (PathBuf, Root, TempDir) {
    let directory = scratch("hosts-rootfs-");
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("root/lib64")).expect("directories");
    fs::write(at("main.c"), "int main(void) { return 0; }").expect("a file");
    let status = Command::new("gcc").arg(at("main.c")).arg("-o").arg(at("app")).status();
    assert!(status.expect("gcc starts").success());
    (at("app"), Root::new("box@amd64", &at("root")), directory)
}

/// The only reason why the program does not run there.
fn reason(program: &Path, root: &Root) -> Reason {
    let mut load = say(program, &host_of(root), &Disk::default()).expect("it can be read");
    assert_eq!((load.outcome, load.reasons.len()), (Outcome::DoesNotRun, 1), "{load:?}");
    load.reasons.remove(0)
}

#[test]
fn a_root_without_a_loader_is_said() {
    let (program, root, _directory) = program_and_root();
    assert!(matches!(reason(&program, &root), Reason::NoLoader { present, .. } if present.is_empty()));
}

#[test]
fn links_in_circles_are_said() {
    let (program, root, _directory) = program_and_root();
    symlink("again", root.directory.join("lib64/ld-linux-x86-64.so.2")).expect("a link");
    symlink("ld-linux-x86-64.so.2", root.directory.join("lib64/again")).expect("a link");
    assert!(matches!(reason(&program, &root), Reason::BadLoader { why, .. } if why.contains("circles")));
}

#[test]
fn a_link_that_points_outside_is_never_followed_there() {
    let (program, root, _directory) = program_and_root();
    let depth = "../".repeat(40);
    symlink(format!("{depth}lib64/ld-linux-x86-64.so.2"), root.directory.join("lib64/up")).expect("a link");
    symlink("/lib64/up", root.directory.join("lib64/ld-linux-x86-64.so.2")).expect("a link");
    // Inside the root both lead back to the first: this system's own loader is out of reach.
    assert!(matches!(reason(&program, &root), Reason::BadLoader { why, .. } if why.contains("circles")));
}

#[test]
fn a_loader_that_is_none_is_said() {
    let (program, root, _directory) = program_and_root();
    fs::write(root.directory.join("lib64/ld-linux-x86-64.so.2"), "#!/bin/sh\n").expect("a file");
    assert!(matches!(reason(&program, &root), Reason::BadLoader { .. }));
}

#[test]
fn a_file_is_no_root() {
    let (program, _, _directory) = program_and_root();
    let own = OwnHost { rootfs: Some(program), ..OwnHost::default() };
    let hosts = [("box".to_owned(), Setting::default(own))].into();
    let error = seaworthy::hosts::resolve("box", "x86_64", &hosts).expect_err("a file is no directory");
    assert!(matches!(&error, HostError::Unusable { why, .. } if why.contains("unpack")), "{error}");
}
