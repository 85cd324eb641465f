//! What every module needs: scratch directories, runs in a scrubbed environment, and tools that may be missing.

pub(crate) mod damage;
#[macro_use]
mod expect;
mod report;
#[macro_use]
mod requires;
mod run;
mod scratch;

use std::path::PathBuf;

pub(crate) use expect::{fixture, guarded_build};
pub(crate) use report::Report;
pub(crate) use requires::have;
pub(crate) use run::{Done, Run, tools_path};
pub(crate) use scratch::Scratch;

/// Root of this repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether cargo says with this line that it waits for another one of these tests.
pub(crate) fn is_waiting(line: &str) -> bool {
    line.trim_start().starts_with("Blocking waiting for file lock")
}

/// rustc's own linker, which links Mach-O anywhere.
pub(crate) fn rust_lld() -> String {
    let ask = |arguments: &[&str]| Run::program("rustc").args(arguments).run().expect_code(0).stdout();
    let version = ask(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned();
    format!("{}/lib/rustlib/{host}/bin/rust-lld", ask(&["--print", "sysroot"]).trim())
}

/// What outlives one test on purpose: caches that every test shares, below cargo's own target directory.
pub(crate) fn shared(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("it").join(name);
    std::fs::create_dir_all(&path).expect("the target directory is writable");
    path
}
