//! Do builds for other systems and processors come out, get recognised, and pass?

use crate::support::{Report, Scratch};

/// A guarded `go build` for another system.
fn go(os: &str, arch: &str, format: &str, reported: &str) {
    requires!("go");
    let scratch = Scratch::fixture("builds/go-hello");
    let report = scratch.report();
    let run = scratch.seaworthy().arg("--report").arg(format!("json={}", report.display()));
    let done = run.args(["go", "build"]).env("GOOS", os).env("GOARCH", arch).run().expect_code(0);
    let report = Report::read(&report);
    let name = if os == "windows" { "go-hello.exe" } else { "go-hello" };
    let artifact = report.artifact(name).unwrap_or_else(|| done.fail(&format!("no `{name}` in {:?}", report.paths())));
    assert_eq!((&*artifact.format, &*artifact.arch, &*artifact.verdict), (format, reported, "pass"), "{artifact:?}");
    if os == "linux" {
        assert_eq!((&*artifact.kind, &*artifact.linkage), ("static", "static"));
    }
}

#[test]
fn go_for_linux_amd64() {
    go("linux", "amd64", "elf", "x86_64");
}

#[test]
fn go_for_linux_arm64() {
    go("linux", "arm64", "elf", "aarch64");
}

#[test]
fn go_for_windows_amd64() {
    go("windows", "amd64", "pe", "x86_64");
}

#[test]
fn go_for_windows_arm64() {
    go("windows", "arm64", "pe", "aarch64");
}

#[test]
fn go_for_macos_amd64() {
    go("darwin", "amd64", "macho", "x86_64");
}

#[test]
fn go_for_macos_arm64() {
    go("darwin", "arm64", "macho", "aarch64");
}

#[test]
fn a_program_is_refused_on_hosts_that_are_made_for_other_machines() {
    requires!("go");
    let scratch = Scratch::fixture("builds/go-hello");
    // The root is for what its loader is made for.
    let root = scratch.join("root/lib64");
    std::fs::create_dir_all(&root).expect("a directory can be made");
    let loader = "ld-linux-x86-64.so.2";
    let has_loader = std::fs::copy(format!("/lib64/{loader}"), root.join(loader)).is_ok();
    let hosts = if has_loader { "\"archlinux\", \"own\"" } else { "\"archlinux\"" };
    scratch.write("seaworthy.toml", format!("runs-on = [\"scratch\", {hosts}]\n[hosts.own]\nrootfs = \"root\"\n"));
    let build = |arch: &str| scratch.seaworthy().args(["go", "build"]).env("GOOS", "linux").env("GOARCH", arch).run();
    build("amd64").expect_code(0);
    let refused = build("arm64").expect_code(3);
    let said =
        refused.expect_stderr("error[wrong-architecture]: `go-hello` is made for aarch64, and `archlinux` is not");
    if has_loader {
        said.expect_stderr("also on: own");
    }
}

/// A guarded `cargo build` for a target; what is reported about its program.
fn cargo(target: &str, policy: &str, file: &str) -> (String, String, String) {
    let scratch = Scratch::fixture("builds/rust-hello");
    scratch.write("seaworthy.toml", policy);
    let path = scratch.report();
    let run = scratch.seaworthy().arg("--report").arg(format!("json={}", path.display()));
    let done = run.args(["cargo", "build", "--target", target]).run().expect_code(0);
    let mut report = Report::read(&path);
    if report.artifact(&format!("target/{target}/debug/{file}")).is_none() || report.artifacts.len() != 1 {
        done.fail(&format!("only `{file}` was expected in {:?}", report.paths()));
    }
    let artifact = report.artifacts.remove(0);
    (artifact.format, artifact.linkage, artifact.verdict)
}

fn row(format: &str, linkage: &str, verdict: &str) -> (String, String, String) {
    (format.into(), linkage.into(), verdict.into())
}

#[test]
fn cargo_for_musl() {
    requires!("rust-std:x86_64-unknown-linux-musl");
    assert_eq!(cargo("x86_64-unknown-linux-musl", "", "rust-hello"), row("elf", "static", "pass"));
}

#[test]
fn cargo_for_glibc_where_any_linkage_is_allowed() {
    requires!("gcc");
    let built = cargo("x86_64-unknown-linux-gnu", "linkage = 'any'", "rust-hello");
    assert_eq!(built, row("elf", "dynamic", "pass"));
}

#[test]
fn cargo_for_glibc_stops_before_the_build_where_static_is_wanted() {
    let scratch = Scratch::fixture("builds/rust-hello");
    let run = scratch.seaworthy().args(["cargo", "build", "--target", "x86_64-unknown-linux-gnu"]);
    let done = run.run().expect_code(3).expect_stderr("x86_64-unknown-linux-gnu").expect_stderr("linkage");
    if scratch.join("target").exists() {
        done.fail("something was built");
    }
}

#[test]
fn cargo_for_windows() {
    requires!("rust-std:x86_64-pc-windows-gnu", "x86_64-w64-mingw32-gcc");
    assert_eq!(cargo("x86_64-pc-windows-gnu", "", "rust-hello.exe"), row("pe", "dynamic", "pass"));
}
