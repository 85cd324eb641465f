//! Builds that fail because of what the policy sets: is that said, after the tool's own words, with what helps here?

use super::guarded;
use crate::support::{Done, Run, Scratch, is_waiting};

fn hello(policy: &str) -> Scratch {
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("Cargo.lock", "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n");
    scratch.write("src/main.rs", "fn main() {}\n");
    scratch.write("seaworthy.toml", policy);
    scratch
}

/// The guard says and does what the tool says and does; what is of ours comes after it.
#[track_caller]
fn ours(guarded: &Done, bare: &Done) -> String {
    assert_eq!((guarded.code(), guarded.stdout()), (bare.code(), bare.stdout()));
    let (guards, tools) = (without_waiting(guarded), without_waiting(bare));
    guards.strip_prefix(&tools).unwrap_or_else(|| guarded.fail(&format!("the tool's own words: {tools}"))).to_owned()
}

/// What was said but for that another cargo of these tests was waited for.
fn without_waiting(done: &Done) -> String {
    done.stderr().split_inclusive('\n').filter(|line| !is_waiting(line)).collect()
}

/// Bare cargo, from the same beginning.
fn bare(scratch: &Scratch, target: &str) -> Done {
    let run = scratch.program("cargo").env("CARGO_TARGET_DIR", scratch.join("target"));
    let done = run.args(["build", "--target", target]).run();
    std::fs::remove_dir_all(scratch.join("target")).expect("cargo makes it");
    done
}

#[test]
fn a_target_that_is_not_installed() {
    requires!("cargo");
    let target = "riscv64gc-unknown-linux-musl";
    let scratch = hello(&format!("[cargo]\ntarget = \"{target}\"\n"));
    let bare = bare(&scratch, target).expect_code(101);
    let said = ours(&guarded(&scratch, &["build"]), &bare);
    let cause = format!(
        "hint: the Rust target `{target}` is not installed, and the build needs it: cargo.target, seaworthy.toml:2\n"
    );
    assert!(said.starts_with(&cause), "{said}");
    let fixes = [format!("rustup target add {target}"), format!("install the standard library of {target}")];
    assert!(fixes.iter().any(|fix| said.contains(fix)), "{said}");
}

#[test]
fn a_linker_for_another_architecture_that_is_missing() {
    requires!("gcc", "rust-std:aarch64-unknown-linux-musl");
    if cfg!(target_arch = "aarch64") {
        return;
    }
    let target = "aarch64-unknown-linux-musl";
    let scratch = hello(&format!("cargo.target = \"{target}\"\n"));
    let done = guarded(&scratch, &["build"]).expect_code(101);
    let done = done.expect_stderr(&format!("hint: a linker for `{target}` is not installed, and the build needs it"));
    let variable = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER";
    done.expect_stderr(&format!("set `{variable}=rust-lld`"));
    let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env(variable, "rust-lld");
    run.args(["cargo", "build"]).run().expect_code(0);
}

#[test]
fn procedural_macros_that_crt_static_reaches() {
    requires!("gcc");
    let scratch = hello("linkage = \"any\"\n");
    scratch.write("made/Cargo.toml", "[package]\nname = \"made\"\nversion = \"0.1.0\"\n[lib]\nproc-macro = true\n");
    scratch.write("made/src/lib.rs", "");
    scratch.package("[dependencies]\nmade = { path = \"made\" }\n");
    let build = |more: &[&str]| {
        let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target"));
        run.env("RUSTFLAGS", "-Ctarget-feature=+crt-static").args(["cargo", "build"]).args(more).run()
    };
    let done = build(&[]).expect_code(101).expect_stderr("cannot produce proc-macro");
    let done =
        done.expect_stderr("set by `RUSTFLAGS` in the environment, reaches procedural macros such as `made` too");
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    done.expect_stderr(&format!("= help: add `--target {target}`"));
    build(&["--target", &target]).expect_code(0);
}

#[test]
fn a_compiler_for_cgo_that_is_missing() {
    requires!("go", "gcc", "musl-gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    let main = "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n";
    scratch.write("main.go", main);
    scratch.write("seaworthy.toml", "[go]\ncgo = \"static\"\ncc = \"musl-gcc\"\n");
    let build = |run: Run| run.args(["go", "build", "-o", "app"]).run();
    let done = build(scratch.seaworthy().env("PATH", scratch.path_without("musl-gcc"))).expect_code(1);
    let done = done.expect_stderr("hint: `musl-gcc` is not installed, and the build needs it: go.cgo = \"static\"");
    assert!(done.stderr().contains("musl-tools") || done.stderr().contains("musl"), "{}", done.stderr());
    build(scratch.seaworthy()).expect_code(0);
}

#[test]
fn a_compiler_for_c_is_missed_only_where_c_code_is_linked_in() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{more}")
    };
    // `with-c` is for another system, as `iana-time-zone-haiku` is, which every user of `chrono` has in the lock file.
    let needs =
        |condition: &str| format!("[target.'cfg({condition})'.dependencies]\nwith-c = {{ path = \"with-c\" }}\n");
    scratch.write("src/main.rs", "fn main() { this does not compile }\n");
    scratch.write("with-c/Cargo.toml", package("with-c", "[build-dependencies]\ncc = { path = \"../cc\" }\n"));
    scratch.write("with-c/src/lib.rs", "");
    scratch.write("with-c/build.rs", "fn main() {}\n");
    scratch.write("cc/Cargo.toml", package("cc", ""));
    scratch.write("cc/src/lib.rs", "");
    let folder = scratch.path_without("musl-gcc");
    drop(std::fs::remove_file(folder.join("x86_64-linux-musl-gcc")));
    let build = |condition: &str, compiler: &str| {
        scratch.write("Cargo.toml", package("app", &needs(condition)));
        let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("PATH", &folder);
        run.env("CC_x86_64_unknown_linux_musl", compiler).args(["cargo", "build"]).run().expect_code(101).stderr()
    };
    let hint = "hint: `musl-gcc` is not installed, and the build needs it: C code of `with-c`";
    let said = build("target_os = \"linux\"", "");
    assert!(said.contains(hint), "{said}");
    for (condition, compiler) in [("target_os = \"haiku\"", ""), ("target_os = \"linux\"", "gcc -static")] {
        let said = build(condition, compiler);
        assert!(!said.contains("hint: "), "{said}");
    }
}

#[test]
fn a_member_that_makes_a_shared_object_alone() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
    };
    scratch.write("Cargo.toml", "[workspace]\nmembers = [\"app\", \"py\"]\nresolver = \"2\"\n");
    scratch.write("app/Cargo.toml", package("app", ""));
    scratch.write("app/src/main.rs", "fn main() {}\n");
    scratch.write("py/Cargo.toml", package("py", "[lib]\ncrate-type = [\"cdylib\"]\n"));
    scratch.write("py/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn three() -> i32 {\n    3\n}\n");
    for words in [&["build"][..], &["build", "-p", "py"]] {
        let done = guarded(&scratch, words).expect_code(101).expect_stderr("cannot produce cdylib for `py");
        let done = done.expect_stderr("hint: `py` makes a shared object only (`crate-type`), and none can be made for");
        done.expect_stderr("= help: build the others with `--workspace --exclude py`, and `py` in its own folder");
    }
    scratch.write("app/src/main.rs", "fn main() { this does not compile }\n");
    let done = guarded(&scratch, &["build", "-p", "app"]).expect_code(101);
    assert!(!done.stderr().contains("hint: "), "{}", done.stderr());
    scratch.write("app/src/main.rs", "fn main() {}\n");
    guarded(&scratch, &["build", "--workspace", "--exclude", "py"]).expect_code(0);
    let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).cwd(scratch.join("py"));
    run.args(["cargo", "build"]).run().expect_code(0);
}

#[test]
fn a_compiler_for_cxx_that_no_distribution_has() {
    requires!("gcc", "c++", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{more}")
    };
    scratch.write("Cargo.toml", package("app", "[build-dependencies]\ncc = { path = \"cc\" }\n"));
    scratch.write("src/main.rs", "fn main() {}\n");
    scratch.write("build.rs", "fn main() {\n    cc::Build.cpp(true);\n}\n");
    scratch.write("cc/Cargo.toml", package("cc", ""));
    // As the crate `cc` ends: for a target of another name it looks for a compiler of that name.
    let code = "pub struct Build;\n\nimpl Build {\n    pub fn cpp(&self, _: bool) {\n        let target = \
                std::env::var(\"TARGET\").unwrap();\n        assert!(!target.contains(\"musl\"), \"failed to find \
                tool\");\n    }\n}\n";
    scratch.write("cc/src/lib.rs", code);
    let folder = scratch.path_without("x86_64-linux-musl-g++");
    let run = |verb: &[&str]| {
        let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("PATH", &folder);
        run.args(verb).run()
    };
    let fix = "help: no distribution has it; link glibc and the C++ library in, by `[cargo]` with `target = \
               \"x86_64-unknown-linux-gnu\"` and `crt-static = true`";
    let done = run(&["cargo", "build"]).expect_code(101).expect_stderr(fix);
    done.expect_stderr("hint: `x86_64-linux-musl-g++` is not installed, and the build needs it: C++ code of `app`");
    let doctor = run(&["doctor"]).stdout();
    assert!(doctor.contains("missing: `x86_64-linux-musl-g++` (C++ code of `app`)"), "{doctor}");
    scratch.write("seaworthy.toml", "[cargo]\ntarget = \"x86_64-unknown-linux-gnu\"\ncrt-static = true\n");
    run(&["cargo", "build"]).expect_code(0);
}
