//! Whether a signature says of a file what the file says of itself.

use serde_json::Value;

use super::{Check, Line};
use crate::facts::FileFacts;
use crate::manifest::{Artifact, Slice, Tool};

/// Compares what is written with what can be read again, when the same release wrote and reads: another one may read more.
pub fn contents(artifact: &Artifact, writer: &Tool, facts: &FileFacts) -> Option<Line> {
    if writer.version != env!("CARGO_PKG_VERSION") {
        return None;
    }
    let read: Vec<Slice> = facts.slices.iter().map(Slice::of).collect();
    let needed = "a signature that fits the file";
    if read.len() != artifact.slices.len() {
        let found = format!("it has {} of {} architectures", artifact.slices.len(), read.len());
        return Some(Line::of(Check::Contents, needed, found, false));
    }
    let mut wrong: Vec<String> = Vec::new();
    for (written, read) in artifact.slices.iter().zip(&read).filter(|(written, read)| written != read) {
        let value = |slice: &Slice| serde_json::to_value(slice).unwrap_or_default();
        differences(&value(written), &value(read), "", &mut wrong);
    }
    wrong.dedup();
    let found =
        if wrong.is_empty() { "it does".to_owned() } else { format!("it says something else of {}", wrong.join(", ")) };
    Some(Line::of(Check::Contents, needed, found, wrong.is_empty()))
}

/// Names of the fields in which two objects differ, with a dot between those of inner ones.
fn differences(written: &Value, read: &Value, at: &str, found: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, inner) in b {
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                differences(a.get(name).unwrap_or(&Value::Null), inner, &place, found);
            }
        }
        (a, b) if a != b => found.push(at.to_owned()),
        _ => {}
    }
}
