//! Do the workflow for GitHub and the job for GitLab, as `seaworthy init` writes them, run their commands with success, and
//! fail where they have to?

use serde_json::Value;

use super::{cargo_project, go_project, offline, path, spoil_go, yaml};
use crate::support::{Done, Scratch};

/// A machine of the service's: what it sets, and where pipx puts programs.
struct Machine {
    temp: Scratch,
}

impl Machine {
    fn new() -> Machine {
        let temp = Scratch::empty();
        std::fs::create_dir(temp.join("bin")).expect("writable");
        Machine { temp }
    }

    /// Runs a script as the service does: with `bash -e`.
    fn run(&self, project: &Scratch, script: &str) -> Done {
        let shell = offline(project.program("bash")).env("RUNNER_TEMP", self.temp.path());
        let shell = shell.env("PIPX_HOME", self.temp.join("pipx")).env("PIPX_BIN_DIR", self.temp.join("bin"));
        let flags = ["--noprofile", "--norc", "-eo", "pipefail", "-c"];
        shell.env("PATH", path(&[self.temp.join("bin")])).args(flags).arg(script).run()
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn the_workflow_for_github_builds_and_fails_where_it_has_to() {
    requires!("pipx", "bash", "go", "gcc", "rustup", "rust-std:x86_64-unknown-linux-musl");
    let project = cargo_project();
    project.write("go.mod", "module example.org/hello\n\ngo 1.22\n");
    project.write("main.go", "package main\n\nfunc main() {}\n");
    project.seaworthy().args(["init", "--github"]).run().expect_code(0);
    let workflow = yaml(&project.join(".github/workflows/seaworthy.yml"));
    let steps = workflow["jobs"]["guarded-build"]["steps"].as_array().expect("steps");
    let machine = Machine::new();
    let scripts: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), 4, "{scripts:?}");
    let said: String = scripts.iter().map(|script| machine.run(&project, script).expect_code(0).stderr()).collect();
    assert!(said.contains("release/hello: static-pie") && said.contains("bin/hello: static ELF"), "{said}");
    for tool in ["cargo", "go"] {
        let report = machine.temp.join(format!("seaworthy-{tool}.json"));
        assert_eq!(crate::support::Report::read(&report).artifacts.len(), 1);
    }
    assert!(steps.iter().any(|step| step["with"]["path"] == "${{ runner.temp }}/seaworthy-*.json"));

    spoil_go(&project);
    let go = scripts.iter().find(|script| script.contains(" go build")).expect("a step for go");
    machine.run(&project, go).expect_code(3).expect_stderr("error[dynamic-loader]");
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn the_jobs_for_gitlab_build_and_fail_where_they_have_to() {
    requires!("pipx", "bash", "go", "gcc", "rustup", "rust-std:x86_64-unknown-linux-musl");
    for (project, job, artifact) in
        [(cargo_project(), "seaworthy-cargo", "release/hello"), (go_project(), "seaworthy-go", "bin/hello")]
    {
        project.seaworthy().args(["init", "--gitlab"]).run().expect_code(0);
        let jobs = yaml(&project.join(".gitlab-ci.yml"));
        let lines = texts(&jobs[job]["before_script"]).into_iter().chain(texts(&jobs[job]["script"]));
        // GitLab runs all lines in one shell. The packages of the system are those of this machine.
        let (packages, lines): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("apt-get "));
        assert_eq!(packages.len(), 1);
        let machine = Machine::new();
        let script = lines.join("\n").replace("/tmp/bin/", "\"$RUNNER_TEMP\"/bin/");
        let done = machine.run(&project, &script).expect_code(0);
        assert!(done.stderr().contains(&format!("{artifact}: static")), "{}", done.stderr());
        if job == "seaworthy-go" {
            spoil_go(&project);
            let build = script.lines().last().expect("a line");
            machine.run(&project, build).expect_code(3).expect_stderr("error[dynamic-loader]");
        }
    }
}
