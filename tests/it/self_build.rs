//! Does the tool build itself through itself: static, for musl, under the policy at the root of this repository?

use crate::support::{Report, Run, repository, shared};

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
    assert_eq!(names, ["cargo-seaworthy", "seaworthy", "seaworthy-ld"]);
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
}
