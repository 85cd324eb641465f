//! The file passes floating-point numbers in another way than what loads it.

use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::FloatAbi;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "float-abi",
    summary: "the file's float ABI is not that of its loader or of a host",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
On 32-bit ARM and RISC-V: the float ABI in the file's flags against the one its loader's name stands for
(`ld-linux-armhf.so.3` and `ld-musl-armhf.so.1` are hard, `ld-linux.so.3` and `ld-musl-arm.so.1` soft), and against the
loaders of the hosts in `runs-on`.

## Why it matters
Both sides start without complaint and pass numbers in different registers: every call with a `double` gets garbage. Where
the host has only the other loader, the program does not start.

## Example
```text
error[float-abi]: `dist/app` is soft-float, but its loader `/lib/ld-linux-armhf.so.3` is hard-float
  = evidence: its flags say soft-float
  = policy: `float-abi` is `deny` (by default)
  = help: compile and link everything for the soft-float ABI, or for the other, or see `seaworthy explain float-abi`
```

## How to fix
- Go: `GOARM=7` is hard, `GOARM=7,softfloat` soft; with cgo the C compiler has to match.
- Cargo: targets that end in `eabihf` are hard, those in `eabi` soft.
- C: `-mfloat-abi=hard` or `soft` for every object, and the C library of that ABI.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    let Some(own) = elf.abi.as_deref().and_then(float) else {
        return Verdict::NotApplicable("its flags name no float ABI");
    };
    let Some(loader) = elf.interpreter.as_deref() else {
        return Verdict::NotApplicable("nothing loads it that could differ");
    };
    let help = || Some(format!("compile and link everything for the {} ABI, or for the other", own.name()));
    let evidence = || format!("its flags say {}", elf.abi.as_deref().unwrap_or_default());
    if let Some(other) = FloatAbi::of_loader(loader).filter(|other| *other != own) {
        return Verdict::Violated(vec![Violation {
            message: format!("`{{artifact}}` is {}, but its loader `{loader}` is {}", own.name(), other.name()),
            evidence: vec![evidence()],
            help: help(),
            ..Violation::default()
        }]);
    }
    let mut violations = Vec::new();
    for (host, _) in subject.loads.get() {
        let abis: Vec<FloatAbi> = host.loaders.iter().filter_map(|loader| FloatAbi::of_loader(loader)).collect();
        if let Some(other) = abis.first().filter(|_| !abis.contains(&own)) {
            violations.push(Violation {
                message: format!("`{{artifact}}` is {}, but `{}` is {}", own.name(), host.name, other.name()),
                evidence: vec![evidence(), format!("`{}` has the loader {}", host.name, host.loaders.join(" and "))],
                host: Some(host.name.clone()),
                policy: subject.demand(&host.name),
                help: help(),
                ..Violation::default()
            });
        }
    }
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

/// The float ABI of [`crate::facts::elf::ElfFacts::abi`].
fn float(abi: &str) -> Option<FloatAbi> {
    match abi {
        "hard-float" | "lp64d" | "ilp32d" => Some(FloatAbi::Hard),
        "soft-float" | "lp64" | "ilp32" => Some(FloatAbi::Soft),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    fn arm(abi: &str, loader: &str) -> Case {
        let (abi, loader) = (abi.to_owned(), loader.to_owned());
        Case::elf().dynamic(&["libc.so.6"]).with(|case| case.facts.arch = "arm".into()).edit(|elf| {
            elf.abi = Some(abi);
            elf.interpreter = Some(loader);
        })
    }

    #[test]
    fn a_loader_of_the_other_abi_violates() {
        arm("soft-float", "/lib/ld-linux-armhf.so.3").documented(&RULE);
        arm("soft-float", "/lib/ld-linux.so.3").runs_on(&["alpine:3.20"]).violations(&RULE);
    }

    #[test]
    fn matching_ones_pass() {
        arm("hard-float", "/lib/ld-linux-armhf.so.3").runs_on(&["debian:12"]).passes(&RULE);
        arm("soft-float", "/lib/ld-linux.so.3").passes(&RULE);
        // There are images for either ABI.
        let soft = || arm("soft-float", "/lib/ld-linux.so.3").runs_on(&["debian:12"]);
        soft().passes(&RULE);
        soft().passes(&crate::rules::missing_library::RULE);
        soft().runs_on(&["ubuntu:22.04"]).violations(&RULE);
        arm("eabi5", "/lib/ld-linux.so.3").not_applicable(&RULE);
    }
}
