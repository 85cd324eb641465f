//! Build systems that know nothing of the guard: their questions to the compiler are answered, their programs judged.

use crate::support::{Run, Scratch};

/// A C++ program and a C library for it.
fn project() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("part.c", "int part(void) { return 7; }\n");
    let main = "#include <iostream>\nextern \"C\" int part(void);\nint main() { std::cout << part() << std::endl; }\n";
    scratch.write("main.cpp", main);
    scratch
}

/// The guard in front of the compilers, as `CC` and `CXX`.
fn with_guard(run: Run) -> Run {
    let guard = env!("CARGO_BIN_EXE_seaworthy");
    run.env("CC", format!("{guard} link -- gcc")).env("CXX", format!("{guard} link -- g++"))
}

fn runs(scratch: &Scratch, program: &str) {
    assert_eq!(Run::program(scratch.join(program)).run().expect_code(0).stdout(), "7\n");
}

#[test]
fn make() {
    requires!("make", "gcc", "c++");
    let scratch = project();
    scratch.write("Makefile", "app: main.o part.o\n\t$(CXX) $(LDFLAGS) -o $@ $^\n");
    let make = |flags: &str| with_guard(scratch.program("make")).arg(format!("LDFLAGS={flags}")).run();
    make("").expect_code(2).expect_stderr("error[dynamic-loader]: `app`");
    assert!(!scratch.join("app").exists());
    make("-static").expect_code(0);
    runs(&scratch, "app");
}

#[test]
fn cmake() {
    requires!("cmake", "make", "gcc", "c++");
    let scratch = project();
    let lists = "cmake_minimum_required(VERSION 3.21)\nproject(app C CXX)\ninclude(CheckFunctionExists)\n\
                 check_function_exists(puts HAVE_PUTS)\nif(NOT HAVE_PUTS)\n  message(FATAL_ERROR \"no puts\")\nendif()\n\
                 add_executable(app main.cpp part.c)\n";
    scratch.write("CMakeLists.txt", lists);
    let guard = format!("{};link;--", env!("CARGO_BIN_EXE_seaworthy"));
    let build = |flags: &str| {
        let configure = scratch.program("cmake").args(["-S", ".", "-B", "build"]);
        let configure = configure.arg(format!("-DCMAKE_CXX_LINKER_LAUNCHER={guard}"));
        configure.arg(format!("-DCMAKE_EXE_LINKER_FLAGS={flags}")).run().expect_code(0);
        scratch.program("cmake").args(["--build", "build"]).run()
    };
    let done = build("").expect_code(2);
    assert!(
        format!("{}{}", done.stdout(), done.stderr()).contains("error[dynamic-loader]: `app`"),
        "{}",
        done.stderr()
    );
    build("-static").expect_code(0);
    runs(&scratch, "build/app");
}

#[test]
fn meson() {
    requires!("meson", "ninja", "gcc", "c++");
    let scratch = project();
    let file = "project('app', 'c', 'cpp')\nassert(meson.get_compiler('c').has_function('puts'))\n\
                executable('app', 'main.cpp', 'part.c', link_args: get_option('cpp_link_args'))\n";
    scratch.write("meson.build", file);
    let build = |directory: &str, flags: &str| {
        let setup = with_guard(scratch.program("meson")).args(["setup", directory]);
        setup.arg(format!("-Dcpp_link_args={flags}")).run().expect_code(0);
        scratch.program("ninja").args(["-C", directory]).run()
    };
    let done = build("dynamic", "").expect_code(1);
    assert!(done.stdout().contains("error[dynamic-loader]: `app`"), "{}", done.stdout());
    build("static", "-static").expect_code(0);
    runs(&scratch, "static/app");
}

#[test]
fn a_configure_script_of_autoconf() {
    requires!("sh", "gcc");
    let scratch = project();
    // What `AC_PROG_CC` and `AC_CHECK_FUNC` come to, and a check of libffi's, which asks for an executable stack.
    let configure = "set -e\necho 'int main(void) { return 0; }' > conftest.c\n$CC -V >/dev/null 2>&1 || :\n\
                     $CC conftest.c\ntest -f a.out\nrm a.out\n$CC -o conftest conftest.c\n./conftest\n\
                     echo 'char puts(); int main(void) { return puts != 0; }' > conftest.c\n\
                     $CC -w -o conftest conftest.c -lm\ntest -x conftest\nrm -f conftest*\n\
                     echo '.globl f\nf: ret' > conftest1.s\n$CC -c conftest1.s\n\
                     echo 'int f(); int main(void) { return f(); }' > conftest2.c\n\
                     $CC -w conftest2.c conftest1.o\ntest -x a.out\n";
    scratch.write("configure", configure);
    let done = with_guard(scratch.program("sh")).arg("configure").run().expect_code(0);
    assert!(!done.stderr().contains("seaworthy"), "{}", done.stderr());
}
