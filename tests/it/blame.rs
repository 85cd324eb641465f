//! Blame on builds whose culprit is known: is it named, with the way to it, and does the advice work?

use crate::support::{Done, Run, Scratch, shared};

/// A crate `app` that depends on `middle`, which depends on `foo-sys`, which brings C code by its build script.
fn chain_of_crates(build_script: &str) -> Scratch {
    let scratch = Scratch::empty();
    let manifest = |name: &str, version: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{more}")
    };
    let depends = |name: &str, path: &str| format!("[dependencies]\n{name} = {{ path = \"{path}\" }}\n");
    scratch.write("Cargo.toml", manifest("app", "0.1.0", &depends("middle", "middle")));
    scratch.write("src/main.rs", "fn main() { println!(\"{}\", middle::call()); }\n");
    scratch.write("middle/Cargo.toml", manifest("middle", "0.2.0", &depends("foo-sys", "../foo-sys")));
    scratch.write("middle/src/lib.rs", "pub fn call() -> i32 { unsafe { foo_sys::foo() } }\n");
    scratch.write("foo-sys/Cargo.toml", manifest("foo-sys", "0.3.1", "links = \"foo\"\n"));
    scratch.write("foo-sys/src/lib.rs", "extern \"C\" {\n    pub fn foo() -> i32;\n}\n");
    scratch.write("foo-sys/build.rs", build_script);
    scratch
}

const ASKS_FOR: &str = "fn main() {
    println!(\"cargo:rustc-link-search=native={}\", std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());
    println!(\"cargo:rustc-link-lib=KIND=foo\");
}
";

/// Builds in the scratch directory's own target folder.
fn guarded(scratch: &Scratch, args: &[&str]) -> Done {
    scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).arg("cargo").args(args).run()
}

/// The one `= blame:` line.
#[track_caller]
fn blame(done: &Done) -> String {
    let stderr = done.stderr();
    let lines: Vec<&str> = stderr.lines().filter_map(|line| line.trim().strip_prefix("= blame: ")).collect();
    match lines[..] {
        [line] => line.to_owned(),
        _ => done.fail("exactly one blame line was expected"),
    }
}

#[test]
fn a_library_that_exists_only_shared_is_blamed_on_the_crate_that_asks_for_it() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "dylib"));
    scratch.write("foo.c", "int foo(void) { return 3; }\n");
    let shared_object = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "foo-sys/libfoo.so", "foo.c"];
    scratch.program("gcc").args(shared_object).run().expect_code(0);
    for build in ["first", "nothing to rebuild"] {
        let done = guarded(&scratch, &["build"]).expect_code(3).expect_stderr("error[library-without-loader]");
        let wanted = "crate `foo-sys 0.3.1` (app → middle → foo-sys): its build script asks for the library";
        assert_eq!(blame(&done), wanted, "{build}");
    }
    // The advice: a static archive.
    std::fs::remove_file(scratch.join("foo-sys/libfoo.so")).expect("it was there");
    scratch.program("gcc").args(["-c", "-fPIC", "foo.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "foo-sys/libfoo.a", "foo.o"]).run().expect_code(0);
    scratch.write("foo-sys/build.rs", ASKS_FOR.replace("KIND", "static"));
    guarded(&scratch, &["build"]).expect_code(0);
}

#[test]
fn a_new_glibc_symbol_is_blamed_on_the_object_that_refers_to_it() {
    requires!("gcc");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "static"));
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[linux]\nglibc = \"2.35\"\n");
    // `arc4random` came with glibc 2.36.
    scratch.write("random.c", "unsigned arc4random(void);\nint foo(void) { return (int)arc4random(); }\n");
    scratch.program("gcc").args(["-c", "-fPIC", "random.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "foo-sys/libfoo.a", "random.o"]).run().expect_code(0);
    let done = guarded(&scratch, &["build", "--target", "x86_64-unknown-linux-gnu"]).expect_code(3);
    let done = done.expect_stderr("error[newer-glibc]");
    let blame = blame(&done);
    assert!(blame.starts_with("crate `foo-sys 0.3.1` (app → middle → foo-sys)"), "{blame}");
    assert!(blame.contains("`arc4random`") && !blame.contains("standard library"), "{blame}");
}

#[test]
fn the_standard_library_is_named_as_such() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch.write("src/main.rs", "fn main() { std::thread::spawn(|| println!(\"hi\")).join().unwrap(); }\n");
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[linux]\nglibc = \"2.31\"\n");
    let done = guarded(&scratch, &["build", "--target", "x86_64-unknown-linux-gnu"]).expect_code(3);
    let blame = blame(&done);
    assert!(blame.contains("the Rust standard library"), "{blame}");
    assert!(blame.contains("`Scrt1.o` of the C toolchain refers to `__libc_start_main`"), "{blame}");
    assert!(!blame.contains("`crt1.o`") && !blame.contains("`rcrt1.o`"), "{blame}");
    assert!(!blame.contains("crate `app`"), "{blame}");
}

fn go(scratch: &Scratch) -> Run {
    scratch.seaworthy().env("CGO_ENABLED", "1").env("GOCACHE", shared("gocache"))
}

#[test]
fn go_names_the_standard_packages_that_have_a_pure_half() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("look/look.go", "package look\n\nimport \"net\"\n\nfunc Up() { net.LookupHost(\"localhost\") }\n");
    scratch.write("main.go", "package main\n\nimport \"example.org/app/look\"\n\nfunc main() { look.Up() }\n");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let done = go(&scratch).args(["go", "build", "-o", "app"]).run().expect_code(3);
    let blamed = blame(&done);
    let wanted =
        "package `net` of the Go standard library uses cgo, imported by example.org/app → example.org/app/look → net";
    assert_eq!(blamed, wanted);
    done.expect_stderr("-tags netgo");
    go(&scratch).args(["go", "build", "-tags", "netgo", "-o", "app"]).run().expect_code(0);
}

#[test]
fn go_names_third_parties_and_not_the_library_every_program_has() {
    requires!("go", "gcc", "musl-gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nimport (\n\t\"net\"\n\n\t\"example.org/app/c\"\n)\n\nfunc main() { net.LookupHost(\"localhost\"); c.One() }\n");
    scratch.write(
        "c/c.go",
        "package c\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc One() int { return int(C.one()) }\n",
    );
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let done = go(&scratch).args(["go", "build", "-o", "app"]).run().expect_code(3);
    assert_eq!(blame(&done), "package `example.org/app/c` uses cgo, imported by example.org/app → example.org/app/c");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"static\"\ncc = \"musl-gcc\"\n");
    go(&scratch).args(["go", "build", "-o", "app"]).run().expect_code(0);
}

#[test]
fn go_names_the_build_mode_when_no_package_uses_cgo() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let done = scratch.seaworthy().args(["go", "build", "-buildmode=pie", "-o", "app"]).run().expect_code(3);
    assert!(blame(&done).starts_with("`-buildmode=pie`"), "{}", done.stderr());
    scratch.seaworthy().args(["go", "build", "-buildmode=exe", "-o", "app"]).run().expect_code(0);
}

#[test]
fn glibc_code_that_breaks_a_musl_link_is_named_after_the_build_failed() {
    requires!("gcc", "musl-gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "static"));
    let code = "#include <string.h>\nchar to[8];\nint foo(void) { extern char *from; extern long n; memcpy(to, from, n); return to[0]; }\nchar *from = \"abc\";\nlong n = 3;\n";
    scratch.write("copy.c", code);
    let archive = |compiler: &str| {
        let flags = ["-O2", "-D_FORTIFY_SOURCE=2", "-c", "-fPIC", "copy.c"];
        scratch.program(compiler).args(flags).run().expect_code(0);
        drop(std::fs::remove_file(scratch.join("foo-sys/libfoo.a")));
        scratch.program("ar").args(["rcs", "foo-sys/libfoo.a", "copy.o"]).run().expect_code(0);
    };
    archive("gcc");
    let done = guarded(&scratch, &["build"]).expect_code(101);
    let wanted = "crate `foo-sys 0.3.1` (app → middle → foo-sys), object `copy.o` refers to `__memcpy_chk`";
    done.expect_stderr(wanted).expect_stderr("which glibc has and musl lacks");
    archive("musl-gcc");
    guarded(&scratch, &["build"]).expect_code(0);
}

#[test]
fn a_package_of_cgo_files_alone_is_named_after_the_build_failed() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nimport \"example.org/app/c\"\n\nfunc main() { c.One() }\n");
    scratch.write(
        "c/c.go",
        "package c\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc One() int { return int(C.one()) }\n",
    );
    let done = scratch.seaworthy().args(["go", "build", "-o", "app"]).run().expect_code(1);
    let wanted = "package `example.org/app/c` (imported by example.org/app → example.org/app/c) has only cgo files";
    done.expect_stderr("build constraints exclude all Go files").expect_stderr(wanted);
}

#[test]
fn a_program_with_the_race_detector_is_no_release() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let run = scratch.seaworthy().env("GOCACHE", shared("gocache")).args(["go", "build", "-race", "-o", "app"]);
    run.run().expect_code(0).expect_stderr("note: not applicable: go.cgo = \"off\": `-race` needs cgo");
}
