//! Data of a Windows program may be executed.

use super::support::NOT_WINDOWS;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "executable-data",
    summary: "a Windows image does not say that its data need not be executed",
    default: Level::Warn,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The flag `NX_COMPAT` of the image.

## Why it matters
It tells Windows to forbid the execution of stack and heap (data execution prevention). 64-bit Windows does so in any case;
a 32-bit program without the flag runs with executable data. Checkers of stores and companies look for it in both.

## Example
```text
warning[executable-data]: `dist/app.exe` does not ask for data execution prevention
  = evidence: the flag `NX_COMPAT` is not set: `DllCharacteristics` is 0x8160
  = policy: `executable-data` is `warn` (by default)
  = help: link with `/NXCOMPAT`, or `-Wl,--nxcompat` with MinGW, or see `seaworthy explain executable-data`
```

## How to fix
- Go: Go sets the flag; with external linking add `-extldflags=-Wl,--nxcompat`.
- Cargo: rustc sets it for `-msvc` and `-gnu` targets; take `/NXCOMPAT:NO` and `--disable-nxcompat` out of the flags.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    if pe.dll_characteristic_names.contains(&"NX_COMPAT") {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` does not ask for data execution prevention".into(),
        evidence: vec![format!(
            "the flag `NX_COMPAT` is not set: `DllCharacteristics` is {:#06x}",
            pe.dll_characteristics
        )],
        help: Some("link with `/NXCOMPAT`, or `-Wl,--nxcompat` with MinGW".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::rules::support::testing::Case;

    #[test]
    fn an_image_without_the_flag_violates() {
        Case::pe().edit_pe(|pe| pe.dll_characteristics = 0x8160).documented(&RULE);
    }

    #[test]
    fn the_flag_passes() {
        Case::pe().edit_pe(|pe| pe.dll_characteristic_names = vec!["NX_COMPAT"]).passes(&RULE);
    }

    #[test]
    fn firmware_is_left_alone() {
        Case::pe().with(|case| case.facts.os = Os::Efi).not_applicable(&RULE);
    }
}
