//! A Mach-O file without LC_UUID.

use super::support::NOT_MACOS;
use super::support::advice::Maker;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Kind};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-uuid",
    summary: "a Mach-O file carries no LC_UUID, without which macOS 26 may refuse to start it",
    default: Level::Warn,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That every linked file for macOS carries the load command `LC_UUID`.

## Why it matters
dyld of macOS 26 aborts programs without it ("missing LC_UUID load command"); programs of Go 1.23 and older, which linked
without it, stopped working on the day of the update (golang/go#68678). Not every such program is hit, so this is a warning.
Older systems do not look. Crash reports, too, find their symbols by this identifier.

## Example
```text
warning[missing-uuid]: `dist/app` carries no `LC_UUID`, without which macOS 26 may refuse to start it
  = evidence: there is no `LC_UUID`
  = evidence: it was built with go1.22.12
  = policy: `missing-uuid` is `warn` (by default)
  = help: build with Go 1.24 or newer, and without `-B none` and `-buildid=` in `-ldflags`, or see `seaworthy explain missing-uuid`
```

## How to fix
- Go: build with Go 1.24 or newer, without `-ldflags="-B none"`, which leaves it out, and without `-ldflags=-buildid=`, from
  which Go makes the identifier; or with `-ldflags=-linkmode=external` on a Mac.
- Cargo: take `-no_uuid` out of the linker's arguments.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if subject.facts.kind == Kind::Other {
        return Verdict::NotApplicable("dyld does not load it");
    }
    if macho.uuid.is_some() {
        return Verdict::Pass;
    }
    let mut evidence = vec!["there is no `LC_UUID`".to_owned()];
    let version = subject.facts.go.as_ref().and_then(|go| go.version.as_ref());
    evidence.extend(version.map(|version| format!("it was built with {version}")));
    let help = match subject.maker() {
        Maker::Go => "build with Go 1.24 or newer, and without `-B none` and `-buildid=` in `-ldflags`",
        _ => "take `-no_uuid` out of the linker's arguments",
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` carries no `LC_UUID`, without which macOS 26 may refuse to start it".into(),
        evidence,
        help: Some(help.into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Kind;
    use crate::rules::support::testing::Case;

    #[test]
    fn a_file_without_uuid_violates() {
        Case::macho()
            .go(&[])
            .with(|case| case.facts.go.as_mut().expect("Go").version = Some("go1.22.12".into()))
            .documented(&RULE);
        Case::macho().violations(&RULE);
    }

    #[test]
    fn a_uuid_passes() {
        Case::macho().edit_macho(|macho| macho.uuid = Some("00112233445566778899aabbccddeeff".into())).passes(&RULE);
    }

    #[test]
    fn what_dyld_does_not_load_is_left_alone() {
        Case::macho().with(|case| case.facts.kind = Kind::Other).not_applicable(&RULE);
    }
}
