//! What is no TOML: the parser's own errors in the words of the rest.

use toml::de::Error;

use super::problem::{Problem, visible};

/// The problems behind the parser's errors.
pub(super) fn problems(text: &str, errors: &[Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = errors.iter().map(|error| problem(text, error)).collect();
    problems.sort_by_key(|problem| problem.span.start);
    problems
}

fn problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let found = visible(text.get(span.clone()).unwrap_or_default().trim());
    match error.message() {
        "duplicate key" => {
            Problem::new(span, format!("`{found}` is set twice"), "set before").help("leave only one of them")
        }
        message => Problem::new(span, format!("not valid TOML: {}", visible(message)), ""),
    }
}
