//! Another team than the policy's signed the code.

use super::support::NOT_MACOS;
use super::support::apple::{NOT_SIGNED, signature};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "wrong-team",
    summary: "another team than the policy names signed the code",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The team identifier of the CodeDirectories against `[macos] team`. An ad hoc signature, which has no team, is left to
`adhoc-signature`.

## Why it matters
A build that signs with whatever certificate the keychain offers first ships under another name: a contractor's, a personal
one, a subsidiary's. Updates, keychain items and app groups are bound to the team.

## Example
```text
error[wrong-team]: `dist/app` is signed by team `ZYXWV98765`, not by `ABCDE12345`
  = evidence: the CodeDirectory names the team `ZYXWV98765`
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
    let Some(first) = others.first() else { return Verdict::Pass };
    let said = |found: &Option<&str>| match found {
        Some(found) => format!("the CodeDirectory names the team `{found}`"),
        None => "the CodeDirectory names no team".to_owned(),
    };
    let by = first.map_or_else(|| "somebody without a team".to_owned(), |found| format!("team `{found}`"));
    let mut evidence: Vec<String> = others.iter().map(said).collect();
    let signers = signature.cms.iter().flat_map(|cms| &cms.signers);
    evidence.extend(signers.filter_map(|signer| signer.subject.as_ref()).map(|subject| format!("signed by {subject}")));
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is signed by {by}, not by `{}`", team.value),
        evidence,
        policy: Some(PolicySource { key: format!("[macos] team = \"{}\"", team.value), origin: team.origin.clone() }),
        help: Some(
            "name the certificate in full: `codesign --sign \"Developer ID Application: NAME (TEAM)\" …`".into(),
        ),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::rules::support::testing::{Case, from_file, signed_macho};

    fn signed_by(team: Option<&str>) -> Case {
        signed_macho(SignatureKind::Cms, 0x10000, team)
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
    fn what_other_rules_say_is_not_repeated() {
        signed_by(None).edit_macho(|macho| macho.signature_kind = SignatureKind::Adhoc).not_applicable(&RULE);
        signed_by(None).with(|case| case.policy.macos.team = None).not_applicable(&RULE);
        Case::macho().with(|case| case.policy.macos.team = Some(from_file("ABCDE12345".into()))).not_applicable(&RULE);
    }
}
