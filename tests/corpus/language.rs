//! Which language a binary was written in, compared with the manifest's strings and sections.

use serde_json::Value;

use crate::field::Comparison;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, slice: &Value) {
    let commits: Vec<&String> =
        record["language_evidence"]["rustc_paths"].as_object().into_iter().flat_map(|paths| paths.keys()).collect();
    if !commits.is_empty() {
        let commit = slice["rust"]["commit"].as_str().is_some_and(|ours| commits.iter().any(|one| *one == ours));
        comparison.field("language_evidence.rustc_paths", true.into(), commit.into());
    }
    let language = match (slice["go"].is_object(), slice["rust"].is_object()) {
        (true, true) => "go+rust",
        (true, false) => "go",
        (false, true) => "rust",
        (false, false) => "other",
    };
    comparison.field("language", record["language"].clone(), language.into());
}
