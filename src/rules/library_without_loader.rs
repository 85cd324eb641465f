//! A program needs libraries that nobody will load.

use super::support::advice::Maker;
use super::support::libraries::needs;
use super::support::{NOT_PROGRAM, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "library-without-loader",
    summary: "the program needs shared libraries but asks for no loader, so nothing loads them",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a program with `DT_NEEDED` entries also has a `PT_INTERP` header. It holds whatever the policy says about linkage: such
a program is broken everywhere.

## Why it matters
Libraries are mapped by the loader, and the kernel starts a loader only when `PT_INTERP` names one. Without it the
program starts, calls a function that was never loaded, and dies of SIGSEGV. Checks that look at `PT_INTERP` alone call
such a program static.

## Example
```text
error[library-without-loader]: `dist/app` needs `libz.so.1`, but asks for no loader: nothing loads it, and the program crashes
  = evidence: there is no `PT_INTERP`
  = evidence: `DT_NEEDED` lists `libz.so.1`
  = policy: `library-without-loader` is `deny` (by default)
  = help: give the linker a static archive (`.a`) built for this target: turn on the `-sys` crate's feature that builds from source (`vendored`, `bundled`, `static`), or install the archive, or see `seaworthy explain library-without-loader`
```

## How to fix
- Go: do not mix `-static` or `-static-pie` with a library of which only the `.so` is installed; install its static archive
  (`.a`).
- Cargo: on a musl target the linker took a `.so` where it found no `.a`. Install the static archive for musl, or turn on
  the crate's feature that builds it from source (`vendored`, `bundled`, `static`).
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    if elf.interpreter.is_some() || elf.needed.is_empty() {
        return Verdict::Pass;
    }
    let mut evidence = vec!["there is no `PT_INTERP`".to_owned()];
    evidence.extend(elf.needed.iter().map(|name| needs(name)));
    Verdict::Violated(vec![Violation {
        message: format!(
            "`{{artifact}}` needs {}, but asks for no loader: nothing loads it, and the program crashes",
            listed(&elf.needed, 3)
        ),
        evidence,
        causes: elf.needed.iter().cloned().map(Cause::Library).collect(),
        help: Some(help(subject.maker())),
        ..Violation::default()
    }])
}

fn help(maker: Maker) -> String {
    match maker {
        Maker::Rust => {
            "give the linker a static archive (`.a`) built for this target: turn on the `-sys` crate's feature \
                        that builds from source (`vendored`, `bundled`, `static`), or install the archive"
                .into()
        }
        Maker::Go => {
            "install the library's static archive (`.a`), or leave out `-static` and allow `linkage = \"any\"`".into()
        }
        Maker::Other => "install the library's static archive (`.a`) and link with `-static`".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Kind;
    use crate::policy::LinkagePolicy;
    use crate::rules::support::testing::Case;
    use crate::run::Role;

    fn needs_zlib() -> Case {
        Case::elf().rust().edit(|elf| {
            elf.has_dynamic = true;
            elf.needed = vec!["libz.so.1".into()];
        })
    }

    #[test]
    fn a_library_that_nothing_loads_violates() {
        needs_zlib().documented(&RULE);
    }

    #[test]
    fn it_is_broken_under_any_linkage() {
        needs_zlib().linkage(LinkagePolicy::Any).violations(&RULE);
    }

    #[test]
    fn what_the_build_meant_to_make_decides() {
        let like_a_library = || needs_zlib().with(|case| case.facts.kind = Kind::SharedObject);
        like_a_library().not_applicable(&RULE);
        like_a_library().with(|case| case.artifact.role = Role::Program).violations(&RULE);
    }

    #[test]
    fn a_loader_or_no_library_passes() {
        Case::elf().passes(&RULE);
        Case::elf().dynamic(&["libz.so.1", "libc.so.6"]).passes(&RULE);
        Case::elf().dynamic(&[]).passes(&RULE);
    }
}
