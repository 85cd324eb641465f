//! The rule about signatures over what changed.

use super::RULE;
use crate::facts::Kind;
use crate::facts::macho::code_signature::{CodeDirectory, CodeSignature, PageHashes, SignatureKind, SpecialSlot};
use crate::facts::pe::CertificateEntry;
use crate::facts::signed_data::{SignedData, Signer, Verification};
use crate::rules::support::testing::{Case, signed_macho, signed_pe, signer};

fn signed(change: impl FnOnce(&mut CodeDirectory)) -> Case {
    signed_macho(SignatureKind::Cms, 0, None).edit_macho(|macho| {
        let signature = macho.code_signature.as_mut().expect("a signature");
        signature.offset = 49152;
        signature.cms = Some(signed_by(signer(Verification::Valid, None)));
        let directory = signature.code_directories.first_mut().expect("a CodeDirectory");
        (directory.code_limit, directory.page_size) = (49152, 4096);
        directory.pages = Some(PageHashes { checked: 12, complete: true, ..PageHashes::default() });
        change(directory);
    })
}

fn signed_by(signer: Signer) -> SignedData {
    SignedData { signers: vec![signer], certificates: Vec::new() }
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
    edited(|signature| signature.cms = Some(signed_by(wrong))).violations(&RULE);
}

fn edited(change: impl FnOnce(&mut CodeSignature)) -> Case {
    signed(|_| {}).edit_macho(|macho| change(macho.code_signature.as_mut().expect("a signature")))
}

#[test]
fn what_the_code_directory_does_not_cover_violates() {
    edited(|signature| signature.bytes_behind = 1).violations(&RULE);
    edited(|signature| signature.cms_names_directories = Some(false)).violations(&RULE);
    signed(|directory| directory.unhashed_slots = vec![5]).violations(&RULE);
    signed(|directory| directory.special_slots = vec![SpecialSlot { slot: 5, matches: Some(false), outside: None }])
        .violations(&RULE);
}

#[test]
fn alignment_and_files_outside_are_no_fault() {
    signed(|directory| directory.code_limit = 49152 - 15).passes(&RULE);
    signed(|directory| directory.code_limit = 49152 - 16).violations(&RULE);
    signed(|directory| directory.special_slots = vec![outside(1, "00")]).passes(&RULE);
}

fn outside(slot: u32, hash: &str) -> SpecialSlot {
    SpecialSlot { slot, matches: None, outside: Some(hash.to_owned()) }
}

/// SHA-1 of `plist` and of `resources`.
const PLIST: &str = "0112dae3f84cb4df5179be01e66620aafa3f481f";
const RESOURCES: &str = "0189424a5a60fed329fa868e83bf2760d97a4778";

#[test]
fn what_the_bundle_has_must_be_what_was_signed() {
    let program = |slots: &[(u32, &str)], path: &str| {
        let slots = slots.iter().map(|(slot, hash)| outside(*slot, hash)).collect();
        signed(move |directory| (directory.hash_type, directory.special_slots) = ("sha1".into(), slots))
            .with(|case| case.artifact.path = path.into())
    };
    let slots = [(1, PLIST), (3, RESOURCES)];
    let home = "A.app/Contents/MacOS/app";
    let bundled = |plist: &str, resources: &str| {
        program(&slots, home)
            .beside_data("/app/A.app/Contents/Info.plist", plist)
            .beside_data("/app/A.app/Contents/_CodeSignature/CodeResources", resources)
    };
    bundled("plist", "resources").passes(&RULE);
    let found = bundled("another", "resources").violations(&RULE).remove(0);
    assert_eq!(found.evidence, ["the CodeDirectory in slot 0x0 has another hash for `Contents/Info.plist`"]);
    bundled("plist", "others").violations(&RULE);
    let gone = program(&slots, home).beside_data("/app/A.app/Contents/Info.plist", "plist").violations(&RULE);
    assert!(gone[0].evidence[0].contains("`Contents/_CodeSignature/CodeResources`, which is not there"));
    // Taken out of its bundle, and a tool with an Info.plist within itself.
    program(&slots, "dist/app").passes(&RULE);
    program(&slots[..1], home).beside_data("/app/A.app/Contents/Info.plist", "another").passes(&RULE);
    bundled("plist", "cannot be read").inconclusive(&RULE);
}

#[test]
fn pages_that_the_kernel_does_not_take_violate() {
    let pages = |size| signed(|directory| directory.page_size = size);
    let intel = |size| pages(size).with(|case| case.facts.arch = "x86_64".into());
    for size in [0, 2048, 65536] {
        let found = pages(size).violations(&RULE).remove(0);
        assert!(found.message.contains("the kernel of macOS refuses"), "{found:?}");
        intel(size).violations(&RULE);
    }
    pages(16384).passes(&RULE);
    intel(16384).violations(&RULE);
    intel(4096).passes(&RULE);
    pages(0).with(|case| case.facts.kind = Kind::Other).passes(&RULE);
}

#[test]
fn the_team_is_that_of_apples_certificate() {
    let by = |subject: &str, issuer: &str| {
        let mut signer = signer(Verification::Valid, None);
        (signer.subject, signer.issuer) = (Some(subject.to_owned()), Some(issuer.to_owned()));
        signed(|directory| directory.team_id = Some("ABCDE12345".into()))
            .edit_macho(|macho| macho.code_signature.as_mut().expect("a signature").cms = Some(signed_by(signer)))
    };
    let apple = "CN=Developer ID Certification Authority,OU=Apple Certification Authority,O=Apple Inc.,C=US";
    by("CN=Developer ID Application: Jane Doe,OU=OTHER67890,C=US", apple).violations(&RULE);
    by("CN=Developer ID Application: Jane Doe,OU=ABCDE12345,C=US", apple).passes(&RULE);
    by("CN=Developer ID Application: Jane Doe,C=US", apple).passes(&RULE);
    by("CN=Apple Mac OS Application Signing,OU=Apple,O=Apple Inc.", apple).passes(&RULE);
    by("CN=Jane Doe,OU=OTHER67890", "CN=Jane Doe,OU=OTHER67890").passes(&RULE);
}

#[test]
fn what_cannot_be_read_violates() {
    edited(|signature| signature.problems = vec!["it has no CodeDirectory".into()])
        .edit_macho(|macho| macho.signature_kind = SignatureKind::Damaged)
        .violations(&RULE);
    edited(|signature| signature.cms = None).violations(&RULE);
    let damaged = CertificateEntry { problem: Some("it cannot be read".into()), ..CertificateEntry::default() };
    Case::pe().edit_pe(|pe| pe.certificates = vec![damaged]).violations(&RULE);
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
    let unknown = signer(Verification::NotChecked("not known here".into()), None);
    edited(|signature| signature.cms = Some(signed_by(unknown.clone()))).inconclusive(&RULE);
    signed_pe(|authenticode| {
        authenticode.digest_matches = Some(true);
        authenticode.signed_data = signed_by(unknown);
    })
    .inconclusive(&RULE);
}

#[test]
fn unsigned_files_are_left_alone() {
    Case::macho().not_applicable(&RULE);
    Case::pe().not_applicable(&RULE);
}
