//! Memory that is writable and executable at once.

use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "writable-code",
    summary: "a part of the file is mapped writable and executable at once",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The protections of ELF segments (`PT_LOAD`), PE sections and Mach-O segments: none may be writable and executable at once.

## Why it matters
Whoever can write into such memory has made code. Hardened kernels and macOS on arm64 refuse the program. Compilers never
ask for it: a linker script, `-Wl,-N`, `-Wl,--omagic`, or a packer does.

## Example
```text
error[writable-code]: `dist/app` has memory that is writable and executable at once
  = evidence: the `PT_LOAD` segment at 0x401000 is `RWE`
  = policy: `writable-code` is `deny` (by default)
  = help: take `-N`, `--omagic` and own linker scripts out of the linker's flags, or see `seaworthy explain writable-code`
```

## How to fix
- Go: take `-N`, `--omagic` and own linker scripts out of `-extldflags` and `CGO_LDFLAGS`.
- Cargo: the same for `-C link-arg`; assembly belongs in a section with the flags `"ax"`, not `"awx"`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let evidence: Vec<String> = if let Some(elf) = subject.elf() {
        elf.writable_code.iter().map(|address| format!("the `PT_LOAD` segment at {address:#x} is `RWE`")).collect()
    } else if let Some(pe) = subject.pe() {
        pe.writable_code.iter().map(|name| format!("the section `{name}` is writable and executable")).collect()
    } else if let Some(macho) = subject.macho() {
        macho.writable_code.iter().map(|name| format!("the segment `{name}` is writable and executable")).collect()
    } else {
        Vec::new()
    };
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` has memory that is writable and executable at once".into(),
        evidence,
        help: Some("take `-N`, `--omagic` and own linker scripts out of the linker's flags".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    #[test]
    fn writable_code_violates_in_every_format() {
        Case::elf().edit(|elf| elf.writable_code = vec![0x401000]).documented(&RULE);
        Case::pe().edit_pe(|pe| pe.writable_code = vec![".text".into()]).violations(&RULE);
        Case::macho().edit_macho(|macho| macho.writable_code = vec!["__TEXT".into()]).violations(&RULE);
    }

    #[test]
    fn other_files_pass() {
        Case::elf().passes(&RULE);
        Case::pe().passes(&RULE);
        Case::macho().passes(&RULE);
    }
}
