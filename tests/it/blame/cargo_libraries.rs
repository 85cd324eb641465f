//! Who asks for a shared library in a cargo build: build scripts and their kin, `#[link]`, flags; and who only seems to.

use super::{blame, chain_of_crates};
use crate::support::{Done, Scratch};

const GNU: &str = "x86_64-unknown-linux-gnu";
const PROGRAM: &str = "extern \"C\" { fn foo() -> i32; }\nfn main() { println!(\"{}\", unsafe { foo() }); }\n";

/// A shared library `foo` in `lib/`, which no image has.
fn shared_library(scratch: &Scratch) {
    scratch.write("foo.c", "int foo(void) { return 3; }\n");
    std::fs::create_dir_all(scratch.join("lib")).expect("a scratch directory is writable");
    let words = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "lib/libfoo.so", "foo.c"];
    scratch.program("gcc").args(words).run().expect_code(0);
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"distroless:cc-debian12\"]\n");
}

/// The same library as an archive, in its place.
fn static_library(scratch: &Scratch) {
    std::fs::remove_file(scratch.join("lib/libfoo.so")).expect("it was there");
    scratch.program("gcc").args(["-c", "-fPIC", "foo.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "lib/libfoo.a", "foo.o"]).run().expect_code(0);
}

/// A package `app` without dependencies that needs `foo`.
fn app(manifest: &str, source: &str, code: &str) -> Scratch {
    let scratch = Scratch::empty();
    shared_library(&scratch);
    scratch.package(manifest);
    scratch.write(source, code);
    scratch
}

fn build(scratch: &Scratch, verb: &str, more: &[&str], rustflags: &str) -> Done {
    let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("RUSTFLAGS", rustflags);
    run.args(["cargo", verb, "--target", GNU]).args(more).run()
}

fn search(scratch: &Scratch) -> String {
    format!("-L{}", scratch.join("lib").display())
}

#[test]
fn what_the_configuration_has_in_the_place_of_a_build_script_is_named() {
    requires!("gcc");
    let scratch = chain_of_crates("fn main() { panic!(\"there is no foo here\") }\n");
    shared_library(&scratch);
    let folder = scratch.join("lib").display().to_string();
    let config = |kind: &str| {
        let table =
            format!("[target.{GNU}.foo]\nrustc-link-lib = [\"{kind}foo\"]\nrustc-link-search = [\"{folder}\"]\n");
        scratch.write(".cargo/config.toml", table)
    };
    let path = config("");
    let done = build(&scratch, "build", &[], "").expect_code(3).expect_stderr("error[missing-library]");
    let place = std::fs::canonicalize(path).expect("it was written");
    let wanted = format!(
        "crate `foo-sys 0.3.1` (app → middle → foo-sys): `target.{GNU}.foo.rustc-link-lib` of {} asks for the library",
        place.display()
    );
    assert_eq!(blame(&done), wanted);
    done.expect_stderr("asked for as `static=foo`");
    static_library(&scratch);
    config("static=");
    build(&scratch, "build", &[], "").expect_code(0);
}

#[test]
fn what_the_own_build_script_gives_the_linker_is_named() {
    requires!("gcc");
    let scratch = app("", "src/main.rs", PROGRAM);
    let script = "fn main() {\n    println!(\"cargo::rustc-link-arg=-LFOLDER\");\n    println!(\"cargo::rustc-link-arg-bins=-lfoo\");\n}\n";
    scratch.write("build.rs", script.replace("FOLDER", &scratch.join("lib").display().to_string()));
    for build_again in ["first", "nothing to rebuild"] {
        let done = build(&scratch, "build", &[], "").expect_code(3);
        assert_eq!(blame(&done), "crate `app 0.1.0`: its build script gives the linker `-lfoo`", "{build_again}");
    }
}

#[test]
fn a_link_attribute_of_the_program_or_of_a_library_for_c_is_named() {
    requires!("gcc");
    let attribute = "#[link(name = \"foo\")]\n";
    let library = "#[no_mangle]\npub extern \"C\" fn bar() -> i32 { unsafe { foo() } }\n";
    let for_c = format!("{attribute}extern \"C\" {{ fn foo() -> i32; }}\n{library}");
    let kinds = [
        app("", "src/main.rs", "mod ffi;\nfn main() { println!(\"{}\", unsafe { ffi::foo() }); }\n"),
        app("[lib]\ncrate-type = [\"cdylib\"]\n", "src/lib.rs", &for_c),
    ];
    for scratch in kinds {
        scratch.write("src/ffi.rs", format!("{attribute}extern \"C\" {{ pub fn foo() -> i32; }}\n"));
        let done = build(&scratch, "build", &[], &search(&scratch)).expect_code(3);
        assert_eq!(blame(&done), "crate `app 0.1.0`: its `#[link]` asks for the library");
    }
}

#[test]
fn flags_that_ask_for_a_library_are_named_and_nobody_whose_code_for_it_is_left_out() {
    requires!("gcc");
    let scratch = app(
        "[dependencies]\ndep = { path = \"dep\" }\n",
        "src/main.rs",
        &PROGRAM.replace("main() {", "main() { dep::f();"),
    );
    scratch.write("dep/Cargo.toml", "[package]\nname = \"dep\"\nversion = \"0.2.0\"\nedition = \"2021\"\n");
    let code =
        "#[cfg(windows)]\n#[link(name = \"foo\")]\nextern \"C\" {}\n#[cfg(windows)]\nmod windows;\npub fn f() {}\n";
    scratch.write("dep/src/lib.rs", code);
    scratch.write("dep/src/windows.rs", "#[link(name = \"foo\")]\nextern \"C\" {}\n");
    for flags in ["-lfoo", "-l dylib=foo", "-C link-arg=-lfoo"] {
        let done = build(&scratch, "build", &[], &format!("{} {flags}", search(&scratch))).expect_code(3);
        assert_eq!(blame(&done), "`-lfoo`, set by `RUSTFLAGS` in the environment", "{flags}");
    }
    let done = build(&scratch, "rustc", &["--", "-lfoo"], &search(&scratch)).expect_code(3);
    assert_eq!(blame(&done), "`-lfoo`, set by the command line");
    static_library(&scratch);
    build(&scratch, "rustc", &["--", "-lstatic=foo"], &search(&scratch)).expect_code(0);
}

#[test]
fn a_crates_link_attribute_is_named_and_a_library_under_another_name_found() {
    requires!("gcc");
    let scratch = chain_of_crates("fn main() {}\n");
    shared_library(&scratch);
    scratch.write("foo-sys/src/lib.rs", "#[link(name = \"foo\")]\nextern \"C\" {\n    pub fn foo() -> i32;\n}\n");
    let done = build(&scratch, "build", &[], &search(&scratch)).expect_code(3);
    assert_eq!(blame(&done), "crate `foo-sys 0.3.1` (app → middle → foo-sys): its `#[link]` asks for the library");
    // What `-lfoo` finds calls itself `libother.so.2`.
    let words = ["-shared", "-fPIC", "-Wl,-soname,libother.so.2", "-o", "lib/libfoo.so", "foo.c"];
    scratch.program("gcc").args(words).run().expect_code(0);
    let script = "fn main() {\n    println!(\"cargo:rustc-link-search=FOLDER\");\n    println!(\"cargo:rustc-link-lib=foo\");\n}\n";
    scratch.write("foo-sys/build.rs", script.replace("FOLDER", &scratch.join("lib").display().to_string()));
    scratch.write("foo-sys/src/lib.rs", "extern \"C\" {\n    pub fn foo() -> i32;\n}\n");
    let done = build(&scratch, "build", &[], "").expect_code(3).expect_stderr("`libother.so.2`");
    assert_eq!(blame(&done), "crate `foo-sys 0.3.1` (app → middle → foo-sys): its build script asks for the library");
}

#[test]
fn a_way_does_not_lead_through_a_feature_that_only_tests_turn_on() {
    requires!("gcc");
    let scratch = chain_of_crates("");
    shared_library(&scratch);
    let script = "fn main() {\n    println!(\"cargo:rustc-link-search=FOLDER\");\n    println!(\"cargo:rustc-link-lib=foo\");\n}\n";
    scratch.write("foo-sys/build.rs", script.replace("FOLDER", &scratch.join("lib").display().to_string()));
    // app → near → foo-sys is shorter than app → outer → middle → foo-sys, but for tests alone.
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{more}")
    };
    let needs = "[dependencies]\nnear = { path = \"near\" }\nouter = { path = \"outer\" }\n[dev-dependencies]\nnear = { \
                 path = \"near\", features = [\"foo\"] }\n";
    scratch.write("Cargo.toml", package("app", needs));
    scratch.write("src/main.rs", "fn main() { println!(\"{} {}\", near::call(), outer::call()); }\n");
    let near =
        "[dependencies]\nfoo-sys = { path = \"../foo-sys\", optional = true }\n[features]\nfoo = [\"dep:foo-sys\"]\n";
    scratch.write("near/Cargo.toml", package("near", near));
    scratch.write("near/src/lib.rs", "pub fn call() -> i32 { 1 }\n");
    scratch.write("outer/Cargo.toml", package("outer", "[dependencies]\nmiddle = { path = \"../middle\" }\n"));
    scratch.write("outer/src/lib.rs", "pub fn call() -> i32 { middle::call() }\n");
    let wanted = "crate `foo-sys 0.3.1` (app → outer → middle → foo-sys): its build script asks for the library";
    let done = build(&scratch, "build", &[], "").expect_code(3);
    assert_eq!(blame(&done), wanted);
    // Its library may have another name than the package.
    let manifest = std::fs::read_to_string(scratch.join("foo-sys/Cargo.toml")).expect("it was written");
    scratch.write("foo-sys/Cargo.toml", format!("{manifest}[lib]\nname = \"fool\"\n"));
    scratch.write("middle/src/lib.rs", "pub fn call() -> i32 { unsafe { fool::foo() } }\n");
    let done = build(&scratch, "build", &[], "").expect_code(3);
    assert_eq!(blame(&done), wanted);
    // And another crate that wants the same one.
    scratch.write(
        "middle/src/lib.rs",
        "#[link(name = \"foo\")]\nextern \"C\" {}\npub fn call() -> i32 { unsafe { fool::foo() } }\n",
    );
    let done = build(&scratch, "build", &[], "").expect_code(3);
    let both = format!("{wanted}; crate `middle 0.2.0` (app → outer → middle): its `#[link]` asks for the library");
    assert_eq!(blame(&done), both);
}

#[test]
fn cxx_code_is_not_sent_to_musl() {
    requires!("gcc", "c++");
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("src/main.rs", "fn main() {}\n");
    let script = "fn main() {\n    println!(\"cargo:rustc-link-arg=-Wl,--no-as-needed\");\n    \
                  println!(\"cargo:rustc-link-lib=stdc++\");\n}\n";
    scratch.write("build.rs", script);
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"alpine:3.20\"]\n");
    let done = build(&scratch, "build", &[], "").expect_code(3).expect_stderr("error[missing-library]");
    done.expect_stderr(&format!("`[cargo]` with `target = \"{GNU}\"` and `crt-static = true`"));
    let policy = format!("runs-on = [\"alpine:3.20\"]\n[cargo]\ntarget = \"{GNU}\"\ncrt-static = true\n");
    scratch.write("seaworthy.toml", policy);
    build(&scratch, "build", &[], "").expect_code(0);
}
