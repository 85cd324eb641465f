//! Who refers to a symbol in a cargo build, where not everything can be read or told apart.

use super::{ASKS_FOR, blame, chain_of_crates, guarded};
use crate::support::Scratch;

const GNU: &str = "x86_64-unknown-linux-gnu";
/// `arc4random` came with glibc 2.36; what else is new since 2.35 nobody refers to.
const OLD: &str = "linkage = \"any\"\n[linux]\nglibc = \"2.35\"\n";
const CALL: &str = "extern \"C\" {\n    fn arc4random() -> u32;\n}\n";

#[test]
fn a_crate_that_is_optimised_at_link_time_is_named() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.2.0\"\nedition = \"2021\"\n{more}")
    };
    let profile = "[profile.release]\nlto = \"fat\"\nstrip = true\n";
    let needs = "[dependencies]\nrandom = { path = \"random\" }\nother = { path = \"other\" }\n";
    scratch.write("Cargo.toml", package("app", &format!("{needs}{profile}")));
    scratch.write("src/main.rs", "fn main() { println!(\"{} {}\", random::get(), other::get()); }\n");
    scratch.write("random/Cargo.toml", package("random", ""));
    scratch.write("random/src/lib.rs", format!("{CALL}pub fn get() -> u32 {{ unsafe {{ arc4random() }} }}\n"));
    scratch.write("other/Cargo.toml", package("other", ""));
    scratch.write("other/src/lib.rs", "pub fn get() -> u32 { std::process::id() }\n");
    scratch.write("seaworthy.toml", OLD);
    let done = guarded(&scratch, &["build", "--release", "--target", GNU]).expect_code(3);
    assert_eq!(blame(&done), "crate `random 0.2.0` (app → random) refers to `arc4random`");
}

#[test]
fn an_archive_beside_the_shared_library_that_was_linked_is_not_blamed() {
    requires!("gcc");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "dylib"));
    scratch.write("seaworthy.toml", OLD);
    scratch.write("foo.c", "int foo(void) { return 3; }\n");
    let shared_object = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "foo-sys/libfoo.so", "foo.c"];
    scratch.program("gcc").args(shared_object).run().expect_code(0);
    scratch.write("random.c", "unsigned arc4random(void);\nint foo(void) { return (int)arc4random(); }\n");
    scratch.program("gcc").args(["-c", "-fPIC", "random.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "foo-sys/libfoo.a", "random.o"]).run().expect_code(0);
    let main = format!("{CALL}fn main() {{ println!(\"{{}} {{}}\", middle::call(), unsafe {{ arc4random() }}); }}\n");
    scratch.write("src/main.rs", main);
    let run =
        scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("CARGO_PROFILE_DEV_STRIP", "true");
    let done = run.args(["cargo", "build", "--target", GNU]).run().expect_code(3);
    assert_eq!(blame(&done), "crate `app` itself refers to `arc4random`");
}

#[test]
fn the_program_is_named_beside_a_crate_that_needs_the_same() {
    requires!("gcc");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "static"));
    scratch.write("seaworthy.toml", OLD);
    scratch.write("random.c", "unsigned arc4random(void);\nint foo(void) { return (int)arc4random(); }\n");
    scratch.program("gcc").args(["-c", "-fPIC", "random.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "foo-sys/libfoo.a", "random.o"]).run().expect_code(0);
    let main = format!("{CALL}fn main() {{ println!(\"{{}} {{}}\", middle::call(), unsafe {{ arc4random() }}); }}\n");
    scratch.write("src/main.rs", main);
    let done = guarded(&scratch, &["build", "--target", GNU]).expect_code(3);
    let of_crate = "crate `foo-sys 0.3.1` (app → middle → foo-sys), object `random.o` refers to `arc4random`";
    assert_eq!(blame(&done), format!("{of_crate}; crate `app` itself refers to `arc4random`"));
}

#[test]
fn a_way_does_not_lead_through_what_another_system_needs() {
    requires!("gcc");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "dylib"));
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"distroless:cc-debian12\"]\n");
    scratch.write("foo.c", "int foo(void) { return 3; }\n");
    let shared_object = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "foo-sys/libfoo.so", "foo.c"];
    scratch.program("gcc").args(shared_object).run().expect_code(0);
    let manifest = std::fs::read_to_string(scratch.join("Cargo.toml")).expect("it was written");
    let windows = "[target.'cfg(windows)'.dependencies]\nfoo-sys = { path = \"foo-sys\" }\n";
    scratch.write("Cargo.toml", format!("{manifest}{windows}"));
    // Without a target, cargo is not told one either.
    let done = guarded(&scratch, &["build"]).expect_code(3);
    let wanted = "crate `foo-sys 0.3.1` (app → middle → foo-sys): its build script asks for the library";
    assert_eq!(blame(&done), wanted);
}

#[test]
fn code_that_a_build_script_gives_the_linker_by_itself_is_named() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch
        .write("src/main.rs", "extern \"C\" { fn foo() -> i32; }\nfn main() { println!(\"{}\", unsafe { foo() }); }\n");
    let script = "fn main() {\n    println!(\"cargo:rerun-if-env-changed=GIVES\");\n    \
                  println!(\"cargo:rustc-link-arg={}\", std::env::var(\"GIVES\").unwrap());\n}\n";
    scratch.write("build.rs", script);
    scratch.write("seaworthy.toml", OLD);
    scratch.write("random.c", "unsigned arc4random(void);\nint foo(void) { return (int)arc4random(); }\n");
    scratch.program("gcc").args(["-c", "-fPIC", "random.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "librandom.a", "random.o"]).run().expect_code(0);
    let file = |name: &str| scratch.join(name).display().to_string();
    scratch.write("given.rsp", format!("{} -Wl,-rpath,/opt/bad\n", file("librandom.a")));
    for (gives, member) in [
        (file("random.o"), ""),
        (file("librandom.a"), ", object `random.o`"),
        (format!("@{}", file("given.rsp")), ", object `random.o`"),
    ] {
        let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("GIVES", &gives);
        let done = run.args(["cargo", "build", "--target", GNU]).run().expect_code(3);
        let done = done.expect_stderr(&format!("= blame: crate `app 0.1.0`{member} refers to `arc4random`\n"));
        if gives.starts_with('@') {
            done.expect_stderr("`-Wl,-rpath,/opt/bad`, which the build script of crate `app 0.1.0` gives the linker");
        }
    }
}
