//! No room is left in the Mach-O header for a signature.

use super::support::NOT_MACOS;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "no-header-padding",
    summary: "the Mach-O header leaves no room for the command that points to a signature",
    default: Level::Warn,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That an unsigned file has at least 16 bytes between its load commands and its first section: the size of
`LC_CODE_SIGNATURE`. A file that is signed has that command already.

## Why it matters
Tools that sign or change a linked file add load commands where they find room, and cannot move the code. Without room
`codesign` and `install_name_tool` give up with "larger updated load commands do not fit".

## Example
```text
warning[no-header-padding]: `dist/app` has no room in its header for a signature
  = evidence: 8 bytes lie between the load commands and the first section, 16 are needed
  = policy: `no-header-padding` is `warn` (by default)
  = help: link with `-Wl,-headerpad,0x1000`, or see `seaworthy explain no-header-padding`
```

## How to fix
- Go: `-ldflags='-linkmode=external -extldflags=-Wl,-headerpad,0x1000'`; the internal linker leaves room.
- Cargo: `-C link-arg=-Wl,-headerpad,0x1000`, or `-headerpad_max_install_names` for longer paths.
"#,
};

/// Bytes of `struct linkedit_data_command`.
const COMMAND: u64 = 16;

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if macho.signature_kind != SignatureKind::None {
        return Verdict::NotApplicable("it is signed already");
    }
    let Some(padding) = macho.header_padding else { return Verdict::NotApplicable("it has no sections") };
    if padding >= COMMAND {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` has no room in its header for a signature".into(),
        evidence: vec![format!(
            "{padding} bytes lie between the load commands and the first section, {COMMAND} are needed"
        )],
        help: Some("link with `-Wl,-headerpad,0x1000`".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::rules::support::testing::Case;

    fn padded(bytes: u64) -> Case {
        Case::macho().edit_macho(|macho| macho.header_padding = Some(bytes))
    }

    #[test]
    fn too_little_room_violates() {
        padded(8).documented(&RULE);
    }

    #[test]
    fn enough_room_passes() {
        padded(16).passes(&RULE);
    }

    #[test]
    fn signed_files_and_files_without_sections_are_left_alone() {
        padded(0).edit_macho(|macho| macho.signature_kind = SignatureKind::Adhoc).not_applicable(&RULE);
        Case::macho().not_applicable(&RULE);
    }
}
