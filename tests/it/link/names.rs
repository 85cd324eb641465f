//! Does a build stay what it is when the guard is its compiler or linker, under either of its own names?

use crate::support::Scratch;

const COMPILER: &str = env!("CARGO_BIN_EXE_seaworthy-cc");
const LINKER: &str = env!("CARGO_BIN_EXE_seaworthy-ld");

fn rust() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    scratch.write("main.rs", "fn main() { println!(\"hello\"); }\n");
    scratch
}

/// The type of an ELF file, and the loader that it names, if any.
fn kind(scratch: &Scratch, program: &str) -> (u8, bool) {
    let bytes = std::fs::read(scratch.join(program)).expect("it was linked");
    (bytes[16], bytes.windows(10).any(|part| part == b"/ld-linux-" || part == b"/lib/ld-mu"))
}

fn links_as_without(scratch: &Scratch, target: &str, flags: &[&str], linkers: &[(&str, &str)]) {
    let rustc = |program: &str, linker: Option<(&str, &str)>| {
        let mut run = scratch.program("rustc").args(["--target", target, "main.rs", "-o", program]).args(flags);
        if let Some((linker, real)) = linker {
            run = run.arg(format!("-Clinker={linker}")).env("SEAWORTHY_LINKER", real);
        }
        run.run().expect_code(0);
        kind(scratch, program)
    };
    let bare = rustc("bare", None);
    for &linker in linkers {
        assert_eq!(rustc("guarded", Some(linker)), bare, "{target} {flags:?} {linker:?}");
    }
}

#[test]
fn flags_that_rustc_hands_to_a_compiler_mean_the_same() {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    requires!("cc", "rust-std:x86_64-unknown-linux-gnu");
    let scratch = rust();
    for flags in [
        &["-Clink-args=-rdynamic -march=native -B/usr/bin -fopenmp"][..],
        &["-Crelocation-model=static"],
        &["-Ctarget-feature=+crt-static"],
    ] {
        links_as_without(&scratch, TARGET, flags, &[(COMPILER, ""), (LINKER, "")]);
    }
}

#[test]
fn musl_with_start_files_of_rust() {
    const TARGET: &str = "x86_64-unknown-linux-musl";
    requires!("cc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = rust();
    for flags in [&["-Clink-args=-static-pie -rdynamic"][..], &["-Crelocation-model=static"]] {
        links_as_without(&scratch, TARGET, flags, &[(COMPILER, ""), (LINKER, "")]);
    }
}

#[test]
fn a_compiler_that_is_named_gets_the_words_of_a_compiler() {
    requires!("clang", "gcc", "rust-std:x86_64-unknown-linux-gnu");
    links_as_without(
        &rust(),
        "x86_64-unknown-linux-gnu",
        &[],
        &[(COMPILER, "clang"), (LINKER, "clang"), (LINKER, "gcc")],
    );
}

/// CMake reads what the compiler says of its linker, and takes a line whose program's name ends in `-ld` for it.
#[test]
fn cmake_learns_where_the_libraries_are() {
    requires!("cmake", "make", "cc");
    let scratch = Scratch::empty();
    let lists = "cmake_minimum_required(VERSION 3.16)\nproject(app C)\nif(NOT CMAKE_C_IMPLICIT_LINK_DIRECTORIES)\n  \
                 message(FATAL_ERROR \"no directories\")\nendif()\nif(LTO)\n  include(CheckIPOSupported)\n  check_ipo_supported()\nendif()\n\
                 add_executable(app main.c)\n";
    scratch.write("CMakeLists.txt", lists);
    scratch.write("main.c", "int main(void) { return 0; }\n");
    let link = format!("{} link -- gcc", env!("CARGO_BIN_EXE_seaworthy"));
    for (directory, compiler, more) in [("one", COMPILER, "-DLTO=OFF"), ("two", &link, "-DLTO=ON")] {
        let cmake = || scratch.program("cmake").env("CC", compiler);
        let done = cmake().args(["-G", "Unix Makefiles", "-S", ".", "-B", directory, more]).run().expect_code(0);
        assert!(!done.stderr().contains("seaworthy"), "{}", done.stderr());
        let done = cmake().args(["--build", directory]).run().expect_code(2);
        assert!((done.stdout() + &done.stderr()).contains("error[dynamic-loader]: `app`"), "{}", done.stderr());
    }
}

/// Where the host is the target, as on Alpine, cargo links what runs in the compiler by the same linker.
#[test]
fn macros_and_build_scripts_are_no_products() {
    requires!("cc", "rust-std:x86_64-unknown-linux-gnu");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "runs-on = [\"scratch\"]\n");
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n{rest}")
    };
    scratch.write("Cargo.toml", package("app", "[dependencies]\nmacros = { path = \"macros\" }\n"));
    scratch.write("macros/Cargo.toml", package("macros", "[lib]\nproc-macro = true\n"));
    let source = "use proc_macro::TokenStream;\n#[proc_macro]\npub fn nothing(_: TokenStream) -> TokenStream { TokenStream::new() }\n";
    scratch.write("macros/src/lib.rs", source);
    scratch.write("build.rs", "fn main() {}\n");
    scratch.write("macros/build.rs", "fn main() {}\n");
    scratch.write("src/main.rs", "macros::nothing!();\nfn main() {}\n");
    for guard in [COMPILER, LINKER] {
        let build = scratch.program("cargo").env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", guard);
        let build = build.env("CARGO_TARGET_DIR", scratch.join("target")).arg("build");
        let done = build.run().expect_code(101).expect_stderr("error[dynamic-loader]");
        assert!(done.stderr().contains("could not compile `app` (bin"), "{}", done.stderr());
        std::fs::remove_dir_all(scratch.join("target")).expect("it was built");
    }
}

#[test]
fn a_linker_that_is_none_is_told_with_a_way_out_that_fits() {
    let scratch = Scratch::empty();
    scratch.write("text", "no program\n");
    let link = |name: &str| scratch.seaworthy().args(["link", "--", name, "-o", "app"]).run().expect_code(127);
    for name in ["nosuch", "./text"] {
        link(name).expect_stderr("was not found, or may not be run; install it, or name another behind `link --`");
    }
    link(env!("CARGO_BIN_EXE_seaworthy")).expect_stderr("is the guard, and no linker; name another");
    let named =
        |real: &str| scratch.program(COMPILER).args(["-o", "app"]).env("SEAWORTHY_LINKER", real).run().expect_code(127);
    named("ccache gcc").expect_stderr("correct `SEAWORTHY_LINKER`, which is a name or a path, without arguments");
    named(COMPILER).expect_stderr("is the guard, and no linker; correct `SEAWORTHY_LINKER`");
}
