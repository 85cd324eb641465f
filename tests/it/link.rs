//! The linker guard: does it pass on what links nothing, judge what does, and name the word on the link line?

mod build_systems;
mod names;
mod objects;
mod outputs;
mod tools;

use crate::support::{Run, Scratch, shared};

const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n";

fn hello() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("hello.c", HELLO);
    scratch
}

#[test]
fn questions_to_the_linker_are_answered_by_the_linker() {
    requires!("gcc");
    let scratch = hello();
    scratch.write("words", "-c hello.c -o from-response.o");
    for args in
        [&["--version"][..], &["-v"], &["-c", "hello.c"], &["-E", "hello.c"], &["-print-search-dirs"], &["@words"]]
    {
        let bare = scratch.program("gcc").args(args).run().expect_code(0);
        let guarded = scratch.seaworthy().args(["link", "--", "gcc"]).args(args).run().expect_code(0);
        assert_eq!((bare.stdout(), bare.stderr()), (guarded.stdout(), guarded.stderr()), "{args:?}");
    }
    assert!(scratch.join("from-response.o").exists());
}

#[test]
fn a_failing_link_ends_as_the_linker_ends() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let args = ["link", "gcc", "-o", "app", "missing.o"];
    let bare = scratch.program("gcc").args(&args[2..]).run();
    let guarded = scratch.seaworthy().args(args).run();
    assert_eq!((bare.code(), bare.stderr()), (guarded.code(), guarded.stderr()));
}

#[test]
fn a_static_program_is_linked_and_nothing_else_is_said() {
    requires!("musl-gcc");
    let scratch = hello();
    let done =
        scratch.seaworthy().args(["link", "--", "musl-gcc", "-static", "-ohello", "hello.c"]).run().expect_code(0);
    assert_eq!(done.stdout(), "");
    assert!(done.stderr().starts_with("ok: hello: static ELF"), "{}", done.stderr());
    assert_eq!(Run::program(scratch.join("hello")).run().expect_code(0).stdout(), "hello\n");
}

#[test]
fn a_dynamic_program_fails_the_link_and_leaves_no_output() {
    requires!("gcc");
    let scratch = hello();
    scratch.write("line", "-o 'my app' hello.c");
    let done = scratch.seaworthy().args(["link", "gcc", "@line"]).run().expect_code(3);
    assert!(done.stderr().contains("error[dynamic-loader]"), "{}", done.stderr());
    assert!(!scratch.join("my app").exists());

    scratch.write("seaworthy.toml", "on-violation = \"keep\"\n");
    scratch.seaworthy().args(["link", "gcc", "@line"]).run().expect_code(3);
    assert!(scratch.join("my app").exists());
}

#[test]
fn flags_that_mean_nothing_of_the_kind_to_a_linker_do_not_hide_a_link() {
    requires!("gcc", "ld");
    let scratch = hello();
    scratch.program("gcc").args(["-c", "hello.c"]).run().expect_code(0);
    let crt1 = scratch.program("gcc").args(["-print-file-name=crt1.o"]).run().expect_code(0).stdout();
    let directory = crt1.trim().rsplit_once('/').map(|(directory, _)| format!("-L{directory}")).expect("a full path");
    for words in [
        &["gcc", "-Xlinker", "-E", "-o", "app", "hello.c"][..],
        &["gcc", "-o", "app", "-x", "c", "hello.c", "-Xlinker", "-M"],
        &[
            "ld",
            "-E",
            "-S",
            "-o",
            "app",
            crt1.trim(),
            "hello.o",
            &directory,
            "-lc",
            "-dynamic-linker",
            "/lib64/ld-linux-x86-64.so.2",
        ],
    ] {
        let done = scratch.seaworthy().args(["link", "--"]).args(words).run().expect_code(3);
        done.expect_stderr("error[dynamic-loader]: `app`");
        assert!(!scratch.join("app").exists(), "{words:?}");
    }
    let run = scratch.seaworthy().args(["link", "--", "gcc", "-x", "c", "-o", "app", "-"]);
    run.stdin("int main(void) { return 0; }\n").run().expect_code(3).expect_stderr("error[dynamic-loader]: `app`");
}

#[test]
fn a_tool_that_links_nothing_is_left_alone_with_what_lies_around() {
    requires!("gcc", "ar");
    let scratch = hello();
    scratch.program("gcc").args(["-c", "hello.c"]).run().expect_code(0);
    for before in [false, true] {
        if before {
            scratch.program("gcc").args(["hello.c"]).run().expect_code(0);
        }
        let done = scratch.seaworthy().args(["link", "--", "ar", "rcs", "libhello.a", "hello.o"]).run().expect_code(0);
        assert_eq!((done.stdout(), done.stderr()), (String::new(), String::new()));
        assert_eq!(scratch.join("a.out").exists(), before);
    }
    scratch.seaworthy().args(["link", "--", "gcc", "hello.o"]).run().expect_code(3);
    assert!(!scratch.join("a.out").exists(), "it was written now");
}

#[test]
fn a_library_is_blamed_on_its_flag() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("dep.c", "int dep(void) { return 1; }\n");
    scratch.write("main.c", "int dep(void);\nint main(void) { return dep(); }\n");
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    let shared_object = ["link", "gcc", "-shared", "-fPIC", "-o", "libdep.so", "-Wl,-soname,libdep.so.7", "dep.c"];
    scratch.seaworthy().args(shared_object).run().expect_code(0);
    scratch.write("seaworthy.toml", "");
    let done = scratch.seaworthy().args(["link", "gcc", "-o", "app", "main.c", "-L.", "-ldep"]).run().expect_code(3);
    done.expect_stderr("needs `libdep.so.7`").expect_stderr("= blame: `-ldep` on the link line");
}

#[test]
fn an_object_without_a_stack_note_is_named() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("bare.s", ".globl bare\nbare:\n\tret\n");
    scratch.write("main.c", "void bare(void);\nint main(void) { bare(); return 0; }\n");
    scratch.program("gcc").args(["-c", "bare.s", "main.c"]).run().expect_code(0);
    let args = ["link", "gcc", "-static", "-o", "app", "main.o", "bare.o"];
    let done = scratch.seaworthy().args(args).run().expect_code(3);
    let stderr = done.stderr();
    let blame = stderr.lines().find(|line| line.contains("= blame:")).unwrap_or_else(|| done.fail("no blame"));
    assert!(stderr.contains("error[executable-stack]"), "{stderr}");
    assert!(blame.contains("bare.o") && !blame.contains("main.o"), "{blame}");
}

#[test]
fn cargo_takes_it_as_a_linker() {
    requires!("cc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("src/main.rs", "fn main() {}\n");
    // Written for a compiler driver, although cargo is told of a linker.
    scratch.write("build.rs", "fn main() { println!(\"cargo:rustc-link-arg-bins=-Wl,-z,now\"); }\n");
    let guard = env!("CARGO_BIN_EXE_seaworthy-ld");
    for target in ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"] {
        let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        let build = scratch.program("cargo").env(&variable, guard).env("CARGO_TARGET_DIR", scratch.join("target"));
        let done = build.args(["build", "--target", target]).run();
        match target.ends_with("musl") {
            true => drop(done.expect_code(0)),
            false => drop(done.expect_code(101).expect_stderr("error[dynamic-loader]")),
        }
    }
}

#[test]
fn go_takes_it_as_an_external_linker() {
    requires!("go", "gcc", "musl-gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write(
        "main.go",
        "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n",
    );
    let guard = env!("CARGO_BIN_EXE_seaworthy-cc");
    let policy = scratch.write("cgo.toml", "go.cgo = 'static'");
    let build = |compiler: &str, extra: &str| {
        let flags = format!("-ldflags=-linkmode=external -extld={guard} {extra}");
        let run = scratch.program("go").env("CGO_ENABLED", "1").env("CC", compiler).env("SEAWORTHY_LINKER", compiler);
        let run = run.env("SEAWORTHY_POLICY", &policy).env("GOFLAGS", "-count=1").env("GOCACHE", shared("gocache"));
        run.args(["build", &flags]).run()
    };
    build("gcc", "").expect_code(1).expect_stderr("error[dynamic-loader]");
    build("musl-gcc", "-extldflags=-static").expect_code(0);
}

#[test]
fn a_linker_that_is_not_there_is_named() {
    let done = Scratch::empty().seaworthy().args(["link", "--", "no-such-linker", "a.o"]).run().expect_code(127);
    done.expect_stderr("the linker `no-such-linker` was not found");
}

#[test]
fn a_search_path_by_a_variable_is_blamed_on_it() {
    requires!("gcc");
    let scratch = hello();
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    let run = |path: &str| {
        let run = scratch.seaworthy().env("LD_RUN_PATH", path);
        run.args(["link", "--", "gcc", "-o", "app", "hello.c"]).run()
    };
    let done = run("/opt/vendor/lib").expect_code(3).expect_stderr("error[run-path]");
    done.expect_stderr("= blame: `LD_RUN_PATH=/opt/vendor/lib` in the environment")
        .expect_stderr("unset `LD_RUN_PATH`");
    run("").expect_code(0);
}
