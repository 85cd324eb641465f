//! The file needs a newer CPU than it will find.

use super::support::advice::Maker;
use super::support::cpu::{asked_of_rustc, level, needed, x86_level};
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-cpu",
    summary: "the file needs a newer CPU than the policy allows",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The CPU level that the file says it needs, against `[linux] cpu` and the level that the hosts of `runs-on` start on: the
property `GNU_PROPERTY_X86_ISA_1_NEEDED` (x86-64-v1 to v4), and the `GOAMD64` or `GOARM` that a Go program was built with.
rustc leaves no mark of its own: what a guarded `cargo build` gives it as `-C target-cpu` counts, for targets that are named; a
file that exists already does not say so.
Most systems (Debian, Ubuntu, Alpine, RHEL 8) start on every x86-64 CPU and name no level: on them a file for x86-64-v3 runs where the
machine has it, so `runs-on = ["debian:12"]` alone sets no limit. `[linux] cpu` says what every machine of yours has.
What the machine code merely uses is no finding, since many programs ask the CPU before they run it: `seaworthy check
--scan-instructions` says it.

## Why it matters
glibc 2.33 and newer refuse such a file ("CPU ISA level is lower than required"), Go's runtime stops at the start, and a
static C program dies of an illegal instruction somewhere in the middle.

## Example
```text
error[newer-cpu]: `dist/app` needs x86-64-v3, but has to run on x86-64-v2
  = evidence: it was built with `GOAMD64=v3`
  = policy: `[linux] cpu = "x86-64-v2"` (seaworthy.toml:1)
  = help: build with `GOAMD64=v2`, or see `seaworthy explain newer-cpu`
```

## How to fix
- Go: build with `GOAMD64=v1`, the default, or with the level that every machine has.
- Cargo: leave out `-C target-cpu=native`, or name the level that every machine has.
- C: leave out `-march=native`; `-march=x86-64-v2` where that is what every machine has.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let mut limits: Vec<(String, Option<String>, PolicySource)> = Vec::new();
    if let Some(cpu) = &subject.policy.policy.linux.cpu {
        let key = format!("[linux] cpu = \"{}\"", cpu.value);
        limits.push((cpu.value.clone(), None, PolicySource { key: key.into(), origin: cpu.origin.clone() }));
    }
    let known = subject.hosts.iter().filter_map(|host| Some((host.cpu?.to_owned(), host)));
    limits.extend(known.map(|(cpu, host)| (cpu, Some(host.name.clone()), subject.listed(&host.name))));
    if limits.is_empty() {
        return Verdict::NotApplicable("neither the policy nor a host of `runs-on` names a CPU level");
    }
    // The CPU of the machine that built it, or one without a level here.
    let unknown = asked_of_rustc(subject).filter(|cpu| x86_level(cpu).is_none());
    let has_level = limits.iter().any(|(cpu, ..)| level(cpu).is_some_and(|(family, _)| family == "x86-64"));
    let unsure = unknown.filter(|_| has_level).map(|cpu| {
        Verdict::Inconclusive(format!(
            "which level `-C target-cpu={cpu}`, which rustc was given, stands for is not known; name it: `x86-64-v2`"
        ))
    });
    let Some((needed, evidence)) = needed(subject) else {
        return unsure.unwrap_or(Verdict::NotApplicable("the file does not say which CPU it needs"));
    };
    let mut violations = Vec::new();
    for (has, host, policy) in limits {
        // A level of another architecture says nothing about this file.
        let (Some(need), Some(offer)) = (level(&needed), level(&has)) else { continue };
        if need.0 != offer.0 || need.1 <= offer.1 {
            continue;
        }
        violations.push(Violation {
            message: match &host {
                Some(host) => format!("`{{artifact}}` needs {needed}, but `{host}` starts on {has}"),
                None => format!("`{{artifact}}` needs {needed}, but has to run on {has}"),
            },
            evidence: vec![evidence.clone()],
            host,
            policy: Some(policy),
            help: Some(match subject.maker() {
                Maker::Go => format!("build with {}", go_setting(&has)),
                Maker::Rust => {
                    format!("build with `-C target-cpu={}`, in the C code of crates too", compilers_name(&has))
                }
                Maker::Other => format!("compile with `-march={}`", compilers_name(&has)),
            }),
            causes: vec![Cause::Setting("target-cpu".into())],
            ..Violation::default()
        });
    }
    if violations.is_empty() { unsure.unwrap_or(Verdict::Pass) } else { Verdict::Violated(violations) }
}

/// GCC, clang and rustc have no `x86-64-v1`: the first level is `x86-64` to them ("x86 Options" of GCC's manual; LLVM's `X86.td`).
fn compilers_name(level: &str) -> &str {
    if level == "x86-64-v1" { "x86-64" } else { level }
}

fn go_setting(level: &str) -> String {
    match level.strip_prefix("x86-64-") {
        Some(level) => format!("`GOAMD64={level}`"),
        None => format!("`GOARM={}`", level.trim_start_matches("armv")),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, from_file};

    fn limited(case: Case, cpu: &str) -> Case {
        case.with(|case| case.policy.linux.cpu = Some(from_file(cpu.to_owned())))
    }

    #[test]
    fn a_higher_level_violates() {
        limited(Case::elf().go(&[("GOAMD64", "v3")]), "x86-64-v2").documented(&RULE);
        let noted = || Case::elf().edit(|elf| elf.x86_isa_needed = Some("x86-64-v3"));
        noted().runs_on(&["rhel:9"]).violations(&RULE);
        noted().runs_on(&["rhel:10"]).passes(&RULE);
    }

    #[test]
    fn what_rustc_was_told_counts() {
        let built = |cpu: &str, floor: &str| {
            let mut case = limited(Case::elf(), floor);
            case.artifact.target = Some("x86_64-unknown-linux-musl".into());
            case.provenance.expectations.cpus.insert("x86_64-unknown-linux-musl".into(), cpu.into());
            case
        };
        built("haswell", "x86-64-v2").violations(&RULE);
        built("x86-64-v2", "x86-64-v2").passes(&RULE);
        built("native", "x86-64-v2").inconclusive(&RULE);
        built("native", "armv7").not_applicable(&RULE);
        built("x86-64-v3", "x86-64-v1").edit(|elf| elf.x86_isa_needed = Some("x86-64-baseline")).violations(&RULE);
    }

    #[test]
    fn the_first_level_has_another_name_in_advice() {
        let help = |case: Case| limited(case, "x86-64-v1").violations(&RULE).remove(0).help.expect("help");
        let noted = || Case::elf().edit(|elf| elf.x86_isa_needed = Some("x86-64-v3"));
        assert_eq!(help(noted()), "compile with `-march=x86-64`");
        assert!(help(noted().rust()).starts_with("build with `-C target-cpu=x86-64`,"));
        assert_eq!(help(Case::elf().go(&[("GOAMD64", "v3")])), "build with `GOAMD64=v1`");
    }

    #[test]
    fn what_every_machine_has_passes() {
        limited(Case::elf().go(&[("GOAMD64", "v1")]), "x86-64-v2").passes(&RULE);
        limited(Case::elf(), "x86-64-v1").not_applicable(&RULE);
        Case::elf().go(&[("GOAMD64", "v3")]).not_applicable(&RULE);
    }
}
