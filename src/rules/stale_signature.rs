//! A signature that no longer fits the file it is in.

use super::support::NO_SIGNATURES;
use super::support::apple::{NOT_SIGNED, signature};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeDirectory, CodeSignature};
use crate::facts::pe::PeFacts;
use crate::facts::signed_data::{SignedData, Verification};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "stale-signature",
    summary: "the signature does not fit the file any more: something changed after signing",
    default: Level::Deny,
    formats: &[Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Mach-O: every page of the code against its hash in every CodeDirectory, the length that they cover, the hashes of the other
parts of the signature (requirements, entitlements), and the CMS signature over the CodeDirectory. PE: the Authenticode
digest of the image, recomputed, against the one that was signed, and the signature over it. Who signed, and whether a
certificate is trusted, is another question.

## Why it matters
A signed file must not change: `strip`, `install_name_tool`, `patchelf`-like tools, UPX and version stamps that run after
signing break the signature. macOS kills such code on arm64 and refuses it elsewhere, Windows shows it as tampered with.

## Example
```text
error[stale-signature]: `dist/app` was changed after it was signed
  = evidence: the CodeDirectory in slot 0x0 has other hashes for 1 of 12 pages, the first is page 3
  = policy: `stale-signature` is `deny` (by default)
  = help: sign as the last step; strip while linking, not afterwards, or see `seaworthy explain stale-signature`
```

## How to fix
The same for Go and Cargo: make signing the last step. Strip while linking (`-ldflags='-s -w'`, `strip = true` in the
profile), then sign.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    match (subject.macho(), subject.pe()) {
        (Some(macho), _) => check_macho(macho),
        (_, Some(pe)) => check_pe(pe),
        _ => Verdict::NotApplicable(NO_SIGNATURES),
    }
}

fn check_macho(macho: &MachOFacts) -> Verdict {
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    let mut evidence: Vec<String> =
        signature.code_directories.iter().flat_map(|directory| directory_faults(signature, directory)).collect();
    evidence.extend(signature.cms.iter().flat_map(invalid));
    if evidence.is_empty() && signature.code_directories.iter().any(|directory| directory.pages.is_none()) {
        return Verdict::Inconclusive("the hashes of its pages were not computed".into());
    }
    verdict(evidence)
}

/// What in the file does not fit one CodeDirectory.
fn directory_faults(signature: &CodeSignature, directory: &CodeDirectory) -> Vec<String> {
    let name = format!("the CodeDirectory in slot {:#x}", directory.slot);
    let mut faults = Vec::new();
    if directory.code_limit != signature.offset {
        faults.push(format!(
            "{name} covers {} bytes, but {} lie before the signature",
            directory.code_limit, signature.offset
        ));
    }
    for slot in directory.special_slots.iter().filter(|slot| slot.matches == Some(false)) {
        faults.push(format!("{name} has another hash for the blob in slot {}", slot.slot));
    }
    if let Some(pages) = directory.pages.as_ref().filter(|pages| !pages.sound()) {
        faults.push(match pages.first_bad.first() {
            Some(first) => format!(
                "{name} has other hashes for {} of {} pages, the first is page {first}",
                pages.bad, pages.checked
            ),
            None => format!("{name} has hashes for {} pages only", pages.checked),
        });
    }
    faults
}

fn check_pe(pe: &PeFacts) -> Verdict {
    let signatures: Vec<_> = pe
        .certificates
        .iter()
        .filter_map(|entry| entry.authenticode.as_ref())
        .flat_map(|signature| signature.all())
        .collect();
    if signatures.is_empty() {
        return Verdict::NotApplicable("it carries no Authenticode signature: see `unsigned-image`");
    }
    let mut evidence = Vec::new();
    for signature in &signatures {
        if let (Some(false), Some(computed)) = (signature.digest_matches, &signature.computed_digest) {
            let algorithm = &signature.digest_algorithm;
            evidence.push(format!("the signed {algorithm} digest is {}, the file's is {computed}", signature.digest));
        }
        evidence.extend(invalid(&signature.signed_data));
    }
    if evidence.is_empty() && signatures.iter().any(|signature| signature.digest_matches.is_none()) {
        return Verdict::Inconclusive("the digest of the image could not be computed".into());
    }
    verdict(evidence)
}

/// Signers whose signature is wrong.
fn invalid(signed: &SignedData) -> Vec<String> {
    let reason = |verification: &Verification| match verification {
        Verification::Invalid(why) => Some(format!("the signature by the certificate is wrong: {why}")),
        Verification::Valid | Verification::NotChecked(_) => None,
    };
    signed.signers.iter().filter_map(|signer| reason(&signer.verification)).collect()
}

fn verdict(evidence: Vec<String>) -> Verdict {
    if evidence.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` was changed after it was signed".into(),
        evidence,
        help: Some("sign as the last step; strip while linking, not afterwards".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::{CodeDirectory, PageHashes, SignatureKind};
    use crate::facts::signed_data::{SignedData, Verification};
    use crate::rules::support::testing::{Case, signed_macho, signed_pe, signer};

    fn signed(change: impl FnOnce(&mut CodeDirectory)) -> Case {
        signed_macho(SignatureKind::Cms, 0, None).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.offset = 49152;
            let directory = signature.code_directories.first_mut().expect("a CodeDirectory");
            directory.code_limit = 49152;
            directory.pages = Some(PageHashes { checked: 12, complete: true, ..PageHashes::default() });
            change(directory);
        })
    }

    fn image(matches: Option<bool>) -> Case {
        signed_pe(|authenticode| {
            authenticode.digest_algorithm = "sha256".into();
            authenticode.digest = "00".into();
            authenticode.computed_digest = Some("11".into());
            authenticode.digest_matches = matches;
        })
    }

    #[test]
    fn a_changed_page_violates() {
        let bad = PageHashes { checked: 12, bad: 1, first_bad: vec![3], complete: true };
        signed(|directory| directory.pages = Some(bad)).documented(&RULE);
    }

    #[test]
    fn a_file_that_became_longer_violates() {
        signed(|directory| directory.code_limit = 40960).violations(&RULE);
    }

    #[test]
    fn a_signature_over_something_else_violates() {
        let wrong = signer(Verification::Invalid("the digest differs".into()), None);
        let case = signed(|_| {}).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.cms = Some(SignedData { signers: vec![wrong], certificates: Vec::new() });
        });
        case.violations(&RULE);
    }

    #[test]
    fn a_changed_image_violates() {
        image(Some(false)).violations(&RULE);
    }

    #[test]
    fn sound_signatures_pass() {
        signed(|_| {}).passes(&RULE);
        image(Some(true)).passes(&RULE);
    }

    #[test]
    fn without_hashes_it_cannot_be_told() {
        signed(|directory| directory.pages = None).inconclusive(&RULE);
        image(None).inconclusive(&RULE);
    }

    #[test]
    fn unsigned_files_are_left_alone() {
        Case::macho().not_applicable(&RULE);
        Case::pe().not_applicable(&RULE);
    }
}
