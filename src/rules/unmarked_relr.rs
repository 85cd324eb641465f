//! Packed relative relocations that a loader refuses or passes over.

use super::support::hosts::pick;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::load::Reason;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "unmarked-relr",
    summary: "packed relative relocations that a loader refuses, or does not know",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
A file with `DT_RELR` that needs a version of glibc's `libc.so.6` must need the version `GLIBC_ABI_DT_RELR` too. And each loader of `runs-on` must
know `DT_RELR`: glibc from 2.36 on, musl from 1.2.4 on.

## Why it matters
glibc 2.36 and newer refuse the file without its marker ("DT_RELR without GLIBC_ABI_DT_RELR dependency"). An older loader
does not know the table and passes over it: the program starts with its pointers unrelocated and crashes at once. The marker
exists so that the loader can say so instead.

## Example
```text
error[unmarked-relr]: `dist/app` has packed relative relocations without the marker that glibc demands
  = evidence: `DT_RELR` is there, a need of `GLIBC_ABI_DT_RELR` is not
  = policy: `unmarked-relr` is `deny` (by default)
  = help: take `--pack-dyn-relocs=relr` out, or link with `-z pack-relative-relocs` (GNU ld 2.38, lld 15), which adds the marker; for older hosts with `-z nopack-relative-relocs`, or see `seaworthy explain unmarked-relr`
```

## How to fix
- C: link with `-z pack-relative-relocs` (GNU ld 2.38, lld 15), which adds the marker, rather than lld's
  `--pack-dyn-relocs=relr`, which does not. For older hosts leave it out: `-z nopack-relative-relocs`.
- Older lld and mold 1 know no such flag, or pack without the marker: take `--pack-dyn-relocs=relr` out.
- Cargo: `-C link-arg=-Wl,-z,pack-relative-relocs`, or take `--pack-dyn-relocs=relr` out of `rustflags`.
- Go: only external linking can bring it in; look at `-extldflags` and `CGO_LDFLAGS`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    // lld before 15 and mold before 2 do not know the flag, or pack without the marker.
    let help = || {
        Some(
            "take `--pack-dyn-relocs=relr` out, or link with `-z pack-relative-relocs` (GNU ld 2.38, lld 15), which adds the \
             marker; for older hosts with `-z nopack-relative-relocs`"
                .into(),
        )
    };
    let marked = elf.version_needs.iter().any(|need| need.version == "GLIBC_ABI_DT_RELR");
    // glibc asks for the marker where anything is asked of libc itself (`elf/dl-version.c`).
    if elf.has_relr && !marked && elf.version_needs.iter().any(|need| need.file.starts_with("libc.so.")) {
        return Verdict::Violated(vec![Violation {
            message: "`{artifact}` has packed relative relocations without the marker that glibc demands".into(),
            evidence: vec!["`DT_RELR` is there, a need of `GLIBC_ABI_DT_RELR` is not".into()],
            help: help(),
            ..Violation::default()
        }]);
    }
    let verdict = subject.judge_loads(None, |host, load| {
        let evidence = pick(load, |reason| match reason {
            Reason::RelrIgnored { .. } | Reason::UnmarkedRelr { .. } => Some(reason.to_string()),
            _ => None,
        });
        let message = format!(
            "`{{artifact}}` has packed relative relocations, which the loader of `{}` does not take",
            host.name
        );
        // What the loader does not know no marker makes it know.
        let is_old = load.reasons.iter().any(|reason| matches!(reason, Reason::RelrIgnored { .. }));
        let help = if is_old { Some("link with `-z nopack-relative-relocs`".into()) } else { help() };
        (!evidence.is_empty()).then(|| Violation { message, evidence, help, ..Violation::default() })
    });
    match verdict {
        Verdict::NotApplicable(_) if elf.has_relr => Verdict::Pass,
        Verdict::NotApplicable(_) => Verdict::NotApplicable("it has no packed relative relocations"),
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::VersionNeed;
    use crate::rules::support::testing::Case;

    fn need(version: &str) -> VersionNeed {
        VersionNeed { file: "libc.so.6".into(), version: version.into(), weak: false, symbols: [].into() }
    }

    fn case(needs: Vec<VersionNeed>) -> Case {
        Case::elf().dynamic(&["libc.so.6"]).edit(|elf| {
            elf.has_relr = true;
            elf.version_needs = needs;
        })
    }

    #[test]
    fn without_the_marker_it_violates() {
        let help = case(vec![need("GLIBC_2.34")]).documented(&RULE).help.expect("help");
        assert!(help.contains("take `--pack-dyn-relocs=relr` out"), "{help}");
    }

    #[test]
    fn with_the_marker_it_passes() {
        case(vec![need("GLIBC_2.34"), need("GLIBC_ABI_DT_RELR")]).passes(&RULE);
        Case::elf().not_applicable(&RULE);
    }

    #[test]
    fn an_older_musl_passes_over_it() {
        let musl = || {
            Case::elf().dynamic(&["libc.musl-x86_64.so.1"]).edit(|elf| {
                elf.has_relr = true;
                elf.interpreter = Some("/lib/ld-musl-x86_64.so.1".into());
            })
        };
        let help = musl().runs_on(&["alpine:3.17"]).violations(&RULE).remove(0).help;
        assert_eq!(help.as_deref(), Some("link with `-z nopack-relative-relocs`"));
        musl().runs_on(&["alpine:3.22"]).passes(&RULE);
    }
}
