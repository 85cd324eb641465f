//! A signature that no longer fits the file it is in.

use super::support::NO_SIGNATURES;
use super::support::bundle;
use super::support::names::attributes;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeDirectory, CodeSignature, SignatureKind};
use crate::facts::pe::PeFacts;
use crate::facts::signed_data::{SignedData, Signer, Verification};
use crate::facts::{Format, Kind};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "stale-signature",
    summary: "the signature does not fit the file any more: something changed after signing",
    default: Level::Deny,
    formats: &[Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Mach-O: every page of the code against its hash in every CodeDirectory, the length that they cover, what lies behind the
signature, the hashes of its other parts (requirements, entitlements, launch constraints), and the CMS signature over the
CodeDirectories, whose team has to be that of the certificate where Apple issued it; and whether the kernel takes pages of that
size (4 KiB, or up to 16 KiB on Apple silicon). For the program of a bundle, in `Contents/MacOS`, also `Contents/Info.plist` and
`Contents/_CodeSignature/CodeResources`, not the files that the latter lists.

PE: the Authenticode digest of the image, recomputed, against the one that was signed, and the signature over it.

A signature that is there and cannot be read does not fit either. Who signed, and whether a certificate is trusted, is
another question.

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
        (Some(macho), _) => check_macho(subject, macho),
        (_, Some(pe)) => check_pe(pe),
        _ => Verdict::NotApplicable(NO_SIGNATURES),
    }
}

fn check_macho(subject: &Subject<'_>, macho: &MachOFacts) -> Verdict {
    let Some(signature) = &macho.code_signature else {
        return Verdict::NotApplicable("it carries no signature: see `unsigned-code`");
    };
    if macho.signature_kind == SignatureKind::Damaged {
        return violated("`{artifact}` carries a signature that cannot be read", signature.problems.clone());
    }
    let directories = &signature.code_directories;
    let mut evidence: Vec<String> =
        directories.iter().flat_map(|directory| directory_faults(signature, directory)).collect();
    if signature.bytes_behind > 0 {
        evidence.push(format!("{} bytes lie behind the signature, which covers nothing there", signature.bytes_behind));
    }
    evidence.extend(cms_faults(signature));
    let sealed = bundle::sealed(subject, signature);
    evidence.extend(sealed.faults);
    if evidence.is_empty() && subject.facts.kind != Kind::Other {
        let refused = directories.iter().filter_map(|directory| directory.page_size_fault(&subject.facts.arch));
        evidence.extend(refused);
        if !evidence.is_empty() {
            return refused_by_kernel(evidence);
        }
    }
    let unknown = directories.iter().any(|directory| directory.pages.is_none());
    let unknown = unknown.then(|| "the hashes of its pages were not computed".to_owned());
    verdict(evidence, unknown.or(sealed.unknown).or_else(|| signature.cms.iter().find_map(not_checked)))
}

/// Everything fits, and the kernel does not take it all the same.
fn refused_by_kernel(evidence: Vec<String>) -> Verdict {
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` carries a signature that the kernel of macOS refuses".into(),
        evidence,
        help: Some("sign it with pages of 4096 bytes, which `codesign` does by default".into()),
        ..Violation::default()
    }])
}

/// What is wrong with the CMS signature, where there is one.
fn cms_faults(signature: &CodeSignature) -> Vec<String> {
    let Some(cms) = &signature.cms else {
        let unreadable = (signature.kind == SignatureKind::Cms).then(|| "the CMS signature cannot be read".to_owned());
        return unreadable.into_iter().collect();
    };
    let mut faults = invalid(cms);
    if signature.cms_names_directories == Some(false) {
        faults.push("the CMS signature names other CodeDirectories than those that are there".into());
    }
    faults.extend(cms.signers.iter().filter_map(|signer| other_team(signature, signer)));
    faults
}

/// That Apple issued the certificate to another team than the CodeDirectory names, which codesign refuses (Security's
/// `StaticCode.cpp`, `errSecCSBadTeamIdentifier`). It asks neither certificates of others nor Apple's own, with which the store
/// signs for every team.
fn other_team(signature: &CodeSignature, signer: &Signer) -> Option<String> {
    let values = |name: &str, wanted: &str| -> Vec<String> {
        attributes(name).into_iter().filter(|(kind, _)| *kind == wanted).map(|(_, value)| value).collect()
    };
    let (subject, issuer) = (signer.subject.as_deref()?, signer.issuer.as_deref()?);
    let is_apples = |name: &str| values(name, "O").iter().any(|value| value == "Apple Inc.");
    let units =
        Some(values(subject, "OU")).filter(|units| !units.is_empty() && is_apples(issuer) && !is_apples(subject))?;
    let teams = signature.code_directories.iter().filter_map(|directory| directory.team_id.as_ref());
    let team = teams.into_iter().find(|team| !units.contains(team))?;
    Some(format!("the CodeDirectory names the team `{team}`, and the certificate is of `{}`", units.join("` and `")))
}

/// What in the file does not fit one CodeDirectory.
fn directory_faults(signature: &CodeSignature, directory: &CodeDirectory) -> Vec<String> {
    let name = format!("the CodeDirectory in slot {:#x}", directory.slot);
    let mut faults = Vec::new();
    if !directory.reaches(signature.offset) {
        faults.push(format!(
            "{name} covers {} bytes, but {} lie before the signature",
            directory.code_limit, signature.offset
        ));
    }
    for slot in directory.special_slots.iter().filter(|slot| slot.matches == Some(false)) {
        let is_there = signature.blobs.iter().any(|blob| blob.slot == slot.slot);
        let fault = if is_there { "has another hash for the blob" } else { "has a hash for a blob that is gone" };
        faults.push(format!("{name} {fault} in slot {}{}", slot.slot, contents(slot.slot)));
    }
    for &slot in &directory.unhashed_slots {
        faults.push(format!("{name} has no hash for the blob in slot {slot}{}", contents(slot)));
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

/// What a special slot is about.
fn contents(slot: u32) -> &'static str {
    match slot {
        2 => " (requirements)",
        5 => " (entitlements)",
        7 => " (entitlements in DER)",
        8..=11 => " (launch constraints)",
        _ => "",
    }
}

fn check_pe(pe: &PeFacts) -> Verdict {
    let problems: Vec<String> = pe.certificates.iter().filter_map(|entry| entry.problem.clone()).collect();
    if !problems.is_empty() {
        return violated("`{artifact}` carries a signature that cannot be read", problems);
    }
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
    let unknown = signatures.iter().any(|signature| signature.digest_matches.is_none());
    let unknown = unknown.then(|| "the digest of the image could not be computed".to_owned());
    verdict(evidence, unknown.or_else(|| signatures.iter().find_map(|signature| not_checked(&signature.signed_data))))
}

/// Signers whose signature is wrong.
fn invalid(signed: &SignedData) -> Vec<String> {
    let reason = |verification: &Verification| match verification {
        Verification::Invalid(why) => Some(format!("the signature by the certificate is wrong: {why}")),
        Verification::Valid | Verification::NotChecked(_) => None,
    };
    signed.signers.iter().filter_map(|signer| reason(&signer.verification)).collect()
}

/// A signer whose signature could not be checked, and why.
fn not_checked(signed: &SignedData) -> Option<String> {
    signed.signers.iter().find_map(|signer| match &signer.verification {
        Verification::NotChecked(why) => Some(format!("the signature by the certificate could not be checked: {why}")),
        Verification::Valid | Verification::Invalid(_) => None,
    })
}

fn verdict(evidence: Vec<String>, unknown: Option<String>) -> Verdict {
    match unknown {
        _ if !evidence.is_empty() => violated("`{artifact}` was changed after it was signed", evidence),
        Some(unknown) => Verdict::Inconclusive(unknown),
        None => Verdict::Pass,
    }
}

fn violated(message: &str, evidence: Vec<String>) -> Verdict {
    Verdict::Violated(vec![Violation {
        message: message.into(),
        evidence,
        help: Some("sign as the last step; strip while linking, not afterwards".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests;
