//! Segments are aligned to smaller pages than a host may have.

use super::support::NOT_LINUX;
use super::support::advice::Maker;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::{Format, Os};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "page-alignment",
    summary: "segments are aligned to smaller pages than the policy asks for",
    default: Level::Allow,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The alignment (`p_align`) of every `PT_LOAD` segment: at least `[linux] page-size`, or 16 KiB without that key. Off unless
the policy turns it on.

## Why it matters
The kernel maps whole pages. Android from 15 on and many arm64 systems use pages of 16 KiB, some servers 64 KiB; a file
whose segments are aligned to 4 KiB cannot be mapped there, and Google Play refuses it.

## Example
```text
warning[page-alignment]: `dist/app` cannot be mapped where pages have 16 KiB
  = evidence: a `PT_LOAD` segment is aligned to 0x1000 bytes
  = policy: `page-alignment` is `warn` (seaworthy.toml:2)
  = help: link with `-Wl,-z,max-page-size=16384`, or see `seaworthy explain page-alignment`
```

## How to fix
- Go: `-ldflags=-R=0x4000` for a program without C code, whose linker is Go's own; with cgo
  `-ldflags='-linkmode=external -extldflags=-Wl,-z,max-page-size=16384'`. On arm64 Go aligns to 64 KiB by itself.
- Cargo: `-C link-arg=-Wl,-z,max-page-size=16384`.
"#,
};

/// Without a word from the policy: what Android 15 and Apple silicon under Linux use, in KiB.
const USUAL: u64 = 16;

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf().filter(|_| subject.is_linux() || subject.facts.os == Os::Android) else {
        return Verdict::NotApplicable(NOT_LINUX);
    };
    let asked = subject.policy.policy.linux.page_size.as_ref();
    let wanted = asked.map(|size| size.value.trim_end_matches('K').parse::<u64>());
    let kib = match wanted {
        None => USUAL,
        Some(Ok(kib)) => kib,
        Some(Err(_)) => return Verdict::Inconclusive("`[linux] page-size` is no size".into()),
    };
    if elf.max_load_align == 0 {
        return Verdict::NotApplicable("it has no segments to map");
    }
    if elf.min_load_align >= kib * 1024 {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` cannot be mapped where pages have {kib} KiB"),
        evidence: vec![format!("a `PT_LOAD` segment is aligned to {:#x} bytes", elf.min_load_align)],
        policy: asked.map(|size| PolicySource {
            key: format!("[linux] page-size = \"{}\"", size.value).into(),
            origin: size.origin.clone(),
        }),
        help: Some(help(subject, kib * 1024)),
        ..Violation::default()
    }])
}

fn help(subject: &Subject<'_>, bytes: u64) -> String {
    let flag = format!("-Wl,-z,max-page-size={bytes}");
    match subject.maker() {
        // Go's own linker, which links what has no C code, passes over `-extldflags`.
        Maker::Go if subject.go_setting("CGO_ENABLED") == Some("1") => {
            format!("build with `-ldflags='-linkmode=external -extldflags={flag}'`")
        }
        Maker::Go => format!("build with `-ldflags=-R={bytes:#x}`"),
        Maker::Rust => format!("build with `-C link-arg={flag}`"),
        Maker::Other => format!("link with `{flag}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, from_file};

    fn aligned(bytes: u64) -> Case {
        Case::elf().edit(|elf| {
            elf.min_load_align = bytes;
            elf.max_load_align = bytes;
        })
    }

    #[test]
    fn small_pages_violate() {
        aligned(0x1000).documented(&RULE);
        let large = |case: &mut Case| case.policy.linux.page_size = Some(from_file("64K".to_owned()));
        aligned(0x4000).with(large).violations(&RULE);
        aligned(0x10000).with(large).passes(&RULE);
    }

    #[test]
    fn the_flag_is_one_that_the_linker_heeds() {
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        let go = |cgo: &'static str| aligned(0x1000).go(&[("CGO_ENABLED", cgo)]);
        assert_eq!(help(go("0")), "build with `-ldflags=-R=0x4000`");
        assert!(help(go("1")).contains("-linkmode=external"));
        assert!(help(aligned(0x1000).rust()).contains("`-C link-arg=-Wl,"));
    }

    #[test]
    fn enough_alignment_passes() {
        aligned(0x4000).passes(&RULE);
        aligned(0x200000).passes(&RULE);
    }

    #[test]
    fn a_file_without_segments_is_left_alone() {
        aligned(0).not_applicable(&RULE);
    }
}
