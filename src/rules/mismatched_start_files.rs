//! Start-up code that relocates the program itself, in a program that is not made for it.

use super::support::NOT_PROGRAM;
use super::support::advice::Maker;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::StartCode;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "mismatched-start-files",
    summary: "the start-up code is that of a static-pie, but the program is none, and crashes before main",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a program which starts with musl's `rcrt1.o` is a static-pie. That code applies the program's own relocations, which it
finds through `PT_DYNAMIC`, and takes for granted that no loader has done so before. It is recognised by the machine code at
`e_entry`, on x86_64, stripped or not.

## Why it matters
The build succeeds, nothing in the headers is unusual, and the program dies of SIGSEGV before `main`, on every host. It
happens when one tool chooses the start files and another decides what is linked: rustc takes `rcrt1.o` for its static-pie
programs, and a linker wrapper or a link argument makes something else of them.

## Example
```text
error[mismatched-start-files]: `dist/app` relocates itself when it starts, but is not linked for that, and crashes before main
  = evidence: the code at `e_entry` is that of musl's `rcrt1.o`
  = evidence: there is no `PT_DYNAMIC`
  = policy: `mismatched-start-files` is `deny` (by default)
  = help: let rustc link by itself: no `linker = "musl-gcc"`, no `-no-pie`; or add `-C relocation-model=static`, or see `seaworthy explain mismatched-start-files`
```

## How to fix
- Go: do not name start files yourself; with `CC=musl-gcc` use `-ldflags='-linkmode=external -extldflags=-static'`.
- Cargo: take `linker = "musl-gcc"` and `-no-pie` out of the configuration: rustc links musl targets by itself. A program at
  a fixed address is made by `-C relocation-model=static`, which also chooses the right start files.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let what = match (elf.start_code, &elf.interpreter) {
        (None, _) => return Verdict::NotApplicable("its start-up code is not musl's for x86_64"),
        (Some(StartCode::SelfRelocating), Some(loader)) => {
            format!("`PT_INTERP` asks for the loader `{loader}` as well")
        }
        (Some(StartCode::SelfRelocating), None) if !elf.has_dynamic => "there is no `PT_DYNAMIC`".into(),
        _ => return Verdict::Pass,
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` relocates itself when it starts, but is not linked for that, and crashes before main"
            .into(),
        evidence: vec!["the code at `e_entry` is that of musl's `rcrt1.o`".into(), what],
        help: Some(help(subject.maker())),
        causes: vec![Cause::Setting("start-files".into())],
        ..Violation::default()
    }])
}

fn help(maker: Maker) -> String {
    match maker {
        Maker::Rust => {
            "let rustc link by itself: no `linker = \"musl-gcc\"`, no `-no-pie`; or add `-C relocation-model=static`"
        }
        Maker::Go => "use `-ldflags='-linkmode=external -extldflags=-static'` with `CC=musl-gcc`",
        Maker::Other => {
            "let one compiler choose the start files: `musl-gcc -static` or `-static-pie`, without `-nostartfiles`"
        }
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::StartCode;
    use crate::policy::LinkagePolicy;
    use crate::rules::support::testing::Case;

    fn starting_with(start: StartCode) -> Case {
        Case::elf().rust().edit(|elf| elf.start_code = Some(start))
    }

    #[test]
    fn nothing_to_relocate_by_violates() {
        starting_with(StartCode::SelfRelocating).documented(&RULE);
    }

    #[test]
    fn a_loader_beside_it_violates_under_any_linkage() {
        let case = starting_with(StartCode::SelfRelocating).dynamic(&[]).linkage(LinkagePolicy::Any);
        assert!(case.violations(&RULE)[0].evidence[1].contains("PT_INTERP"));
    }

    #[test]
    fn a_static_pie_and_plain_start_code_pass() {
        starting_with(StartCode::SelfRelocating).edit(|elf| elf.has_dynamic = true).passes(&RULE);
        starting_with(StartCode::Plain).passes(&RULE);
        starting_with(StartCode::Plain).dynamic(&["libc.so"]).passes(&RULE);
    }

    #[test]
    fn other_start_code_is_not_judged() {
        Case::elf().not_applicable(&RULE);
    }
}
