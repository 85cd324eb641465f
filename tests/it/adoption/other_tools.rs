//! Is the guard understood by the tools that stand in front of cargo and go themselves?

use super::{cargo_project, go_project, yaml};
use crate::support::{Report, Run, Scratch, shared};

const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";

/// cargo-zigbuild keeps wrappers of zig in a cache of its own.
fn zigbuild(scratch: &Scratch) -> Run {
    let run = scratch.seaworthy().arg("--report").arg(format!("json={}", scratch.report().display()));
    let run = run.env("CARGO_ZIGBUILD_CACHE_DIR", shared("zigbuild")).env("ZIG_LOCAL_CACHE_DIR", shared("zig"));
    run.args(["cargo", "zigbuild", "--target", TARGET])
}

#[test]
#[ignore = "`make test-adoption` installs cargo-zigbuild"]
fn the_glibc_behind_a_target_of_cargo_zigbuild_is_a_promise() {
    requires!("cargo-zigbuild", "zig", "rust-std:x86_64-unknown-linux-gnu");
    let scratch = cargo_project();
    zigbuild(&scratch).run().expect_code(3).expect_stderr("`linkage = \"static\"`");
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    zigbuild(&scratch).run().expect_code(0).expect_stderr("ok: target/x86_64-unknown-linux-gnu/debug/hello: ");

    // What a build script drags in from this machine breaks it: the glibc that zig knows as 2.17 has no `getrandom`.
    let print = |argument| format!("    println!(\"cargo::rustc-link-arg={argument}\");\n");
    let arguments = ["-Wl,--allow-shlib-undefined", "/lib/x86_64-linux-gnu/libc.so.6"].map(print).concat();
    scratch.write("build.rs", format!("fn main() {{\n{arguments}}}\n"));
    let main = "extern \"C\" { fn getrandom(to: *mut u8, length: usize, flags: u32) -> isize; }\n\
                fn main() { let mut byte = 0; unsafe { getrandom(&mut byte, 1, 0) }; println!(\"{byte}\") }\n";
    scratch.write("src/main.rs", main);
    let done = zigbuild(&scratch).run().expect_code(3);
    done.expect_stderr(", but may need no newer one than 2.17")
        .expect_stderr("`getrandom@GLIBC_2.25`")
        .expect_stderr(&format!("= policy: `--target {TARGET}` (on the command line)"))
        .expect_stderr("a library of this machine was linked past zig's own glibc");
    let report = Report::read(&scratch.report());
    assert_eq!(report.artifacts[0].denied(), ["newer-glibc"]);
}

/// A project that no longer builds for the places where it has to run.
fn spoil(scratch: &Scratch) {
    scratch.write("seaworthy.toml", "linux.kernel = \"2.6.18\"\n");
    scratch.write("src/main.rs", "fn main() { println!(\"later\") }\n");
}

/// cargo-xwin leaves alone what is not for MSVC, whose SDK no package registry has.
#[test]
#[ignore = "`make test-adoption` installs cargo-xwin"]
fn what_cargo_xwin_builds_is_judged() {
    requires!("cargo-xwin", "rust-std:x86_64-unknown-linux-musl");
    let scratch = cargo_project();
    let build = || scratch.seaworthy().args(["cargo", "xwin", "build", "--target", "x86_64-unknown-linux-musl"]).run();
    build().expect_code(0).expect_stderr("ok: target/x86_64-unknown-linux-musl/debug/hello: static-pie");
    spoil(&scratch);
    build().expect_code(3).expect_stderr("error[newer-kernel]");
}

/// cargo-dist calls cargo by itself, and cargo the linker of its configuration.
#[test]
#[ignore = "`make test-adoption` installs cargo-dist"]
fn what_cargo_dist_links_goes_past_the_guard() {
    const TARGET: &str = "x86_64-unknown-linux-musl";
    requires!("dist", "git", "rustup", "rust-std:x86_64-unknown-linux-musl");
    let scratch = cargo_project();
    let manifest = std::fs::read_to_string(scratch.join("Cargo.toml")).expect("a manifest");
    let package = "[package]\nrepository = \"https://example.org/hello\"";
    let profile = "\n[profile.dist]\ninherits = \"dev\"\n";
    scratch.write("Cargo.toml", manifest.replace("[package]", package) + profile);
    let dist = "cargo-dist-version = \"0.33.0\"\ninstallers = []\n";
    scratch.write(
        "dist-workspace.toml",
        format!("[workspace]\nmembers = [\"cargo:.\"]\n\n[dist]\n{dist}targets = [\"{TARGET}\"]\n"),
    );
    scratch.seaworthy().args(["init", "--cargo-config"]).run().expect_code(0);
    super::commit(&scratch);
    let front = [scratch.programs(&["seaworthy-cc"])];
    let build = || {
        let run = scratch.program("dist").env("PATH", super::path(&front));
        run.args(["build", "--artifacts=local", "--target", TARGET]).run()
    };
    build().expect_code(0);
    assert!(scratch.join(format!("target/distrib/hello-{TARGET}.tar.xz")).exists());
    spoil(&scratch);
    let done = build();
    assert_ne!(done.code(), Some(0), "{}", done.stderr());
    assert!((done.stdout() + &done.stderr()).contains("error[newer-kernel]"), "{}", done.stderr());
}

/// The hook of goreleaser with its variable filled in as goreleaser does it.
#[test]
#[ignore = "`make test-adoption` installs what reads YAML"]
fn the_hook_of_goreleaser_checks_the_binary() {
    requires!("go", "gcc");
    let scratch = go_project();
    scratch.seaworthy().args(["init", "--goreleaser"]).run().expect_code(0);
    let config = yaml(&scratch.join(".goreleaser.yaml"));
    let hook = config["builds"][0]["hooks"]["post"][0]["cmd"].as_str().expect("a command").to_owned();
    for (cgo, code) in [("0", 0), ("1", 3)] {
        super::spoil_go(&scratch);
        if cgo == "0" {
            scratch.write("main.go", "package main\n\nfunc main() {}\n");
        }
        scratch.program("go").env("CGO_ENABLED", cgo).args(["build", "-o", "dist/hello", "."]).run().expect_code(0);
        let command = hook.replace("{{ .Path }}", "dist/hello");
        let front = [scratch.programs(&["seaworthy"])];
        scratch.program("sh").args(["-c", &command]).env("PATH", super::path(&front)).run().expect_code(code);
    }
}
