//! Blame on settings: is what made a program so named, with the place where it was set?

use super::{blame, go, guarded};
use crate::support::{Done, Run, Scratch};

const MUSL: &str = "x86_64-unknown-linux-musl";

fn hello(config: &str) -> Scratch {
    let scratch = Scratch::empty();
    scratch.package("");
    scratch.write("src/main.rs", "fn main() {}\n");
    scratch.write(".cargo/config.toml", config);
    scratch
}

/// The path of the scratch project's configuration, as cargo's own walk spells it.
fn config(scratch: &Scratch) -> String {
    scratch.path().canonicalize().expect("it is there").join(".cargo/config.toml").display().to_string()
}

/// The blame lines, each once.
fn blames(done: &Done) -> Vec<String> {
    let stderr = done.stderr();
    let mut lines: Vec<String> =
        stderr.lines().filter_map(|line| line.trim().strip_prefix("= blame: ").map(str::to_owned)).collect();
    lines.dedup();
    lines
}

#[test]
fn musl_gcc_as_the_linker_is_named_with_its_line_and_without_it_the_guard_passes() {
    requires!("musl-gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = hello("# for C code\n[target.x86_64-unknown-linux-musl]\nlinker = \"musl-gcc\"\n");
    let done = guarded(&scratch, &["build"]).expect_code(3);
    let wanted = format!("`linker = \"musl-gcc\"`, set by {}:3", config(&scratch));
    assert_eq!(blames(&done), [wanted], "{}", done.stderr());
    scratch.write(".cargo/config.toml", "");
    guarded(&scratch, &["build"]).expect_code(0);
}

#[test]
fn a_flag_that_makes_a_musl_program_dynamic_is_named_with_its_line() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let flag = "target-feature=-crt-static";
    let scratch = hello(&format!("[build]\ntarget = \"{MUSL}\"\nrustflags = [\"-C\", \"{flag}\"]\n"));
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    let done = guarded(&scratch, &["build"]).expect_code(3).expect_stderr("error[stray-glibc]");
    assert!(blame(&done).contains(&format!("`{flag}`, set by {}:3", config(&scratch))), "{}", done.stderr());
    // Where the policy wants it static, nothing is built, and the place is the same.
    scratch.write("seaworthy.toml", "");
    let refused = guarded(&scratch, &["build"]).expect_code(3);
    refused.expect_stderr(&format!("{}:3", config(&scratch)));
}

#[test]
fn an_alias_with_its_own_target_is_named() {
    requires!("gcc");
    let scratch = hello("[alias]\nrel = \"build --target x86_64-unknown-linux-gnu\"\n");
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"alpine:3.20\"]\n");
    let done = guarded(&scratch, &["rel"]).expect_code(3);
    let wanted = format!("the target `x86_64-unknown-linux-gnu`, set by the alias `rel` of {}:2", config(&scratch));
    assert_eq!(blame(&done), wanted);
    scratch.write("seaworthy.toml", "");
    let refused = guarded(&scratch, &["rel"]).expect_code(3);
    refused.expect_stderr(&format!("the alias `rel` of {}:2", config(&scratch)));
    // And what it configures.
    let flag = "-Clink-arg=-Wl,-rpath,/opt/bad";
    let alias =
        format!("[alias]\nrel = \"build --target x86_64-unknown-linux-gnu --config build.rustflags=['{flag}']\"\n");
    scratch.write(".cargo/config.toml", alias);
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[rules]\nrun-path = \"deny\"\n");
    let done = guarded(&scratch, &["rel"]).expect_code(3);
    assert_eq!(blame(&done), format!("`{flag}`, set by the alias `rel` of {}:2", config(&scratch)));
}

#[test]
fn a_variable_that_hides_the_flag_which_would_have_helped_is_named() {
    requires!("musl-gcc", "rust-std:x86_64-unknown-linux-musl");
    let flag = "-Crelocation-model=static";
    let table = format!("[target.{MUSL}]\nlinker = \"musl-gcc\"\nrustflags = [\"{flag}\"]\n");
    let scratch = hello(&table);
    let build = |flags: Option<&str>| {
        let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).args(["cargo", "build"]);
        flags.into_iter().fold(run, |run, flags| run.env("RUSTFLAGS", flags)).run()
    };
    let done = build(Some("-g")).expect_code(3).expect_stderr("error[mismatched-start-files]");
    let file = config(&scratch);
    let hides = format!("`RUSTFLAGS` in the environment, which hides `{flag}` of {file}:3");
    let wanted = format!("`linker = \"musl-gcc\"`, set by {file}:2; {hides}");
    assert!(blames(&done).contains(&wanted), "{}", done.stderr());
    build(None).expect_code(0);
}

#[test]
fn a_flag_of_the_linker_is_named() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = hello("");
    let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target"));
    let run = run.env("RUSTFLAGS", "-Clink-arg=-Wl,-z,execstack").args(["cargo", "build"]);
    let done = run.run().expect_code(3).expect_stderr("error[executable-stack]");
    assert_eq!(blame(&done), "`-Clink-arg=-Wl,-z,execstack`, set by `RUSTFLAGS` in the environment");
}

#[test]
fn a_profile_that_keeps_debug_information_is_named_with_its_line() {
    requires!("gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = hello("");
    scratch.package("\n[profile.release]\ndebug = true\n");
    scratch.write("seaworthy.toml", "[rules]\ndebug-info = \"deny\"\n");
    let done = guarded(&scratch, &["build", "--release"]).expect_code(3).expect_stderr("error[debug-info]");
    let manifest = scratch.path().canonicalize().expect("it is there").join("Cargo.toml");
    assert_eq!(blame(&done), format!("`profile.release.debug = true`, set by {}:7", manifest.display()));
}

#[test]
fn ldflags_of_the_command_line_that_replace_those_of_goenv_are_named() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    let main = "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n";
    scratch.write("main.go", main);
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let file = scratch.write("goenv", "CGO_ENABLED=1\nGOFLAGS='-ldflags=-linkmode=external -extldflags=-static'\n");
    let build = |more: &[&str]| scratch.seaworthy().env("GOENV", &file).args(["go", "build"]).args(more).run();
    let done = build(&["-ldflags=-X main.x=y"]).expect_code(3).expect_stderr("error[dynamic-loader]");
    let file = file.display();
    let replaced = format!(
        "`-ldflags=-X main.x=y` of the command line replaces `-ldflags=-linkmode=external -extldflags=-static` of GOFLAGS \
         in {file}: go takes the last one alone"
    );
    let cgo = format!("package `example.org/app` uses cgo; `CGO_ENABLED=1`, set by {file}");
    assert_eq!(blame(&done), format!("{replaced}; {cgo}"));
    build(&["-ldflags=-X main.x=y -linkmode=external -extldflags=-static"]).expect_code(0);
}

#[test]
fn tags_of_the_command_line_that_replace_those_of_goflags_are_named() {
    requires!("go", "gcc");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nimport \"os/user\"\n\nfunc main() { user.Current() }\n");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\ntags = []\n");
    let done = go(&scratch).env("GOFLAGS", "-tags=osusergo").args(["go", "build", "-tags=x"]).run().expect_code(3);
    let replaced = "`-tags=x` of the command line replaces `-tags=osusergo` of GOFLAGS in the environment";
    assert!(blame(&done).starts_with(replaced), "{}", done.stderr());
    go(&scratch).env("GOFLAGS", "-tags=osusergo").args(["go", "build", "-tags=osusergo,x"]).run().expect_code(0);
}

#[test]
fn the_flag_that_names_the_loader_is_named_alone() {
    requires!("gcc", "go");
    let scratch = hello("");
    scratch.write("seaworthy.toml", "linkage = 'any'\ngo.cgo = 'allow'\nruns-on = ['debian:12']\n");
    let flag = "-Clink-arg=-Wl,--dynamic-linker=/lib/nope.so";
    let run = scratch.seaworthy().env("CARGO_TARGET_DIR", scratch.join("target")).env("RUSTFLAGS", flag);
    let done = run.args(["cargo", "build", "--target", "x86_64-unknown-linux-gnu"]).run().expect_code(3);
    assert_eq!(blame(&done), format!("`{flag}`, set by `RUSTFLAGS` in the environment"));
    done.expect_stderr("help: take that flag out");
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write(
        "main.go",
        "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n",
    );
    let build = |flags: &str| go(&scratch).args(["go", "build", "-o", "app"]).arg(format!("-ldflags={flags}")).run();
    let done = build("-I /lib/nope.so").expect_code(3).expect_stderr("help: take that flag out");
    assert_eq!(blame(&done), "`-I /lib/nope.so` in `-ldflags` of the command line");
    // And the run path.
    scratch.write("seaworthy.toml", "linkage = 'any'\ngo.cgo = 'allow'\nrules.run-path = 'deny'\n");
    let done = build("-r /opt/bad").expect_code(3).expect_stderr("error[run-path]");
    assert_eq!(blame(&done), "`-r /opt/bad` in `-ldflags` of the command line");
    let done = build("-linkmode=external -extldflags=-Wl,-rpath,/opt/bad").expect_code(3);
    assert_eq!(blame(&done), "`-Wl,-rpath,/opt/bad` in `-extldflags` of the command line");
}

#[test]
fn a_link_mode_that_needs_cgo_is_named() {
    requires!("gcc", "go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let build = |run: Run| run.args(["go", "build", "-o", "app", "-ldflags=-linkmode=external"]).run();
    let done = build(scratch.seaworthy()).expect_code(1);
    done.expect_stderr("hint: `-linkmode=external` in `-ldflags` of the command line needs cgo");
    scratch.write("seaworthy.toml", "[go]\ncgo = \"allow\"\n");
    let done = build(go(&scratch)).expect_code(3).expect_stderr("help: take that flag out");
    assert!(blame(&done).starts_with("`-linkmode=external` in `-ldflags` of the command line: "), "{}", done.stderr());
}

#[test]
fn flags_count_where_cargo_is_given_no_target() {
    requires!("gcc");
    let scratch = hello("[build]\nrustflags = [\n  \"-Ctarget-cpu=x86-64-v3\",\n  \"-Cprefer-dynamic\",\n]\n");
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\nlinux.cpu = \"x86-64-v2\"\n");
    let done = guarded(&scratch, &["build"]).expect_code(3).expect_stderr("error[newer-cpu]");
    let named = |flag: &str, line| format!("`{flag}`, set by {}:{line}", config(&scratch));
    let wanted = [named("-Cprefer-dynamic", 4), named("-Ctarget-cpu=x86-64-v3", 3)];
    assert_eq!(blames(&done), wanted, "{}", done.stderr());
    done.expect_stderr("help: take that flag out: the standard library is then linked in");
    scratch.write(".cargo/config.toml", "");
    guarded(&scratch, &["build"]).expect_code(0);
}
