//! A static glibc program that loads character set converters at run time.

use super::static_glibc_resolver::without_glibc;
use super::support::advice::{Maker, link_statically};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::libc::RuntimePart;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "static-glibc-iconv",
    summary: "a static glibc program converts text with modules that it loads at run time",
    default: Level::Warn,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a statically linked glibc program does not call `iconv`. The code of that function shows it, stripped or not; the code that opens
converters for wide characters, which every static glibc program carries, does not count. Libraries such as libxml2 and glib call it
on their own.

## Why it matters
glibc converts between most character sets with modules (`gconv/ISO8859-15.so` …) that it loads at run time even in a static program.
They must be there, and of the very glibc release the program was linked with: in `scratch` and Alpine `iconv_open` fails with
`EINVAL`, and on a distribution with another release the program can abort in the middle. Only UTF-8, UCS-2, UCS-4 and ASCII are
built in. The program starts everywhere, so this is a warning.

## Example
```text
warning[static-glibc-iconv]: `dist/app` is statically linked, but glibc loads converters at run time when it converts text
  = evidence: iconv: iconv() is linked in, and opens converters named in gconv-modules
  = policy: `static-glibc-iconv` is `warn` (by default)
  = help: link against musl (`musl-gcc -static`), whose `iconv` has the converters built in, or see `seaworthy explain static-glibc-iconv`
```

## How to fix
- Go: `CC=musl-gcc` links the C code against musl, whose `iconv` has its converters built in; or `CGO_ENABLED=0` where no cgo is needed.
- Cargo: build for a musl target.
- C: `musl-gcc -static`, or GNU libiconv linked statically and compiled against with its own header.
- Where the program converts between UTF-8, UCS-2, UCS-4 and ASCII alone, nothing is loaded: allow the rule.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    if let Some(verdict) = without_glibc(subject) {
        return verdict;
    }
    let is_it = |part: &&RuntimePart| matches!(part, RuntimePart::Iconv { .. });
    let Some(part) = subject.facts.libc.runtime_parts.iter().find(is_it) else { return Verdict::Pass };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is statically linked, but glibc loads converters at run time when it converts text"
            .into(),
        evidence: vec![part.to_string()],
        causes: vec![Cause::Symbol("iconv_open".into())],
        help: Some(match subject.maker() {
            Maker::Go => {
                "link its C code against musl, `CC=musl-gcc`, whose `iconv` has the converters built in".into()
            }
            Maker::Rust => link_statically(subject),
            Maker::Other => "link against musl (`musl-gcc -static`), whose `iconv` has the converters built in".into(),
        }),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::libc::RuntimePart;
    use crate::rules::support::testing::{Case, static_glibc};

    #[test]
    fn conversion_in_static_glibc_violates() {
        static_glibc(&[RuntimePart::Iconv { function: "iconv()" }]).documented(&RULE);
    }

    #[test]
    fn what_loads_no_converters_passes() {
        let nss = RuntimePart::Nss { functions: Vec::new(), modules: "libnss_%s".into() };
        static_glibc(&[nss, RuntimePart::Dlopen { caller: 0x40_1000 }]).passes(&RULE);
    }

    #[test]
    fn musl_and_dynamic_programs_are_left_alone() {
        Case::elf().not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).not_applicable(&RULE);
    }
}
