//! Does the wheel carry the programs, and nothing that has to be compiled where it is installed?

use super::{offline, path, python, wheels};
use crate::support::{Scratch, repository};

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn it_is_installed_and_run_in_seconds() {
    requires!("pipx", "bash");
    let scratch = Scratch::empty();
    python().args(["-m", "venv"]).arg(scratch.join("venv")).run().expect_code(0);
    let package = format!("{}=={}", seaworthy::init::PYPI_PACKAGE, env!("CARGO_PKG_VERSION"));
    // Seconds of the processor: those of the clock depend on what else the machine does.
    let timed = "TIMEFORMAT='%U %S'; time \"$0\" install --quiet \"$1\"";
    let install = offline(scratch.program("bash")).env("LC_ALL", "C").args(["-c", timed]);
    let said = install.arg(scratch.join("venv/bin/pip")).arg(&package).run().expect_code(0).stderr();
    let seconds = said.lines().last().expect("a line of times").split(' ').map(|part| part.parse::<f64>());
    let seconds: f64 = seconds.map(|part| part.expect("a number")).sum();
    assert!(seconds < 30.0, "{seconds} s: {said}");
    let mut programs: Vec<_> = std::fs::read_dir(scratch.join("venv/bin"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("seaworthy"))
        .collect();
    programs.sort();
    assert_eq!(programs, ["cargo-seaworthy", "seaworthy", "seaworthy-cc", "seaworthy-ld"]);
    let front = [scratch.join("venv/bin")];
    let run = |program: &str| scratch.program("env").arg(program).env("PATH", path(&front));
    let version = run("seaworthy").arg("--version").run().expect_code(0).stdout();
    assert_eq!(version, format!("seaworthy {}\n", env!("CARGO_PKG_VERSION")));
    let said = run("seaworthy").args(["facts", "venv/bin/seaworthy-ld"]).run().expect_code(0).stdout();
    assert!(said.contains("kind: "), "{said}");
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn pipx_runs_it_without_installing_it() {
    requires!("pipx", "go");
    let scratch = super::go_project();
    let home = Scratch::empty();
    let run = offline(scratch.program("pipx")).env("PIPX_HOME", home.path()).env("PIPX_BIN_DIR", home.join("bin"));
    let words = ["run", "--spec", seaworthy::init::PYPI_PACKAGE, "seaworthy", "go", "build"];
    run.args(words).run().expect_code(0).expect_stderr("ok: hello: static ELF");
}

#[test]
fn what_names_the_wheel_names_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let read = |name: &str| std::fs::read_to_string(repository().join(name)).expect("a file of the repository");
    let name = seaworthy::init::PYPI_PACKAGE;
    assert!(read("python/pyproject.toml").contains(&format!("name = \"{name}\"\n")));
    assert!(read("pyproject.toml").contains(&format!("dependencies = [\"{name}=={version}\"]")));
    assert!(read("pyproject.toml").contains(&format!("version = \"{version}\"")));
    assert!(read("action.yml").contains(&format!("default: \"{version}\"")) && read("action.yml").contains(name));
}

#[test]
#[ignore = "`make test-adoption` builds the wheel first"]
fn there_is_one_wheel_for_every_python() {
    let names: Vec<_> = std::fs::read_dir(wheels())
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("seaworthy_guard-"))
        .collect();
    assert!(names.len() == 1 && names[0].contains("-py3-none-"), "{names:?}");
}
