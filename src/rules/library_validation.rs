//! A hardened program loads code of others that the system will refuse.

use super::support::apple::{NOT_SIGNED, signature};
use super::support::beside::Beside;
use super::support::{NOT_MACOS, NOT_PROGRAM, listed};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::SignatureKind;
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
`com.apple.security.cs.disable-library-validation`: the dylibs they load that are not part of macOS, and whether they import
`dlopen`. Of a dylib that is shipped beside the program (see `non-system-dylib`) the team in its signature is compared with the
program's: the same passes, another or none is what macOS refuses. Who signed the others is not known here.

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
    let mut refused: Vec<(&str, String)> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for name in others(macho) {
        match subject.dylib_beside(macho, name) {
            Beside::Found(dylib) => refused.extend(dylib.macho().and_then(|dylib| Some((name, fault(macho, dylib)?)))),
            Beside::Absent(_) | Beside::Unknown(_) => unknown.push(format!("it loads `{name}`")),
        }
    }
    let mut symbols = macho.imports.iter().flat_map(|library| &library.symbols);
    unknown.extend(symbols.any(|symbol| symbol.name == "_dlopen").then(|| "it imports `_dlopen`".to_owned()));
    let help = format!("sign them with the certificate of the program, or claim `{ENTITLEMENT}`");
    let names: Vec<String> = refused.iter().map(|(name, _)| (*name).to_owned()).collect();
    let messages = [
        format!("`{{artifact}}` loads {}, which macOS refuses: another team signed it, or none", listed(&names, 3)),
        "`{artifact}` loads libraries, and macOS refuses those that its own team did not sign".to_owned(),
    ];
    let refused = refused.into_iter().map(|(name, fault)| format!("`{name}` {fault}")).collect();
    let violations: Vec<Violation> = messages
        .into_iter()
        .zip([refused, unknown])
        .filter(|(_, evidence)| !evidence.is_empty())
        .map(|(message, evidence)| Violation { message, evidence, help: Some(help.clone()), ..Violation::default() })
        .collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

/// The dylibs that it loads beside the system's own.
fn others(macho: &MachOFacts) -> impl Iterator<Item = &str> {
    let system =
        |name: &str| name.starts_with("/usr/lib/") || name.starts_with("/System/") || super::system_dylib(macho, name);
    macho.dylibs.iter().map(|dylib| dylib.name.as_str()).filter(move |name| !system(name))
}

/// Why the system does not let the program load a dylib: "mapping process and mapped file (non-platform) have different Team
/// IDs", as it says, which holds where either has none. Apple's own code always loads.
fn fault(program: &MachOFacts, dylib: &MachOFacts) -> Option<String> {
    let Some(signed) = signature(dylib) else { return Some("carries no signature that can be read".into()) };
    if signed.code_directories.iter().any(|directory| directory.platform != 0) {
        return None;
    }
    match (team(program), team(dylib)) {
        (Some(mine), Some(its)) if mine == its => None,
        (Some(mine), Some(its)) => Some(format!("is signed by team `{its}`, the program by `{mine}`")),
        (Some(mine), None) => Some(format!("is signed without a team, the program by team `{mine}`")),
        (None, _) => Some("is not Apple's, and the program is signed without a team".into()),
    }
}

/// The team that signed, which an ad hoc signature has none of.
fn team(macho: &MachOFacts) -> Option<&str> {
    let signature = signature(macho).filter(|signature| signature.kind == SignatureKind::Cms)?;
    signature.best_directory()?.team_id.as_deref()
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

    /// With a dylib beside it that is signed like this.
    fn shipping(program: Case, kind: SignatureKind, team: Option<&str>) -> Case {
        let signed = signed_macho(kind, 0, team).edit_macho(|macho| macho.file_type = "dylib".into());
        program.edit_macho(|macho| macho.rpaths = vec!["@loader_path/../lib".into()]).beside("/app/lib/x.dylib", signed)
    }

    fn evidence(case: Case) -> Vec<String> {
        case.violations(&RULE).into_iter().flat_map(|violation| violation.evidence).collect()
    }

    #[test]
    fn a_library_beside_it_that_the_same_team_signed_passes() {
        shipping(loading("@rpath/x.dylib", 0x10000), SignatureKind::Cms, Some("ABCDE12345")).passes(&RULE);
        let apples = signed_macho(SignatureKind::Cms, 0, None).edit_macho(|macho| {
            macho.file_type = "dylib".into();
            macho.code_signature.as_mut().expect("a signature").code_directories[0].platform = 1;
        });
        loading("@loader_path/x.dylib", 0x10000).beside("/app/dist/x.dylib", apples).passes(&RULE);
    }

    #[test]
    fn one_of_another_team_or_none_violates() {
        let of = |kind, team| evidence(shipping(loading("@rpath/x.dylib", 0x10000), kind, team));
        assert_eq!(
            of(SignatureKind::Cms, Some("ZYXWV98765")),
            ["`@rpath/x.dylib` is signed by team `ZYXWV98765`, the program by `ABCDE12345`"]
        );
        let none = ["`@rpath/x.dylib` is signed without a team, the program by team `ABCDE12345`"];
        assert_eq!(of(SignatureKind::Cms, None), none);
        // An ad hoc signature may name any team.
        assert_eq!(of(SignatureKind::Adhoc, Some("ABCDE12345")), none);
        let unsigned = loading("@loader_path/x.dylib", 0x10000).beside("/app/dist/x.dylib", Case::dylib());
        assert_eq!(evidence(unsigned), ["`@loader_path/x.dylib` carries no signature that can be read"]);
        let adhoc = signed_macho(SignatureKind::Adhoc, 0x10000, None)
            .edit_macho(|macho| macho.dylibs = vec![dylib("@rpath/x.dylib", "load")]);
        assert_eq!(
            evidence(shipping(adhoc, SignatureKind::Adhoc, None)),
            ["`@rpath/x.dylib` is not Apple's, and the program is signed without a team"]
        );
    }

    #[test]
    fn what_is_refused_and_what_nobody_knows_are_told_apart() {
        let both = loading("@rpath/x.dylib", 0x10000)
            .edit_macho(|macho| macho.dylibs.push(dylib("/opt/homebrew/lib/libz.dylib", "load")));
        let found = shipping(both, SignatureKind::Adhoc, None).violations(&RULE);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].evidence, ["it loads `/opt/homebrew/lib/libz.dylib`"]);
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
