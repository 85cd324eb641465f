//! Does the tool build itself through itself: static, for musl, under the policy at the root of this repository?

use crate::support::{Report, Run, Scratch, repository, shared};

/// One test for everything, since the build takes a minute or two. It is the only one with dependencies to compile.
#[test]
fn the_tool_passes_its_own_policy() {
    requires!("rust-std:x86_64-unknown-linux-musl");
    let target = shared("self");
    let report = target.join("report.json");
    let argument = format!("json={}", report.display());
    let run = Run::seaworthy().cwd(repository()).args([
        "--report",
        argument.as_str(),
        "cargo",
        "build",
        "--locked",
        "--bins",
    ]);
    let done = run.env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0").run().expect_code(0);

    let report = Report::read(&report);
    let mut names: Vec<_> = report.paths().iter().filter_map(|path| path.rsplit('/').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cargo-seaworthy", "seaworthy", "seaworthy-cc", "seaworthy-ld"]);
    for artifact in &report.artifacts {
        assert_eq!(
            (&*artifact.kind, &*artifact.linkage, &*artifact.verdict),
            ("static-pie", "static", "pass"),
            "{artifact:?}"
        );
    }
    let itself = target.join("x86_64-unknown-linux-musl/debug/seaworthy");
    let judged =
        Run::program(&itself).args(["check", "--format", "json"]).arg(&itself).cwd(repository()).run().expect_code(0);
    if Report::parse(&judged.output.stdout).artifacts.iter().any(|artifact| artifact.verdict != "pass") {
        done.fail("what it built judges itself differently");
    }
    verifies_in_an_empty_root(&itself);
}

/// Alone in a root, with neither `/proc` nor a C library, as a user whom that root does not know.
fn verifies_in_an_empty_root(itself: &std::path::Path) {
    requires!("unshare", "gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    scratch.write("main.c", "int main(void) { return 0; }\n");
    scratch.program("gcc").args(["-o", "dynamic", "main.c"]).run().expect_code(0);
    std::fs::create_dir(scratch.join("root")).expect("a scratch directory is writable");
    for (from, to) in [(itself, "root/seaworthy"), (&scratch.join("dynamic"), "root/dynamic")] {
        std::fs::copy(from, scratch.join(to)).expect("it was built");
    }
    let verify = |program: &str| {
        let signature = format!("root/{program}.json");
        let sign = ["manifest", "--manifest", &signature];
        scratch.seaworthy().args(sign).arg(scratch.join("root").join(program)).run().expect_code(0);
        let enter = ["--user", "--map-user=1000", "--root", "root", "--wd", "/"];
        let verify = ["/seaworthy", "verify", "--manifest", &format!("/{program}.json"), program];
        scratch.program("unshare").args(enter).args(verify).run()
    };
    let said = verify("seaworthy").expect_code(0).stdout();
    assert!(said.ends_with("1 artifact fits the machine\n"), "{said}");
    let said = verify("dynamic").expect_code(3).stdout();
    assert!(said.contains("ld-linux-x86-64.so.2"), "{said}");
}
