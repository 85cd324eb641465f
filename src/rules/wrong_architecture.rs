//! The file is made for another machine or system than its target says, or than its hosts are published for.

use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::hosts::load::Reason;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "wrong-architecture",
    summary: "the file is made for another machine or system than its target, or than its hosts are published for",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The machine, container format and system in the file's headers against the target the build named: cargo's `--target`, or
Go's `GOOS/GOARCH`. Without a target there is nothing to compare with.

And for each host of `runs-on`, that there is such a system for the machine: no `rhel:8` was ever made for MIPS, and
`debian:12` not for RISC-V (`seaworthy hosts NAME` lists what there is); a root file system of your own is for what its
loaders are made for. The kernel of a host for x86_64 starts static programs for i386 all the same; others need a loader and
libraries that its image does not have.

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
- A build for many machines, not all of which every host is made for: an `[[artifact]]` entry with `target = "linux/mips*"`
  and a `runs-on` of its own.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    match (against_target(subject), against_hosts(subject)) {
        (Verdict::Violated(found), Verdict::Violated(more)) => Verdict::Violated([found, more].concat()),
        (_, hosts @ Verdict::Violated(_)) => hosts,
        (target, _) => target,
    }
}

/// Against what the hosts are published for; what is not known of that is `missing-library`'s matter.
fn against_hosts(subject: &Subject<'_>) -> Verdict {
    subject.judge_loads(None, |host, load| {
        let is_it = |reason: &&Reason| matches!(reason, Reason::NotPublished { .. });
        let reason = load.reasons.iter().find(is_it)?;
        let static_only = matches!(reason, Reason::NotPublished { static_only: true, .. });
        let (arch, host) = (&subject.facts.arch, &host.name);
        let (lack, first) = match static_only {
            true => (format!("`{host}` has no loader and no libraries for it"), "link it statically, build it"),
            false => (format!("`{host}` is not"), "build it"),
        };
        Some(Violation {
            message: format!("`{{artifact}}` is made for {arch}, and {lack}"),
            evidence: vec![reason.to_string()],
            help: Some(format!(
                "{first} for what the host is made for, or give it a `runs-on` of its own in an `[[artifact]]` entry"
            )),
            ..Violation::default()
        })
    })
}

fn against_target(subject: &Subject<'_>) -> Verdict {
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
    fn a_host_that_is_not_published_for_the_machine_violates() {
        let of = |arch: &'static str| Case::elf().with(move |case| case.facts.arch = arch.into());
        let said = of("mipsel").runs_on(&["rhel:8"]).violations(&RULE).remove(0);
        assert_eq!(said.message, "`{artifact}` is made for mipsel, and `rhel:8` is not");
        assert_eq!(said.evidence, ["the host is made for x86_64, aarch64, ppc64le, s390x, not for mipsel"]);
        for (arch, host) in
            [("riscv64", "debian:12"), ("mipsel", "debian:13"), ("mips64", "alpine:3.15"), ("arm", "archlinux")]
        {
            of(arch).runs_on(&[host]).violations(&RULE);
        }
        let both = of("riscv64").target("linux/amd64").runs_on(&["debian:12"]).violations(&RULE);
        assert_eq!(both.len(), 2, "{both:?}");
    }

    #[test]
    fn a_host_that_is_published_for_the_machine_or_for_none_in_particular_is_no_matter() {
        let of = |arch: &'static str| Case::elf().with(move |case| case.facts.arch = arch.into());
        for arch in ["mipsel", "riscv64", "sparc64"] {
            of(arch).runs_on(&["scratch", "linux:6.1", "musl:1.2", "glibc:2.36"]).not_applicable(&RULE);
        }
        of("riscv64").runs_on(&["debian:13", "ubuntu:20.04", "alpine:3.20", "rocky:10"]).not_applicable(&RULE);
        of("i386").runs_on(&["debian:13", "almalinux:10"]).not_applicable(&RULE);
    }

    #[test]
    fn a_64_bit_kernel_starts_static_32_bit_programs() {
        let narrow = |case: Case, arch: &'static str| {
            case.with(|case| (case.facts.arch, case.facts.bits) = (arch.into(), 32)).runs_on(&["rhel:8"])
        };
        narrow(Case::elf(), "i386").not_applicable(&RULE);
        // Neither every kernel nor every processor runs them.
        narrow(Case::elf(), "arm").not_applicable(&RULE);
        narrow(Case::elf(), "arm").inconclusive(&crate::rules::missing_library::RULE);
        for arch in ["i386", "arm"] {
            let program = Case::elf().dynamic(&["libc.so.6"]);
            let said = narrow(program, arch).violations(&RULE).remove(0);
            assert_eq!(
                said.message,
                format!("`{{artifact}}` is made for {arch}, and `rhel:8` has no loader and no libraries for it")
            );
        }
        narrow(Case::elf().dynamic(&["libc.so.6"]).shared(), "i386").violations(&RULE);
    }

    #[test]
    fn without_a_known_target_nothing_is_said() {
        Case::elf().not_applicable(&RULE);
        Case::elf().target("made-up-json-target").inconclusive(&RULE);
    }
}
