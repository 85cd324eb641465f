//! Every linker by its own name, for real.

use super::hello;
use crate::support::{Done, Run, Scratch};

/// The call by way of the guard.
fn guarded(scratch: &Scratch, words: &[&str]) -> Done {
    scratch.seaworthy().args(["link", "--"]).args(words).run()
}

/// The link of a dynamic program fails, that of a static one passes, and that one runs.
fn judges(driver: &[&str], linked_statically: &[&str]) {
    let scratch = hello();
    let words = |more: &[&'static str]| -> Vec<String> { driver.iter().chain(more).map(ToString::to_string).collect() };
    let call = |words: &[String]| guarded(&scratch, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let dynamic = call(&words(&["-o", "app", "hello.c"])).expect_code(3);
    let dynamic = dynamic.expect_stderr("error[dynamic-loader]: `app`");
    dynamic.expect_stderr("= blame: there is no `-static` on the link line");
    assert!(!scratch.join("app").exists());
    let words: Vec<&str> = linked_statically.iter().copied().chain(["hello.c", "-o", "app"]).collect();
    guarded(&scratch, &words).expect_code(0);
    assert_eq!(Run::program(scratch.join("app")).run().expect_code(0).stdout(), "hello\n");
}

#[test]
fn clang() {
    requires!("clang", "gcc");
    judges(&["clang"], &["clang", "-static"]);
}

#[test]
fn compilers_that_call_lld_and_mold() {
    requires!("gcc", "ld.lld", "mold");
    for linker in ["-fuse-ld=lld", "-fuse-ld=mold"] {
        judges(&["gcc", linker], &["gcc", linker, "-static"]);
    }
}

#[test]
fn zig_cc() {
    requires!("zig");
    let scratch = hello();
    let target = "x86_64-linux-gnu.2.17";
    let done = guarded(&scratch, &["zig", "cc", "-target", target, "-o", "app", "hello.c"]).expect_code(3);
    done.expect_stderr("error[dynamic-loader]: `app`");
    assert!(!scratch.join("app").exists());
}

#[test]
fn linkers_without_a_compiler_in_front() {
    requires!("gcc", "ld", "ld.lld", "mold");
    let scratch = hello();
    scratch.program("gcc").args(["-c", "-fPIE", "hello.c"]).run().expect_code(0);
    let file = |name: &str| {
        let done = scratch.program("gcc").arg(format!("-print-file-name={name}")).run().expect_code(0);
        done.stdout().trim().to_owned()
    };
    let (first, second, last, library) = (file("crt1.o"), file("crti.o"), file("crtn.o"), file("libc.so.6"));
    for linker in ["ld", "ld.lld", "mold"] {
        let words = [
            linker,
            "-m",
            "elf_x86_64",
            "--dynamic-linker",
            "/lib64/ld-linux-x86-64.so.2",
            &first,
            &second,
            "hello.o",
            &library,
            &last,
            "-o",
            "app",
        ];
        let done = guarded(&scratch, &words).expect_code(3).expect_stderr("error[dynamic-loader]: `app`");
        done.expect_stderr("= blame: `--dynamic-linker /lib64/ld-linux-x86-64.so.2` on the link line");
        assert!(!scratch.join("app").exists(), "{linker}");
    }
}

#[test]
fn rusts_own_lld_links_for_cargo() {
    requires!("rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("src/main.rs", "fn main() {}\n");
    let sysroot = scratch.program("rustc").args(["--print", "sysroot"]).run().expect_code(0).stdout();
    let lld = format!("{}/lib/rustlib/{}/bin/rust-lld", sysroot.trim(), "x86_64-unknown-linux-gnu");
    let flags = "-Clinker-flavor=ld.lld -Clink-self-contained=yes";
    let build = |policy: &str| {
        scratch.write("seaworthy.toml", policy);
        let run = scratch.program("cargo").env("CARGO_TARGET_DIR", scratch.join("target")).env("RUSTFLAGS", flags);
        let run = run.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", env!("CARGO_BIN_EXE_seaworthy-ld"));
        run.env("SEAWORTHY_LINKER", &lld).args(["build", "--target", "x86_64-unknown-linux-musl"]).run()
    };
    build("").expect_code(0);
    std::fs::remove_dir_all(scratch.join("target")).expect("it was built");
    build("rules.debug-info = \"deny\"\n").expect_code(101).expect_stderr("error[debug-info]");
}

#[test]
fn link_exe_by_the_name_that_lld_has_for_it() {
    requires!("lld-link", "x86_64-w64-mingw32-gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", "int start(void) { return 0; }\n");
    scratch.program("x86_64-w64-mingw32-gcc").args(["-c", "main.c", "-o", "main.obj"]).run().expect_code(0);
    scratch.write("line", "/entry:start /subsystem:console /out:\"my app.exe\" main.obj");
    guarded(&scratch, &["lld-link", "@line"]).expect_code(0);
    assert!(scratch.join("my app.exe").exists());
    scratch.write("seaworthy.toml", "windows.signed = true\n");
    guarded(&scratch, &["lld-link", "@line"]).expect_code(3).expect_stderr("error[unsigned-image]: `my app.exe`");
    assert!(!scratch.join("my app.exe").exists());
}
