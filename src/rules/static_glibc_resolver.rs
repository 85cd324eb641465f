//! A static glibc program that still loads NSS modules at run time.

use super::support::NOT_PROGRAM;
use super::support::advice::Maker;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::libc::{LibcFamily, RuntimePart};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "static-glibc-resolver",
    summary: "a static glibc program looks up names with NSS modules that it loads at run time",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a statically linked glibc program contains no look-up of hosts, users or groups (`getaddrinfo`, `getpwnam` and their
like). The code of glibc's name service switch shows it, stripped or not. The traces of iconv and dlopen that every static
glibc program carries do not count by themselves.

## Why it matters
glibc looks names up through NSS modules (`libnss_dns.so.2`, `libnss_files.so.2`, since 2.34 inside `libc.so.6`) that it
loads at run time even in a static program. They must be there, and of the very glibc release the program was linked with:
in `scratch` and Alpine the look-up fails, on another distribution it can crash. The linker says so in a warning that is
printed once and then cached away.

## Example
```text
error[static-glibc-resolver]: `dist/app` is statically linked, but glibc loads NSS modules at run time when it looks up names
  = evidence: nss: the modules are opened as "libnss_%s"
  = policy: `static-glibc-resolver` is `deny` (by default)
  = help: build with `-tags=netgo,osusergo`, or with `CC=musl-gcc`, or see `seaworthy explain static-glibc-resolver`
```

## How to fix
- Go: `-tags=netgo,osusergo` takes Go's own resolver and user look-up, or `CGO_ENABLED=0` where no other cgo is needed.
- Cargo: build for a musl target; its resolver is linked in whole. A pure Rust resolver (`hickory-resolver`) helps only if
  nothing else calls the C library's, as `std::net` does.
"#,
};

/// What is to be said where glibc is not for certain linked into a program.
pub(super) fn without_glibc(subject: &Subject<'_>) -> Option<Verdict> {
    let Some(elf) = subject.elf() else { return Some(Verdict::NotApplicable("it is not an ELF file")) };
    if !subject.is_program() {
        return Some(Verdict::NotApplicable(NOT_PROGRAM));
    }
    if elf.interpreter.is_some() || !elf.needed.is_empty() {
        return Some(Verdict::NotApplicable("it is dynamically linked"));
    }
    match subject.facts.libc.family {
        LibcFamily::Glibc => None,
        // Every static glibc program carries NT_GNU_ABI_TAG: glibc's crt1.o brings it. With the note but without a
        // recognised C library, glibc is neither shown nor ruled out.
        LibcFamily::Unknown if elf.abi_tag_kernel.is_some() => {
            Some(Verdict::Inconclusive("which C library is linked in cannot be told".into()))
        }
        _ => Some(Verdict::NotApplicable("glibc is not linked in")),
    }
}

fn check(subject: &Subject<'_>) -> Verdict {
    if let Some(verdict) = without_glibc(subject) {
        return verdict;
    }
    let mut opens = subject.facts.libc.runtime_parts.iter().filter_map(|part| match part {
        RuntimePart::Nss { functions, .. } => Some((part, functions)),
        _ => None,
    });
    let Some((part, functions)) = opens.next() else { return Verdict::Pass };
    // Where there is no symbol table to name others: what nearly everybody calls.
    let named = if functions.is_empty() { &["getaddrinfo"] } else { functions.as_slice() };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is statically linked, but glibc loads NSS modules at run time when it looks up names"
            .into(),
        evidence: vec![part.to_string()],
        causes: named.iter().map(|&name| Cause::Symbol(name.to_owned())).collect(),
        help: Some(help(subject)),
        ..Violation::default()
    }])
}

fn help(subject: &Subject<'_>) -> String {
    match subject.maker() {
        Maker::Go if has_own_resolver(subject) => {
            "its C code looks names up: link it against musl, `CC=musl-gcc`, whose resolver is linked in whole".into()
        }
        Maker::Go => "build with `-tags=netgo,osusergo`, or with `CC=musl-gcc`".into(),
        Maker::Rust => super::support::advice::link_statically(subject),
        Maker::Other => "link against musl (`musl-gcc -static`), whose resolver is linked in whole".into(),
    }
}

/// Whether Go's own packages look nothing up by C.
fn has_own_resolver(subject: &Subject<'_>) -> bool {
    let tags: Vec<&str> = subject.go_setting("-tags").unwrap_or_default().split(',').collect();
    ["netgo", "osusergo"].iter().all(|tag| tags.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::{Cause, RULE};
    use crate::facts::libc::{LibcFamily, RuntimePart};
    use crate::rules::support::testing::{Case, libc, static_glibc};

    fn nss(functions: &[&'static str]) -> RuntimePart {
        RuntimePart::Nss { functions: functions.to_vec(), modules: "libnss_%s".into() }
    }

    const ICONV: RuntimePart = RuntimePart::Iconv { function: "iconv()" };

    #[test]
    fn name_look_up_in_static_glibc_violates() {
        static_glibc(&[nss(&[]), ICONV]).go(&[("CGO_ENABLED", "1")]).documented(&RULE);
    }

    #[test]
    fn those_who_call_what_is_linked_in_are_to_blame() {
        let causes = |functions: &[&'static str]| static_glibc(&[nss(functions)]).violations(&RULE).remove(0).causes;
        let of = |names: &[&str]| names.iter().map(|name| Cause::Symbol((*name).to_owned())).collect::<Vec<_>>();
        assert_eq!(causes(&["gethostbyname", "getpwnam"]), of(&["gethostbyname", "getpwnam"]));
        assert_eq!(causes(&[]), of(&["getaddrinfo"]));
    }

    #[test]
    fn tags_that_are_there_are_not_advised() {
        let help = |tags: &str| {
            let case = static_glibc(&[nss(&[])]).go(&[("-tags", tags)]);
            case.violations(&RULE).remove(0).help.expect("help")
        };
        assert!(help("netgo").contains("-tags") && !help("netgo,osusergo").contains("-tags"));
    }

    #[test]
    fn what_every_static_glibc_carries_passes() {
        static_glibc(&[ICONV, RuntimePart::Dlopen { caller: 0x40_1000 }]).passes(&RULE);
    }

    #[test]
    fn an_unknown_library_with_glibcs_note_cannot_be_judged() {
        let unknown = || Case::elf().with(|case| case.facts.libc = libc(LibcFamily::Unknown, true));
        unknown().edit(|elf| elf.abi_tag_kernel = Some("3.2.0".into())).inconclusive(&RULE);
        unknown().not_applicable(&RULE);
    }

    #[test]
    fn musl_and_dynamic_programs_are_left_alone() {
        Case::elf().not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).not_applicable(&RULE);
    }
}
