//! Text to policy: presets below, the file on top, every error at once.

use std::path::Path;

use toml::de::DeTable;

use super::document::{self, Document, Source};
use super::problem::{Lines, PolicyErrors, Problem, render};
use super::validate::{check_names, lay};
use super::{Policy, presets, syntax};

/// Parses the text of a policy file; `path` is used for messages and as the base of relative paths.
///
/// # Errors
/// All errors of the text.
pub fn parse_str(text: &str, path: &Path) -> Result<Policy, PolicyErrors> {
    parse(text.as_bytes(), path, path)
}

/// Parses the bytes of the policy file at `path`, which messages call `shown`.
pub(super) fn parse(bytes: &[u8], path: &Path, shown: &Path) -> Result<Policy, PolicyErrors> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(not_utf8(bytes, error.valid_up_to(), path, shown)),
    };
    let mut problems = Vec::new();
    let (mut root, mut errors) = DeTable::parse_recoverable(text);
    let (mut broken, repaired) = (Vec::new(), &mut String::new());
    if !errors.is_empty() {
        (*repaired, broken) = syntax::repair(text);
        (root, errors) = DeTable::parse_recoverable(repaired);
        broken.extend(syntax::problems(repaired, &errors));
        broken.sort_by_key(|problem| problem.span.start);
    }
    let slips: Vec<usize> = broken.iter().map(|problem| problem.span.start).collect();
    let document = document::read(root.into_inner(), Source::file(text, shown), broken, &mut problems);
    let mut policy = Policy::default_policy();
    policy.file = Some(path.to_path_buf());
    bytes.clone_into(&mut policy.bytes);
    extend(&document, &mut policy, &mut problems);
    lay(&document, path.parent(), &mut policy, &mut problems);
    check_names(&document, &policy, &mut problems);
    // What is missing may be in a statement of the same table that could not be read.
    let doubtful = |problem: &Problem| {
        let table = problem.span.start..syntax::end_of_table(text, problem.span.end);
        slips.iter().any(|slip| table.contains(slip))
    };
    problems.retain(|problem| !(problem.absence && doubtful(problem)));
    if problems.is_empty() {
        return Ok(policy);
    }
    Err(render(path, shown, &document.source.lines, problems))
}

/// Lays the presets that `document` extends over the policy, in the order they are named; of two the later one wins.
fn extend(document: &Document<'_>, policy: &mut Policy, problems: &mut Vec<Problem>) {
    for name in document.extends() {
        // An unknown name has been reported by the comparison with the keys.
        let Some(preset) = presets::find(&name) else { continue };
        let (root, errors) = DeTable::parse_recoverable(preset.text);
        let broken = syntax::problems(preset.text, &errors);
        let inner = document::read(root.into_inner(), Source::preset(preset.name, preset.text), broken, problems);
        extend(&inner, policy, problems);
        lay(&inner, None, policy, problems);
    }
}

fn not_utf8(bytes: &[u8], at: usize, path: &Path, shown: &Path) -> PolicyErrors {
    let text = String::from_utf8_lossy(bytes);
    let title = "not UTF-8 text, which TOML must be";
    let problem = Problem::new(at..at + '\u{fffd}'.len_utf8(), title, "these bytes are no character")
        .help("save the file as UTF-8, without a byte order of 16 bits");
    render(path, shown, &Lines::new(&text), vec![problem])
}
