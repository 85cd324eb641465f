//! Symbols and their versions.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::field::{Comparison, strings};

/// The manifest cuts its lists of symbols per version here.
const MOST_SYMBOLS: usize = 80;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, elf: &Value) {
    let undefined = elf["undefined"].as_array().cloned().unwrap_or_default();
    let with_version = |symbol: &Value| match symbol["version"].as_str() {
        Some(version) => format!("{}@{version}", name(symbol)),
        None => name(symbol),
    };
    comparison.set("undefined", strings(&record["undefined"]), undefined.iter().map(with_version).collect());
    let weak = undefined.iter().filter(|symbol| symbol["weak"] == true);
    comparison.set("undefined_weak", strings(&record["undefined_weak"]), weak.map(with_version).collect());
    comparison.field("n_undefined", record["n_undefined"].clone(), undefined.len().into());
    comparison.field("n_defined_dynsyms", record["n_defined_dynsyms"].clone(), elf["defined_count"].clone());
    versions(comparison, record, elf);
    floor(comparison, record, elf);
}

fn name(symbol: &Value) -> String {
    symbol["name"].as_str().unwrap_or_default().to_owned()
}

fn versions(comparison: &mut Comparison, record: &Value, elf: &Value) {
    let theirs = record["verneed"].as_object().into_iter().flatten();
    let theirs =
        theirs.flat_map(|(file, versions)| strings(versions).into_iter().map(move |one| format!("{file} {one}")));
    let needs: Vec<&Value> = elf["version_needs"].as_array().into_iter().flatten().collect();
    let pair = |need: &&&Value| {
        format!("{} {}", need["file"].as_str().unwrap_or_default(), need["version"].as_str().unwrap_or_default())
    };
    comparison.set("verneed", theirs.collect(), needs.iter().map(|need| pair(&need)).collect());
    let theirs = record["verneed_weak"].as_array().into_iter().flatten();
    let theirs = theirs.map(|both| strings(both).join(" ")).collect();
    comparison.set(
        "verneed_weak",
        theirs,
        needs.iter().filter(|need| need["weak"] == true).map(|need| pair(&need)).collect(),
    );
    let private = needs.iter().any(|need| need["version"] == "GLIBC_PRIVATE");
    comparison.field("glibc_private", (record["glibc_private"] == true).into(), private.into());
    by_version(comparison, record, elf);
}

/// `symbols_by_glibc_version`, with the manifest's marks for weak references and copy relocations.
fn by_version(comparison: &mut Comparison, record: &Value, elf: &Value) {
    let mut ours: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (list, copied) in [("undefined", false), ("copied", true)] {
        for symbol in elf[list].as_array().into_iter().flatten() {
            let Some(version) = symbol["version"].as_str().filter(|version| version.starts_with("GLIBC_")) else {
                continue;
            };
            let mark = match (symbol["weak"] == true, copied) {
                (_, true) => " (copy-reloc)",
                (true, false) => " (weak)",
                _ => "",
            };
            ours.entry(version.to_owned()).or_default().push(name(symbol) + mark);
        }
    }
    for (version, symbols) in record["symbols_by_glibc_version"].as_object().into_iter().flatten() {
        let theirs = strings(symbols);
        let mut ours = ours.get(version).cloned().unwrap_or_default();
        if theirs.len() == MOST_SYMBOLS && ours.len() > MOST_SYMBOLS {
            ours.retain(|name| theirs.contains(name));
        }
        comparison.set(&format!("symbols_by_glibc_version {version}"), theirs, ours);
    }
}

fn floor(comparison: &mut Comparison, record: &Value, elf: &Value) {
    let ours = match elf["glibc_floor"].as_array() {
        Some(parts) => format!("GLIBC_{}", parts.iter().map(Value::to_string).collect::<Vec<_>>().join(".")).into(),
        None => Value::Null,
    };
    comparison.field("max_glibc", record["max_glibc"].clone(), ours);
    for (prefix, highest) in
        record["max_versions"].as_object().into_iter().flatten().filter(|(prefix, _)| *prefix != "GLIBC")
    {
        let needs = elf["version_needs"].as_array().into_iter().flatten();
        let versions = needs
            .filter_map(|need| need["version"].as_str())
            .filter(|version| version.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('_')));
        let ours = versions.filter_map(|version| Some((number(version)?, version))).max();
        comparison.field(
            &format!("max_versions {prefix}"),
            highest.clone(),
            ours.map_or(Value::Null, |(_, name)| name.into()),
        );
    }
}

/// The number at the end of a version's name: `[1, 3, 3]` of `CXXABI_ARM_1.3.3`, `[1, 1, 1]` of `OPENSSL_1_1_1`.
fn number(version: &str) -> Option<Vec<u32>> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    version[start..].split(['.', '_']).map(|part| part.parse().ok()).collect()
}
