//! Debug information is left in the file.

use super::support::advice::Maker;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "debug-info",
    summary: "debug information is left in the file",
    default: Level::Allow,
    formats: &[Format::Elf, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That there are no DWARF sections: `.debug_info` and its compressed form in ELF, `__DWARF` in Mach-O. Off unless the policy
turns it on; the preset `release` warns of it.

## Why it matters
Debug information often is larger than the program, and holds the names of every source file, function and type. Releases
keep it in a file of its own, found by the build id, so that crashes can still be read.

## Example
```text
warning[debug-info]: `dist/app` carries debug information
  = evidence: there is a section `.debug_info`, or its compressed form
  = policy: `debug-info` is `warn` (seaworthy.toml:2)
  = help: set `strip = "debuginfo"` in the profile, or see `seaworthy explain debug-info`
```

## How to fix
- Go: `ldflags = ["-s", "-w"]` in the policy, or `go build -ldflags='-s -w'`.
- Cargo: `strip = "debuginfo"` or `split-debuginfo = "packed"` in the profile.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let evidence = match (subject.elf(), subject.macho()) {
        (Some(elf), _) if elf.has_debug_info => "there is a section `.debug_info`, or its compressed form",
        (_, Some(macho)) if macho.segments.iter().any(|segment| segment.name == "__DWARF") => {
            "there is a segment `__DWARF`"
        }
        _ => return Verdict::Pass,
    };
    let help = match subject.maker() {
        Maker::Go => "build with `-ldflags='-s -w'`",
        Maker::Rust => "set `strip = \"debuginfo\"` in the profile",
        Maker::Other => "link with `-Wl,--strip-debug`, or keep it apart with `objcopy --only-keep-debug`",
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` carries debug information".into(),
        evidence: vec![evidence.into()],
        help: Some(help.into()),
        causes: vec![Cause::Setting("debug-info".into())],
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::Segment;
    use crate::rules::support::testing::Case;

    #[test]
    fn debug_information_violates() {
        Case::elf().rust().edit(|elf| elf.has_debug_info = true).documented(&RULE);
        let segment = Segment {
            name: "__DWARF".into(),
            vm_address: 0,
            vm_size: 0,
            file_offset: 0,
            file_size: 0,
            max_protection: "r--".into(),
            initial_protection: "r--".into(),
            flags: 0,
            sections: Vec::new(),
        };
        Case::macho().edit_macho(|macho| macho.segments = vec![segment]).violations(&RULE);
    }

    #[test]
    fn a_stripped_file_passes() {
        Case::elf().passes(&RULE);
        Case::macho().passes(&RULE);
    }
}
