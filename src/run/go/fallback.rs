//! Which files `go build` wrote, told from its arguments: for a go without an action graph (gccgo's, or one of the future).
//!
//! Only a help for the report, which says that discovery is degraded. Source: `go help build`, `DefaultExecName` in
//! `cmd/go/internal/load/pkg.go`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::plan::scan::{Flags, Syntax};
use crate::plan::{Plan, Tool};

/// Files in an output directory that are younger than this were written by this build, or near enough to be looked at.
const RECENT: Duration = Duration::from_secs(600);

/// The files, and by which rule.
pub(super) fn guess(plan: &Plan, directory: &Path) -> (Vec<PathBuf>, &'static str) {
    if let Some(output) = super::output_of(plan) {
        let path = directory.join(&output);
        if !path.is_dir() {
            return (existing(path), "`-o`");
        }
        return (recent_files(&path), "what is new in the directory of `-o`");
    }
    if plan.verb.as_deref() == Some("install") {
        return (Vec::new(), "nothing: what `go install` writes cannot be told from its arguments");
    }
    let packages = packages(plan);
    let name = match packages.as_slice() {
        [first, ..] if first.ends_with(".go") => first.strip_suffix(".go").map(|stem| last_element(stem).to_owned()),
        [] => default_name(directory),
        [package] if package.ends_with("...") => None,
        [package] if package.starts_with('.') => default_name(&directory.join(package)),
        [package] => Some(program_name(package)),
        _ => None, // several packages and no `-o`: nothing is written
    };
    let extension = if plan.targets.iter().any(|target| target.starts_with("windows/")) { ".exe" } else { "" };
    let files = name.map(|name| existing(directory.join(format!("{name}{extension}")))).unwrap_or_default();
    (files, "the name of the package")
}

/// Words that are no flags.
pub(super) fn packages(plan: &Plan) -> Vec<String> {
    let mut flags = Flags::new(Syntax::after_verb(Tool::Go), &plan.args, 0);
    let taken: Vec<usize> = flags.by_ref().flat_map(|flag| flag.at..flag.at + flag.words).collect();
    let words = plan.args.iter().enumerate().filter(|(at, word)| !taken.contains(at) && *word != "--");
    words.map(|(_, word)| word.to_string_lossy().into_owned()).skip(1).collect()
}

/// The last element of the import path of the package in a directory.
fn default_name(directory: &Path) -> Option<String> {
    for root in directory.ancestors() {
        let Ok(text) = std::fs::read_to_string(root.join("go.mod")) else { continue };
        let module = text.lines().find_map(|line| line.trim().strip_prefix("module "))?.trim().trim_matches('"');
        let below = directory.strip_prefix(root).ok()?.components().filter(|part| part.as_os_str() != ".");
        let path: PathBuf = Path::new(module).components().chain(below).collect();
        return Some(program_name(&path.to_string_lossy()));
    }
    directory.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// `example.org/tool/v2` makes `tool`.
fn program_name(import_path: &str) -> String {
    let path = import_path.split('@').next().unwrap_or(import_path).trim_end_matches('/');
    let last = last_element(path);
    let is_version = last.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.parse::<u32>().is_ok());
    match path.strip_suffix(last).map(|rest| rest.trim_end_matches('/')) {
        Some(rest) if is_version && !rest.is_empty() => last_element(rest).to_owned(),
        _ => last.to_owned(),
    }
}

fn last_element(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn existing(path: PathBuf) -> Vec<PathBuf> {
    if path.is_file() { vec![path] } else { Vec::new() }
}

fn recent_files(directory: &Path) -> Vec<PathBuf> {
    let since = SystemTime::now().checked_sub(RECENT);
    let is_recent = |path: &PathBuf| {
        let data = path.metadata().ok();
        data.is_some_and(|data| data.is_file() && data.modified().ok() >= since)
    };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(is_recent).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_after_their_package() {
        for (path, name) in [
            ("x.org/tool", "tool"),
            ("x.org/tool/v2", "tool"),
            ("x.org/tool@v1.2.3", "tool"),
            ("v2", "v2"),
            ("x/vim", "vim"),
        ] {
            assert_eq!(program_name(path), name);
        }
    }

    #[test]
    fn the_module_file_names_the_package() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("go.mod"), "// x\nmodule x.org/tool/v3\n\ngo 1.21\n").expect("a file");
        std::fs::create_dir(directory.path().join("cmd")).expect("a directory");
        assert_eq!(default_name(directory.path()).as_deref(), Some("tool"));
        assert_eq!(default_name(&directory.path().join("./cmd")).as_deref(), Some("cmd"));
    }
}
