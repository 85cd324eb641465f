//! A Windows image without control flow guard.

use super::support::NOT_WINDOWS;
use super::support::advice::Maker;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::pe::{CrtKind, PeFacts};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-control-flow-guard",
    summary: "a Windows image was built without control flow guard",
    default: Level::Allow,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The flag `GUARD_CF` of the image and `CF_INSTRUMENTED` of its load configuration. Off unless the policy turns it on. Go and
MinGW do not offer it, and are not asked for it.

## Why it matters
With control flow guard, Windows checks the target of every indirect call against the functions the compiler listed. An
overwritten pointer then ends the program instead of taking it over.

## Example
```text
warning[missing-control-flow-guard]: `dist/app.exe` was built without control flow guard
  = evidence: the flag `GUARD_CF` is not set
  = evidence: the load configuration does not say `CF_INSTRUMENTED`
  = policy: `missing-control-flow-guard` is `warn` (seaworthy.toml:2)
  = help: build with `-C control-flow-guard`, or see `seaworthy explain missing-control-flow-guard`
```

## How to fix
- Go: not offered.
- Cargo: `-C control-flow-guard` on `-msvc` targets. MSVC: `/guard:cf` for the compiler and the linker.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    if subject.maker() == Maker::Go {
        return Verdict::NotApplicable("Go does not offer it");
    }
    if pe.is_clr {
        return Verdict::NotApplicable("it is .NET code, whose calls are checked by its runtime");
    }
    if made_by_gnu_ld(pe) {
        return Verdict::NotApplicable("MinGW does not offer it");
    }
    let flag = pe.dll_characteristic_names.contains(&"GUARD_CF");
    let config = pe.load_config.as_ref();
    let instrumented = config.is_some_and(|config| config.guard_flag_names.contains(&"CF_INSTRUMENTED"));
    if flag && instrumented {
        return Verdict::Pass;
    }
    let mut evidence = Vec::new();
    if !flag {
        evidence.push("the flag `GUARD_CF` is not set".to_owned());
    }
    if !instrumented {
        evidence.push("the load configuration does not say `CF_INSTRUMENTED`".to_owned());
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` was built without control flow guard".into(),
        evidence,
        help: Some(match subject.maker() {
            Maker::Rust => "build with `-C control-flow-guard`".into(),
            _ => "compile and link with `/guard:cf`".into(),
        }),
        ..Violation::default()
    }])
}

/// Whether GNU ld made it: it counts its own versions from 2, where Microsoft's linker and LLD are at 14, and what it links
/// runs on `msvcrt.dll` unless it was built for the Universal CRT.
fn made_by_gnu_ld(pe: &PeFacts) -> bool {
    matches!(pe.crt.kind, CrtKind::Msvcrt | CrtKind::Cygwin) || pe.linker_version.starts_with("2.")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::pe::{CrtKind, LoadConfig};
    use crate::rules::support::testing::Case;

    fn guarded(flags: &[&'static str]) -> Case {
        let guard_flag_names = flags.to_vec();
        Case::pe().edit_pe(|pe| {
            pe.dll_characteristic_names = vec!["GUARD_CF"];
            pe.load_config = Some(LoadConfig { guard_flag_names, ..LoadConfig::default() });
        })
    }

    #[test]
    fn an_image_without_guard_violates() {
        Case::pe().rust().documented(&RULE);
        guarded(&[]).violations(&RULE);
    }

    #[test]
    fn a_guarded_image_passes() {
        guarded(&["CF_INSTRUMENTED"]).passes(&RULE);
    }

    #[test]
    fn toolchains_without_it_are_not_asked() {
        Case::pe().go(&[]).not_applicable(&RULE);
        Case::pe().edit_pe(|pe| pe.crt.kind = CrtKind::Msvcrt).not_applicable(&RULE);
        Case::pe().edit_pe(|pe| pe.linker_version = "2.44".into()).not_applicable(&RULE);
        Case::pe().edit_pe(|pe| pe.is_clr = true).not_applicable(&RULE);
    }
}
