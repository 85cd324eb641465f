//! One binary's comparison: fields and verdicts counted, differences explained or reported.

use serde_json::Value;

use crate::explained::{self, Difference};

/// The differences of one binary.
pub(crate) struct Comparison {
    name: String,
    record: Value,
    /// Fields that both sides have.
    pub(crate) fields: usize,
    /// Verdicts about signatures that were compared.
    pub(crate) verdicts: usize,
    /// What kinds of signature the binary has, one for each slice.
    pub(crate) signatures: Vec<&'static str>,
    /// Differences that the table accounts for, with its reason.
    pub(crate) explained: Vec<&'static str>,
    /// The others, a line each.
    pub(crate) disagreements: Vec<String>,
}

impl Comparison {
    pub(crate) fn of(record: &Value) -> Self {
        let text = |key: &str| record[key].as_str().unwrap_or("?").to_owned();
        Comparison {
            name: format!("{} {}", text("path"), text("arch")),
            record: record.clone(),
            fields: 0,
            verdicts: 0,
            signatures: Vec::new(),
            explained: Vec::new(),
            disagreements: Vec::new(),
        }
    }

    /// Compares one field.
    pub(crate) fn field(&mut self, name: &str, theirs: Value, ours: Value) {
        self.fields += 1;
        if theirs == ours {
            return;
        }
        let difference = Difference { record: &self.record, field: name, theirs: &theirs, ours: &ours };
        match explained::why(&difference) {
            Some(why) => self.explained.push(why),
            None => self.disagreements.push(format!(
                "{}: {name}: manifest {}, here {}",
                self.name,
                short(&theirs),
                short(&ours)
            )),
        }
    }

    /// Compares what a rule has to say with what it says.
    pub(crate) fn verdict(&mut self, rule: &str, expected: &str, found: &str) {
        self.verdicts += 1;
        if expected != found {
            self.disagreements
                .push(format!("{}: verdict of {rule}: the manifest implies {expected}, here {found}", self.name));
        }
    }

    /// Notes what kind of signature is judged.
    pub(crate) fn signature(&mut self, kind: &'static str) {
        self.signatures.push(kind);
    }

    /// Compares one field whose order means nothing.
    pub(crate) fn set(&mut self, name: &str, theirs: Vec<String>, ours: Vec<String>) {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let (theirs, ours) = (sorted(theirs), sorted(ours));
        if theirs == ours {
            return self.field(name, Value::Null, Value::Null);
        }
        // Only what differs is worth a line.
        let minus = |left: &[String], right: &[String]| -> Value {
            left.iter().filter(|item| !right.contains(item)).cloned().collect::<Vec<_>>().into()
        };
        match (minus(&theirs, &ours), minus(&ours, &theirs)) {
            (only_theirs, only_ours) if only_theirs == only_ours => {
                self.field(name, theirs.len().into(), ours.len().into());
            }
            (only_theirs, only_ours) => self.field(name, only_theirs, only_ours),
        }
    }
}

/// The strings of a JSON array.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn short(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > 300 {
        text.truncate((0..=300).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0));
        text.push('…');
    }
    text
}
