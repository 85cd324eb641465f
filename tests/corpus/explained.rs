//! Differences between the manifest and this tool that were looked into: which side is right, and why.

use serde_json::Value;

/// One row: which binary (`*` for all), which field, and the reason.
struct Explained {
    id: &'static str,
    field: &'static str,
    holds: fn(&Value, &Value) -> bool,
    why: &'static str,
}

static TABLE: &[Explained] = &[];

/// The reason for a difference.
pub fn why(id: &str, field: &str, theirs: &Value, ours: &Value) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|row| (row.id == "*" || row.id == id) && row.field == field && (row.holds)(theirs, ours))
        .map(|row| row.why)
}
