//! PE, compared with pefile, LIEF, llvm-readobj and osslsigncode.

mod signatures;

pub(crate) use signatures::parts;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::field::{Comparison, strings};
use crate::language;

/// Names the manifest keeps of a long list.
const KEPT_EXPORTS: usize = 60;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, facts: &Value) {
    let slice = &facts["slices"][0];
    let pe = &slice["details"]["pe"];
    header(comparison, record, slice, pe);
    tables(comparison, record, pe);
    imports(comparison, record, pe);
    manifest(comparison, &record["manifest"], &pe["manifest"]);
    signatures::compare(comparison, record, pe);
    comparison.field("problems", json!([]), pe["problems"].clone());
    language::compare(comparison, record, slice);
}

fn hex(value: &Value) -> Value {
    value.as_u64().map_or(Value::Null, |number| format!("{number:#x}").into())
}

fn header(comparison: &mut Comparison, record: &Value, slice: &Value, pe: &Value) {
    for name in ["arch", "bits", "endian"] {
        comparison.field(name, record[name].clone(), slice[name].clone());
    }
    let kind = if slice["kind"] == "shared-object" { "dll" } else { "exe" };
    comparison.field("kind", record["kind"].clone(), kind.into());
    for name in ["characteristics", "dll_characteristics", "image_base"] {
        comparison.field(name, record[name].clone(), hex(&pe[name]));
    }
    let same = [
        "large_address_aware",
        "os_version",
        "subsystem_version",
        "linker_version",
        "timestamp",
        "is_clr",
        "coff_symbols",
    ];
    for name in same.into_iter().chain(["stripped"]) {
        comparison.field(name, record[name].clone(), pe[name].clone());
    }
    comparison.field("relocs_stripped", record["relocs_stripped"].clone(), pe["relocations_stripped"].clone());
    comparison.field("has_reloc_dir", record["has_reloc_dir"].clone(), pe["has_relocations"].clone());
    let subsystem = pe["subsystem"].as_str().unwrap_or_default();
    let subsystem = subsystem.strip_prefix("windows-").unwrap_or(subsystem);
    comparison.field("subsystem", record["subsystem"].clone(), subsystem.into());
    let names = strings(&pe["dll_characteristic_names"]);
    comparison.set("dll_characteristics_flags", strings(&record["dll_characteristics_flags"]), names);
}

fn tables(comparison: &mut Comparison, record: &Value, pe: &Value) {
    let debug = &pe["debug"];
    comparison.field("pdb", record["pdb"].clone(), debug["pdb"]["path"].clone());
    comparison.field("debug_types", record["debug_types"].clone(), debug["types"].clone());
    let extended = &debug["extended_dll_characteristics"];
    comparison.field("ex_dll_characteristics", record["ex_dll_characteristics"].clone(), extended.clone());
    if record.get("guard_flags").is_some() {
        comparison.field("guard_flags", record["guard_flags"].clone(), hex(&pe["load_config"]["guard_flags"]));
    }
    comparison.field("has_tls_dir", record["has_tls_dir"].clone(), pe["tls"].is_object().into());
    comparison.field("crt", record["crt"].clone(), pe["crt"]["kind"].clone());
    let sections = pe["sections"].as_array().into_iter().flatten().map(|section| section["name"].clone());
    comparison.field("sections", record["sections"].clone(), sections.collect());
    let functions = pe["exports"]["functions"].as_array().into_iter().flatten();
    let ours = functions.filter_map(|function| function["name"].as_str()).map(str::to_owned).collect::<Vec<_>>();
    let theirs = strings(&record["exports"]);
    if theirs.len() < KEPT_EXPORTS {
        comparison.set("exports", theirs, ours);
    } else {
        let known = theirs.iter().filter(|name| ours.contains(name)).count();
        comparison.field("exports", theirs.len().into(), known.into());
    }
}

fn imports(comparison: &mut Comparison, record: &Value, pe: &Value) {
    for name in ["imports", "delay_imports"] {
        let ours = pe[name].as_array().into_iter().flatten().filter_map(|import| import["dll"].as_str());
        let theirs = strings(&record[name]).into_iter().map(|dll| dll.to_lowercase()).collect();
        comparison.set(name, theirs, ours.map(str::to_owned).collect());
    }
    for (theirs, ours) in [("import_functions", "imports"), ("delay_import_functions", "delay_imports")] {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for import in pe[ours].as_array().into_iter().flatten() {
            let dll = import["dll"].as_str().unwrap_or_default().to_owned();
            found.entry(dll).or_default().extend(strings(&import["functions"]));
        }
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (dll, functions) in record[theirs].as_object().into_iter().flatten() {
            expected.entry(dll.to_lowercase()).or_default().extend(strings(functions));
        }
        for (dll, functions) in expected {
            let ours = found.remove(&dll).unwrap_or_default();
            comparison.set(&format!("{theirs}.{dll}"), functions, ours);
        }
        comparison.field(theirs, 0.into(), found.values().filter(|functions| !functions.is_empty()).count().into());
    }
}

fn manifest(comparison: &mut Comparison, theirs: &Value, ours: &Value) {
    for (key, value) in theirs.as_object().into_iter().flatten() {
        comparison.field(&format!("manifest.{key}"), value.clone(), ours[key].clone());
    }
    comparison.field("manifest.problem", Value::Null, ours["problem"].clone());
}
