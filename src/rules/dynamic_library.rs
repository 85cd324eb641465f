//! A program that has to be static needs shared libraries beyond the C library.

use super::support::advice::{Maker, link_statically};
use super::support::libraries::{is_runtime, needs};
use super::support::listed;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "dynamic-library",
    summary: "a program that has to be static needs shared libraries",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a program for Linux needs no shared library (`DT_NEEDED`) while the policy says `linkage = "static"`. The files of the
C library and libgcc are left to `dynamic-loader`: they come and go with the loader. A program that needs libraries but
asks for no loader is left to `library-without-loader`.

## Why it matters
Every library has to be on the host, in a version with the same ABI. `libssl.so.3` is not in `scratch`, not in Debian 11,
and in Alpine only when somebody installed it.

## Example
```text
error[dynamic-library]: `dist/app` has to be statically linked, but needs `libssl.so.3` and `libz.so.1` at run time
  = evidence: `DT_NEEDED` lists `libssl.so.3`
  = evidence: `DT_NEEDED` lists `libz.so.1`
  = policy: `linkage = "static"` (by default)
  = help: turn on the feature of the `-sys` crate that builds the library from source (`vendored`, `bundled`, `static`), and build for a musl target, or see `seaworthy explain dynamic-library`
```

## How to fix
- Go: a C library comes in through cgo. Use a package written in Go, or link it statically with
  `-ldflags='-linkmode=external -extldflags=-static'` and its static archive.
- Cargo: most `-sys` crates have a feature that builds the library from source (`vendored`, `bundled`, `static`), or an
  environment variable (`OPENSSL_STATIC=1`, `LIBZ_SYS_STATIC=1`).
- A library that may stay shared: `linkage = "any"` with `runs-on`, or an `[[exception]]` for this artifact.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    let policy = match subject.static_demand() {
        Ok(policy) => policy,
        Err(verdict) => return verdict,
    };
    if elf.interpreter.is_none() && !elf.needed.is_empty() {
        return Verdict::NotApplicable("it asks for no loader: see `library-without-loader`");
    }
    let needed: Vec<String> = elf.needed.iter().filter(|name| !is_runtime(name)).cloned().collect();
    if needed.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` has to be statically linked, but needs {} at run time", listed(&needed, 3)),
        evidence: needed.iter().map(|name| needs(name)).collect(),
        causes: needed.into_iter().map(Cause::Library).collect(),
        policy: Some(policy),
        help: Some(help(subject)),
        ..Violation::default()
    }])
}

fn help(subject: &Subject<'_>) -> String {
    match subject.maker() {
        Maker::Rust => {
            "turn on the feature of the `-sys` crate that builds the library from source (`vendored`, `bundled`, \
                        `static`), and build for a musl target"
                .into()
        }
        _ => link_statically(subject),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::policy::LinkagePolicy;
    use crate::rules::support::testing::Case;

    #[test]
    fn libraries_of_third_parties_violate() {
        let violation = Case::elf().dynamic(&["libssl.so.3", "libz.so.1", "libc.so.6"]).rust().documented(&RULE);
        assert_eq!(violation.causes.len(), 2, "{violation:?}");
    }

    #[test]
    fn the_c_library_alone_is_the_loaders_matter() {
        Case::elf().dynamic(&["libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"]).passes(&RULE);
        Case::elf().passes(&RULE);
    }

    #[test]
    fn without_a_loader_another_rule_speaks() {
        Case::elf().edit(|elf| elf.needed = vec!["libz.so.1".into()]).not_applicable(&RULE);
    }

    #[test]
    fn other_policies_and_libraries_are_left_alone() {
        Case::elf().dynamic(&["libz.so.1"]).linkage(LinkagePolicy::Any).not_applicable(&RULE);
        Case::elf().shared().edit(|elf| elf.needed = vec!["libz.so.1".into()]).not_applicable(&RULE);
    }
}
