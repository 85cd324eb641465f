//! Mach-O, slice by slice, compared with LIEF, llvm-readobj and openssl.

mod code_signature;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::field::{Comparison, strings};
use crate::{go, language};

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, facts: &Value) {
    let slices: Vec<&Value> = facts["slices"].as_array().into_iter().flatten().collect();
    comparison.field("n_slices", record["n_slices"].clone(), slices.len().into());
    let fat = slices.iter().all(|slice| slice["details"]["macho"]["universal"].is_object());
    comparison.field("fat", record["fat"].clone(), fat.into());
    let archs: Vec<String> = slices.iter().map(|slice| arch(slice)).collect();
    comparison.field("arch", record["arch"].clone(), archs.join("+").into());
    for (theirs, ours) in record["slices"].as_array().into_iter().flatten().zip(&slices) {
        let macho = &ours["details"]["macho"];
        header(comparison, theirs, ours, macho);
        commands(comparison, theirs, macho);
        segments(comparison, theirs, macho);
        symbols(comparison, theirs, macho);
        code_signature::compare(comparison, &theirs["code_signature"], macho);
        let theirs = json!({ "go": record["slice_go"][arch(ours)] });
        if theirs["go"].is_object() {
            go::compare(comparison, &theirs, &ours["go"]);
        }
    }
    if let Some(slice) = slices.first() {
        language::compare(comparison, record, slice);
    }
}

fn arch(slice: &Value) -> String {
    slice["arch"].as_str().unwrap_or_default().replace("aarch64", "arm64")
}

fn header(comparison: &mut Comparison, theirs: &Value, slice: &Value, macho: &Value) {
    comparison.field("slices.arch", theirs["arch"].clone(), arch(slice).into());
    for name in ["bits", "endian"] {
        comparison.field(&format!("slices.{name}"), theirs[name].clone(), slice[name].clone());
    }
    for (their, our) in
        [("cpusubtype", "cpu_subtype"), ("cpusubtype_caps", "cpu_capabilities"), ("filetype", "file_type")]
    {
        comparison.field(&format!("slices.{their}"), theirs[their].clone(), macho[our].clone());
    }
    let flags = macho["flags"].as_u64().map(|flags| format!("{flags:#x}"));
    comparison.field("slices.flags_raw", theirs["flags_raw"].clone(), flags.into());
    let names = strings(&macho["flag_names"]);
    let known = strings(&theirs["flags"]).into_iter().filter(|name| !names.contains(name)).collect();
    comparison.set("slices.flags", Vec::new(), known);
    let pie = names.contains(&"PIE".to_owned());
    comparison.field("slices.hardening.pie", theirs["hardening"]["pie"].clone(), pie.into());
    for (name, flag) in [("nx_heap", "NO_HEAP_EXECUTION"), ("stack_exec", "ALLOW_STACK_EXECUTION")] {
        let ours = names.contains(&flag.to_owned());
        comparison.field(&format!("slices.hardening.{name}"), theirs["hardening"][name].clone(), ours.into());
    }
    for (their, our) in [("fat_offset", "offset"), ("fat_size", "size"), ("fat_align", "align")] {
        comparison.field(&format!("slices.{their}"), theirs[their].clone(), macho["universal"][our].clone());
    }
}

fn commands(comparison: &mut Comparison, theirs: &Value, macho: &Value) {
    for name in ["min_os", "platform", "sdk", "uuid", "entry", "dylinker", "rpaths", "stripped", "dylibs"] {
        comparison.field(&format!("slices.{name}"), theirs[name].clone(), macho[name].clone());
    }
    comparison.field("slices.id", theirs["id"].clone(), macho["id"]["name"].clone());
    let version = &macho["build_versions"][0];
    let command = version["command"].as_str().unwrap_or_default().replace("_MIN_MACOSX", "_MIN");
    comparison.field("slices.min_os_cmd", theirs["min_os_cmd"].clone(), command.into());
    let tools = version["tools"].as_array().into_iter().flatten();
    let tools: Vec<Value> = tools.map(|tool| json!([tool["name"], tool["version"]])).collect();
    comparison.field("slices.tools", theirs["tools"].clone(), tools.into());
    let signed = macho["code_signature"].is_object();
    comparison.field("slices.has_code_signature", theirs["has_code_signature"].clone(), signed.into());
    let count = theirs["load_commands"].as_array().map_or(0, Vec::len);
    let ours = macho["load_commands"].as_array().map_or(0, Vec::len);
    comparison.field("slices.load_commands", count.into(), ours.into());
    let fixups = macho["fixups"]["kind"].as_str().map(|kind| kind.replace('-', "_"));
    comparison.field("slices.fixups", theirs["fixups"].clone(), fixups.into());
    comparison.field("slices.duplicate_commands", json!([]), macho["duplicate_commands"].clone());
}

fn segments(comparison: &mut Comparison, theirs: &Value, macho: &Value) {
    let protection = |bits: &Value| -> String {
        let bits = bits.as_u64().unwrap_or(0);
        [(1, 'r'), (2, 'w'), (4, 'x')].map(|(bit, letter)| if bits & bit == 0 { '-' } else { letter }).iter().collect()
    };
    let theirs = theirs["segments"].as_array().into_iter().flatten().map(|one| {
        let (max, initial) = (protection(&one["maxprot"]), protection(&one["initprot"]));
        json!([one["name"], one["vmsize"], one["fileoff"], one["filesize"], max, initial, one["flags"]])
    });
    let ours = macho["segments"].as_array().into_iter().flatten().map(|one| {
        let (max, initial) = (&one["max_protection"], &one["initial_protection"]);
        json!([one["name"], one["vm_size"], one["file_offset"], one["file_size"], max, initial, one["flags"]])
    });
    comparison.field("slices.segments", theirs.collect(), ours.collect());
}

fn symbols(comparison: &mut Comparison, theirs: &Value, macho: &Value) {
    let counts = &theirs["symtab"];
    for (their, our) in [("nsyms", "total"), ("nlocal", "local"), ("nextdef", "exported"), ("nundef", "undefined")] {
        comparison.field(&format!("slices.symtab.{their}"), counts[their].clone(), macho["symbols"][our].clone());
    }
    let imports = macho["imports"].as_array().into_iter().flatten();
    let imports: Vec<&Value> = imports.flat_map(|one| one["symbols"].as_array().into_iter().flatten()).collect();
    let names = |weak: bool| -> Vec<String> {
        let wanted = imports.iter().filter(|symbol| !weak || symbol["weak"] == true);
        wanted
            .filter_map(|symbol| symbol["name"].as_str())
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    };
    let expected = |name: &str| strings(&theirs[name]).into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    // The manifest keeps no names of programs with very many.
    if theirs["undefined_symbols"].as_array().is_some_and(|names| counts["nundef"] == names.len()) {
        comparison.set("slices.undefined_symbols", expected("undefined_symbols"), names(false));
        comparison.set("slices.weak_undefined", expected("weak_undefined"), names(true));
    }
    let canary = names(false).iter().any(|name| name == "___stack_chk_fail");
    comparison.field("slices.hardening.canary", theirs["hardening"]["canary"].clone(), canary.into());
}
