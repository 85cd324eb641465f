//! The file needs newer runtime libraries of GCC than a host has.

use super::support::advice::{Maker, STATIC_CXX, link_statically};
use super::support::hosts::pick;
use super::support::libraries::is_compiler_runtime;
use super::support::listed;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::load::Reason;
use crate::hosts::{Exports, Host, Version};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-libstdcxx",
    summary: "the file needs a newer libstdc++ or libgcc than a host has",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Version needs of GCC's own libraries (`GLIBCXX_`, `CXXABI_` of libstdc++, `GCC_` of libgcc_s, and those of libatomic and
libgomp) against what each host of `runs-on` has. Each release of GCC adds nodes: `GLIBCXX_3.4.30` is GCC 12.

## Why it matters
"version `GLIBCXX_3.4.30' not found": the program does not start. A new compiler on an old distribution is enough, and the
floor of glibc says nothing about it.

## Example
```text
error[newer-libstdcxx]: `dist/app` needs `GLIBCXX_3.4.32` of `libstdc++.so.6`, and the one of `debian:12` is older
  = evidence: `_ZSt21ios_base_library_initv@GLIBCXX_3.4.32`
  = policy: `runs-on` lists `debian:12` (seaworthy.toml:1)
  = help: link with `-static-libstdc++ -static-libgcc`, or see `seaworthy explain newer-libstdcxx`
```

## How to fix
- C and C++: link it in with `-static-libstdc++ -static-libgcc`.
- Cargo: `CXXSTDLIB=static=stdc++` for build scripts that use the crate `cc`, or `cargo:rustc-link-lib=static=stdc++` in the
  build script of the crate with the C++ code.
- Go with cgo: `-ldflags '-extldflags "-static-libstdc++ -static-libgcc"'`.
- Or compile with the compiler of the oldest host, or with `zig c++`, which brings its own libc++.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    subject.judge_loads(None, |host, load| {
        let found = pick(load, |reason| match reason {
            Reason::MissingVersion { library, version, symbols, .. } if is_compiler_runtime(library) => {
                Some((library, version, symbols))
            }
            _ => None,
        });
        let (library, _, _) = found.first()?;
        let versions: Vec<String> = found.iter().map(|(_, version, _)| (*version).clone()).collect();
        let evidence = |(library, version, symbols): &(&String, &String, &Vec<String>)| match symbols.as_slice() {
            [] => format!("`{version}` of `{library}`, which no symbol uses but the loader looks for"),
            symbols => {
                let names: Vec<String> = symbols.iter().map(|symbol| format!("{symbol}@{version}")).collect();
                listed(&names, 2)
            }
        };
        Some(Violation {
            message: format!(
                "`{{artifact}}` needs {} of `{library}`, and the one of `{}` is older",
                listed(&versions, 3),
                host.name
            ),
            evidence: found.iter().map(evidence).collect(),
            causes: found.iter().flat_map(|(.., symbols)| symbols.iter().cloned().map(Cause::Symbol)).collect(),
            has: versions.first().and_then(|version| newest(host, library, version)),
            help: Some(help(subject, library)),
            ..Violation::default()
        })
    })
}

/// The newest version that the host's library has of the family `version` is of, where that is known.
fn newest(host: &Host, library: &str, version: &str) -> Option<Version> {
    let Exports::Nodes(nodes) = &host.library(library)?.exports else { return None };
    let (family, _) = version.rsplit_once('_')?;
    nodes.up_to.iter().find(|(known, _)| *known == family).map(|(_, newest)| *newest)
}

fn help(subject: &Subject<'_>, library: &str) -> String {
    let is_cxx = library.starts_with("libstdc++.so");
    match subject.maker() {
        Maker::Go if is_cxx => {
            "link it in: `-ldflags='-linkmode=external -extldflags \"-static-libstdc++ -static-libgcc\"'`".into()
        }
        Maker::Rust if is_cxx => {
            format!("set {STATIC_CXX}: the C++ library is then linked in")
        }
        Maker::Go | Maker::Rust => link_statically(subject),
        Maker::Other => "link with `-static-libstdc++ -static-libgcc`".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::VersionNeed;
    use crate::rules::support::testing::Case;

    fn case(version: &str) -> Case {
        let need = VersionNeed {
            file: "libstdc++.so.6".into(),
            version: version.into(),
            weak: false,
            symbols: ["_ZSt21ios_base_library_initv"].into(),
        };
        Case::elf().dynamic(&["libstdc++.so.6", "libc.so.6"]).edit(|elf| elf.version_needs = vec![need])
    }

    #[test]
    fn a_newer_node_violates() {
        case("GLIBCXX_3.4.32").runs_on(&["ubuntu:24.04", "debian:12"]).documented(&RULE);
        let on_old = case("GLIBCXX_3.4.32").runs_on(&["debian:12"]).violations(&RULE);
        assert_eq!(on_old[0].has, "3.4.30".parse().ok());
    }

    #[test]
    fn the_library_is_linked_in_by_the_words_of_its_tool() {
        let help = |case: Case| case.runs_on(&["debian:12"]).violations(&RULE).remove(0).help.expect("help");
        assert!(help(case("GLIBCXX_3.4.32").rust()).contains("`CXXSTDLIB=static=stdc++`"));
        assert!(help(case("GLIBCXX_3.4.32").go(&[])).contains("-static-libstdc++"));
    }

    #[test]
    fn nodes_that_are_there_pass() {
        case("GLIBCXX_3.4.30").runs_on(&["debian:12"]).passes(&RULE);
        case("CXXABI_1.3.13").runs_on(&["debian:12"]).passes(&RULE);
        case("GLIBCXX_3.4.32").not_applicable(&RULE);
    }
}
