//! glibc turns up in something that is meant for musl.

use super::support::NOT_LINUX;
use super::support::advice::Maker;
use super::support::libraries::{is_glibc, is_glibc_loader, is_musl, is_musl_loader, is_runtime};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::{Certainty, LibcFamily};
use crate::hosts::{self, Answer};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "stray-glibc",
    summary: "glibc turns up in something that is meant for musl",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Something is meant for musl when it was built for a musl target, asks for musl's loader or library, or has musl linked
in. Then nothing of glibc may be in it: not its loader (`PT_INTERP`), not its libraries (`DT_NEEDED`), no `GLIBC_`
version of its libraries, no glibc code, and no function that only glibc has: `__memcpy_chk`, which `_FORTIFY_SOURCE`
puts in place of `memcpy`, or `__isoc23_strtol`, which headers of glibc 2.38 put in place of `strtol`. A `GLIBC_2.0`
version of `libgcc_s.so.1` is no trace of glibc: libgcc names its own symbols so.

## Why it matters
The folder says `musl`, the build succeeded, and the program does not start in Alpine or `scratch`: the loader is missing,
or a symbol is. On the build machine, which has glibc, it works.

## Example
```text
error[stray-glibc]: `dist/app` is built for `x86_64-unknown-linux-musl`, but has glibc in it
  = evidence: `PT_INTERP` is glibc's `/lib64/ld-linux-x86-64.so.2`
  = evidence: `DT_NEEDED` lists glibc's `libc.so.6`
  = evidence: `__libc_start_main@GLIBC_2.34` of `libc.so.6`
  = policy: `stray-glibc` is `deny` (by default)
  = help: remove `-C target-feature=-crt-static` from the flags of rustc: with it, the host's C compiler links glibc, or see `seaworthy explain stray-glibc`
```

## How to fix
- Go: with `CC=musl-gcc`, compile every C dependency with it too; archives compiled for glibc do not fit.
- Cargo: remove `-C target-feature=-crt-static`: on musl targets rustc then calls the host's compiler, which links glibc.
  Compile C code for musl (`CC_x86_64_unknown_linux_musl=musl-gcc`), and vendored archives without `_FORTIFY_SOURCE`
  (`-U_FORTIFY_SOURCE`).
"#,
};

/// The releases whose symbols are compared: what these do not have, older ones do not have either, as far as musl goes.
const NEWEST_GLIBC: &str = "glibc:2.43";
const NEWEST_MUSL: &str = "musl:1.2.6";

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if !subject.is_linux() {
        return Verdict::NotApplicable(NOT_LINUX);
    }
    let Some(why) = meant_for_musl(subject, elf) else {
        return Verdict::NotApplicable("nothing says that it is meant for musl");
    };
    let (evidence, causes) = traces(subject, elf);
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` {why}, but has glibc in it"),
        evidence,
        causes,
        help: Some(help(subject, elf)),
        ..Violation::default()
    }])
}

/// What shows that the file is meant for musl.
fn meant_for_musl(subject: &Subject<'_>, elf: &ElfFacts) -> Option<String> {
    if let (Some(name), Some(true)) = (&subject.artifact.target, subject.target().map(|target| target.musl)) {
        return Some(format!("is built for `{name}`"));
    }
    if let Some(loader) = elf.interpreter.as_ref().filter(|loader| is_musl_loader(loader)) {
        return Some(format!("asks for musl's loader `{loader}`"));
    }
    if let Some(library) = elf.needed.iter().find(|name| is_musl(name)) {
        return Some(format!("needs musl's `{library}`"));
    }
    let libc = &subject.facts.libc;
    (libc.family == LibcFamily::Musl && libc.linked_in && libc.certainty == Certainty::Certain)
        .then(|| "has musl linked in".to_owned())
}

/// Every trace of glibc, with what somebody must have brought in.
fn traces(subject: &Subject<'_>, elf: &ElfFacts) -> (Vec<String>, Vec<Cause>) {
    let mut evidence = Vec::new();
    let mut causes = Vec::new();
    if let Some(loader) = elf.interpreter.as_ref().filter(|loader| is_glibc_loader(loader)) {
        evidence.push(format!("`PT_INTERP` is glibc's `{loader}`"));
        causes.push(Cause::Loader(loader.clone()));
    }
    // A library names no loader: the flag that makes programs dynamic gave it glibc.
    if subject.maker() == Maker::Rust && !subject.is_program() && elf.needed.iter().any(|name| is_glibc(name)) {
        causes.push(Cause::Loader(String::new()));
    }
    for library in elf.needed.iter().filter(|name| is_glibc(name)) {
        evidence.push(format!("`DT_NEEDED` lists glibc's `{library}`"));
        causes.push(Cause::Library(library.clone()));
    }
    for need in elf.version_needs.iter().filter(|need| is_glibc(&need.file) && need.version.starts_with("GLIBC_")) {
        match need.symbols.first() {
            Some(symbol) => evidence.push(format!("`{symbol}@{}` of `{}`", need.version, need.file)),
            None => evidence.push(format!("version `{}` of `{}`", need.version, need.file)),
        }
    }
    for name in glibc_only(elf, &subject.facts.arch) {
        evidence.push(format!("undefined symbol `{name}`, which glibc has and musl does not"));
        causes.push(Cause::Symbol(name.to_owned()));
    }
    let libc = &subject.facts.libc;
    if libc.family == LibcFamily::Glibc && libc.linked_in && libc.certainty == Certainty::Certain {
        evidence.extend(libc.evidence.iter().map(|line| format!("glibc is linked in: {line}")));
        if libc.evidence.is_empty() {
            evidence.push("glibc is linked in".into());
        }
    }
    (evidence, causes)
}

/// Strong references without a version to functions that only glibc provides, by the tables of both libraries. Versioned ones
/// are in the version needs.
fn glibc_only<'e>(elf: &'e ElfFacts, arch: &str) -> Vec<&'e str> {
    // Another library may define what musl does not: `libfts.so`, `libssp.so`.
    if elf.needed.iter().any(|name| !is_runtime(name) && !name.starts_with("libstdc++.so")) {
        return Vec::new();
    }
    let strong = elf.undefined.iter().filter(|symbol| !symbol.weak && symbol.version.is_none());
    let names: Vec<&str> = strong.map(|symbol| symbol.name).collect();
    if names.is_empty() {
        return names;
    }
    let (Ok(glibc), Ok(musl)) = (hosts::find(NEWEST_GLIBC, arch), hosts::find(NEWEST_MUSL, arch)) else {
        return Vec::new();
    };
    let in_glibc =
        |name: &str| glibc.libraries.iter().any(|library| library.exports.satisfies_glibc(name, None) == Answer::Yes);
    let not_in_musl =
        |name: &str| musl.libraries.iter().all(|library| library.exports.satisfies_musl(name) == Answer::No);
    names.into_iter().filter(|name| not_in_musl(name) && in_glibc(name)).collect()
}

fn help(subject: &Subject<'_>, elf: &ElfFacts) -> String {
    let linked_against_glibc =
        elf.interpreter.as_deref().is_some_and(is_glibc_loader) || elf.needed.iter().any(|name| is_glibc(name));
    match subject.maker() {
        Maker::Rust if linked_against_glibc => {
            "remove `-C target-feature=-crt-static` from the flags of rustc: with it, the host's C compiler links glibc"
                .into()
        }
        Maker::Go if linked_against_glibc => "build with `CGO_ENABLED=0`, or set `CC=musl-gcc`".into(),
        _ => "compile the C code for musl (`CC=musl-gcc`) and without `_FORTIFY_SOURCE` (`-U_FORTIFY_SOURCE`)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::facts::elf::{Symbols, VersionNeed};
    use crate::facts::libc::LibcFamily;
    use crate::rules::support::testing::{Case, libc};

    const MUSL: &str = "x86_64-unknown-linux-musl";

    fn needs(file: &str, version: &str, symbol: &str) -> VersionNeed {
        VersionNeed { file: file.into(), version: version.into(), weak: false, symbols: [symbol].into() }
    }

    fn dynamic_musl(symbol: &str, weak: bool) -> Case {
        let undefined = Symbols::named(&[(symbol, None)], weak);
        Case::elf().dynamic(&["libc.musl-x86_64.so.1"]).edit(|elf| {
            elf.interpreter = Some("/lib/ld-musl-x86_64.so.1".into());
            elf.undefined = undefined;
        })
    }

    #[test]
    fn a_musl_target_linked_against_glibc_violates() {
        let case = Case::elf().dynamic(&["libgcc_s.so.1", "libc.so.6"]).rust().target(MUSL).edit(|elf| {
            elf.version_needs = vec![needs("libc.so.6", "GLIBC_2.34", "__libc_start_main")];
        });
        case.documented(&RULE);
    }

    #[test]
    fn a_fortified_function_in_a_musl_program_violates() {
        let violation = dynamic_musl("__memcpy_chk", false).violations(&RULE).remove(0);
        assert!(violation.help.is_some_and(|help| help.contains("_FORTIFY_SOURCE")));
        dynamic_musl("__memcpy_chk", true).passes(&RULE);
        dynamic_musl("__stack_chk_fail", false).passes(&RULE);
        dynamic_musl("__isoc23_strtol", false).violations(&RULE);
        dynamic_musl("a_plugins_own_name", false).passes(&RULE);
        let from_elsewhere = dynamic_musl("fts_open", false).edit(|elf| elf.needed.push("libfts.so.0".into()));
        from_elsewhere.passes(&RULE);
    }

    #[test]
    fn static_glibc_for_a_musl_target_violates() {
        Case::elf().target(MUSL).with(|case| case.facts.libc = libc(LibcFamily::Glibc, true)).violations(&RULE);
    }

    #[test]
    fn libgccs_own_versions_are_no_trace() {
        let mut case = dynamic_musl("memcpy", false);
        case = case.edit(|elf| elf.version_needs = vec![needs("libgcc_s.so.1", "GLIBC_2.0", "__register_frame_info")]);
        case.passes(&RULE);
    }

    #[test]
    fn nothing_is_stray_where_glibc_is_meant() {
        Case::elf().dynamic(&["libc.so.6"]).not_applicable(&RULE);
        Case::elf().with(|case| case.facts.libc = libc(LibcFamily::None, false)).not_applicable(&RULE);
        Case::elf().target(MUSL).passes(&RULE);
        let solaris = Case::elf().dynamic(&["libc.so"]).edit(|elf| elf.interpreter = Some("/lib/amd64/ld.so.1".into()));
        solaris.with(|case| case.facts.os = Os::Solaris).not_applicable(&RULE);
    }
}
