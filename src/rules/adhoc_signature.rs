//! A signature without an identity where the policy wants one.

use super::support::NOT_MACOS;
use super::support::apple::{BY_CERTIFICATE, NOT_SIGNED, identity_demand};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "adhoc-signature",
    summary: "code is signed ad hoc, without an identity, although the policy asks for one",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That the signature was made with a certificate (CMS), when `[macos] team`, `hardened-runtime` or `notarizable` ask for what
only such a signature has.

## Why it matters
An ad hoc signature holds hashes and nobody's name. It satisfies the kernel of the Mac it is run on; Gatekeeper refuses it
after a download, and Apple's notary does not take it. Linkers sign ad hoc by themselves, which hides that the signing step
never ran.

## Example
```text
error[adhoc-signature]: `dist/app` is signed ad hoc, without an identity
  = evidence: the CodeDirectory has the flags `adhoc` and `linker-signed`: the linker made it
  = policy: `[macos] notarizable = true` (seaworthy.toml:1)
  = help: sign it with a certificate after the build: `codesign --sign IDENTITY --options runtime --timestamp FILE`, or see `seaworthy explain adhoc-signature`
```

## How to fix
The same for Go and Cargo: sign after the build with a Developer ID certificate, `codesign --sign "Developer ID Application:
…" --options runtime --timestamp FILE` on a Mac, or `rcodesign sign --p12-file … FILE` elsewhere.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    let Some(policy) = identity_demand(subject) else {
        return Verdict::NotApplicable("the policy does not ask who signed");
    };
    let kind = match macho.signature_kind {
        SignatureKind::None | SignatureKind::Damaged => return Verdict::NotApplicable(NOT_SIGNED),
        SignatureKind::Cms => return Verdict::Pass,
        SignatureKind::LinkerAdhoc => "the CodeDirectory has the flags `adhoc` and `linker-signed`: the linker made it",
        SignatureKind::Adhoc => "the CodeDirectory has the flag `adhoc`, and there is no CMS signature",
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is signed ad hoc, without an identity".into(),
        evidence: vec![kind.into()],
        policy: Some(policy),
        help: Some(BY_CERTIFICATE.into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::rules::support::testing::{Case, from_file};

    fn signed(kind: SignatureKind) -> Case {
        Case::macho()
            .edit_macho(|macho| macho.signature_kind = kind)
            .with(|case| case.policy.macos.notarizable = Some(from_file(true)))
    }

    #[test]
    fn an_ad_hoc_signature_violates_where_an_identity_is_asked_for() {
        signed(SignatureKind::LinkerAdhoc).documented(&RULE);
        let team = |case: &mut Case| {
            case.policy.macos.notarizable = None;
            case.policy.macos.team = Some(from_file("ABCDE12345".to_owned()));
        };
        signed(SignatureKind::Adhoc).with(team).violations(&RULE);
    }

    #[test]
    fn a_certificate_passes() {
        signed(SignatureKind::Cms).passes(&RULE);
    }

    #[test]
    fn unsigned_code_and_other_policies_are_left_alone() {
        signed(SignatureKind::None).not_applicable(&RULE);
        signed(SignatureKind::Adhoc).with(|case| case.policy.macos.notarizable = None).not_applicable(&RULE);
    }
}
