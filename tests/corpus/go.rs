//! Go build information, compared with `go version -m`.

use serde_json::{Value, json};

use crate::field::Comparison;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, go: &Value) {
    let theirs = &record["go"];
    let Some(version) = theirs["go_version"].as_str() else {
        // `go version -m` found nothing; traces of Go are another question.
        return comparison.field("go.go_version", Value::Null, go["version"].clone());
    };
    comparison.field("go.go_version", version.into(), go["version"].clone());
    comparison.field("go.path", theirs["path"].clone(), go["path"].clone());
    comparison.field("go.mod", theirs["mod"].clone(), module(&go["module"]));
    comparison.field("go.n_deps", theirs["n_deps"].clone(), go["deps"].as_array().map_or(0, Vec::len).into());
    for (key, value) in theirs["settings"].as_object().into_iter().flatten() {
        let ours = go["settings"].as_array().into_iter().flatten().rfind(|pair| pair[0] == key.as_str());
        let ours = ours.map_or(Value::Null, |pair| pair[1].clone());
        comparison.field(&format!("go.settings.{key}"), value.clone(), ours);
    }
}

fn module(module: &Value) -> Value {
    if module.is_null() { Value::Null } else { json!([module["path"], module["version"]]) }
}
