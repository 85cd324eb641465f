//! Does the public API do what `examples/inspect.rs` shows of it?

use std::path::Path;

use crate::support::{Run, Scratch, repository};

#[test]
fn the_example_judges_like_the_program() {
    requires!("go");
    let scratch = Scratch::fixture("builds/go-hello");
    scratch.program("go").args(["build", "-o", "static"]).env("CGO_ENABLED", "0").run().expect_code(0);
    scratch.program("go").args(["build", "-o", "pie", "-buildmode=pie"]).env("CGO_ENABLED", "0").run().expect_code(0);
    // Cargo builds the example along with the tests, so this compiles nothing in a whole `cargo test`.
    let target = Path::new(env!("CARGO_BIN_EXE_seaworthy")).ancestors().nth(2).expect("the target directory");
    let build = Run::program("cargo").args(["build", "--locked", "--example", "inspect"]).cwd(repository());
    build.env("CARGO_TARGET_DIR", target).run().expect_code(0);
    let inspect = target.join("debug/examples/inspect");

    let fine = Run::program(&inspect).arg("static").cwd(scratch.path()).run().expect_code(0);
    assert_eq!(fine.stdout(), "static: ELF for x86_64, Static: Pass\n");
    let wrong = Run::program(&inspect).arg("pie").cwd(scratch.path()).run().expect_code(3);
    assert!(wrong.stdout().contains("  dynamic-loader: "), "{}", wrong.stdout());
}
