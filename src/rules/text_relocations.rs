//! The loader has to write into the program's code.

use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "text-relocations",
    summary: "the loader has to write into code that should stay read-only",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That neither `DT_TEXTREL` nor `DF_TEXTREL` is set: no relocation lies in a read-only segment.

## Why it matters
To apply such a relocation the loader makes the code writable for a while. SELinux (`execmod`), hardened kernels and
Android refuse that, a static PIE on musl crashes on it, and the pages are no longer shared between processes. The cause is
an object compiled without `-fPIC` in a position-independent file.

## Example
```text
error[text-relocations]: `dist/app` has relocations in its read-only code
  = evidence: `DT_TEXTREL` or `DF_TEXTREL` is set in the dynamic section
  = policy: `text-relocations` is `deny` (by default)
  = help: compile the C and assembly in it with `-fPIC`; link with `-Wl,-z,text` to learn which object it is, or see `seaworthy explain text-relocations`
```

## How to fix
- Go: compile C and assembly of cgo packages with `CGO_CFLAGS=-fPIC`, or build with `-buildmode=exe`.
- Cargo: compile C with `-fPIC` (the `cc` crate does unless told otherwise); in assembly use `@PLT` and `@GOTPCREL`. Linking
  with `-C link-arg=-Wl,-z,text` makes the linker name the object.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if !elf.textrel {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` has relocations in its read-only code".into(),
        evidence: vec!["`DT_TEXTREL` or `DF_TEXTREL` is set in the dynamic section".into()],
        causes: vec![Cause::TextRelocations],
        help: Some(
            "compile the C and assembly in it with `-fPIC`; link with `-Wl,-z,text` to learn which object it is".into(),
        ),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    #[test]
    fn relocations_in_code_violate() {
        Case::elf().shared().edit(|elf| elf.textrel = true).documented(&RULE);
    }

    #[test]
    fn other_files_pass() {
        Case::elf().passes(&RULE);
    }
}
