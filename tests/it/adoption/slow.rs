//! The same with programs that are compiled first, or are large (`make test-adoption-slow`).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use super::{commit, go_project, path};
use crate::support::{Done, Run, Scratch, repository, shared};

/// A registry with an empty image, from which ko starts; it ends with its standard input.
struct Registry {
    server: Child,
    port: String,
}

impl Registry {
    fn start() -> Registry {
        let script = repository().join("tests/it/adoption/registry.py");
        let mut command = Run::program("python3").arg(script).into_command();
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 starts");
        let mut port = String::new();
        let output = server.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut port).expect("it says its port");
        Registry { server, port: port.trim().to_owned() }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().expect("it ends");
    }
}

/// ko takes a path for go, so a shim is all it needs.
#[test]
#[ignore = "`make test-adoption-slow` compiles ko"]
fn ko_builds_its_image_through_a_shim() {
    requires!("ko", "git", "go", "python3");
    let scratch = go_project();
    scratch.seaworthy().args(["shim", "install", "--dir", "shims", "go"]).run().expect_code(0);
    commit(&scratch);
    let registry = Registry::start();
    let base = format!("localhost:{}/base", registry.port);
    let build = || {
        let run = scratch.program("ko").env("KO_GO_PATH", scratch.join("shims/go")).env("GOCACHE", shared("gocache"));
        let run = run.env("KO_DEFAULTBASEIMAGE", &base).env("KO_DOCKER_REPO", "example.org/hello");
        run.args(["build", "--push=false", "--platform=linux/amd64", "--sbom=none"])
            // Relative: ko makes a name of it, and takes no capital letters in that.
            .arg("--oci-layout-path=image")
            .arg(".")
            .run()
    };
    build().expect_code(0);
    assert!(scratch.join("image/index.json").exists());
    scratch.write("seaworthy.toml", "linux.kernel = \"2.6.18\"\n");
    let done = build();
    assert_ne!(done.code(), Some(0), "{}", done.stderr());
    done.expect_stderr("error[newer-kernel]");
}

/// goreleaser runs the hook that `init` writes, and ends where the guard rejects.
#[test]
#[ignore = "`make test-adoption-slow` compiles goreleaser"]
fn goreleaser_packs_nothing_that_is_rejected() {
    requires!("goreleaser", "git", "go");
    let scratch = go_project();
    scratch.seaworthy().args(["init", "--goreleaser"]).run().expect_code(0);
    commit(&scratch);
    let front = [scratch.programs(&["seaworthy"])];
    let build = || {
        let run = scratch.program("goreleaser").env("PATH", path(&front)).env("GOCACHE", shared("gocache"));
        run.args(["build", "--snapshot", "--clean", "--single-target"]).run()
    };
    let done = build().expect_code(0);
    assert!((done.stdout() + &done.stderr()).contains("ok: "), "{}", done.stderr());
    scratch.write("seaworthy.toml", "linux.kernel = \"2.6.18\"\n");
    let done = build();
    assert_ne!(done.code(), Some(0), "{}", done.stderr());
    assert!((done.stdout() + &done.stderr()).contains("error[newer-kernel]"), "{}", done.stderr());
}

/// Bazel in a copy of the example, without a server that would stay behind.
fn bazel(examples: &Scratch, target: &str) -> Done {
    let front = [examples.programs(&["seaworthy"])];
    let run = Run::program("bazel").cwd(examples.join("examples/bazel")).env("PATH", path(&front));
    let root = format!("--output_user_root={}", shared("bazel").display());
    let cache = format!("--disk_cache={}", examples.join("cache").display());
    run.args(["--batch", &root, "build", "--noshow_progress", &cache, target]).run()
}

/// What Bazel hands on, it hands on by either stream.
fn everything(done: &Done) -> String {
    done.stdout() + &done.stderr()
}

#[test]
#[ignore = "`make test-adoption-slow` installs Bazel"]
fn bazel_checks_beside_the_build_and_remembers_the_verdict() {
    requires!("bazel", "cc");
    let examples = Scratch::examples();
    bazel(&examples, "//:hello_checked").expect_code(0);
    let report = examples.join("examples/bazel/bazel-bin/hello_checked.seaworthy.json");
    assert_eq!(crate::support::Report::read(&report).artifacts[0].verdict, "pass");
    let said = everything(&bazel(&examples, "//:dynamic_checked").expect_code(1));
    assert!(said.contains("error[dynamic-loader]: `bazel-out/"), "{said}");

    // The verdict comes from the cache, which could be another machine's, until the policy changes.
    let cached = |target| {
        let clean = Run::program("bazel").cwd(examples.join("examples/bazel"));
        let root = format!("--output_user_root={}", shared("bazel").display());
        clean.args(["--batch", &root, "clean"]).run().expect_code(0);
        bazel(&examples, target)
    };
    let said = everything(&cached("//:hello_checked").expect_code(0));
    // Older releases call every cache a remote one.
    assert!(["2 disk cache hit", "2 remote cache hit"].iter().any(|hit| said.contains(hit)), "{said}");
    examples.write("examples/bazel/seaworthy.toml", "extends = \"container\"\nlinux.kernel = \"2.6.18\"\n");
    let said = everything(&bazel(&examples, "//:hello_checked").expect_code(1));
    assert!(said.contains("error[newer-kernel]"), "{said}");
}
