//! The CPU level that a file says it needs.

use crate::rules::Subject;

/// The level the file needs, and what shows it.
pub(in crate::rules) fn needed(subject: &Subject<'_>) -> Option<(String, String)> {
    let elf = subject.elf()?;
    let go = match &*subject.facts.arch {
        "x86_64" => subject.go_setting("GOAMD64").map(|level| (format!("x86-64-{level}"), format!("GOAMD64={level}"))),
        "arm" => subject.go_setting("GOARM").map(|value| {
            let level = value.split(',').next().unwrap_or(value);
            (format!("armv{level}"), format!("GOARM={value}"))
        }),
        "aarch64" => subject.go_setting("GOARM64").map(|value| {
            let level = value.split(',').next().unwrap_or(value).trim_end_matches(".0");
            (format!("arm{level}"), format!("GOARM64={value}"))
        }),
        _ => None,
    };
    let note = elf.x86_isa_needed.map(|level| {
        let name = if level == "x86-64-baseline" { "x86-64-v1" } else { level };
        (name.to_owned(), format!("`GNU_PROPERTY_X86_ISA_1_NEEDED` is {name}"))
    });
    let attribute = elf.attributes.iter().find(|(name, _)| name == "Tag_CPU_arch").map(|(_, level)| {
        // `v7E-M`, `v6KZ`: what follows the number are extensions.
        let number: String = level.chars().skip(1).take_while(char::is_ascii_digit).collect();
        (format!("armv{number}"), format!("`Tag_CPU_arch` is {level}"))
    });
    let go = go.map(|(level, setting)| (level, format!("it was built with `{setting}`")));
    let rustc = asked_of_rustc(subject).and_then(|cpu| {
        let level = x86_level(cpu)?;
        Some((format!("x86-64-v{level}"), format!("rustc was given `-C target-cpu={cpu}`")))
    });
    [note, attribute, go, rustc].into_iter().flatten().max_by_key(|(name, _)| level(name).map(|level| level.1))
}

/// The CPU for x86-64 that rustc was told to make code for, which leaves no mark in a file.
pub(in crate::rules) fn asked_of_rustc<'s>(subject: &Subject<'s>) -> Option<&'s str> {
    let cpus = &subject.provenance.expectations.cpus;
    let cpu = cpus.get(subject.artifact.target.as_deref().unwrap_or_default());
    cpu.map(String::as_str).filter(|_| subject.facts.arch == "x86_64")
}

/// The level of a CPU by the name that LLVM has for it (`X86.td`, and the levels of the x86-64 psABI); `None` for `native`, and for
/// names that are not known.
pub(in crate::rules) fn x86_level(cpu: &str) -> Option<u32> {
    Some(match cpu {
        "x86-64" | "generic" | "k8" | "opteron" | "athlon64" | "core2" | "penryn" | "nocona" => 1,
        "x86-64-v2" | "nehalem" | "westmere" | "sandybridge" | "ivybridge" | "silvermont" | "goldmont" | "btver2" => 2,
        "x86-64-v3" | "haswell" | "broadwell" | "skylake" | "alderlake" | "raptorlake" | "znver1" | "znver2"
        | "znver3" => 3,
        "x86-64-v4" | "skylake-avx512" | "cascadelake" | "cooperlake" | "icelake-client" | "icelake-server"
        | "rocketlake" | "tigerlake" | "sapphirerapids" | "emeraldrapids" | "graniterapids" | "znver4" | "znver5" => 4,
        _ => return None,
    })
}

/// The family and number of a level: `x86-64-v3`, `armv7`.
pub(in crate::rules) fn level(name: &str) -> Option<(&'static str, u32)> {
    let (family, number) = match (name.strip_prefix("x86-64-v"), name.strip_prefix("armv")) {
        (Some(number), _) => ("x86-64", number),
        (_, Some(number)) => ("arm", number),
        _ if name == "x86-64" => ("x86-64", "1"),
        _ => return None,
    };
    Some((family, number.parse().ok()?))
}
