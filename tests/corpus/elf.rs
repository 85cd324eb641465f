//! ELF, compared with readelf, pyelftools, LIEF and llvm-readobj.

mod notes;
mod symbols;

use serde_json::Value;

use crate::field::{Comparison, strings};
use crate::language;

pub(crate) fn compare(comparison: &mut Comparison, record: &Value, facts: &Value) {
    let slice = &facts["slices"][0];
    let elf = &slice["details"]["elf"];
    header(comparison, record, slice, elf);
    dynamic(comparison, record, elf);
    hardening(comparison, &record["hardening"], slice, elf);
    symbols::compare(comparison, record, elf);
    notes::compare(comparison, record, elf);
    comparison.field("libc", record["libc"].clone(), libc(slice).into());
    language(comparison, record, slice, elf);
}

fn header(comparison: &mut Comparison, record: &Value, slice: &Value, elf: &Value) {
    for (theirs, ours) in [("arch", "arch"), ("bits", "bits"), ("endian", "endian")] {
        comparison.field(theirs, record[theirs].clone(), slice[ours].clone());
    }
    for name in ["e_type", "osabi", "df_1_pie", "stripped", "has_debug_info", "has_section_headers"] {
        comparison.field(name, record[name].clone(), elf[name].clone());
    }
    let kind = match slice["kind"].as_str().unwrap_or_default() {
        "shared-object" => "shared",
        "runnable-shared-object" => "shared-with-interp",
        other => other,
    };
    comparison.field("kind", record["kind"].clone(), kind.into());
    comparison.field("is_static", record["is_static"].clone(), (slice["linkage"] == "static").into());
    let flags = record["e_flags"].as_str().unwrap_or_default();
    comparison.field(
        "e_flags",
        flags.split(',').next().into(),
        format!("{:#x}", elf["e_flags"].as_u64().unwrap_or(0)).into(),
    );
    flag_names(comparison, flags, elf);
    comparison.field("sections", record["sections"].clone(), elf["sections"].clone());
    comparison.field("tls", record["tls"].clone(), elf["has_tls"].clone());
    if record.get("n_symtab").is_some() {
        // readelf counts the empty first entry too.
        let ours = elf["symbol_count"].as_u64().map(|count| count + 1);
        comparison.field("n_symtab", record["n_symtab"].clone(), ours.into());
    }
}

/// readelf's words for `e_flags`; the calling convention is a field of its own here.
fn flag_names(comparison: &mut Comparison, flags: &str, elf: &Value) {
    let names = strings(&elf["flag_names"]);
    let abi = elf["abi"].as_str().unwrap_or_default();
    for word in flags.split(", ").skip(1) {
        let found = match word {
            "Version5 EABI" => names.contains(&"EABI5".into()),
            "soft-float ABI" | "hard-float ABI" => Some(abi) == word.strip_suffix(" ABI"),
            "double-float ABI" => abi.ends_with('d'),
            "DOUBLE-FLOAT" => abi == "double-float",
            "abiv2" => abi == "elfv2",
            "o32" => abi == "o32",
            "<unknown>" => continue,
            other => names.contains(&other.into()),
        };
        comparison.field(&format!("e_flags {word}"), true.into(), found.into());
    }
    let theirs = match record_abi(flags, elf) {
        Some(theirs) => theirs,
        None => return,
    };
    comparison.field("abi", theirs.into(), abi.into());
}

/// The manifest's `abi` repeats readelf's `e_flags` for RISC-V and LoongArch; its words for the others are ours.
fn record_abi(flags: &str, elf: &Value) -> Option<&'static str> {
    let known =
        [("hard-float ABI", "hard-float"), ("soft-float ABI", "soft-float"), ("abiv2", "elfv2"), ("o32", "o32")];
    let by_word = known.iter().find(|(word, _)| flags.contains(word)).map(|(_, name)| *name);
    by_word.or_else(|| (elf["e_machine"] == 243).then_some("lp64d"))
}

fn dynamic(comparison: &mut Comparison, record: &Value, elf: &Value) {
    for name in ["interpreter", "has_dynamic", "needed", "soname", "rpath", "runpath"] {
        comparison.field(name, record[name].clone(), elf[name].clone());
    }
    comparison.field("has_interp", record["has_interp"].clone(), elf["interpreter"].is_string().into());
}

fn hardening(comparison: &mut Comparison, theirs: &Value, slice: &Value, elf: &Value) {
    let stack = elf["gnu_stack"].as_str().unwrap_or("absent");
    comparison.field("hardening.gnu_stack", theirs["gnu_stack"].clone(), stack.into());
    let nx = if stack == "absent" { Value::Null } else { (!stack.contains('E')).into() };
    comparison.field("hardening.nx", theirs["nx"].clone(), nx);
    for name in ["relro", "bind_now", "textrel"] {
        comparison.field(&format!("hardening.{name}"), theirs[name].clone(), elf[name].clone());
    }
    let pie = matches!(slice["kind"].as_str(), Some("pie" | "static-pie"));
    comparison.field("hardening.pie", theirs["pie"].clone(), pie.into());
    comparison.field("hardening.canary", theirs["canary"].clone(), elf["stack_protector"].clone());
    comparison.set("hardening.fortify", strings(&theirs["fortify"]), strings(&elf["fortified"]));
}

/// The manifest's word for the C library.
fn libc(slice: &Value) -> String {
    let libc = &slice["libc"];
    let family = libc["family"].as_str().unwrap_or_default();
    let linked_in = libc["linked_in"] == true;
    let go = slice["go"].is_object();
    let family = match (family, slice["os"].as_str().unwrap_or_default()) {
        // A Go program for a BSD has no C library at all; the manifest names the system.
        ("bsd" | "none", os @ ("freebsd" | "netbsd" | "openbsd")) if linked_in => return format!("{os}-static"),
        ("bsd", os) => os,
        ("solaris", _) => "sunos",
        (family, _) => family,
    };
    match (linked_in, family) {
        (true, "none") if go => "static-go".into(),
        (true, family) if go => format!("static-go-cgo:{family}"),
        (true, family) => format!("static-{family}"),
        (false, family) => family.into(),
    }
}

fn language(comparison: &mut Comparison, record: &Value, slice: &Value, elf: &Value) {
    let evidence = &record["language_evidence"];
    for key in ["rustc_comment", "gcc_comment", "clang_lld"] {
        let producers = strings(&elf["producers"]);
        let theirs = strings(&evidence[key]);
        // The manifest cuts the words around a version.
        let found = theirs.iter().filter(|name| producers.iter().any(|one| one.contains(name.as_str()))).count();
        if !theirs.is_empty() {
            comparison.field(&format!("language_evidence.{key}"), theirs.len().into(), found.into());
        }
    }
    language::compare(comparison, record, slice);
}
