//! Do the hooks hold a push up, in real repositories, with the real pre-commit?

use std::path::Path;

use super::{cargo_project, commit, git, go_project, offline, path, spoil_go};
use crate::support::{Run, Scratch, repository};

/// pre-commit in a project; `home` keeps the environments it installs.
fn pre_commit(scratch: &Scratch, home: &Scratch) -> Run {
    offline(scratch.program("pre-commit")).env("PRE_COMMIT_HOME", home.path()).env("PRE_COMMIT_COLOR", "never")
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn a_push_is_held_up_by_what_would_not_run() {
    requires!("pre-commit", "git", "go", "gcc");
    let (scratch, home, remote) = (go_project(), Scratch::empty(), Scratch::empty());
    scratch.seaworthy().args(["init", "--pre-commit"]).run().expect_code(0);
    commit(&scratch);
    git(&remote, &["init", "-q", "--bare"]);
    git(&scratch, &["remote", "add", "origin", remote.path().to_str().expect("a UTF-8 path")]);
    pre_commit(&scratch, &home).args(["install", "--hook-type", "pre-push"]).run().expect_code(0);
    let push = || {
        let run = offline(scratch.program("git")).env("PRE_COMMIT_HOME", home.path());
        run.args(["push", "-q", "origin", "main"]).run()
    };
    push().expect_code(0);
    assert_eq!(git(&scratch, &["status", "--porcelain"]), "", "nothing is left in the work tree");
    spoil_go(&scratch);
    git(&scratch, &["commit", "-q", "-a", "-m", "cgo"]);
    let done = push();
    assert_ne!(done.code(), Some(0), "{}", done.stderr());
    let said = done.stdout() + &done.stderr();
    assert!(said.contains("error[dynamic-loader]") && said.contains("what go builds runs where it has to"), "{said}");
    assert_ne!(git(&remote, &["rev-parse", "main"]), git(&scratch, &["rev-parse", "main"]));
}

/// The hook that `init` writes, started as pre-commit does: its entry split into words, without a shell.
#[test]
fn the_hook_for_go_has_a_place_to_build_to_also_in_a_worktree() {
    requires!("git", "go", "python3");
    let scratch = go_project();
    scratch.seaworthy().args(["init", "--pre-commit"]).run().expect_code(0);
    commit(&scratch);
    git(&scratch, &["worktree", "add", "-q", "beside/tree"]);
    let config = std::fs::read_to_string(scratch.join(".pre-commit-config.yaml")).expect("the configuration");
    let entry = config.lines().find_map(|line| line.trim().strip_prefix("entry: ")).expect("a command");
    let start = "import os, shlex, sys; words = shlex.split(sys.argv[1]); os.execvp(words[0], words)";
    for place in [".", "beside/tree"] {
        let run = scratch.program("python3").env("PATH", path(&[scratch.programs(&["seaworthy"])]));
        let done = run.cwd(scratch.join(place)).args(["-c", start, entry]).run().expect_code(0);
        done.expect_stderr("ok: ");
        let run = scratch.program("git").cwd(scratch.join(place)).args(["status", "--porcelain"]);
        let left = run.run().expect_code(0).stdout();
        assert!(!left.contains("hello") && !left.contains("seaworthy"), "{left}");
    }
}

/// A repository that has our hooks, as one that is cloned has them.
fn hooks() -> Scratch {
    let scratch = Scratch::empty();
    for name in [".pre-commit-hooks.yaml", "pyproject.toml"] {
        std::fs::copy(repository().join(name), scratch.join(name)).expect("a file of the repository");
    }
    commit(&scratch);
    scratch
}

fn use_hook(scratch: &Scratch, repository: &Path, rev: &str, id: &str, args: &str) {
    let repository = repository.display();
    scratch.write(
        ".pre-commit-config.yaml",
        format!("repos:\n- repo: {repository}\n  rev: {rev}\n  hooks:\n  - id: {id}\n    args: {args}\n"),
    );
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn the_hooks_of_this_repository_run_the_wheel_or_what_is_on_the_path() {
    requires!("pre-commit", "git", "go", "gcc", "rust-std:x86_64-unknown-linux-musl");
    let (hooks, home) = (hooks(), Scratch::empty());
    let rev = git(&hooks, &["rev-parse", "HEAD"]);
    let go = "[go, build, -o, .git/out/, ./...]";
    for (project, id, args) in [
        (go_project(), "seaworthy", go),
        (cargo_project(), "seaworthy", "[cargo, build]"),
        (go_project(), "seaworthy-system", go),
    ] {
        use_hook(&project, hooks.path(), rev.trim(), id, args);
        commit(&project);
        let run = || {
            let front = if id == "seaworthy-system" { vec![project.programs(&["seaworthy"])] } else { Vec::new() };
            let words = ["run", "--verbose", "--all-files", "--hook-stage", "manual"];
            pre_commit(&project, &home).env("PATH", path(&front)).args(words).run()
        };
        let done = run().expect_code(0);
        assert!(done.stdout().contains("ok: "), "{}", done.stdout());
        if args == go {
            spoil_go(&project);
            git(&project, &["add", "-A"]);
            let said = run().expect_code(1).stdout();
            assert!(said.contains("error[dynamic-loader]") && said.contains("exit code: 3"), "{said}");
        }
    }
}
