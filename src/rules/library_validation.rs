//! A hardened program loads code of others that the system will refuse.

use super::support::apple::{NOT_SIGNED, signature};
use super::support::{NOT_MACOS, NOT_PROGRAM};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::MachOFacts;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "library-validation",
    summary: "a hardened program loads libraries that the system refuses unless its own team signed them",
    default: Level::Warn,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Programs with the hardened runtime (or `CS_REQUIRE_LV`) and without the entitlement
`com.apple.security.cs.disable-library-validation`: whether they load dylibs that are not part of macOS, or import `dlopen`.
Who signed those libraries is not in this file, so this is a warning.

## Why it matters
With library validation the system loads only code of Apple's and of the program's own team. A plugin of somebody else, a
dylib of Homebrew, or one that was never signed is refused at the moment it is loaded: Go's `plugin` package and cgo
packages that call `dlopen` are the common case.

## Example
```text
warning[library-validation]: `dist/app` loads libraries, and macOS refuses those that its own team did not sign
  = evidence: it loads `@rpath/libplugin.dylib`
  = policy: `library-validation` is `warn` (by default)
  = help: sign them with the certificate of the program, or claim `com.apple.security.cs.disable-library-validation`, or see `seaworthy explain library-validation`
```

## How to fix
- Go: sign plugins and dylibs with the certificate of the program, or claim the entitlement.
- Cargo: the same for crates that load libraries (`libloading`), and for dylibs shipped with the program.
"#,
};

const ENTITLEMENT: &str = "com.apple.security.cs.disable-library-validation";
/// `CS_REQUIRE_LV` of xnu's `osfmk/kern/cs_blobs.h`.
const REQUIRE_LV: u32 = 0x2000;

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    let validates = |flags: u32| flags & REQUIRE_LV != 0;
    let directories = &signature.code_directories;
    if !directories.iter().any(|directory| directory.hardened_runtime() || validates(directory.flags)) {
        return Verdict::NotApplicable("it is signed without library validation");
    }
    if signature.entitlements.as_ref().is_some_and(|entitlements| entitlements.grants(ENTITLEMENT)) {
        return Verdict::Pass;
    }
    let evidence = loads(macho);
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` loads libraries, and macOS refuses those that its own team did not sign".into(),
        evidence,
        help: Some(format!("sign them with the certificate of the program, or claim `{ENTITLEMENT}`")),
        ..Violation::default()
    }])
}

/// What it loads beside the system's own libraries, as far as the file tells.
fn loads(macho: &MachOFacts) -> Vec<String> {
    let system = |name: &str| name.starts_with("/usr/lib/") || name.starts_with("/System/");
    let dylibs = macho.dylibs.iter().filter(|dylib| !system(&dylib.name));
    let mut found: Vec<String> = dylibs.map(|dylib| format!("it loads `{}`", dylib.name)).collect();
    let symbols = macho.imports.iter().flat_map(|library| &library.symbols);
    found.extend(symbols.filter(|symbol| symbol.name == "_dlopen").take(1).map(|_| "it imports `_dlopen`".to_owned()));
    found
}

#[cfg(test)]
mod tests {
    use super::{ENTITLEMENT, RULE};
    use crate::facts::macho::code_signature::{Entitlements, SignatureKind};
    use crate::rules::support::testing::{Case, dylib, signed_macho};

    fn loading(name: &str, flags: u32) -> Case {
        let dylibs = vec![dylib(name, "load")];
        signed_macho(SignatureKind::Cms, flags, Some("ABCDE12345")).edit_macho(|macho| macho.dylibs = dylibs)
    }

    #[test]
    fn a_library_of_others_violates() {
        loading("@rpath/libplugin.dylib", 0x10000).documented(&RULE);
        loading("@rpath/libplugin.dylib", 0x2000).violations(&RULE);
    }

    #[test]
    fn the_systems_libraries_and_the_entitlement_pass() {
        loading("/usr/lib/libSystem.B.dylib", 0x10000).passes(&RULE);
        let entitlements =
            Entitlements { values: [(ENTITLEMENT.to_owned(), true.into())].into(), ..Entitlements::default() };
        let claimed = loading("@rpath/libplugin.dylib", 0x10000).edit_macho(|macho| {
            macho.code_signature.as_mut().expect("a signature").entitlements = Some(entitlements);
        });
        claimed.passes(&RULE);
    }

    #[test]
    fn without_library_validation_nothing_is_refused() {
        loading("@rpath/libplugin.dylib", 0).not_applicable(&RULE);
        Case::macho().not_applicable(&RULE);
    }
}
