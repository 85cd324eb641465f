//! A symbol, or the version of one, that nothing on a host defines.

use super::support::advice::link_statically;
use super::support::hosts::pick;
use super::support::libraries::{is_compiler_runtime, is_glibc};
use super::support::listed;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::load::{About, Reason};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "undefined-symbol",
    summary: "nothing on a host defines a symbol that the file needs",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
For each host of `runs-on`: every strong undefined symbol of the file, and of the libraries shipped with it, is defined by
something in scope, by name and version with glibc, by name with musl, all bound at once as `LD_BIND_NOW` and `ldd -r` do.
Version needs of libraries other than glibc and the compiler's count too, whether a symbol uses them or not. In a shared
object, symbols of the program that loads it are expected: those of `provided`, and those of well-known programs (CPython,
Node.js, Ruby, Perl, Lua, PHP, R, Erlang, PostgreSQL).

## Why it matters
"symbol lookup error: undefined symbol" at the start, or worse, with lazy binding, at the first call. It happens when a
program for musl carries code compiled against glibc's headers (`__memcpy_chk`, `gnu_get_libc_version`), and when a
library on the host is older than the one at hand when it was linked.

## Example
```text
error[undefined-symbol]: `dist/app` needs `gnu_get_libc_version`, which nothing on `alpine:3.22` defines
  = evidence: nothing defines `gnu_get_libc_version`, needed by app
  = policy: `runs-on` lists `alpine:3.22` (seaworthy.toml:1)
  = help: build with `cargo build --target x86_64-unknown-linux-musl`, or see `seaworthy explain undefined-symbol`
```

## How to fix
- Cargo: compile the C code of crates with the headers of the C library that the host has; for musl set
  `CC_x86_64_unknown_linux_musl=musl-gcc`.
- Go: the same for cgo, with `CC=musl-gcc`, or build with `CGO_ENABLED=0`.
- Build against the oldest version of the library that has to run it, or link it statically.
- Symbols of a program that loads the file: name them in `provided` of its `[[artifact]]` entry.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    subject.judge_loads(Some(About::Symbol), |host, load| {
        let found = pick(load, names);
        if found.is_empty() {
            return None;
        }
        let shown: Vec<String> = found.iter().map(|(shown, _)| shown.clone()).collect();
        let verb = if shown.len() == 1 { "defines" } else { "defines all of" };
        let message = match shown.as_slice() {
            [one] => format!("`{{artifact}}` needs `{one}`, which nothing on `{}` {verb}", host.name),
            all => format!("`{{artifact}}` needs {}, and `{}` does not define all of them", listed(all, 3), host.name),
        };
        Some(Violation {
            message,
            evidence: pick(load, |reason| names(reason).map(|_| reason.to_string())),
            causes: found.into_iter().flat_map(|(_, causes)| causes).collect(),
            help: Some(help(subject)),
            ..Violation::default()
        })
    })
}

fn help(subject: &Subject<'_>) -> String {
    if subject.is_program() {
        return link_statically(subject);
    }
    "link the library that defines it; what the loading program provides is named by `provided` in an `[[artifact]]`"
        .into()
}

/// The symbol or version of a reason that is this rule's, and what brought it in.
fn names(reason: &Reason) -> Option<(String, Vec<Cause>)> {
    match reason {
        Reason::UndefinedSymbol { name, version, .. } if version.as_deref() != Some("GLIBC_PRIVATE") => {
            let shown = version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}@{version}"));
            Some((shown, vec![Cause::Symbol(name.clone())]))
        }
        Reason::MissingVersion { library, version, symbols, .. }
            if !is_glibc(library) && !is_compiler_runtime(library) =>
        {
            let mut causes: Vec<Cause> = symbols.iter().cloned().map(Cause::Symbol).collect();
            causes.push(Cause::Library(library.clone()));
            Some((version.clone(), causes))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::{Symbols, VersionNeed};
    use crate::rules::support::testing::Case;

    fn needs(loader: &str, symbols: &[(&str, Option<&str>)]) -> Case {
        let undefined = Symbols::named(symbols, false);
        let soname = if loader.contains("musl") { "libc.musl-x86_64.so.1" } else { "libc.so.6" };
        let loader = loader.to_owned();
        Case::elf().dynamic(&[soname]).rust().edit(|elf| {
            elf.interpreter = Some(loader);
            elf.undefined = undefined;
        })
    }

    const MUSL: &str = "/lib/ld-musl-x86_64.so.1";
    const GLIBC: &str = "/lib64/ld-linux-x86-64.so.2";

    #[test]
    fn a_symbol_of_glibc_in_a_musl_program_violates() {
        let case = needs(MUSL, &[("puts", None), ("gnu_get_libc_version", None)]);
        case.runs_on(&["alpine:3.22"]).documented(&RULE);
    }

    #[test]
    fn defined_symbols_pass() {
        needs(MUSL, &[("puts", None), ("open64", None)]).runs_on(&["alpine:3.22"]).passes(&RULE);
        needs(GLIBC, &[("puts", Some("GLIBC_2.2.5"))]).runs_on(&["debian:11"]).passes(&RULE);
        Case::elf().runs_on(&["scratch"]).passes(&RULE);
    }

    #[test]
    fn a_symbol_that_a_release_does_not_have_violates() {
        needs(GLIBC, &[("strlcpy", Some("GLIBC_2.38"))]).runs_on(&["debian:12"]).violations(&RULE);
    }

    #[test]
    fn versions_of_other_libraries_count() {
        let need = VersionNeed {
            file: "libssl.so.3".into(),
            version: "OPENSSL_3.9.0".into(),
            weak: false,
            symbols: ["SSL_new"].into(),
        };
        let case = Case::elf().dynamic(&["libssl.so.3", "libc.so.6"]).edit(|elf| elf.version_needs = vec![need]);
        case.runs_on(&["debian:13"]).violations(&RULE);
    }

    #[test]
    fn private_symbols_cannot_be_told() {
        needs(GLIBC, &[("_dl_sym", Some("GLIBC_PRIVATE"))]).runs_on(&["debian:12"]).inconclusive(&RULE);
    }
}
