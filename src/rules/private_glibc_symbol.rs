//! The file uses symbols that glibc keeps for itself.

use super::support::libraries::is_glibc;
use super::support::listed;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "private-glibc-symbol",
    summary: "the file uses symbols that glibc keeps for its own libraries",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Version needs of the node `GLIBC_PRIVATE`, other than in glibc's own libraries.

## Why it matters
Every glibc has that node, so the loader starts the program; but what is in it changes from release to release, without
notice. The file runs with the glibc it was linked against and dies of "undefined symbol" with the next one.

## Example
```text
error[private-glibc-symbol]: `dist/app` uses symbols that glibc keeps for itself
  = evidence: `__libc_dlopen_mode@GLIBC_PRIVATE`
  = policy: `private-glibc-symbol` is `deny` (by default)
  = help: use a public interface; these change with every release of glibc, or see `seaworthy explain private-glibc-symbol`
```

## How to fix
- Go and Cargo: neither refers to such symbols; find the C object that does, usually a tracer or an old memory allocator in a
  package or crate, and use a version of it that keeps to public interfaces.
- Where it must be so, ship one file for each glibc, and let it through with an `[[exception]]`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(elf) = subject.elf() else { return Verdict::NotApplicable("it is not an ELF file") };
    if elf.version_needs.is_empty() {
        return Verdict::NotApplicable("it needs no versions");
    }
    if elf.soname.as_deref().is_some_and(is_glibc) {
        return Verdict::NotApplicable("it is part of glibc");
    }
    let private: Vec<_> = elf.version_needs.iter().filter(|need| need.version == "GLIBC_PRIVATE").collect();
    if private.is_empty() {
        return Verdict::Pass;
    }
    let symbols: Vec<String> = private.iter().flat_map(|need| need.symbols.iter()).map(str::to_owned).collect();
    let names: Vec<String> = symbols.iter().map(|symbol| format!("{symbol}@GLIBC_PRIVATE")).collect();
    let files: Vec<String> = private.iter().map(|need| need.file.to_string()).collect();
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` uses symbols that glibc keeps for itself".into(),
        evidence: vec![if names.is_empty() {
            format!("`GLIBC_PRIVATE` of {}, which no symbol uses", listed(&files, 3))
        } else {
            listed(&names, 4)
        }],
        causes: symbols.into_iter().map(Cause::Symbol).collect(),
        help: Some("use a public interface; these change with every release of glibc".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::elf::VersionNeed;
    use crate::rules::support::testing::Case;

    fn case(version: &str) -> Case {
        let need = VersionNeed {
            file: "libc.so.6".into(),
            version: version.into(),
            weak: false,
            symbols: ["__libc_dlopen_mode"].into(),
        };
        Case::elf().dynamic(&["libc.so.6"]).edit(|elf| elf.version_needs = vec![need])
    }

    #[test]
    fn private_symbols_violate() {
        case("GLIBC_PRIVATE").documented(&RULE);
    }

    #[test]
    fn public_ones_and_glibc_itself_do_not() {
        case("GLIBC_2.34").passes(&RULE);
        case("GLIBC_PRIVATE").edit(|elf| elf.soname = Some("libm.so.6".into())).not_applicable(&RULE);
        Case::elf().not_applicable(&RULE);
    }
}
