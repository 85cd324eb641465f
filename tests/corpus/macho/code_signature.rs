//! Code signatures, compared with LIEF, openssl and hashes recomputed on their own.

use serde_json::{Value, json};

use crate::field::{Comparison, strings};

pub(super) fn compare(comparison: &mut Comparison, theirs: &Value, macho: &Value) {
    let kind = match theirs["kind"].as_str() {
        None => "none",
        Some("adhoc-linker") => "linker-adhoc",
        Some(kind) => kind,
    };
    comparison.field("code_signature.kind", kind.into(), macho["signature_kind"].clone());
    if !theirs.is_object() {
        return;
    }
    let ours = &macho["code_signature"];
    for name in ["offset", "size", "superblob_length", "cdhash", "cms_size", "has_requirements"] {
        comparison.field(&format!("code_signature.{name}"), theirs[name].clone(), ours[name].clone());
    }
    let blobs = ours["blobs"].as_array().into_iter().flatten();
    let blobs: Vec<Value> =
        blobs.map(|blob| json!([hex(&blob["slot"]), hex(&blob["magic"]), blob["length"]])).collect();
    comparison.field("code_signature.blobs", theirs["blobs"].clone(), blobs.into());
    entitlements(comparison, theirs, &ours["entitlements"]);
    let directories = theirs["code_directories"].as_array().cloned().unwrap_or_default();
    let found: Vec<&Value> = ours["code_directories"].as_array().into_iter().flatten().collect();
    comparison.field("code_signature.code_directories", directories.len().into(), found.len().into());
    for (theirs, ours) in directories.iter().zip(found) {
        code_directory(comparison, theirs, ours);
    }
    let sound = ours["problems"].as_array().is_some_and(Vec::is_empty);
    comparison.field("code_signature.hashes_valid", theirs["hashes_valid"].clone(), sound.into());
    cms(comparison, theirs, &ours["cms"]);
}

fn hex(value: &Value) -> Value {
    value.as_u64().map_or(Value::Null, |number| format!("{number:#x}").into())
}

fn entitlements(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    let empty = json!({});
    let expected = theirs.get("entitlements").unwrap_or(&empty);
    comparison.field("code_signature.entitlements", expected.clone(), ours.get("values").unwrap_or(&empty).clone());
    let der = ours["has_der"] == true;
    comparison.field("code_signature.has_der_entitlements", theirs["has_der_entitlements"].clone(), der.into());
}

fn code_directory(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    let mut same = |name: &str, theirs: &Value, ours: Value| {
        comparison.field(&format!("code_directories.{name}"), theirs.clone(), ours);
    };
    for name in
        ["identifier", "page_size", "code_limit", "platform", "team_id", "cdhash", "cdhash_full", "runtime_version"]
    {
        same(name, &theirs[name], ours[name].clone());
    }
    for (their, our) in [("n_code", "code_slots"), ("n_special", "special_slot_count"), ("hash", "hash_type")] {
        same(their, &theirs[their], ours[our].clone());
    }
    for (their, our) in [("slot", "slot"), ("version", "version"), ("flags_raw", "flags")] {
        same(their, &theirs[their], hex(&ours[our]));
    }
    same("flags", &theirs["flags"], ours["flag_names"].clone());
    let segment = ["exec_segment_base", "exec_segment_limit", "exec_segment_flags"].map(|name| ours[name].clone());
    same("exec_seg", &theirs["exec_seg"], segment.to_vec().into());
    let pages = &ours["pages"];
    for (their, our) in [("pages_checked", "checked"), ("pages_bad", "bad"), ("n_code_matches", "complete")] {
        same(their, &theirs[their], pages[our].clone());
    }
    let slots = ours["special_slots"].as_array().into_iter().flatten();
    for slot in slots.filter(|slot| !slot["matches"].is_null()) {
        let name = match slot["slot"].as_u64() {
            Some(2) => "requirements",
            Some(5) => "entitlements",
            Some(7) => "entitlements_der",
            _ => "other",
        };
        let ours = if slot["matches"] == true { "ok" } else { "bad" };
        same(&format!("special_slots.{name}"), &theirs["special_slots"][name], ours.into());
    }
}

fn cms(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    if theirs.get("cms_subjects").is_none() {
        return comparison.field("cms", Value::Null, ours.clone());
    }
    let subjects = ours["certificates"].as_array().into_iter().flatten();
    let subjects = subjects.filter_map(|one| one["subject"].as_str()).map(normal);
    let expected = strings(&theirs["cms_subjects"]).iter().map(|name| normal(name)).collect();
    comparison.set("cms_subjects", expected, subjects.collect());
    let signer = &ours["signers"][0];
    let time = signer["signing_time"].as_str().unwrap_or_default().get(2..).unwrap_or_default();
    let time: String = time.chars().filter(|c| !matches!(c, '-' | ':' | 'T')).collect();
    comparison.field("cms_signing_time", theirs["cms_signing_time"].clone(), time.into());
    let valid = |value: &Value| -> Value { (value["verification"] == "valid").into() };
    comparison.field("cms_timestamped", theirs["cms_timestamped"].clone(), valid(&signer["timestamp"]));
    comparison.field("cms_verifies_code_directory", theirs["cms_verifies_code_directory"].clone(), valid(signer));
}

/// A name without what openssl and RFC 4514 write differently: order, spaces, quotes and escapes.
fn normal(name: &str) -> String {
    let plain = name.replace(['"', '\\'], "").replace(" = ", "=");
    let mut parts: Vec<&str> = plain.split(',').map(str::trim).collect();
    parts.sort_unstable();
    parts.join(",")
}
