//! Certificate table and Authenticode, compared with LIEF and osslsigncode.

use serde_json::{Value, json};

use crate::field::Comparison;

pub(super) fn compare(comparison: &mut Comparison, record: &Value, pe: &Value) {
    let entries: Vec<&Value> = pe["certificates"].as_array().into_iter().flatten().collect();
    comparison.field("has_authenticode", record["has_authenticode"].clone(), (!entries.is_empty()).into());
    let table = match entries.first() {
        None => json!([0, 0]),
        // The directory's size covers every entry and the padding to eight bytes.
        Some(first) => {
            let padded = |entry: &&Value| entry["length"].as_u64().unwrap_or(0).next_multiple_of(8);
            json!([first["offset"], entries.iter().map(padded).sum::<u64>()])
        }
    };
    comparison.field("cert_table", record["cert_table"].clone(), table);
    let theirs = record["authenticode"].as_array().cloned().unwrap_or_default();
    comparison.field("authenticode", theirs.len().into(), entries.len().into());
    for (theirs, entry) in theirs.iter().zip(&entries) {
        signature(comparison, theirs, &entry["authenticode"]);
    }
    if let Some(entry) = entries.first() {
        osslsigncode(comparison, &record["osslsigncode"], &entry["authenticode"]);
    }
}

fn signature(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    let algorithm = theirs["digest"].as_str().unwrap_or_default().replace('_', "").to_lowercase();
    comparison.field("authenticode.digest", algorithm.into(), ours["digest_algorithm"].clone());
    comparison.field("authenticode.content_digest", theirs["content_digest"].clone(), ours["digest"].clone());
    let signers = &ours["signed_data"]["signers"];
    for (index, theirs) in theirs["signers"].as_array().into_iter().flatten().enumerate() {
        let ours = signers[index]["subject"].as_str().unwrap_or_default();
        comparison.set("authenticode.signers", parts(theirs.as_str().unwrap_or_default()), parts(ours));
    }
    let good = ours["digest_matches"] == true && signers[0]["verification"] == "valid";
    comparison.field("authenticode.lief_verify", (theirs["lief_verify"] == "OK").into(), good.into());
}

fn osslsigncode(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    if theirs["digest_match"].is_null() {
        return;
    }
    comparison.field("osslsigncode.digest_match", theirs["digest_match"].clone(), ours["digest_matches"].clone());
    let calculated = theirs["calculated"].as_str().map(str::to_lowercase);
    comparison.field("osslsigncode.calculated", calculated.into(), ours["computed_digest"].clone());
    let stamp = &ours["signed_data"]["signers"][0]["timestamp"];
    let expected = theirs["timestamp"].as_str().map(rfc3339);
    comparison.field("osslsigncode.timestamp", expected.into(), stamp["time"].clone());
    let verified = if stamp.is_null() { Value::Null } else { stamp["verification"].clone() };
    let expected = if stamp.is_null() { Value::Null } else { "valid".into() };
    comparison.field("timestamp.verification", expected, verified);
}

/// A name as its parts, whose order and spacing differ between tools.
pub(crate) fn parts(name: &str) -> Vec<String> {
    name.replace("\\,", "\u{1}").split(',').map(|part| part.trim().replace('\u{1}', ",")).collect()
}

/// From openssl's `Nov 19 15:47:30 2026 GMT`.
fn rfc3339(text: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [month, day, time, year, "GMT"] = words[..] else { return text.to_owned() };
    let month = MONTHS.iter().position(|name| *name == month).map_or(0, |index| index + 1);
    format!("{year}-{month:02}-{day:0>2}T{time}Z")
}
