//! The house rules, executable.

use std::path::{Path, PathBuf};

use crate::support::{fixture, repository};

/// Longest file, in lines.
const LONGEST: usize = 400;

/// Every file with this extension below a directory of the repository, with its text.
fn files(directory: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![repository().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().map(|entry| entry.expect("a directory entry"))
        {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = std::fs::read_to_string(&path).expect("a source file is text");
                found.push((path.strip_prefix(repository()).expect("below the repository").to_path_buf(), text));
            }
        }
    }
    found.sort();
    found
}

/// Source text without its unit tests, which stand at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// `path:line` of every line of code that contains one of the words.
fn lines_with(files: &[(PathBuf, String)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in without_tests(text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            if words.iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

fn outside(files: Vec<(PathBuf, String)>, allowed: &[&str]) -> Vec<(PathBuf, String)> {
    let is_allowed = |path: &Path| allowed.iter().any(|start| path.starts_with(start));
    files.into_iter().filter(|(path, _)| !is_allowed(path)).collect()
}

#[track_caller]
fn none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn only_facts_name_goblin() {
    none(lines_with(&outside(files("src", "rs"), &["src/facts", "src/facts.rs"]), &["goblin"]));
}

#[test]
fn only_the_ui_prints() {
    let sources = outside(files("src", "rs"), &["src/ui.rs", "src/ui", "src/report", "src/main.rs", "src/bin"]);
    none(lines_with(&sources, &["println!(", "print!(", "dbg!("]));
}

#[test]
fn nothing_unwraps_or_is_left_to_do() {
    none(lines_with(&files("src", "rs"), &[".unwrap()", "todo!(", "unimplemented!(", "#[allow("]));
}

#[test]
fn only_the_edges_read_the_environment() {
    let sources =
        outside(files("src", "rs"), &["src/main.rs", "src/cli.rs", "src/commands.rs", "src/commands", "src/ui.rs"]);
    none(lines_with(&sources, &["env::var(", "env::var_os(", "env::vars("]));
}

#[test]
fn no_file_is_too_long() {
    let all = ["src", "tests", "benches", "fuzz"].map(|directory| files(directory, "rs")).concat();
    let long = all.iter().filter(|(_, text)| text.lines().count() > LONGEST);
    none(long.map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count())).collect());
}

#[test]
fn every_module_says_what_it_is_for() {
    let all = ["src", "tests/it"].map(|directory| files(directory, "rs")).concat();
    let silent = all.iter().filter(|(_, text)| !text.starts_with("//!"));
    none(silent.map(|(path, _)| path.display().to_string()).collect());
}

/// Names of the fixtures that are built through the guard.
fn fixtures() -> Vec<String> {
    let directory = std::fs::read_dir(repository().join("tests/fixtures/builds")).expect("there are fixtures");
    let entries = directory.map(|entry| entry.expect("a directory entry"));
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_fixture_says_why_it_exists_and_is_used() {
    let tests: String = files("tests/it", "rs").into_iter().map(|(_, text)| text).collect();
    for name in fixtures() {
        let fixture = fixture(&name);
        assert!(!fixture.why.is_empty(), "tests/fixtures/builds/{name}/expect.toml: `why` is empty");
        assert!(tests.contains(&format!("{name}\"")), "tests/fixtures/builds/{name}: no test names it");
        for build in &fixture.build {
            assert!(!build.why.is_empty(), "tests/fixtures/builds/{name}/expect.toml: `{}` has no `why`", build.name);
            assert!(
                tests.contains(&format!("= \"{}\"", build.name)),
                "tests/fixtures/builds/{name}: no test runs `{}`",
                build.name
            );
        }
    }
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    let text = std::fs::read_to_string(repository().join("CHANGELOG.md")).expect("there is a changelog");
    assert!(text.contains("\n## [Unreleased]\n"));
}
