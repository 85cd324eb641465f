//! Who brings a shared library into a Go program, of several packages that use cgo; and what keeps the loader whatever is
//! said about tags.

use super::{blame, go};
use crate::support::{Done, Scratch};

const ALLOWED: &str = "linkage = \"any\"\nruns-on = [\"distroless:base-debian12\"]\n[go]\ncgo = \"allow\"\n";

/// A program that calls the packages `a` and `b`, of which `a` is plain C; `b` has this before its `import "C"`.
fn two_packages(b: &str) -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("seaworthy.toml", ALLOWED);
    for (name, before) in [("a", "// static int a(void) { return 1; }"), ("b", b)] {
        let code =
            format!("package {name}\n\n{before}\nimport \"C\"\n\nfunc Call() int {{ return int(C.{name}()) }}\n");
        scratch.write(&format!("{name}/{name}.go"), code);
    }
    let main = "package main\n\nimport (\n\t\"example.org/app/a\"\n\t\"example.org/app/b\"\n)\n\nfunc main() { println(a.Call(), b.Call()) }\n";
    scratch.write("main.go", main);
    scratch
}

/// A shared library `foo` in `lib/`, and the archive it could be.
fn library(scratch: &Scratch) {
    scratch.write("lib/foo.c", "int foo(void) { return 3; }\n");
    let words = ["-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "lib/libfoo.so", "lib/foo.c"];
    scratch.program("gcc").args(words).run().expect_code(0);
    scratch.program("gcc").args(["-c", "-fPIC", "-o", "lib/foo.o", "lib/foo.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "lib/libfoo.a", "lib/foo.o"]).run().expect_code(0);
}

fn build(scratch: &Scratch, more: &[&str]) -> Done {
    go(scratch).args(["go", "build"]).args(more).args(["-o", "app"]).run()
}

const CALLS_FOO: &str = "// int foo(void);\n// static int b(void) { return foo(); }";

#[test]
fn of_two_packages_with_c_code_the_one_that_asks_pkg_config_is_named() {
    requires!("go", "gcc", "pkg-config");
    let scratch = two_packages(&format!("// #cgo pkg-config: foolish\n{CALLS_FOO}"));
    library(&scratch);
    let folder = scratch.join("lib").display().to_string();
    scratch.write("lib/foolish.pc", format!("Name: foolish\nDescription: x\nVersion: 1\nLibs: -L{folder} -lfoo\n"));
    let run = || go(&scratch).env("PKG_CONFIG_PATH", &folder).args(["go", "build", "-o", "app"]).run();
    let done = run().expect_code(3).expect_stderr("error[missing-library]");
    let wanted = "package `example.org/app/b` asks for `-lfoo` by `#cgo pkg-config: foolish`, imported by \
                  example.org/app";
    assert_eq!(blame(&done), wanted);
    let done = done.expect_stderr("`go.cgo = \"static\"`, with the system's compilers and static archives");
    assert!(!done.stderr().contains("musl-gcc"), "{}", done.stderr());
    scratch.write("seaworthy.toml", "[go]\ncgo = \"static\"\n");
    run().expect_code(0);
}

#[test]
fn a_flag_that_asks_for_a_library_is_named_and_no_package() {
    requires!("go", "gcc");
    let scratch = two_packages(CALLS_FOO);
    library(&scratch);
    let flags = format!("-L{} -lfoo", scratch.join("lib").display());
    let run = |flags: &str| go(&scratch).env("CGO_LDFLAGS", flags).args(["go", "build", "-o", "app"]).run();
    let done = run(&flags).expect_code(3);
    assert_eq!(blame(&done), "`-lfoo` in `CGO_LDFLAGS`, set by the environment");
    done.expect_stderr("write `-l:libfoo.a` for it");
    run(&flags.replace("-lfoo", "-l:libfoo.a")).expect_code(0);
    // The linker flag comes too late for `-Wl,--no-undefined`, which go's probing link does not ask for.
    let flags = format!("-ldflags=-linkmode=external -extldflags '{flags}'");
    let done = go(&scratch).env("CGO_LDFLAGS", "-Wl,--unresolved-symbols=ignore-all");
    let done = done.args(["go", "build", &flags, "-o", "app"]).run().expect_code(3);
    assert_eq!(blame(&done), "`-lfoo` in `-extldflags` of the command line");
}

#[test]
fn of_two_packages_with_c_code_the_one_with_cpp_brings_its_library() {
    requires!("go", "gcc", "c++");
    let scratch = two_packages("// int b(void);");
    let code = "#include <string>\nextern \"C\" int b(void) { return std::to_string(3).append(8, '0').size(); }\n";
    scratch.write("b/b.cc", code);
    let done = build(&scratch, &[]).expect_code(3).expect_stderr("libstdc++.so.6");
    let wanted = "package `example.org/app/b` has C++ code, imported by example.org/app";
    assert_eq!(blame(&done), wanted);
    scratch.write("seaworthy.toml", "[go]\ncgo = \"static\"\n");
    build(&scratch, &[]).expect_code(0);
}

#[test]
fn a_symbol_in_an_archive_beside_the_sources_is_blamed_on_its_package() {
    requires!("go", "gcc");
    let scratch = two_packages(&format!("// #cgo LDFLAGS: -L${{SRCDIR}} -lrandom\n{CALLS_FOO}"));
    scratch.write("lib/random.c", "unsigned arc4random(void);\nint foo(void) { return (int)arc4random(); }\n");
    scratch.program("gcc").args(["-c", "-fPIC", "-o", "lib/random.o", "lib/random.c"]).run().expect_code(0);
    scratch.program("ar").args(["rcs", "b/librandom.a", "lib/random.o"]).run().expect_code(0);
    scratch.write("seaworthy.toml", "linkage = 'any'\n[go]\ncgo = 'allow'\n[linux]\nglibc = '2.35'\n");
    let done = build(&scratch, &[]).expect_code(3).expect_stderr("error[newer-glibc]");
    let object = "package `example.org/app/b`, object `librandom.a(random.o)`";
    assert_eq!(blame(&done), format!("{object}, imported by example.org/app, refers to `arc4random`"));
    // A stripped program does not tell which, and there is one.
    let done = build(&scratch, &["-ldflags=-s"]).expect_code(3).expect_stderr("error[newer-glibc]");
    assert_eq!(blame(&done), format!("{object}, imported by example.org/app, refers to `arc4random`"));
    // The file, wherever the C compiler finds it.
    let code = std::fs::read_to_string(scratch.join("b/b.go")).expect("it was written");
    scratch.write("b/b.go", code.replace("-lrandom", "-l:librandom.a"));
    let done = build(&scratch, &[]).expect_code(3).expect_stderr("error[newer-glibc]");
    assert_eq!(blame(&done), format!("{object}, imported by example.org/app, refers to `arc4random`"));
}

#[test]
fn no_tag_is_advised_for_plugin_alone() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    let main = |plugin: &str| {
        format!("package main\n\nimport (\n\t\"net\"\n{plugin})\n\nfunc main() {{ net.LookupHost(\"x\") }}\n")
    };
    scratch.write("main.go", main("\t_ \"plugin\"\n"));
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let done = build(&scratch, &[]).expect_code(3);
    assert!(blame(&done).contains("package `plugin` of the Go standard library uses cgo"), "{}", done.stderr());
    done.expect_stderr("leave out `plugin`, which needs a loader, and build with `-tags netgo`");
    build(&scratch, &["-tags", "netgo"]).expect_code(3);
    scratch.write("main.go", main(""));
    build(&scratch, &["-tags", "netgo"]).expect_code(0);
}

#[test]
fn an_import_without_cgo_is_named() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    let load = "package load\n\n//go:cgo_import_dynamic open dlopen \"libdl.so.2\"\n//go:cgo_import_dynamic _ _ \"libdl.so.2\"\n\nfunc Call() {}\n";
    scratch.write("load/load.go", load);
    scratch.write("main.go", "package main\n\nimport \"example.org/app/load\"\n\nfunc main() { load.Call() }\n");
    let done = scratch.seaworthy().args(["go", "build", "-o", "app"]).run().expect_code(3);
    let wanted = "package `example.org/app/load` asks for a library by `//go:cgo_import_dynamic`, imported by \
                  example.org/app";
    assert_eq!(blame(&done), wanted);
}

#[test]
fn static_linking_for_musl_is_no_advice_for_windows() {
    requires!("go", "x86_64-w64-mingw32-gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let c = "// #cgo LDFLAGS: -lpthread\n// #include <pthread.h>\n// static int one(void) { return pthread_self() != 0; }\n";
    scratch.write("main.go", format!("package main\n\n{c}import \"C\"\n\nfunc main() {{ println(C.one()) }}\n"));
    let run = |more: &[&str]| {
        let run = go(&scratch).env("GOOS", "windows").env("CGO_ENABLED", "1").env("CC", "x86_64-w64-mingw32-gcc");
        run.args(["go", "build"]).args(more).args(["-o", "app.exe"]).run()
    };
    let done = run(&[]).expect_code(3).expect_stderr("error[dynamic-c-runtime]");
    let advice = "-ldflags='-linkmode=external -extldflags=-static'";
    let done = done.expect_stderr(advice);
    assert!(!done.stderr().contains("musl-gcc"), "{}", done.stderr());
    run(&["-ldflags=-linkmode=external -extldflags=-static"]).expect_code(0);
}
