//! The language of the templates: `@name@` is replaced, and lines between `@if WORD` and `@end` stay where the word holds.
//!
//! Other tools fill in braces and dollars of their own, so these do not.

use super::Project;

/// Replaces and leaves out; `whole` is whether a whole file is written, rather than a part for one that is there.
pub(super) fn render(text: &str, project: &Project, whole: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<bool> = Vec::new();
    for line in text.lines() {
        if let Some(word) = line.strip_prefix("@if ") {
            open.push(holds(word, project, whole));
        } else if line == "@end" {
            open.pop();
        } else if open.iter().all(|holds| *holds) {
            out.push_str(&replace(line, project));
            out.push('\n');
        }
    }
    out
}

fn holds(word: &str, project: &Project, whole: bool) -> bool {
    match word {
        "whole" => whole,
        "cargo" => project.cargo.is_some(),
        "locked" => project.is_locked(),
        "go" => project.go.is_some(),
        "only-go" => project.cargo.is_none() && project.go.is_some(),
        other => unreachable!("a test knows every word of the templates, but not `{other}`"),
    }
}

/// The name as Kubernetes takes it (RFC 1123): lower case, with hyphens between letters and digits.
fn label(name: &str) -> String {
    let label = name.to_ascii_lowercase().replace(['_', '.'], "-");
    label.trim_matches('-').to_owned()
}

fn replace(line: &str, project: &Project) -> String {
    let target = project.target();
    [
        ("@version@", env!("CARGO_PKG_VERSION")),
        ("@package@", super::PYPI_PACKAGE),
        ("@locked@", if project.is_locked() { " --locked" } else { "" }),
        ("@target@", &target),
        ("@program@", project.program()),
        ("@label@", &label(project.program())),
    ]
    .iter()
    .fold(line.to_owned(), |line, (name, value)| line.replace(name, value))
}
