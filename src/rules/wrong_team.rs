//! Another team than the policy's signed the code.

use super::support::NOT_MACOS;
use super::support::apple::{NOT_SIGNED, signature};
use super::support::names::attributes;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::{CodeSignature, SignatureKind};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "wrong-team",
    summary: "another team than the policy names signed the code",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The team identifier of the CodeDirectories, and the organizational unit (`OU`) of every certificate that signed them, against
`[macos] team`. An ad hoc signature, which has no team, is left to `adhoc-signature`. Whether the certificate is Apple's and
not revoked is for macOS to say.

## Why it matters
A build that signs with whatever certificate the keychain offers first ships under another name: a contractor's, a personal
one, a subsidiary's. Updates, keychain items and app groups are bound to the team. The identifier in the CodeDirectory alone
is whatever the signing tool was told; macOS refuses one that is not the certificate's.

## Example
```text
error[wrong-team]: `dist/app` is signed by team `ZYXWV98765`, not by `ABCDE12345`
  = evidence: the CodeDirectory names the team `ZYXWV98765`
  = evidence: signed by CN=Developer ID Application: Jane Doe,OU=ZYXWV98765,C=US
  = policy: `[macos] team = "ABCDE12345"` (seaworthy.toml:1)
  = help: name the certificate in full: `codesign --sign "Developer ID Application: NAME (TEAM)" …`, or see `seaworthy explain wrong-team`
```

## How to fix
The same for Go and Cargo: name the certificate in full, `codesign --sign "Developer ID Application: NAME (TEAM)" …`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    let Some(team) = &subject.policy.policy.macos.team else {
        return Verdict::NotApplicable("the policy names no team");
    };
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    if macho.signature_kind != SignatureKind::Cms {
        return Verdict::NotApplicable("an ad hoc signature has no team: see `adhoc-signature`");
    }
    let others: Vec<Option<&str>> = signature
        .code_directories
        .iter()
        .map(|directory| directory.team_id.as_deref())
        .filter(|found| *found != Some(team.value.as_str()))
        .collect();
    let signers: Vec<_> = signature.cms.iter().flat_map(|cms| &cms.signers).collect();
    let subjects: Vec<&str> = signers.iter().filter_map(|signer| signer.subject.as_deref()).collect();
    let message = match others.first() {
        Some(Some(found)) => format!("`{{artifact}}` is signed by team `{found}`, not by `{}`", team.value),
        Some(None) => format!("`{{artifact}}` is signed by somebody without a team, not by `{}`", team.value),
        None => match subjects.iter().find_map(|subject| other_unit(subject, &team.value)) {
            Some(whose) => {
                format!("`{{artifact}}` names the team `{}`, and a certificate {whose} signed it", team.value)
            }
            None if subjects.is_empty() || subjects.len() < signers.len() => {
                return Verdict::Inconclusive(no_certificate(signature).into());
            }
            None => return Verdict::Pass,
        },
    };
    let said = |found: Option<&str>| match found {
        Some(found) => format!("the CodeDirectory names the team `{found}`"),
        None => "the CodeDirectory names no team".to_owned(),
    };
    let directories = if others.is_empty() { vec![Some(team.value.as_str())] } else { others };
    let mut evidence: Vec<String> = directories.into_iter().map(said).collect();
    evidence.extend(subjects.iter().map(|subject| format!("signed by {subject}")));
    Verdict::Violated(vec![Violation {
        message,
        evidence,
        policy: Some(PolicySource {
            key: format!("[macos] team = \"{}\"", team.value).into(),
            origin: team.origin.clone(),
        }),
        help: Some(
            "name the certificate in full: `codesign --sign \"Developer ID Application: NAME (TEAM)\" …`".into(),
        ),
        ..Violation::default()
    }])
}

/// Whose a certificate is that is not the team's: Apple's certificates have the team as their organizational unit, which
/// codesign compares with the CodeDirectory (Security's `StaticCode.cpp`, `errSecCSBadTeamIdentifier`). That of the store, with
/// which it signs for every team, is Apple's own.
fn other_unit(subject: &str, team: &str) -> Option<String> {
    let attributes = attributes(subject);
    let has = |wanted: &str, value: &str| attributes.iter().any(|(kind, found)| *kind == wanted && found == value);
    match attributes.iter().find(|(kind, _)| *kind == "OU") {
        _ if has("OU", team) || has("O", "Apple Inc.") => None,
        Some((_, unit)) => Some(format!("of `{unit}`")),
        None => Some("without a team".into()),
    }
}

/// Why nobody knows whose certificate it was.
fn no_certificate(signature: &CodeSignature) -> &'static str {
    match signature.cms {
        Some(_) => "the signer's certificate does not come with the signature",
        None => "its CMS signature cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::facts::signed_data::{SignedData, Verification};
    use crate::rules::support::testing::{Case, from_file, signed_macho, signer};

    fn signed_by(team: Option<&str>) -> Case {
        let unit = team.map(|team| format!(",OU={team}")).unwrap_or_default();
        signed_with(team, &format!("CN=Developer ID Application: Jane Doe{unit},C=US"))
    }

    fn signed_with(team: Option<&str>, subject: &str) -> Case {
        let mut signer = signer(Verification::Valid, None);
        signer.subject = Some(subject.to_owned());
        let cms = SignedData { signers: vec![signer], certificates: Vec::new() };
        signed_macho(SignatureKind::Cms, 0x10000, team)
            .edit_macho(|macho| macho.code_signature.as_mut().expect("a signature").cms = Some(cms))
            .with(|case| case.policy.macos.team = Some(from_file("ABCDE12345".to_owned())))
    }

    #[test]
    fn another_team_violates() {
        signed_by(Some("ZYXWV98765")).documented(&RULE);
        signed_by(None).violations(&RULE);
    }

    #[test]
    fn the_named_team_passes() {
        signed_by(Some("ABCDE12345")).passes(&RULE);
    }

    #[test]
    fn the_certificate_has_to_be_the_teams_as_well() {
        let named = |subject: &str| signed_with(Some("ABCDE12345"), subject);
        let found = named("CN=Developer ID Application: Jane Doe,OU=OTHER67890").violations(&RULE);
        assert_eq!(
            found[0].message,
            "`{artifact}` names the team `ABCDE12345`, and a certificate of `OTHER67890` signed it"
        );
        named("CN=Developer ID Application: Jane Doe (ABCDE12345)").violations(&RULE);
        named(r"CN=Jane Doe\,OU=ABCDE12345").violations(&RULE);
        named("CN=Jane Doe+OU=ABCDE12345,O=Example").passes(&RULE);
        named("CN=Apple Mac OS Application Signing,O=Apple Inc.,C=US").passes(&RULE);
    }

    #[test]
    fn without_a_certificate_nobody_knows_whose_it_was() {
        let edited = |change: fn(&mut Option<SignedData>)| {
            signed_by(Some("ABCDE12345"))
                .edit_macho(move |macho| change(&mut macho.code_signature.as_mut().expect("a signature").cms))
        };
        edited(|cms| *cms = None).inconclusive(&RULE);
        edited(|cms| cms.as_mut().expect("signed data").signers[0].subject = None).inconclusive(&RULE);
    }

    #[test]
    fn what_other_rules_say_is_not_repeated() {
        signed_by(None).edit_macho(|macho| macho.signature_kind = SignatureKind::Adhoc).not_applicable(&RULE);
        signed_by(None).with(|case| case.policy.macos.team = None).not_applicable(&RULE);
        Case::macho().with(|case| case.policy.macos.team = Some(from_file("ABCDE12345".into()))).not_applicable(&RULE);
    }
}
