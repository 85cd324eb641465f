//! Does the GitHub action do its work, when its steps are run one after the other as a runner runs them?

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::{go_project, offline, path, spoil_go, yaml};
use crate::support::{Done, Report, Scratch, repository};

/// What a runner keeps from step to step.
struct Runner {
    temp: Scratch,
    inputs: BTreeMap<String, String>,
    path: Vec<PathBuf>,
    outputs: String,
}

impl Runner {
    /// A runner for a use of the action with these inputs; the others have their defaults.
    fn new(action: &Value, given: &[(&str, &str)]) -> Runner {
        let inputs = action["inputs"].as_object().expect("inputs").iter();
        let defaults = inputs.map(|(name, input)| (name.clone(), input["default"].as_str().expect("text").to_owned()));
        let mut inputs: BTreeMap<_, _> = defaults.collect();
        for (name, value) in given {
            assert!(inputs.insert((*name).to_owned(), (*value).to_owned()).is_some(), "`{name}` is no input");
        }
        Runner { temp: Scratch::empty(), inputs, path: Vec::new(), outputs: String::new() }
    }

    /// `${{ inputs.NAME }}` replaced.
    fn filled(&self, text: &str) -> String {
        let fill =
            |text: String, (name, value): (&String, &String)| text.replace(&format!("${{{{ inputs.{name} }}}}"), value);
        self.inputs.iter().fold(text.to_owned(), fill)
    }

    /// `inputs.NAME == 'VALUE'` and `!=`.
    fn holds(&self, condition: &str) -> bool {
        let (name, operator, value) = match condition.split(' ').collect::<Vec<_>>()[..] {
            [name, operator, value] => (name, operator, value.trim_matches('\'')),
            _ => panic!("`{condition}` is new here"),
        };
        let input = &self.inputs[name.strip_prefix("inputs.").expect("a condition over an input")];
        (input == value) == (operator == "==")
    }

    fn step(&mut self, project: &Scratch, step: &Value) -> Option<Done> {
        if step["if"].as_str().is_some_and(|condition| !self.holds(condition)) {
            return None;
        }
        let (to_path, to_output) = (self.temp.write("path", ""), self.temp.write("output", ""));
        let python = step["shell"] == "python";
        let shell = project.program(if python { "python" } else { "bash" });
        let mut run = offline(shell).env("RUNNER_TEMP", self.temp.path()).env("PATH", path(&self.path));
        run = run.env("GITHUB_ACTIONS", "true").env("GITHUB_PATH", &to_path).env("GITHUB_OUTPUT", &to_output);
        run = run.env("GITHUB_STEP_SUMMARY", self.temp.join("summary"));
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            run = run.env(name, self.filled(value.as_str().expect("text")));
        }
        let directory = step["working-directory"].as_str().map_or_else(|| ".".to_owned(), |text| self.filled(text));
        let script = self.temp.write("script.sh", step["run"].as_str().expect("only `run` steps"));
        let options: &[&str] = if python { &[] } else { &["--noprofile", "--norc", "-eo", "pipefail"] };
        let done = run.cwd(project.join(directory)).args(options).arg(script).run();
        let text = |path| std::fs::read_to_string(path).expect("the step's file");
        let added: Vec<PathBuf> = text(to_path).lines().map(PathBuf::from).collect();
        self.path.splice(0..0, added);
        self.outputs += &text(to_output);
        Some(done)
    }
}

fn steps(action: &Value) -> Vec<Value> {
    assert_eq!(action["runs"]["using"], "composite");
    action["runs"]["steps"].as_array().expect("steps").clone()
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn it_builds_what_it_is_told_and_hands_the_report_on() {
    requires!("bash", "go", "gcc");
    let action = yaml(&repository().join("action.yml"));
    let project = go_project();
    let mut runner = Runner::new(&action, &[("run", "go build -o ../out/ ./..."), ("working-directory", ".")]);
    let done: Vec<Done> = steps(&action).iter().filter_map(|step| runner.step(&project, step)).collect();
    assert_eq!(done.iter().map(Done::code).collect::<Vec<_>>(), [Some(0), Some(0)], "{}", done[1].stderr());
    let report = runner.outputs.trim().strip_prefix("report=").expect("an output").to_owned();
    assert_eq!(action["outputs"]["report"]["value"], "${{ steps.run.outputs.report }}");
    assert_eq!(Report::read(report.as_ref()).artifacts[0].verdict, "pass");
    std::fs::remove_dir_all(project.join("../out")).expect("what was built");

    spoil_go(&project);
    let build = steps(&action).pop().expect("a last step");
    let done = runner.step(&project, &build).expect("it is not left out").expect_code(3);
    assert!(done.stderr().contains("error[dynamic-loader]"), "{}", done.stderr());
    assert!((done.stdout() + &done.stderr()).contains("::error "), "the finding is an annotation, too");
}

/// The last step's program alone, with one in the place of the guard that tells its arguments.
#[test]
#[cfg(unix)]
fn every_line_is_run_in_words_as_a_shell_splits_them() {
    requires!("python3");
    let action = std::fs::read_to_string(repository().join("action.yml")).expect("the action");
    let (_, script) = action.rsplit_once("run: |\n").expect("a last step");
    let script: String =
        script.lines().map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line))).collect();
    let ran = |lines: &str| {
        let project = Scratch::empty();
        let told =
            "#!/bin/sh\nshift 2\nprintf '%s|' \"$@\"\necho\nfor last; do :; done\n[ \"$last\" != no ] || exit 3\n";
        project.executable("bin/seaworthy", told);
        let output = project.write("output", "");
        let run = project.program("python3").arg(project.write("script.py", &script)).env("INPUT_RUN", lines);
        let run = run.env("RUNNER_TEMP", project.path()).env("GITHUB_OUTPUT", &output);
        let done = run.env("PATH", path(&[project.join("bin")])).run();
        let words: Vec<String> = done.stdout().lines().filter(|line| line.ends_with('|')).map(str::to_owned).collect();
        let output = std::fs::read_to_string(output).expect("own file");
        let reports: Vec<_> =
            output.lines().map(|line| line.rsplit('/').next().unwrap_or_default().to_owned()).collect();
        (done.code(), words, reports)
    };
    let (code, words, reports) =
        ran("go build -ldflags=\"-s -w\" './a b'\n\n# a remark\ncargo build \\\n  --release\n");
    assert_eq!(words, ["go|build|-ldflags=-s -w|./a b|", "cargo|build|--release|"]);
    assert_eq!((code, reports), (Some(0), vec!["seaworthy.json".to_owned(), "seaworthy-2.json".to_owned()]));
    let (code, words, _) = ran("go build yes\ngo build no\ngo build never\n");
    assert_eq!((code, words.len()), (Some(3), 2), "{words:?}");
    let (code, words, _) = ran("go build 'open");
    assert!(code == Some(1) && words.is_empty(), "{words:?}");
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn with_shims_the_steps_that_follow_are_guarded() {
    requires!("bash", "go");
    let action = yaml(&repository().join("action.yml"));
    let project = go_project();
    let mut runner = Runner::new(&action, &[("shim", "true")]);
    for done in steps(&action).iter().filter_map(|step| runner.step(&project, step)) {
        done.expect_code(0);
    }
    let later = serde_json::json!({ "run": "go build -o hello ." });
    let done = runner.step(&project, &later).expect("it has no condition").expect_code(0);
    done.expect_stderr("ok: hello: static ELF");
}
