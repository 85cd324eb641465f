//! The code is loaded at an address that is known beforehand.

use super::support::NOT_PROGRAM;
use super::support::advice::Maker;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::pe::PeFacts;
use crate::facts::{Format, Kind, Os};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "fixed-load-address",
    summary: "the code is loaded at an address that an attacker knows beforehand",
    default: Level::Allow,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
ELF: that programs are position-independent (`ET_DYN`). PE: the flags `DYNAMIC_BASE` and, in 64-bit images,
`HIGH_ENTROPY_VA`, and that relocations were not stripped. Mach-O: the flag `MH_PIE` of programs. Off unless the policy turns
it on; the preset `strict` denies it.

## Why it matters
The system loads position-independent code at another address in every process. Code at a fixed address gives whoever can
overwrite a pointer the addresses to put there.

## Example
```text
warning[fixed-load-address]: `dist/app` is loaded at an address that is known beforehand
  = evidence: `e_type` is `ET_EXEC`
  = policy: `fixed-load-address` is `warn` (seaworthy.toml:2)
  = help: build with `-buildmode=pie`, or allow it for Go's static programs, or see `seaworthy explain fixed-load-address`
```

## How to fix
- Go: `-buildmode=pie`; for Linux it then asks for a loader, unless it is linked with cgo and
  `-ldflags='-linkmode=external -extldflags=-static-pie'`. Go's static programs are at a fixed address by default: allow
  that with `rules = { fixed-load-address = "allow" }` where static linking matters more.
- Cargo: position-independent by default; take out `-C relocation-model=static` and `-no-pie`.
- MinGW: `-Wl,--dynamicbase,--high-entropy-va`. MSVC: leave out `/DYNAMICBASE:NO` and `/FIXED`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let evidence = match (subject.facts.format, subject.pe(), subject.macho()) {
        (Format::Elf, ..) => match subject.facts.kind {
            _ if !subject.is_program() => return Verdict::NotApplicable(NOT_PROGRAM),
            Kind::Static | Kind::Exe => vec!["`e_type` is `ET_EXEC`".to_owned()],
            _ => return Verdict::Pass,
        },
        (Format::Pe, Some(pe), _) if subject.facts.os == Os::Windows => pe_evidence(pe, subject.facts.bits),
        (Format::MachO, _, Some(macho)) => match subject.facts.kind {
            Kind::Execute if macho.flag_names.contains(&"PIE") => return Verdict::Pass,
            Kind::Execute => vec!["the flag `MH_PIE` is not set".to_owned()],
            _ => return Verdict::NotApplicable(NOT_PROGRAM),
        },
        _ => return Verdict::NotApplicable("its system decides by itself"),
    };
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    let help = match (subject.maker(), subject.facts.format) {
        (Maker::Go, _) => "build with `-buildmode=pie`, or allow it for Go's static programs",
        (Maker::Rust, _) => "take `-C relocation-model=static` and `-no-pie` out of the flags",
        (Maker::Other, Format::Pe) => "link with `-Wl,--dynamicbase,--high-entropy-va`, or without `/FIXED`",
        (Maker::Other, _) => "compile with `-fPIE` and link with `-pie` or `-static-pie`",
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is loaded at an address that is known beforehand".into(),
        evidence,
        help: Some(help.into()),
        causes: vec![Cause::Setting("pie".into())],
        ..Violation::default()
    }])
}

fn pe_evidence(pe: &PeFacts, bits: u8) -> Vec<String> {
    let has = |name: &str| pe.dll_characteristic_names.contains(&name);
    let mut evidence = Vec::new();
    if !has("DYNAMIC_BASE") {
        evidence.push("the flag `DYNAMIC_BASE` is not set".to_owned());
    }
    if pe.relocations_stripped {
        evidence.push("`IMAGE_FILE_RELOCS_STRIPPED` is set".to_owned());
    }
    if bits == 64 && !has("HIGH_ENTROPY_VA") {
        evidence.push("the flag `HIGH_ENTROPY_VA` is not set".to_owned());
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::{Kind, Os};
    use crate::rules::support::testing::Case;

    fn kind(kind: Kind) -> Case {
        Case::elf().with(|case| case.facts.kind = kind)
    }

    fn image(flags: &[&'static str]) -> Case {
        let flags = flags.to_vec();
        Case::pe().edit_pe(|pe| pe.dll_characteristic_names = flags)
    }

    #[test]
    fn an_elf_program_at_a_fixed_address_violates() {
        kind(Kind::Static).go(&[]).documented(&RULE);
        kind(Kind::Exe).violations(&RULE);
        kind(Kind::StaticPie).passes(&RULE);
        kind(Kind::Pie).passes(&RULE);
        kind(Kind::SharedObject).not_applicable(&RULE);
    }

    #[test]
    fn an_image_needs_its_flags_and_its_relocations() {
        image(&["DYNAMIC_BASE", "HIGH_ENTROPY_VA"]).passes(&RULE);
        image(&["DYNAMIC_BASE"]).violations(&RULE);
        image(&["DYNAMIC_BASE"]).with(|case| case.facts.bits = 32).passes(&RULE);
        image(&["DYNAMIC_BASE", "HIGH_ENTROPY_VA"]).edit_pe(|pe| pe.relocations_stripped = true).violations(&RULE);
        image(&[]).with(|case| case.facts.os = Os::Efi).not_applicable(&RULE);
    }

    #[test]
    fn a_program_for_macos_needs_its_flag() {
        Case::macho().violations(&RULE);
        Case::macho().edit_macho(|macho| macho.flag_names = vec!["PIE"]).passes(&RULE);
        Case::macho().with(|case| case.facts.kind = Kind::Bundle).not_applicable(&RULE);
    }
}
