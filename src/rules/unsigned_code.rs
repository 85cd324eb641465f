//! Code without a signature that the system, or the policy, demands.

use super::support::apple::{BY_CERTIFICATE, demand, identity_demand};
use super::support::{NOT_MACOS, NOT_PROGRAM};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::{Format, Kind};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "unsigned-code",
    summary: "Mach-O code carries no signature although the system or the policy demands one",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That every arm64 slice carries a code signature, be it ad hoc, and every slice where `[macos]` asks for `signed`,
`notarizable`, `hardened-runtime` or a `team`. One that is there and cannot be read is a `stale-signature`.

## Why it matters
The kernel of a Mac with Apple silicon kills arm64 code without a signature at once ("Killed: 9"). Apple's linker and Go's
sign ad hoc as they link; other linkers do not, and `strip`, `install_name_tool` and a patched byte take the signature away
or break it. x86_64 code may be unsigned.

## Example
```text
error[unsigned-code]: `dist/app` is not signed, and macOS kills unsigned arm64 code
  = evidence: there is no `LC_CODE_SIGNATURE`
  = policy: `unsigned-code` is `deny` (by default)
  = help: sign it as the last step: `codesign -s - FILE` on a Mac, `rcodesign sign FILE` elsewhere, or see `seaworthy explain unsigned-code`
```

## How to fix
- Go: build with Go's own linker, which signs arm64 programs ad hoc, and strip with `-ldflags=-s` instead of `strip`.
- Cargo: sign after linking: `codesign -s - FILE` on a Mac, `rcodesign sign FILE` anywhere else. Do it as the last step,
  after `strip`. Where the policy asks for a `team`, `hardened-runtime` or `notarizable`, sign with a certificate instead:
  `codesign --sign IDENTITY --options runtime --timestamp FILE`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else {
        return Verdict::NotApplicable(NOT_MACOS);
    };
    if subject.facts.kind == Kind::Other {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    match macho.signature_kind {
        SignatureKind::None => {}
        SignatureKind::Damaged => return Verdict::NotApplicable("its signature cannot be read: see `stale-signature`"),
        SignatureKind::LinkerAdhoc | SignatureKind::Adhoc | SignatureKind::Cms => return Verdict::Pass,
    }
    let policy = demand(subject, "signed", |macos| &macos.signed).or_else(|| identity_demand(subject));
    let by_system = subject.facts.arch == "aarch64";
    if !by_system && policy.is_none() {
        return Verdict::NotApplicable(
            "macOS runs unsigned code of this architecture, and the policy does not ask for more",
        );
    }
    // Who asks for a team or the hardened runtime is not content with a signature that nobody made.
    let help = match identity_demand(subject) {
        Some(_) => BY_CERTIFICATE,
        None => "sign it as the last step: `codesign -s - FILE` on a Mac, `rcodesign sign FILE` elsewhere",
    };
    let why = if by_system { "macOS kills unsigned arm64 code" } else { "the policy demands a signature" };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is not signed, and {why}"),
        evidence: vec!["there is no `LC_CODE_SIGNATURE`".into()],
        policy,
        help: Some(help.into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::rules::support::testing::{Case, from_file};

    fn signed(kind: SignatureKind) -> Case {
        Case::macho().edit_macho(|macho| macho.signature_kind = kind)
    }

    #[test]
    fn unsigned_arm64_code_violates() {
        signed(SignatureKind::None).documented(&RULE);
        signed(SignatureKind::Damaged).not_applicable(&RULE);
    }

    #[test]
    fn x86_64_code_violates_when_the_policy_says_so() {
        let intel = || signed(SignatureKind::None).with(|case| case.facts.arch = "x86_64".into());
        intel().not_applicable(&RULE);
        intel().with(|case| case.policy.macos.signed = Some(from_file(true))).violations(&RULE);
        intel().with(|case| case.policy.macos.notarizable = Some(from_file(true))).violations(&RULE);
        intel().with(|case| case.policy.macos.hardened_runtime = Some(from_file(true))).violations(&RULE);
        intel().with(|case| case.policy.macos.team = Some(from_file("ABCDE12345".into()))).violations(&RULE);
        intel().with(|case| case.policy.macos.signed = Some(from_file(false))).not_applicable(&RULE);
    }

    #[test]
    fn a_policy_that_asks_for_an_identity_is_not_satisfied_ad_hoc() {
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        let unsigned = || signed(SignatureKind::None);
        assert!(help(unsigned()).contains("codesign -s -"));
        let team = unsigned().with(|case| case.policy.macos.team = Some(from_file("ABCDE12345".into())));
        let hardened = unsigned().with(|case| case.policy.macos.hardened_runtime = Some(from_file(true)));
        let notarizable = unsigned().with(|case| case.policy.macos.notarizable = Some(from_file(true)));
        for help in [help(team), help(hardened), help(notarizable)] {
            assert!(help.contains("--sign IDENTITY") && !help.contains("-s -"), "{help}");
        }
    }

    #[test]
    fn any_signature_passes() {
        for kind in [SignatureKind::LinkerAdhoc, SignatureKind::Adhoc, SignatureKind::Cms] {
            signed(kind).passes(&RULE);
        }
    }
}
