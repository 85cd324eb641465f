//! A host lacks the loader or a library that the file needs, or cannot load one.

mod windows;

use super::support::advice::{Maker, PLAIN_STACK, link_statically, musl_target, zig_target};
use super::support::hosts::pick;
use super::support::libraries::is_glibc;
use super::support::listed;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::Host;
use crate::hosts::load::{About, Load, Reason};
use crate::listing::only_once;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-library",
    summary: "a host lacks the loader or a library that the file needs, or cannot load it",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
For each host of `runs-on`, the load as the host's own loader does it: `PT_INTERP` exists at that path; every `DT_NEEDED`,
and what those libraries need in turn, is found by `DT_RPATH`, `DT_RUNPATH`, `$ORIGIN`, the loader's cache and its default
directories, among the host's libraries and those shipped beside the file; and each can be loaded (right machine, no
executable stack from glibc 2.41 on, thread-local storage and relocations the loader accepts). For Windows, that the named
image has each imported DLL (`data/windows-dlls.tsv`), delay-loaded ones aside, and runs 32-bit programs; of functions only
those that are known to be missing there (`GetNumaProcessorNode` in Nano Server).

## Why it matters
The program does not start: "no such file or directory" when the loader is missing, "cannot open shared object file" when a
library is. Images leave out what a build machine has: Alpine has no glibc, distroless/base no libgcc_s.so.1, Nano Server no
netapi32.dll.

## Example
```text
error[missing-library]: `dist/app` needs `libgcc_s.so.1`, which `distroless:base` does not have
  = evidence: libgcc_s.so.1, needed by app, is not found
  = policy: `runs-on` lists `distroless:base` (seaworthy.toml:1)
  = help: build with `cargo build --target x86_64-unknown-linux-musl`, or see `seaworthy explain missing-library`
```

## How to fix
- Go: build with `CGO_ENABLED=0`, or link cgo statically.
- Cargo: build for a musl target, or use the `vendored`, `bundled` or `static` feature of the `-sys` crate.
- A library that is shipped: put it beside the program and give it the run path `$ORIGIN`, or choose an image that has it.
- A shared object that needs glibc where musl is: build it for musl, with `-C target-feature=-crt-static` in Rust.
- Static thread-local storage of a library that is opened at run time: compile it without `-ftls-model=initial-exec`; Go's
  `-buildmode=c-shared` always wants it, `-buildmode=c-archive` does not.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    if subject.facts.format == Format::Pe {
        return windows::check(subject);
    }
    subject.judge_loads(Some(About::Library), |host, load| {
        let causes = pick(load, cause);
        let evidence = pick(load, |reason| cause(reason).map(|_| reason.to_string()));
        let first = load.reasons.iter().find(|reason| cause(reason).is_some())?;
        // Of what an image starts, `unstartable-entrypoint` says it.
        if matches!(first, Reason::NoLoader { .. } | Reason::BadLoader { .. })
            && subject.image.is_some_and(|image| image.part.is_started() && image.image == host.name)
        {
            return None;
        }
        let mut names: Vec<String> = causes.iter().filter_map(name).collect();
        only_once(&mut names);
        let message = match first {
            Reason::NoLoader { path, .. } => {
                format!("`{{artifact}}` asks for the loader `{path}`, which `{}` does not have", host.name)
            }
            Reason::BadLoader { path, .. } => {
                format!("`{{artifact}}` asks for the loader `{path}`, which `{}` cannot run", host.name)
            }
            Reason::NothingLoads => format!("`{{artifact}}` is a library, and `{}` has no loader for any", host.name),
            Reason::MissingLibrary { .. } => {
                format!("`{{artifact}}` needs {}, which `{}` does not have", listed(&names, 3), host.name)
            }
            _ => format!("`{{artifact}}` cannot be loaded on `{}`", host.name),
        };
        Some(Violation { message, evidence, causes, help: Some(help(subject, host, load)), ..Violation::default() })
    })
}

/// What brought the reason in, for reasons that are this rule's.
fn cause(reason: &Reason) -> Option<Cause> {
    Some(match reason {
        Reason::NoLoader { path, .. } | Reason::BadLoader { path, .. } => Cause::Loader(path.clone()),
        Reason::MissingLibrary { name, .. } | Reason::UnusableLibrary { name, .. } => Cause::Library(name.clone()),
        Reason::VersionOfNothing { library, .. }
        | Reason::UnversionedLibrary { library, .. }
        | Reason::StaticTls { library, .. } => Cause::Library(library.clone()),
        Reason::NotToBeOpened { library } => Cause::Library(library.clone()),
        Reason::ForeignRelocations { object }
        | Reason::Unmappable { object }
        | Reason::Unstartable { object, .. }
        | Reason::ProtectedSymbol { library: object, .. } => Cause::Library(object.clone()),
        Reason::ExecutableStack { .. } => Cause::ExecutableStack,
        Reason::NothingLoads => Cause::Loader(String::new()),
        _ => return None,
    })
}

fn name(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Library(name) => Some(name.clone()),
        _ => None,
    }
}

fn help(subject: &Subject<'_>, host: &Host, load: &Load) -> String {
    let tls = load.reasons.iter().any(|reason| matches!(reason, Reason::StaticTls { .. }));
    let causes = || load.reasons.iter().filter_map(cause);
    let stack = causes().all(|cause| cause == Cause::ExecutableStack);
    let glibc = host.musl().is_some() && causes().any(|cause| is_glibcs(&cause));
    match subject.is_program() {
        true if !stack => link_statically(subject),
        false if glibc => for_musl(subject),
        false if tls => with_less_tls(subject).into(),
        _ if stack => PLAIN_STACK.into(),
        _ => "link the library statically, or ship it beside the file with the run path `$ORIGIN`".into(),
    }
}

/// Whether it is about a part of glibc, which cannot be shipped to a host with another C library.
fn is_glibcs(cause: &Cause) -> bool {
    matches!(cause, Cause::Library(name) if is_glibc(name))
}

/// How to make a shared object for hosts with musl.
fn for_musl(subject: &Subject<'_>) -> String {
    let arch = &*subject.facts.arch;
    match subject.maker() {
        // musl reserves no thread-local storage for libraries of Go that are opened at run time.
        Maker::Go => "link it into its program instead: `-buildmode=c-archive`, with a compiler for musl".into(),
        Maker::Rust => format!(
            "build it for musl: on such a host with `-C target-feature=-crt-static`, or here with \
             `RUSTFLAGS=-Ctarget-feature=-crt-static cargo zigbuild --target {}`",
            musl_target(arch)
        ),
        Maker::Other => format!(
            "build it for musl: on such a host, or here with `{} -target {} -shared`",
            if subject.needs_cxx() { "zig c++" } else { "zig cc" },
            zig_target(arch, "musl")
        ),
    }
}

/// What to do about a library that wants its thread-local storage when the program starts.
fn with_less_tls(subject: &Subject<'_>) -> &'static str {
    match subject.maker() {
        Maker::Go => {
            "link it into its program instead (`-buildmode=c-archive`), or have the program load it at its start (`-l`) rather \
             than by `dlopen`, and say so in an `[[exception]]`"
        }
        _ => {
            "compile without `-ftls-model=initial-exec`, or have the program load it at its start (`-l`) rather than by \
             `dlopen`, and say so in an `[[exception]]`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    fn dynamic(needed: &[&str]) -> Case {
        Case::elf().dynamic(needed).rust()
    }

    #[test]
    fn a_library_the_image_leaves_out_violates() {
        dynamic(&["libgcc_s.so.1", "libc.so.6"]).runs_on(&["debian:12", "distroless:base"]).documented(&RULE);
    }

    #[test]
    fn a_loader_that_is_not_there_violates() {
        let violations = dynamic(&["libc.so.6"]).runs_on(&["alpine:3.20", "scratch"]).violations(&RULE);
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(violations[1].message.contains("/lib64/ld-linux-x86-64.so.2"), "{violations:?}");
    }

    #[test]
    fn what_is_there_passes_and_static_programs_run_anywhere() {
        dynamic(&["libgcc_s.so.1", "libc.so.6", "libz.so.1"]).runs_on(&["debian:12"]).passes(&RULE);
        Case::elf().runs_on(&["scratch", "alpine:3.20", "linux:3.10"]).passes(&RULE);
        Case::elf().not_applicable(&RULE);
        // Not every kernel starts x32.
        Case::elf().with(|case| case.facts.bits = 32).runs_on(&["debian:12"]).inconclusive(&RULE);
    }

    #[test]
    fn a_list_that_is_not_complete_leaves_it_open() {
        dynamic(&["libfoo.so.1", "libc.so.6"]).runs_on(&["ubuntu:22.04"]).inconclusive(&RULE);
    }

    #[test]
    fn the_advice_is_about_the_reason() {
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        let on_alpine = |needed: &[&str]| {
            let case = Case::elf().dynamic(needed).shared().edit(|elf| elf.interpreter = None);
            case.runs_on(&["alpine:3.20"])
        };
        let glibc = || on_alpine(&["libc.so.6", "ld-linux-x86-64.so.2"]);
        let musl = "`RUSTFLAGS=-Ctarget-feature=-crt-static cargo zigbuild --target x86_64-unknown-linux-musl`";
        assert!(help(glibc().rust()).ends_with(musl), "{}", help(glibc().rust()));
        assert!(help(glibc()).contains("`zig cc -target x86_64-linux-musl -shared`"));
        let tls = || {
            on_alpine(&["libc.musl-x86_64.so.1"]).edit(|elf| {
                elf.dt_flags = 0x10;
                elf.tls_size = 8;
            })
        };
        assert!(help(tls().go(&[])).contains("`-buildmode=c-archive`"));
        assert!(help(tls()).starts_with("compile without `-ftls-model=initial-exec`"));
        // To build for the target that it was built for changes nothing.
        let of_musl = |needed: &[&str]| {
            let case = Case::elf()
                .dynamic(needed)
                .rust()
                .edit(|elf| elf.interpreter = Some("/lib/ld-musl-x86_64.so.1".into()));
            case.with(|case| case.artifact.target = Some("x86_64-unknown-linux-musl".into())).runs_on(&["scratch"])
        };
        assert!(help(of_musl(&[])).contains("musl-gcc"));
        assert!(help(of_musl(&["libc.so"])).contains("`-C target-feature=-crt-static`"));
        let other = Case::elf().dynamic(&["libnothing.so.1", "libc.so.6"]).shared().edit(|elf| elf.interpreter = None);
        assert!(help(other.runs_on(&["distroless:base"])).contains("`$ORIGIN`"));
    }
}
