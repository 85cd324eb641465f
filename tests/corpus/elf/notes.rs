//! Notes and build attributes.

use serde_json::{Value, json};

use crate::field::Comparison;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, elf: &Value) {
    let notes = &record["notes"];
    comparison.field("build_id", record["build_id"].clone(), elf["build_id"].clone());
    if notes["abi_tag"].is_array() {
        comparison.field(
            "notes.abi_tag",
            notes["abi_tag"].clone(),
            json!([elf["abi_tag"]["system"], elf["abi_tag"]["kernel"]]),
        );
    }
    comparison.field("notes.x86_isa_needed", notes["x86_isa_needed"].clone(), elf["x86_isa_needed"].clone());
    if let Some(features) = notes["aarch64_feature"].as_str() {
        let features: Vec<&str> = features.split(", ").collect();
        comparison.field("notes.aarch64_feature", json!(features), elf["properties"]["features"].clone());
    }
    for (owner, theirs) in notes["pt_notes"].as_object().into_iter().flatten() {
        comparison.field(&format!("notes.pt_notes {owner}"), simple(theirs), ours(elf, owner));
    }
    for (tag, value) in record["arm_attributes"].as_object().into_iter().flatten() {
        let ours = elf["attributes"].as_array().into_iter().flatten().find(|pair| pair[0] == tag.as_str());
        let theirs = value.as_str().unwrap_or_default().trim_matches('"');
        comparison.field(
            &format!("arm_attributes {tag}"),
            theirs.into(),
            ours.map_or(Value::Null, |pair| pair[1].clone()),
        );
    }
    if let Some(text) = record["arch_attributes"].as_str() {
        attributes(comparison, text, elf);
    }
}

/// Length and the first 16 bytes of each note; type names are readelf's and follow from owner and number.
fn simple(notes: &Value) -> Value {
    notes.as_array().into_iter().flatten().map(|note| json!([note[1], note[2]])).collect()
}

fn ours(elf: &Value, owner: &str) -> Value {
    let notes = elf["notes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|note| note["owner"] == owner && note["is_loaded"] == true);
    notes
        .map(|note| {
            json!([
                note["length"],
                note["description"].as_str().unwrap_or_default().chars().take(32).collect::<String>()
            ])
        })
        .collect()
}

/// readelf's page of MIPS ABI flags or RISC-V attributes: each of its `name: value` lines that is kept here too.
fn attributes(comparison: &mut Comparison, text: &str, elf: &Value) {
    for (name, value) in text.lines().filter_map(|line| line.trim().split_once(": ")) {
        let ours = elf["attributes"].as_array().into_iter().flatten().find(|pair| pair[0] == name);
        if let Some(ours) = ours {
            comparison.field(&format!("arch_attributes {name}"), value.trim_matches('"').into(), ours[1].clone());
        }
    }
}
