//! The file is made for another machine or system than its target says.

use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "wrong-architecture",
    summary: "the file is made for another machine or system than the target it was built for",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The machine, container format and system in the file's headers against the target the build named: cargo's `--target`, or
Go's `GOOS/GOARCH`. Without a target there is nothing to compare with.

## Why it matters
A kernel refuses a program for another machine ("exec format error"). It happens when a linker for the host is called for a
cross build, when a prebuilt file is copied where a fresh one should be, or when a variable is set in the wrong shell.

## Example
```text
error[wrong-architecture]: `dist/app` is built for `aarch64-unknown-linux-musl`, but made for Linux on x86_64
  = evidence: the file's machine is x86_64, the target's is aarch64
  = policy: `wrong-architecture` is `deny` (by default)
  = help: check which linker the build called, and whether an older file was copied to this place, or see `seaworthy explain wrong-architecture`
```

## How to fix
- Go: set `GOOS` and `GOARCH` on the build's own command line, and with cgo a `CC` for that target.
- Cargo: give `--target`, and a linker for it: `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(name) = &subject.artifact.target else { return Verdict::NotApplicable("no target is known for it") };
    let Some(target) = subject.target() else {
        return Verdict::Inconclusive(format!("the target `{name}` is not known here"));
    };
    let facts = subject.facts;
    let mut evidence = Vec::new();
    if let Some(format) = target.format.filter(|format| *format != facts.format) {
        evidence.push(format!("the file is {}, the target's format is {format}", facts.format));
    }
    if let Some(arch) = target.arch.filter(|arch| *arch != facts.arch) {
        evidence.push(format!("the file's machine is {}, the target's is {arch}", facts.arch));
    }
    if let Some(os) = target.os.filter(|os| differs(*os, facts.os)) {
        evidence.push(format!("the file's system is {}, the target's is {}", system(facts.os), system(os)));
    }
    if evidence.is_empty() {
        return match target.arch {
            Some(_) => Verdict::Pass,
            None => Verdict::Inconclusive(format!("the machine of the target `{name}` is not known here")),
        };
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is built for `{name}`, but made for {}", made_for(subject)),
        evidence,
        causes: vec![Cause::Setting("--target".into())],
        help: Some("check which linker the build called, and whether an older file was copied to this place".into()),
        ..Violation::default()
    }])
}

/// Whether a file says another system than the target; many ELF files say none, and Android's say Linux.
fn differs(wanted: Os, found: Os) -> bool {
    match found {
        Os::Unknown => false,
        Os::Linux => !matches!(wanted, Os::Linux | Os::Android),
        _ => wanted != found,
    }
}

fn made_for(subject: &Subject<'_>) -> String {
    match subject.facts.os {
        Os::Unknown => subject.facts.arch.to_string(),
        os => format!("{} on {}", system(os), subject.facts.arch),
    }
}

fn system(os: Os) -> &'static str {
    match os {
        Os::Linux => "Linux",
        Os::Android => "Android",
        Os::FreeBsd => "FreeBSD",
        Os::NetBsd => "NetBSD",
        Os::OpenBsd => "OpenBSD",
        Os::DragonFly => "DragonFly BSD",
        Os::Solaris => "Solaris or illumos",
        Os::MacOs => "macOS",
        Os::OtherApple => "an Apple system other than macOS",
        Os::Windows => "Windows",
        Os::Efi => "UEFI",
        Os::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::rules::support::testing::Case;

    #[test]
    fn another_machine_violates() {
        Case::elf().target("aarch64-unknown-linux-musl").documented(&RULE);
    }

    #[test]
    fn another_format_or_system_violates() {
        Case::elf().target("windows/amd64").violations(&RULE);
        Case::elf().with(|case| case.facts.os = Os::FreeBsd).target("linux/amd64").violations(&RULE);
    }

    #[test]
    fn the_targets_own_machine_passes() {
        Case::elf().target("x86_64-unknown-linux-musl").passes(&RULE);
        Case::elf().target("linux/amd64").passes(&RULE);
        Case::macho().target("darwin/arm64").passes(&RULE);
        Case::pe().target("x86_64-pc-windows-gnu").passes(&RULE);
        Case::elf().with(|case| case.facts.os = Os::Unknown).target("linux/amd64").passes(&RULE);
    }

    #[test]
    fn without_a_known_target_nothing_is_said() {
        Case::elf().not_applicable(&RULE);
        Case::elf().target("made-up-json-target").inconclusive(&RULE);
    }
}
