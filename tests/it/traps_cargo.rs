//! Do the ways in which a musl build of cargo is not what it seems get the right verdict, by the right rule?
//!
//! Each is a real build that ends with 0 without the guard; see the fixtures' `expect.toml`.

use crate::support::{Report, Scratch};

guarded_builds! { "rust-hello":
    musl_by_default_is_static_pie = "default",
    crt_static_off_clashes_with_static_linkage = "crt-static-off-under-static",
    crt_static_off_links_glibc = "crt-static-off",
    musl_gcc_as_linker_adds_a_loader = "musl-gcc-as-linker",
    musl_gcc_without_relocation_is_fine = "musl-gcc-not-relocatable",
    no_pie_behind_the_back_of_rustc_crashes = "no-pie-behind-rustc",
}

guarded_builds! { "rust-shared-library":
    a_library_without_a_loader_is_not_static = "default",
}

#[test]
fn a_crate_type_that_cargo_drops_is_missed() {
    requires!("rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::fixture("builds/rust-cdylib");
    let run = scratch.seaworthy().args(["cargo", "build", "--target", "x86_64-unknown-linux-musl"]);
    let done = run.run().expect_code(3).expect_stderr("missing-artifact");
    done.expect_stderr("dropping unsupported crate type `cdylib`");
}

#[test]
fn a_library_meant_to_be_loaded_is_judged_as_one() {
    requires!("gcc");
    let scratch = Scratch::fixture("builds/rust-cdylib");
    scratch.write("seaworthy.toml", "linkage = 'any'");
    let run = scratch.seaworthy().arg("--report").arg(format!("json={}", scratch.report().display()));
    run.args(["cargo", "build", "--target", "x86_64-unknown-linux-gnu"]).run().expect_code(0);
    let report = Report::read(&scratch.report());
    let artifact = report.artifact("librust_cdylib.so").expect("the library is an artifact");
    assert_eq!((&*artifact.kind, &*artifact.verdict), ("shared-object", "pass"));
}
