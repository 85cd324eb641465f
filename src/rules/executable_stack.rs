//! The stack would be executable.

use super::support::advice::PLAIN_STACK;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "executable-stack",
    summary: "the file asks for an executable stack",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The flags of `PT_GNU_STACK`: `PF_X` must not be set. Where the header is missing, what the kernel and glibc then assume
counts: an executable stack on x86, 32-bit ARM, MIPS and s390x, a plain one on aarch64, RISC-V, LoongArch and POWER.

## Why it matters
An executable stack turns every overflow of a buffer into a way to run code. glibc from 2.41 on refuses to load a library
that asks for one, SELinux and hardened kernels refuse the program. Nearly always nobody wanted it: one object file from
bare assembly without a `.note.GNU-stack` section is enough for the linker to ask for it.

## Example
```text
error[executable-stack]: `dist/app` asks for an executable stack
  = evidence: `PT_GNU_STACK` has the flags `RWE`
  = policy: `executable-stack` is `deny` (by default)
  = help: add `.section .note.GNU-stack,"",@progbits` to the assembly that lacks it, or link with `-Wl,-z,noexecstack`, or see `seaworthy explain executable-stack`
```

## How to fix
- In assembly, add `.section .note.GNU-stack,"",@progbits` (`%progbits` on ARM) to every file.
- Go: `CGO_LDFLAGS=-Wl,-z,noexecstack`, once you know that no code of the package runs on the stack.
- Cargo: `-C link-arg=-Wl,-z,noexecstack`; the crate's build script compiles the assembly in question.
"#,
};

/// Architectures on which a missing header means a plain stack: `DEFAULT_STACK_PERMS` of glibc's `stackinfo.h`, and
/// `elf_read_implies_exec` of the kernel.
const PLAIN_BY_DEFAULT: &[&str] = &["aarch64", "aarch64_be", "riscv64", "riscv32", "loongarch64", "ppc64le", "ppc64"];

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    let arch = &*subject.facts.arch;
    let evidence = match &elf.gnu_stack {
        Some(flags) if !flags.contains('E') => return Verdict::Pass,
        Some(flags) => format!("`PT_GNU_STACK` has the flags `{flags}`"),
        None if !subject.is_linux() => return Verdict::NotApplicable("its system does not read `PT_GNU_STACK`"),
        None if PLAIN_BY_DEFAULT.contains(&arch) => return Verdict::Pass,
        None => format!("there is no `PT_GNU_STACK`, which means an executable stack on {arch}"),
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` asks for an executable stack".into(),
        evidence: vec![evidence],
        causes: vec![Cause::ExecutableStack],
        help: Some(PLAIN_STACK.into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    fn stack(flags: Option<&'static str>) -> Case {
        Case::elf().edit(|elf| elf.gnu_stack = flags)
    }

    #[test]
    fn an_executable_stack_violates() {
        stack(Some("RWE")).documented(&RULE);
    }

    #[test]
    fn a_missing_header_means_what_the_architecture_makes_of_it() {
        stack(None).violations(&RULE);
        stack(None).with(|case| case.facts.arch = "aarch64".into()).passes(&RULE);
    }

    #[test]
    fn a_plain_stack_passes() {
        stack(Some("RW")).passes(&RULE);
    }
}
