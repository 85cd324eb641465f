//! A program that has to be static asks for a dynamic loader.

use super::support::advice::{Maker, link_statically};
use super::support::libraries::{is_runtime, needs};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "dynamic-loader",
    summary: "a program that has to be static asks for a dynamic loader",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a program for Linux carries no `PT_INTERP` header while the policy says `linkage = "static"`. The C library's own
files among its `DT_NEEDED` entries are shown as evidence here; other libraries are a matter of `dynamic-library`.
A `PT_DYNAMIC` header alone is no fault: a static PIE has one. What the guard builds with Go's `-race`, `-msan` or `-asan` is let through, as
it needs cgo and is no release; `seaworthy check` judges it like any other file. Whatever the linkage, `/lib/ld64.so.1` violates on x86_64: GNU
ld writes it when `-static` meets `-Bdynamic`, and no system has it.

## Why it matters
The kernel opens the file named by `PT_INTERP` before the program's first instruction. In a `scratch` image there is no
such file, in Alpine there is another one, and the start fails with "no such file or directory", said of a program that is
plainly there.

## Example
```text
error[dynamic-loader]: `dist/app` has to be statically linked, but asks for the loader `/lib64/ld-linux-x86-64.so.2`
  = evidence: `PT_INTERP` is `/lib64/ld-linux-x86-64.so.2`
  = evidence: `DT_NEEDED` lists `libc.so.6`
  = policy: `linkage = "static"` (by default)
  = help: build with `cargo build --target x86_64-unknown-linux-musl`, or see `seaworthy explain dynamic-loader`
```

## How to fix
- Go: `CGO_ENABLED=0` with the default `-buildmode=exe`. `-buildmode=pie` asks for a loader even without cgo, although it
  needs no library. With cgo, link externally and statically: `CC=musl-gcc go build -tags=netgo,osusergo
  -ldflags='-linkmode=external -extldflags=-static'`; without `-linkmode=external`, `-extldflags` may be ignored.
- Cargo: build for a musl target (`--target x86_64-unknown-linux-musl`) and leave out `-C target-feature=-crt-static` and
  `linker = "musl-gcc"`; the latter adds a loader to a program that has already been linked without one, and it crashes.
- A program that may be dynamic: `linkage = "any"`, with the places it has to run in `runs-on`.
"#,
};

/// What GNU ld writes for x86_64 when `-static` meets `-Bdynamic` (rust-lang/rust#102993).
const NOWHERE: &str = "/lib/ld64.so.1";

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    let nowhere = elf.interpreter.as_deref() == Some(NOWHERE) && subject.facts.arch == "x86_64" && subject.is_linux();
    let policy = match subject.static_demand() {
        Ok(policy) => Some(policy),
        Err(_) if nowhere && subject.is_program() => None,
        Err(verdict) => return verdict,
    };
    let Some(loader) = &elf.interpreter else { return Verdict::Pass };
    let needed = elf.needed.iter().filter(|name| is_runtime(name)).map(|name| needs(name));
    let evidence = std::iter::once(["`PT_INTERP` is `", loader, "`"].concat()).chain(needed).collect();
    let (message, help) = if nowhere {
        (
            format!("`{{artifact}}` asks for the loader `{loader}`, which no x86_64 system has"),
            "do not mix `-static` with `-Bdynamic`: ld then falls back to a loader of its own invention".to_owned(),
        )
    } else {
        (
            format!("`{{artifact}}` has to be statically linked, but asks for the loader `{loader}`"),
            help(subject, elf.needed.is_empty()),
        )
    };
    Verdict::Violated(vec![Violation {
        message,
        evidence,
        causes: vec![Cause::Loader(loader.clone())],
        policy,
        help: Some(help),
        ..Violation::default()
    }])
}

fn help(subject: &Subject<'_>, needs_nothing: bool) -> String {
    match subject.maker() {
        Maker::Go if needs_nothing => {
            "`-buildmode=pie` asks for a loader even without cgo: build with `-buildmode=exe`, or with cgo and \
             `-ldflags='-linkmode=external -extldflags=-static-pie'`"
                .into()
        }
        _ => link_statically(subject),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::facts::go_build_info::GoModule;
    use crate::policy::LinkagePolicy;
    use crate::rules::support::testing::Case;
    use crate::run::Role;

    #[test]
    fn a_dynamic_program_violates() {
        let case = Case::elf().dynamic(&["libz.so.1", "libc.so.6"]).rust();
        let violation = case.documented(&RULE);
        assert!(!violation.evidence.iter().any(|line| line.contains("libz")), "{violation:?}");
    }

    #[test]
    fn a_go_pie_needs_a_loader_but_no_library() {
        let case = Case::elf().dynamic(&[]).go(&[("-buildmode", "pie"), ("CGO_ENABLED", "0")]);
        let help = case.violations(&RULE).remove(0).help.expect("help");
        assert!(help.contains("-buildmode=exe"), "{help}");
    }

    #[test]
    fn go_with_ignored_extldflags_is_told_so() {
        let case = Case::elf().dynamic(&["libc.so.6"]).go(&[("-ldflags", "-extldflags=-static"), ("CGO_ENABLED", "1")]);
        let help = case.violations(&RULE).remove(0).help.expect("help");
        assert!(help.contains("-linkmode=external"), "{help}");
    }

    #[test]
    fn purego_is_named_where_cgo_is_off() {
        let case = Case::elf().dynamic(&["libc.so.6"]).go(&[("CGO_ENABLED", "0")]).with(|case| {
            let purego = GoModule {
                path: "github.com/ebitengine/purego".into(),
                version: "v0.11.3".into(),
                ..GoModule::default()
            };
            case.facts.go.as_mut().expect("a Go program").deps = vec![purego];
        });
        let help = case.violations(&RULE).remove(0).help.expect("help");
        assert!(help.contains("purego"), "{help}");
    }

    #[test]
    fn musl_gcc_as_rusts_linker_is_recognised() {
        let case =
            Case::elf().dynamic(&[]).rust().edit(|elf| elf.interpreter = Some("/lib/ld-musl-x86_64.so.1".into()));
        let help = case.violations(&RULE).remove(0).help.expect("help");
        assert!(help.contains("musl-gcc"), "{help}");
    }

    #[test]
    fn a_static_pie_passes() {
        Case::elf().edit(|elf| elf.has_dynamic = true).passes(&RULE);
    }

    #[test]
    fn a_loader_that_no_system_has_is_wrong_under_any_policy() {
        let case = || Case::elf().dynamic(&["libz.so.1"]).edit(|elf| elf.interpreter = Some("/lib/ld64.so.1".into()));
        case().linkage(LinkagePolicy::Any).violations(&RULE);
        case().violations(&RULE);
        case().with(|case| case.facts.arch = "s390x".into()).linkage(LinkagePolicy::Any).not_applicable(&RULE);
    }

    #[test]
    fn libraries_other_systems_and_other_policies_are_left_alone() {
        Case::elf().shared().not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).with(|case| case.artifact.role = Role::SharedObject).not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.7"]).with(|case| case.facts.os = Os::FreeBsd).not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).linkage(LinkagePolicy::Any).not_applicable(&RULE);
    }
}
