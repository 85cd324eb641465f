//! Crates that bring C libraries.

use super::{BARE_GLIBC, blame_of, guarded, hints};
use crate::support::Scratch;

const MUSL: &str = "x86_64-unknown-linux-musl";
const GNU: [&str; 5] = ["cargo", "build", "--locked", "--target", "x86_64-unknown-linux-gnu"];

#[test]
#[ignore = "slow: make test-projects"]
fn openssl_without_a_musl_build_of_it_is_named_and_the_vendored_one_passes() {
    requires!("gcc", "musl-gcc", "perl", "make", "pkg-config", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::fixture("projects/uses-openssl");
    let done = guarded(&scratch, &["cargo", "build", "--locked"]).run().expect_code(101);
    let found = hints(&done);
    let way = "uses-openssl → minreq → native-tls → openssl-sys";
    let cause = format!("the build script of crate `openssl-sys 0.9.118` ({way}) failed for {MUSL}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, cause);
    assert!(found[0].1.starts_with("turn on the `vendored` feature of the crate `openssl`"), "{found:?}");
    guarded(&scratch, &["cargo", "build", "--locked", "--features", "vendored"]).run().expect_code(0);
}

#[test]
#[ignore = "slow: make test-projects"]
fn the_systems_openssl_is_blamed_on_the_crate_that_links_it() {
    requires!("gcc", "pkg-config", "pkg-config:openssl");
    let scratch = Scratch::fixture("projects/uses-openssl");
    // Even distroless images have OpenSSL.
    scratch.write("seaworthy.toml", BARE_GLIBC.replace("distroless:cc-debian12", "debian:12"));
    let done = guarded(&scratch, &GNU).run().expect_code(3);
    let (blame, help) = blame_of(&done, "missing-library");
    let wanted = "crate `openssl-sys 0.9.118` (uses-openssl → minreq → native-tls → openssl-sys): its build script asks for \
                  `libcrypto.so.3` and `libssl.so.3`";
    assert_eq!(blame, wanted);
    assert!(help.starts_with("turn on the `vendored` feature of the crate `openssl`"), "{help}");
}

#[test]
#[ignore = "slow: make test-projects"]
fn the_systems_sqlite_is_blamed_for_both_libcs_and_the_bundled_one_passes() {
    requires!("gcc", "musl-gcc", "pkg-config:sqlite3", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::fixture("projects/uses-sqlite");
    let wanted = "crate `libsqlite3-sys 0.30.1` (uses-sqlite → rusqlite → libsqlite3-sys): its build script asks for the \
                  library";
    scratch.write("glibc.toml", BARE_GLIBC);
    let args: Vec<&str> = ["--policy", "glibc.toml"].into_iter().chain(GNU).collect();
    let dynamic = guarded(&scratch, &args).run().expect_code(3);
    let static_one = guarded(&scratch, &["cargo", "build", "--locked"]).run().expect_code(3);
    for (done, rule) in [(dynamic, "missing-library"), (static_one, "library-without-loader")] {
        let (blame, help) = blame_of(&done, rule);
        assert_eq!(blame, wanted);
        assert!(help.starts_with("turn on the `bundled` feature of the crate `rusqlite`"), "{help}");
    }
    guarded(&scratch, &["cargo", "build", "--locked", "--features", "bundled"]).run().expect_code(0);
}

#[test]
#[ignore = "slow: make test-projects"]
fn the_systems_zlib_is_blamed_and_the_static_one_passes() {
    requires!("gcc", "pkg-config:zlib");
    let scratch = Scratch::fixture("projects/uses-zlib");
    scratch.write("seaworthy.toml", BARE_GLIBC);
    let done = guarded(&scratch, &GNU).run().expect_code(3);
    let (blame, help) = blame_of(&done, "missing-library");
    assert_eq!(blame, "crate `libz-sys 1.1.31` (uses-zlib → libz-sys): its build script asks for the library");
    assert!(help.starts_with("turn on the `static` feature of the crate `libz-sys`"), "{help}");
    let args: Vec<&str> = GNU.into_iter().chain(["--features", "static"]).collect();
    guarded(&scratch, &args).run().expect_code(0);
}

#[test]
#[ignore = "slow: make test-projects"]
fn the_systems_zstd_is_blamed_and_the_bundled_one_passes() {
    requires!("gcc", "pkg-config:libzstd");
    let scratch = Scratch::fixture("projects/uses-zstd");
    scratch.write("seaworthy.toml", BARE_GLIBC);
    let done = guarded(&scratch, &GNU).env("ZSTD_SYS_USE_PKG_CONFIG", "1").run().expect_code(3);
    let (blame, help) = blame_of(&done, "missing-library");
    let wanted =
        "crate `zstd-sys 2.1.3+zstd.1.5.7` (uses-zstd → zstd-safe → zstd-sys): its build script asks for the library";
    assert_eq!(blame, wanted);
    assert!(help.contains("ZSTD_SYS_USE_PKG_CONFIG"), "{help}");
    guarded(&scratch, &GNU).run().expect_code(0);
}

/// A project whose C code needs a compiler for musl: without one the crate is named, and the command that gets one; with it
/// the guard passes.
fn needs_a_musl_compiler(project: &str, named: &str) {
    requires!("gcc", "make", "musl-gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::fixture(&format!("projects/{project}"));
    let path = scratch.path_without("musl-gcc");
    // In a folder of its own: another compiler would make the build script of what is built already run again.
    let run = guarded(&scratch, &["cargo", "build", "--locked"]).env("PATH", path);
    let run = run.env("CARGO_TARGET_DIR", scratch.join("target"));
    let done = run.env("CC_x86_64_unknown_linux_musl", "musl-gcc").run().expect_code(101);
    let found = hints(&done);
    let crate_name = named.split(' ').next().unwrap_or_default();
    let missing = format!("`musl-gcc` is not installed, and the build needs it: C code of `{crate_name}`");
    assert_eq!(found[0].0, missing, "{found:?}");
    assert!(found[0].1.contains("musl"), "{found:?}");
    assert!(found[1].0.starts_with(&format!("the build script of crate `{named}")), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
    guarded(&scratch, &["cargo", "build", "--locked"]).run().expect_code(0);
}

#[test]
#[ignore = "slow: make test-projects"]
fn ring_needs_a_c_compiler_for_musl() {
    needs_a_musl_compiler("uses-ring", "ring 0.17.14` (uses-ring → ring)");
}

#[test]
#[ignore = "slow: make test-projects"]
fn jemalloc_needs_a_c_compiler_for_musl() {
    let version = "0.6.1+5.3.0-1-ge13ca993e8ccb9ba9847cc330696e02839f328f7";
    let way = "uses-jemalloc → tikv-jemallocator → tikv-jemalloc-sys";
    needs_a_musl_compiler("uses-jemalloc", &format!("tikv-jemalloc-sys {version}` ({way})"));
}
