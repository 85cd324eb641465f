//! Tables that the loader fills in stay writable.

use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::Relro;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "partial-relro",
    summary: "tables of addresses that the loader fills in stay writable while the program runs",
    default: Level::Allow,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a file with a dynamic section has `PT_GNU_RELRO` and binds everything at start (`DT_BIND_NOW`, `DF_BIND_NOW` or
`DF_1_NOW`). Off unless the policy turns it on; the preset `strict` denies it.

## Why it matters
The global offset table holds the addresses of library functions. With full RELRO it is filled in at start and then made
read-only; with less, an overwritten entry redirects the next call of that function.

## Example
```text
warning[partial-relro]: `dist/app` keeps its tables of addresses writable while it runs
  = evidence: `PT_GNU_RELRO` is there, but nothing asks for binding at start (`DT_BIND_NOW`, `DF_1_NOW`)
  = policy: `partial-relro` is `warn` (seaworthy.toml:2)
  = help: link with `-Wl,-z,relro,-z,now`, or see `seaworthy explain partial-relro`
```

## How to fix
- Go: with cgo, `-ldflags='-linkmode=external -extldflags=-Wl,-z,relro,-z,now'`; without cgo, `-bindnow` (Go 1.22 and newer)
  where there is a dynamic section at all.
- Cargo: full RELRO is the default; take out `-Z relro-level` and `-z lazy`. C: link with `-Wl,-z,relro,-z,now`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if !elf.has_dynamic {
        return Verdict::NotApplicable("it has no dynamic section: nothing is bound at run time");
    }
    let evidence = match elf.relro {
        Relro::Full => return Verdict::Pass,
        Relro::Partial => "`PT_GNU_RELRO` is there, but nothing asks for binding at start (`DT_BIND_NOW`, `DF_1_NOW`)",
        Relro::None => "there is no `PT_GNU_RELRO`",
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` keeps its tables of addresses writable while it runs".into(),
        evidence: vec![evidence.into()],
        help: Some("link with `-Wl,-z,relro,-z,now`".into()),
        causes: vec![Cause::Setting("relro".into())],
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::Relro;
    use crate::rules::support::testing::Case;

    fn relro(relro: Relro) -> Case {
        Case::elf().dynamic(&["libc.so.6"]).edit(|elf| elf.relro = relro)
    }

    #[test]
    fn less_than_full_relro_violates() {
        relro(Relro::Partial).documented(&RULE);
        relro(Relro::None).violations(&RULE);
    }

    #[test]
    fn full_relro_passes() {
        relro(Relro::Full).passes(&RULE);
    }

    #[test]
    fn what_is_bound_by_nobody_is_left_alone() {
        Case::elf().not_applicable(&RULE);
    }
}
