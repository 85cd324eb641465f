//! Does the plan for cargo hold in real builds: targets, flags, conflicts, and every artifact found?

use std::path::Path;

use crate::support::{Done, Run, Scratch};

const GNU: &str = "x86_64-unknown-linux-gnu";

fn package(scratch: &Scratch, more: &str) {
    scratch.package(more);
    scratch.write("src/main.rs", "fn main() { println!(\"out\"); }\n");
}

fn project() -> Scratch {
    let scratch = Scratch::empty();
    package(&scratch, "");
    scratch
}

/// Runs it with a JSON report; the paths in the report, sorted.
fn reported(scratch: &Scratch, run: Run, args: &[&str]) -> (Vec<String>, Done) {
    let report = scratch.join("report.json");
    let done = run.arg("--report").arg(format!("json={}", report.display())).arg("cargo").args(args).run();
    let Ok(text) = std::fs::read(&report) else { return (Vec::new(), done) };
    std::fs::remove_file(report).expect("own file");
    let report: serde_json::Value = serde_json::from_slice(&text).expect("the report is JSON");
    let artifacts = report["artifacts"].as_array().expect("a list").iter();
    let mut paths: Vec<_> = artifacts.map(|one| one["path"].as_str().expect("a path").to_owned()).collect();
    paths.sort();
    (paths, done)
}

fn headers(scratch: &Scratch, path: &str) -> String {
    scratch.program("readelf").args(["-lW", path]).run().expect_code(0).stdout()
}

#[test]
fn every_artifact_is_found_also_when_nothing_is_rebuilt() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    scratch.write("src/bin/second.rs", "fn main() {}");
    scratch.write("examples/shown.rs", "fn main() {}");
    scratch.write("build.rs", "fn main() {}");
    let target = std::env::consts::ARCH;
    let directory = format!("target/{target}-unknown-linux-musl/debug");
    let expected = ["app", "examples/shown", "second"].map(|name| format!("{directory}/{name}"));
    for _ in 0..2 {
        let (paths, done) = reported(&scratch, scratch.seaworthy(), &["build", "--bins", "--examples"]);
        assert_eq!(paths, expected);
        done.expect_code(0);
    }
}

#[test]
fn a_target_against_the_policy_is_a_conflict_before_the_build() {
    requires!("cargo");
    let scratch = project();
    let by_option = scratch.seaworthy().args(["cargo", "build", "--target", GNU]).run().expect_code(3);
    by_option
        .expect_stderr("the command line")
        .expect_stderr("linkage = \"static\"")
        .expect_stderr("linkage = \"any\"");
    let by_variable = scratch.seaworthy().env("CARGO_BUILD_TARGET", GNU).args(["cargo", "build"]).run().expect_code(3);
    by_variable.expect_stderr("the environment");
    let file = scratch.write(".cargo/config.toml", format!("build.target = \"{GNU}\"")).display().to_string();
    scratch.seaworthy().args(["cargo", "build"]).run().expect_code(3).expect_stderr(&file);
    std::fs::remove_file(file).expect("own file");
    let flags = scratch.seaworthy().env("RUSTFLAGS", "-C target-feature=-crt-static").args(["cargo", "build"]).run();
    flags.expect_code(3).expect_stderr("RUSTFLAGS");
    assert!(!scratch.join("target").exists(), "nothing was to be built");
}

#[test]
fn the_ways_to_allow_it_do() {
    requires!("cargo", "gcc", "readelf");
    let scratch = project();
    let built = format!("target/{GNU}/debug/app");
    let entry = format!("[[artifact]]\ntarget = \"{GNU}\"\nlinkage = \"any\"\n");
    for (policy, dynamic) in
        [("linkage = \"any\"\n", true), (entry.as_str(), true), ("[cargo]\ncrt-static = true\n", false)]
    {
        scratch.write("seaworthy.toml", policy);
        let (paths, done) = reported(&scratch, scratch.seaworthy(), &["build", "--target", GNU]);
        assert_eq!(paths, [built.as_str()], "{policy}: {}", done.stderr());
        assert_eq!(headers(&scratch, &built).contains("INTERP"), dynamic, "{policy}");
    }
}

#[test]
fn crt_static_is_added_without_losing_the_users_flags() {
    requires!("cargo", "gcc", "readelf");
    let scratch = project();
    scratch.write("seaworthy.toml", format!("[cargo]\ntarget = \"{GNU}\"\n"));
    scratch.write("src/main.rs", "#[cfg(not(users))]\ncompile_error!(\"lost\");\nfn main() {}");
    let built = format!("target/{GNU}/debug/app");
    let config = |text: &str| scratch.write(".cargo/config.toml", text);
    let build = |variables: &[(&str, &str)]| {
        let run = variables.iter().fold(scratch.seaworthy(), |run, (name, value)| run.env(name, value));
        let (paths, done) = reported(&scratch, run, &["build"]);
        assert_eq!(paths, [built.as_str()], "{variables:?}: {}", done.stderr());
        assert!(!headers(&scratch, &built).contains("INTERP"), "{variables:?}");
    };
    config("");
    build(&[("RUSTFLAGS", "--cfg users")]);
    build(&[("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}users")]);
    build(&[("CARGO_BUILD_RUSTFLAGS", "--cfg users")]);
    build(&[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "--cfg users")]);
    config("build.rustflags = ['--cfg', 'users']");
    build(&[]);
    config("target.x86_64-unknown-linux-gnu.rustflags = '--cfg users'\nbuild.rustflags = ['-Clost']");
    build(&[]);
    config("target.'cfg(target_env = \"gnu\")'.rustflags = ['--cfg', 'users']\nbuild.rustflags = ['-Clost']");
    build(&[]);
    config("target.'cfg(windows)'.rustflags = ['-Clost']\nbuild.rustflags = ['--cfg', 'users']");
    build(&[]);
}

#[test]
fn an_array_of_targets_is_built_and_judged_whole() {
    requires!(
        "cargo",
        "rust-std:x86_64-unknown-linux-musl",
        "rust-std:x86_64-pc-windows-gnu",
        "x86_64-w64-mingw32-gcc"
    );
    let scratch = project();
    scratch.write(".cargo/config.toml", "build.target = ['x86_64-pc-windows-gnu']");
    let run = scratch.seaworthy().env("CARGO_BUILD_TARGET", "x86_64-unknown-linux-musl");
    let (paths, done) = reported(&scratch, run, &["build"]);
    let expected = ["target/x86_64-pc-windows-gnu/debug/app.exe", "target/x86_64-unknown-linux-musl/debug/app"];
    assert_eq!(paths, expected, "{}", done.stderr());
}

#[test]
fn installed_programs_are_judged_where_they_are() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    let root = scratch.join("root").display().to_string();
    // The second time cargo finds it installed already and builds nothing.
    for _ in 0..2 {
        let (paths, done) = reported(&scratch, scratch.seaworthy(), &["install", "--path", ".", "--root", &root, "-q"]);
        assert_eq!(paths, ["root/bin/app"], "{}", done.stderr());
        assert!(scratch.join("root/bin/app").is_file());
        done.expect_code(0);
    }
}

#[test]
fn shared_objects_are_judged_or_missed() {
    requires!("cargo", "gcc", "rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    let manifest = |kinds: &str| {
        let text = format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [{kinds}]\n");
        scratch.write("Cargo.toml", text)
    };
    scratch.write("src/lib.rs", "");
    manifest("\"cdylib\"");
    let (paths, done) = reported(&scratch, scratch.seaworthy(), &["build"]);
    assert_eq!(paths, ["target/debug/libapp.so"], "{}", done.stderr());
    manifest("\"cdylib\", \"rlib\"");
    let (paths, done) = reported(&scratch, scratch.seaworthy(), &["build"]);
    assert_eq!(paths, [""; 0], "{}", done.stderr());
    done.expect_stderr("the cdylib of `app`");
}

#[test]
fn a_nested_build_is_not_guarded_twice() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    let inner = Scratch::empty();
    package(&inner, "");
    let script = format!(
        "fn main() {{ let run = std::process::Command::new({:?}).args([\"cargo\", \"build\"]).current_dir({:?})\n\
         .output().unwrap(); assert!(run.status.success()); }}",
        env!("CARGO_BIN_EXE_seaworthy"),
        inner.path()
    );
    scratch.write("build.rs", script);
    let (paths, done) = reported(&scratch, scratch.seaworthy(), &["build"]);
    assert_eq!(paths.len(), 1, "{}", done.stderr());
    done.expect_code(0);
    assert!(inner.join("target/debug/app").is_file(), "the inner build was handed over as it was typed");
}

#[test]
#[cfg(unix)]
fn a_passing_build_starts_no_process_of_ours() {
    requires!("cargo", "go", "sh", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    scratch.write(".cargo/config.toml", "[alias]\nship = 'build --release'\n");
    scratch.write("go.mod", "module example.org/tool\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    // Each tool is met first by a script that writes down who called it, then becomes the real one.
    let tools = crate::support::tools_path();
    for tool in ["cargo", "rustc", "go", "gcc", "git"] {
        let Ok(real) = which::which_in(tool, Some(&tools), ".") else { continue };
        let text = format!(
            "#!/bin/sh\necho {tool} \"$1\" >> {}\nexec {} \"$@\"\n",
            scratch.join("log").display(),
            real.display()
        );
        scratch.executable(&format!("first/{tool}"), &text);
    }
    let path = std::env::join_paths([scratch.join("first")].into_iter().chain(std::env::split_paths(&tools)));
    let path = path.expect("no colons");
    let log = |run: Run, args: &[&str]| {
        let _ = std::fs::remove_file(scratch.join("log"));
        let target =
            run.env("PATH", &path).env("CARGO_BUILD_TARGET", "x86_64-unknown-linux-musl").env("CGO_ENABLED", "0");
        target.args(args).run().expect_code(0);
        std::fs::read_to_string(scratch.join("log")).expect("somebody was called")
    };
    for (tool, args) in [("cargo", &["build"][..]), ("cargo", &["ship"]), ("go", &["build"]), ("go", &["version"])] {
        log(scratch.program(tool), args);
        let bare = log(scratch.program(&scratch.join("first").join(tool).display().to_string()), args);
        assert_eq!(log(scratch.seaworthy().arg(tool), args), bare, "{tool} {args:?}");
    }
}

#[test]
fn an_alias_only_cargo_knows_is_asked_for() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    // Longer than what is read in process.
    let config = format!("[alias]\nhidden = 'build -q'\n# {}\n", "x".repeat(5 << 20));
    scratch.write(".cargo/config.toml", config);
    let (paths, done) = reported(&scratch, scratch.seaworthy(), &["hidden"]);
    assert_eq!(paths.len(), 1, "{}", done.stderr());
    assert!(paths[0].contains("-linux-musl/"), "{paths:?}");
}

#[test]
#[cfg(unix)]
fn the_real_tool_is_never_found_in_the_working_directory_nor_in_a_shim() {
    requires!("cargo");
    let scratch = project();
    let executable = |name: &str, text: &str| scratch.executable(name, text);
    executable("cargo", "#!/bin/sh\necho wrong one\n");
    executable("shims/cargo", "#!/bin/sh\n# seaworthy-shim\nexec seaworthy cargo \"$@\"\n");
    executable("listed/cargo", "#!/bin/sh\necho a shim\n");
    std::fs::create_dir(scratch.join("links")).expect("own directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_seaworthy"), scratch.join("links/cargo")).expect("own directory");
    let real = crate::support::tools_path();
    let join = |name: &str| scratch.join(name);
    let first = [Path::new("").into(), ".".into(), join("shims"), join("links"), join("listed")];
    let path = std::env::join_paths(first.into_iter().chain(std::env::split_paths(&real))).expect("no colons");
    let run = || scratch.seaworthy().env("PATH", &path).env("SEAWORTHY_SHIM_DIRS", join("listed"));
    let done = run().args(["cargo", "--version"]).run().expect_code(0);
    assert!(done.stdout().starts_with("cargo 1."), "{}", done.stdout());
    let named = run().env("SEAWORTHY_REAL_CARGO", join("listed/cargo")).args(["cargo", "--version"]).run();
    assert_eq!(named.expect_code(0).stdout(), "a shim\n");
    run().env("SEAWORTHY_REAL_CARGO", "./none").args(["cargo", "x"]).run().expect_code(4).expect_stderr("./none");
    run().env("SEAWORTHY_DEPTH", "20").args(["cargo", "x"]).run().expect_code(4).expect_stderr("links/cargo");
    let nowhere = scratch.seaworthy().env("PATH", join("links")).args(["cargo", "build"]).run();
    nowhere.expect_code(127).expect_stderr("SEAWORTHY_REAL_CARGO");
}

/// The policy of the directory that is named; nothing is built.
#[test]
fn the_policy_is_the_projects_wherever_the_build_is_started() {
    requires!("cargo");
    let scratch = project();
    scratch.write("seaworthy.toml", "linkage = \"any\"");
    scratch.write("svc/Cargo.toml", "[package]\nname = \"svc\"\nversion = \"0.1.0\"\n");
    scratch.write("svc/seaworthy.toml", "\nextends = \"static\"\ncargo.target = \"mips-none\"");
    scratch.write(".cargo/config.toml", "alias.there = 'build --manifest-path svc/Cargo.toml'");
    let planned = |words: &[&str]| {
        let done = scratch.seaworthy().args(["plan", "cargo"]).args(words).run().expect_code(0);
        done.stdout().contains("`cargo.target` (svc/seaworthy.toml:3)")
    };
    for words in [
        &["-C", "svc", "build"][..],
        &["build", "--manifest-path", "svc/Cargo.toml"],
        &["-C", "svc", "build", "--manifest-path=Cargo.toml"],
        &["install", "--path", "svc"],
        &["there"],
    ] {
        assert!(planned(words), "{words:?}");
    }
    for words in [&["build"][..], &["build", "--manifest-path=Cargo.toml"], &["install", "svc"]] {
        assert!(!planned(words), "{words:?}");
    }
    let by_option = ["--policy", "seaworthy.toml", "plan", "cargo", "build", "--manifest-path", "svc/Cargo.toml"];
    let done = scratch.seaworthy().args(by_option).run().expect_code(0);
    assert!(!done.stdout().contains("svc/seaworthy.toml"), "{}", done.stdout());
}

#[test]
#[cfg(unix)]
fn what_may_build_unguarded_is_told_in_one_line() {
    requires!("cargo");
    let scratch = project();
    scratch.executable("bin/cargo-deb", "#!/bin/sh\necho packed $2\nexit 7\n");
    scratch.executable("bin/cargo-audit", "#!/bin/sh\nexit 0\n");
    let tools = crate::support::tools_path();
    let path = std::env::join_paths([scratch.join("bin")].into_iter().chain(std::env::split_paths(&tools)));
    let path = path.expect("no colons");
    let run = |words: &[&str]| scratch.seaworthy().env("PATH", &path).args(words).run();
    let done = run(&["cargo", "deb", "x"]).expect_code(7);
    assert_eq!(done.stdout(), "packed x\n");
    assert_eq!(done.stderr(), "note: `cargo deb` is not guarded; `seaworthy check PATH` judges what it made\n");
    assert_eq!(run(&["-q", "cargo", "deb", "x"]).expect_code(7).stderr(), "");
    assert_eq!(run(&["cargo", "audit"]).expect_code(0).stderr(), "");
}
