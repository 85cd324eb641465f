//! cgo is at work in a Go program that has to do without.

use super::support::libraries::{self, is_runtime, needs};
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::{Certainty, LibcFamily};
use crate::facts::pe::PeFacts;
use crate::policy::{CgoPolicy, Level};

pub(super) static RULE: Rule = Rule {
    id: "cgo-runtime",
    summary: "cgo is at work in a Go program that has to do without",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a Go program carries no cgo while the policy says `go.cgo = "off"`. `CGO_ENABLED=1` in the build information proves
nothing by itself: a program whose packages are all pure Go comes out the same. So the file has to show it as well: a C
library it needs or has linked in. On macOS, OpenBSD and Solaris the rule does not apply: every Go program there calls the
system's C library.

## Why it matters
Whether cgo is used depends on the machine: Go turns it on when it finds a C compiler. The day the build image gains gcc,
the same source needs a C library, a resolver configured through NSS, and a loader.

## Example
```text
error[cgo-runtime]: `dist/app` is a Go program with cgo in it
  = evidence: `DT_NEEDED` lists `libc.so.6`
  = evidence: the build information says `CGO_ENABLED=1`
  = policy: `go.cgo = "off"` (by default)
  = help: build with `CGO_ENABLED=0`; where C code is needed, set `go.cgo = "static"`, or see `seaworthy explain cgo-runtime`
```

## How to fix
- Go: build with `CGO_ENABLED=0`. When a package needs cgo, say so in the policy: `go.cgo = "static"` links it statically,
  `go.cgo = "allow"` leaves it alone.
- Cargo: not applicable.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(go) = &subject.facts.go else { return Verdict::NotApplicable("it is not a Go program") };
    let cgo = &subject.policy.policy.go.cgo;
    if cgo.value != CgoPolicy::Off {
        return Verdict::NotApplicable("the policy allows cgo");
    }
    if subject.facts.format == Format::Elf && !subject.is_linux() {
        return Verdict::NotApplicable(
            "Go calls the system's C library on other systems than Linux, with or without cgo",
        );
    }
    if !subject.is_program() {
        return Verdict::NotApplicable("a Go library for other programs cannot be built without cgo");
    }
    if subject.is_sanitized() {
        return Verdict::NotApplicable("sanitizers cannot be built without cgo");
    }
    let enabled = go.setting("CGO_ENABLED");
    if enabled == Some("0") {
        return Verdict::Pass;
    }
    let mut evidence = match (subject.elf(), subject.pe()) {
        (Some(elf), _) => elf_signs(subject, elf),
        (_, Some(pe)) => pe_signs(pe),
        _ => return Verdict::NotApplicable("its format does not tell cgo apart"),
    };
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    if enabled.is_some() {
        evidence.push("the build information says `CGO_ENABLED=1`".into());
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is a Go program with cgo in it".into(),
        evidence,
        causes: vec![Cause::Cgo],
        policy: Some(PolicySource { key: "go.cgo = \"off\"".into(), origin: cgo.origin.clone() }),
        help: Some("build with `CGO_ENABLED=0`; where C code is needed, set `go.cgo = \"static\"`".into()),
        ..Violation::default()
    }])
}

/// A C library that pure Go never asks for and never links in.
fn elf_signs(subject: &Subject<'_>, elf: &ElfFacts) -> Vec<String> {
    let mut signs: Vec<String> = elf.needed.iter().filter(|name| is_runtime(name)).map(|name| needs(name)).collect();
    let libc = &subject.facts.libc;
    let known = !matches!(libc.family, LibcFamily::None | LibcFamily::Unknown | LibcFamily::System);
    if libc.linked_in && known && libc.certainty == Certainty::Certain {
        signs.push(format!("{} is linked in", libraries::family(libc.family)));
    }
    signs
}

/// C runtimes; Go's own linker imports none of them.
fn pe_signs(pe: &PeFacts) -> Vec<String> {
    let is_c_runtime = |dll: &str| {
        ["msvcrt.dll", "ucrtbase.dll", "libwinpthread-1.dll"].contains(&dll)
            || ["api-ms-win-crt-", "vcruntime", "libgcc_s"].iter().any(|start| dll.starts_with(start))
    };
    let found = pe.imports.iter().filter(|import| is_c_runtime(&import.dll));
    found.map(|import| format!("it imports `{}`", import.dll)).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Os;
    use crate::facts::libc::LibcFamily;
    use crate::facts::pe::DllImport;
    use crate::policy::{CgoPolicy, Setting};
    use crate::rules::support::testing::{Case, libc};
    use crate::run::Role;

    const ON: &[(&str, &str)] = &[("CGO_ENABLED", "1")];

    #[test]
    fn a_c_library_in_a_go_program_violates() {
        Case::elf().dynamic(&["libc.so.6"]).go(ON).documented(&RULE);
        Case::elf().go(ON).with(|case| case.facts.libc = libc(LibcFamily::Musl, true)).violations(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).go(&[]).violations(&RULE);
    }

    #[test]
    fn enabled_but_unused_passes() {
        Case::elf().go(ON).with(|case| case.facts.libc = libc(LibcFamily::None, false)).passes(&RULE);
        Case::elf().dynamic(&[]).go(&[("CGO_ENABLED", "0"), ("-buildmode", "pie")]).passes(&RULE);
    }

    #[test]
    fn windows_programs_show_it_by_their_c_runtime() {
        let imports = |dll: &str| {
            let import = DllImport { dll: dll.into(), functions: Vec::new() };
            Case::pe().go(ON).edit_pe(|pe| pe.imports = vec![import])
        };
        imports("msvcrt.dll").violations(&RULE);
        imports("kernel32.dll").passes(&RULE);
    }

    #[test]
    fn what_cannot_do_without_cgo_is_left_alone() {
        let dynamic = |settings| Case::elf().dynamic(&["libc.so.6"]).go(settings);
        dynamic(ON).with(|case| case.policy.go.cgo = Setting::default(CgoPolicy::Static)).not_applicable(&RULE);
        dynamic(ON).with(|case| case.artifact.role = Role::SharedObject).not_applicable(&RULE);
        dynamic(&[("CGO_ENABLED", "1"), ("-race", "true")]).not_applicable(&RULE);
        Case::elf().dynamic(&["libc.so.6"]).not_applicable(&RULE);
        dynamic(&[]).with(|case| case.facts.os = Os::OpenBsd).not_applicable(&RULE);
    }
}
