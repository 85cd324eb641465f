//! Blame on builds whose culprit is known: is it named, with the way to it, and does the advice work?

mod cargo_libraries;
mod cargo_symbols;
mod go_libraries;
mod hints;
mod settings;

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
fn a_way_does_not_lead_through_what_runs_in_the_compiler_or_in_build_scripts() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = chain_of_crates(&ASKS_FOR.replace("KIND", "dylib"));
    scratch.write("foo.c", "int foo(void) { return 3; }\n");
    let shared_object = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "foo-sys/libfoo.so", "foo.c"];
    scratch.program("gcc").args(shared_object).run().expect_code(0);
    // A shorter way, which links nothing into the program: through a procedural macro.
    let manifest = "[package]\nname = \"maker\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n\
                    [dependencies]\nfoo-sys = { path = \"../foo-sys\" }\n";
    scratch.write("maker/Cargo.toml", manifest);
    scratch.write("maker/src/lib.rs", "");
    let app = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nwrapped = { package = \
               \"middle\", path = \"middle\" }\nmaker = { path = \"maker\" }\n";
    scratch.write("Cargo.toml", app.replace("wrapped", "outer"));
    scratch.write("middle/src/lib.rs", "pub fn call() -> i32 { inner::call() }\n");
    let middle = "[package]\nname = \"middle\"\nversion = \"0.2.0\"\nedition = \"2021\"\n[dependencies]\ninner = { path = \
                  \"../inner\" }\n";
    scratch.write("middle/Cargo.toml", middle);
    let inner = "[package]\nname = \"inner\"\nversion = \"0.2.0\"\nedition = \"2021\"\n[dependencies]\nfoo-sys = { path = \
                 \"../foo-sys\" }\n";
    scratch.write("inner/Cargo.toml", inner);
    scratch.write("inner/src/lib.rs", "pub fn call() -> i32 { unsafe { foo_sys::foo() } }\n");
    scratch.write("src/main.rs", "fn main() { println!(\"{}\", outer::call()); }\n");
    let done = guarded(&scratch, &["build"]).expect_code(3);
    let wanted = "crate `foo-sys 0.3.1` (app → middle → inner → foo-sys): its build script asks for the library";
    assert_eq!(blame(&done), wanted);
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
fn the_programs_own_crate_is_named_when_its_sources_mention_the_symbol() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.package("");
    let main =
        "extern \"C\" {\n    fn arc4random() -> u32;\n}\nfn main() { println!(\"{}\", unsafe { arc4random() }); }\n";
    scratch.write("src/main.rs", main);
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[linux]\nglibc = \"2.35\"\n");
    for more in [&[][..], &["--release"]] {
        let args: Vec<&str> = ["build", "--target", "x86_64-unknown-linux-gnu"].iter().chain(more).copied().collect();
        let done = guarded(&scratch, &args).expect_code(3);
        assert_eq!(blame(&done), "crate `app` itself refers to `arc4random`");
    }
}

#[test]
fn the_standard_library_is_named_as_such() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.package("");
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
        "package `net` of the Go standard library uses cgo, imported by example.org/app → example.org/app/look";
    assert_eq!(blamed, format!("{wanted}; `CGO_ENABLED=1`, set by the environment"));
    done.expect_stderr("-tags netgo");
    go(&scratch).args(["go", "build", "-tags", "netgo", "-o", "app"]).run().expect_code(0);
}

#[test]
fn go_names_os_user_and_the_tag_that_does_without_c() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nimport \"os/user\"\n\nfunc main() { user.Current() }\n");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let done = go(&scratch).args(["go", "build", "-o", "app"]).run().expect_code(3);
    let blame = blame(&done);
    let wanted = "package `os/user` of the Go standard library uses cgo, imported by example.org/app";
    assert_eq!(blame.split("; ").next(), Some(wanted));
    done.expect_stderr("-tags osusergo");
    go(&scratch).args(["go", "build", "-tags", "osusergo", "-o", "app"]).run().expect_code(0);
}

#[test]
fn bare_assembly_in_a_go_package_is_blamed_for_the_executable_stack() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nimport \"example.org/app/c\"\n\nfunc main() { println(c.Three()) }\n");
    let package = "package c\n\n// int three(void);\nimport \"C\"\n\nfunc Three() int { return int(C.three()) }\n";
    scratch.write("c/c.go", package);
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[go]\ncgo = \"allow\"\n");
    let assembly =
        |note: &str| scratch.write("c/three.S", format!(".globl three\nthree:\n\tmov $3, %eax\n\tret\n{note}"));
    let build = || go(&scratch).args(["go", "build", "-ldflags=-linkmode=external", "-o", "app"]).run();
    assembly("");
    let done = build().expect_code(3).expect_stderr("error[executable-stack]");
    let blame = blame(&done);
    let wanted = "package `example.org/app/c`, imported by example.org/app, has an object without a \
                  `.note.GNU-stack` section";
    assert_eq!(blame, wanted);
    assembly(".section .note.GNU-stack,\"\",%progbits\n");
    build().expect_code(0);
}

#[test]
fn of_several_go_programs_each_gets_its_own_blame_and_a_symbol_its_object() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    for name in ["a", "b"] {
        let package = format!(
            "package {name}\n\n// unsigned arc4random(void);\n// int {name}(void) {{ return (int)arc4random(); }}\nimport \"C\"\n\nfunc Call() int {{ return int(C.{name}()) }}\n"
        );
        scratch.write(&format!("internal/{name}/{name}.go"), package);
        let main = format!(
            "package main\n\nimport \"example.org/app/internal/{name}\"\n\nfunc main() {{ println({name}.Call()) }}\n"
        );
        scratch.write(&format!("cmd/{name}/main.go"), main);
    }
    scratch.write("seaworthy.toml", "linkage = 'any'\n[go]\ncgo = 'allow'\n[linux]\nglibc = '2.35'\n");
    std::fs::create_dir(scratch.join("out")).expect("a scratch directory is writable");
    let done = go(&scratch).args(["go", "build", "-o", "out/", "./cmd/..."]).run().expect_code(3);
    let stderr = done.stderr();
    let lines: Vec<&str> = stderr.lines().filter_map(|line| line.trim().strip_prefix("= blame: ")).collect();
    let wanted = ["a", "b"].map(|name| {
        format!(
            "package `example.org/app/internal/{name}`, imported by example.org/app/cmd/{name}, refers to `arc4random`"
        )
    });
    assert_eq!(lines, wanted);
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
    let wanted = "package `example.org/app/c` uses cgo, imported by example.org/app; \
                  `CGO_ENABLED=1`, set by the environment";
    assert_eq!(blame(&done), wanted);
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
    assert!(blame(&done).starts_with("`-buildmode=pie` of the command line:"), "{}", done.stderr());
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
    done.expect_stderr(&format!("if it was the link that failed: {wanted}"))
        .expect_stderr("which glibc has and musl lacks");
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
    let wanted = "package `example.org/app/c`, imported by example.org/app, has only cgo files";
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
