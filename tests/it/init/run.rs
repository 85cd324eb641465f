//! Do the files that `seaworthy init` writes do their work in the tools they are for?

use std::ffi::OsString;

use super::{cargo_project, go_project};
use crate::support::{Run, Scratch, shared, tools_path};

/// A `PATH` on which `seaworthy` and `seaworthy-cc` stand before everything else.
fn path(scratch: &Scratch) -> OsString {
    let programs = scratch.programs(&["seaworthy", "seaworthy-cc"]);
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&tools_path()))).expect("no separators")
}

fn tool(scratch: &Scratch, program: &str) -> Run {
    scratch.program(program).env("PATH", path(scratch))
}

#[test]
fn make_builds_through_the_guard() {
    requires!("make", "go", "rust-std:x86_64-unknown-linux-musl");
    let scratch = cargo_project();
    scratch.write("go.mod", "module example.org/hello\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    scratch.seaworthy().args(["init", "--make"]).run().expect_code(0);
    let done = tool(&scratch, "make").run().expect_code(0);
    done.expect_stderr("ok: target/x86_64-unknown-linux-musl/release/hello: ").expect_stderr("ok: bin/hello: ");
    let bare = tool(&scratch, "make").args(["SEAWORTHY=", "-n"]).run().expect_code(0).stdout();
    assert!(bare.starts_with("cargo build --release"), "{bare}");
}

/// Without the line in `seaworthy.mk`, the rejected program would be up to date for the next make.
#[test]
fn make_does_not_take_a_rejected_program_for_up_to_date() {
    requires!("make", "go", "gcc");
    let scratch = go_project();
    scratch.write("main.go", "package main\n\nimport \"C\"\n\nfunc main() {}\n");
    scratch.write("seaworthy.toml", "go.cgo = \"allow\"\n");
    scratch.write("Makefile", "app: main.go\n\t$(GO) build -o $@ .\n");
    scratch.seaworthy().args(["init", "--make", "--merge"]).run().expect_code(0);
    let make = || tool(&scratch, "make").env("GOCACHE", shared("gocache")).run();
    for _ in 0..2 {
        make().expect_code(2).expect_stderr("error[dynamic-loader]: `app`");
        assert!(!scratch.join("app").exists(), "make would take it for up to date");
    }
    scratch.write("seaworthy.toml", "go.cgo = \"allow\"\nlinkage = \"any\"\n");
    make().expect_code(0);
    assert!(make().expect_code(0).stdout().contains("up to date"));
}

#[test]
fn just_builds_through_the_guard() {
    requires!("just", "go");
    let scratch = go_project();
    scratch.write("justfile", "hello:\n    echo hello\n");
    scratch.seaworthy().args(["init", "--just", "--merge"]).run().expect_code(0);
    tool(&scratch, "just").args(["guarded-build", "-trimpath"]).run().expect_code(0).expect_stderr("ok: bin/hello: ");
    assert_eq!(
        tool(&scratch, "just").run().expect_code(0).stdout(),
        "hello\n",
        "the first recipe is still the default"
    );
    scratch.write("seaworthy.toml", "runs-on = [\"no-such-place\"]\n");
    let done = tool(&scratch, "just").arg("guarded-build").run();
    assert_ne!(done.code(), Some(0), "{}", done.stderr());
}

#[test]
fn cargo_links_through_the_guard_of_its_configuration() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = cargo_project();
    scratch.write(".cargo/config.toml", "[build]\ntarget = \"x86_64-unknown-linux-musl\"\n");
    scratch.seaworthy().args(["init", "--cargo-config", "--merge"]).run().expect_code(0);
    let build = || tool(&scratch, "cargo").arg("build").run();
    build().expect_code(0);
    // What makes the program dynamic fails the build now, without a word in front of cargo.
    let flags = [("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=-crt-static")];
    let dynamic = flags.iter().fold(tool(&scratch, "cargo").arg("build"), |run, (name, value)| run.env(name, value));
    dynamic.run().expect_code(101).expect_stderr("error[dynamic-loader]");
}

/// Signed with the entitlements as they are written, a program passes a policy that demands exactly them.
#[test]
fn a_program_signed_with_the_entitlements_has_exactly_them() {
    requires!("go", "sign-macho");
    let scratch = go_project();
    scratch.seaworthy().args(["init", "--entitlements"]).run().expect_code(0);
    scratch.write("seaworthy.toml", "macos.entitlements-file = \"app.entitlements\"\nmacos.hardened-runtime = true\n");
    let go = scratch.program("go").env("GOOS", "darwin").env("GOARCH", "arm64").env("CGO_ENABLED", "0");
    go.args(["build", "-o", "app", "."]).run().expect_code(0);
    let sign = || {
        let words = ["app", "--team", "ABCDE12345", "--flags", "runtime", "--entitlements", "app.entitlements"];
        scratch.program("sign-macho").args(words).run().expect_code(0);
    };
    let check = |code| scratch.seaworthy().args(["check", "app"]).run().expect_code(code).stdout();
    sign();
    check(0);

    let text = super::read(&scratch, "app.entitlements");
    let (before, after) =
        text.split_once("<!-- Code made at run time (a JIT):").expect("the first that is commented out");
    scratch.write("app.entitlements", format!("{before}{}", after.replacen("-->", "", 1)));
    let said = check(3);
    assert!(said.contains("error[entitlements-differ]") && said.contains("cs.allow-jit"), "{said}");
    sign();
    check(0);
}
