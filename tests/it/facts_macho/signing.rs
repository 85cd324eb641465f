//! Are signatures verified, and broken ones found out? A program that Go's linker signed is signed again with a
//! certificate: the CodeDirectory is kept but for the page that changes, OpenSSL makes the CMS signature over it.

use seaworthy::facts::macho::code_signature::{CodeSignature, SignatureKind};
use seaworthy::facts::signed_data::Verification;

use super::{facts_of, macho, seeds};
use crate::support::Scratch;

fn signature(bytes: &[u8]) -> CodeSignature {
    let facts = facts_of(bytes).expect("a program");
    macho(&facts).code_signature.clone().expect("a signature")
}

fn big(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

fn little(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Offset of the first load command with a number, and where its text is met if one is given.
fn command(bytes: &[u8], cmd: u32, name: &[u8]) -> usize {
    let mut at = 32;
    while little(bytes, at) != cmd || !bytes[at + 8..].starts_with(name) {
        at += little(bytes, at + 4) as usize;
    }
    at
}

/// A program signed with a new key of some kind.
fn signed(scratch: &Scratch, seed: &[u8], key: &[&str], entitlements: &str) -> Vec<u8> {
    let place = command(seed, 0x1d, b"");
    let start = little(seed, place + 8) as usize;
    let directory_at = start + big(seed, start + 16);
    let directory = &seed[directory_at..directory_at + big(seed, directory_at + 4)];
    let mut bytes = seed[..start].to_vec();
    // Room for the larger signature, in its command and in __LINKEDIT; both lie in page 0.
    let grown = 0x4000u32;
    bytes[place + 12..place + 16].copy_from_slice(&grown.to_le_bytes());
    let link_edit = command(seed, 0x19, b"__LINKEDIT\0");
    let offset = u64::from(little(seed, link_edit + 40));
    let size = start as u64 + u64::from(grown) - offset;
    bytes[link_edit + 48..link_edit + 56].copy_from_slice(&size.to_le_bytes());
    let directory = redirect(scratch, directory, &bytes, entitlements);
    scratch.write("directory", &directory);
    cms(scratch, key);
    let cms = std::fs::read(scratch.join("cms.der")).expect("a CMS signature");
    bytes.extend(superblob(&directory, entitlements, &cms));
    bytes.resize(start + grown as usize, 0);
    bytes
}

fn sha256(scratch: &Scratch, bytes: &[u8]) -> Vec<u8> {
    scratch.write("hashed", bytes);
    let done = scratch.program("openssl").args(["dgst", "-sha256", "-binary", "-out", "hash", "hashed"]).run();
    done.expect_code(0);
    std::fs::read(scratch.join("hash")).expect("a hash")
}

/// The CodeDirectory with the new hash of page 0, five special slots, and no flags.
fn redirect(scratch: &Scratch, old: &[u8], code: &[u8], entitlements: &str) -> Vec<u8> {
    const SLOTS: usize = 5;
    let hashes = big(old, 16);
    let mut new = old[..hashes].to_vec();
    let mut special = vec![0; SLOTS * 32];
    special[..32].copy_from_slice(&sha256(scratch, &blob(0xfade_7171, entitlements.as_bytes())));
    new.extend(special);
    new.extend(sha256(scratch, &code[..1 << old[39]]));
    new.extend(&old[hashes + 32..]);
    let length = new.len() as u32;
    new[4..8].copy_from_slice(&length.to_be_bytes());
    new[12..16].copy_from_slice(&0x1_0000u32.to_be_bytes());
    new[16..20].copy_from_slice(&((hashes + SLOTS * 32) as u32).to_be_bytes());
    new[24..28].copy_from_slice(&(SLOTS as u32).to_be_bytes());
    new
}

fn cms(scratch: &Scratch, key: &[&str]) {
    let request =
        ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Developer", "-keyout", "key.pem", "-out", "c.pem"];
    scratch.program("openssl").args(request).arg("-newkey").args(key).run().expect_code(0);
    let sign =
        ["cms", "-sign", "-binary", "-in", "directory", "-signer", "c.pem", "-inkey", "key.pem", "-md", "sha256"];
    scratch.program("openssl").args(sign).args(["-outform", "DER", "-out", "cms.der"]).run().expect_code(0);
}

fn blob(magic: u32, content: &[u8]) -> Vec<u8> {
    [&magic.to_be_bytes(), &(content.len() as u32 + 8).to_be_bytes(), content].concat()
}

fn superblob(directory: &[u8], entitlements: &str, cms: &[u8]) -> Vec<u8> {
    let blobs = [
        (0u32, directory.to_vec()),
        (5, blob(0xfade_7171, entitlements.as_bytes())),
        (0x10000, blob(0xfade_0b01, cms)),
    ];
    let mut at = 12 + 8 * blobs.len() as u32;
    let (mut index, mut body) = (Vec::new(), Vec::new());
    for (slot, blob) in blobs {
        index.extend([slot, at].map(u32::to_be_bytes).concat());
        at += blob.len() as u32;
        body.extend(blob);
    }
    [[0xfade_0cc0, at, 3].map(u32::to_be_bytes).concat(), index, body].concat()
}

const ENTITLEMENTS: &str =
    "<plist version=\"1.0\"><dict><key>com.apple.security.cs.allow-jit</key><true/></dict></plist>";

#[test]
fn signatures_by_every_kind_of_key_are_valid() {
    requires!("go", "openssl");
    let keys: [&[&str]; 3] =
        [&["rsa:2048"], &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]];
    for key in keys {
        let scratch = Scratch::empty();
        let found = signature(&signed(&scratch, &seeds()[1], key, ENTITLEMENTS));
        assert_eq!((found.kind, &found.problems), (SignatureKind::Cms, &Vec::new()), "{key:?}");
        let signer = &found.cms.as_ref().expect("a CMS signature").signers[0];
        assert_eq!((&signer.verification, signer.subject.as_deref()), (&Verification::Valid, Some("CN=Developer")));
        assert!(signer.signing_time.is_some() && signer.timestamp.is_none());
        let directory = found.best_directory().expect("a CodeDirectory");
        assert!(directory.hardened_runtime() && directory.pages.as_ref().is_some_and(|pages| pages.sound()));
        let entitlements = found.entitlements.as_ref().expect("entitlements");
        assert!(entitlements.grants("com.apple.security.cs.allow-jit") && !entitlements.grants("other"));
    }
}

#[test]
fn whatever_is_changed_after_signing_is_named() {
    requires!("go", "openssl");
    let scratch = Scratch::empty();
    let good = signed(&scratch, &seeds()[1], &["rsa:2048"], ENTITLEMENTS);
    let start = little(&good, command(&good, 0x1d, b"") + 8) as usize;
    let directory = start + big(&good, start + 16);
    let entitlements = start + big(&good, start + 24);
    let cases = [
        (0x5000, "does not match 1 of"),
        (directory + 60, "the digest in the signature is not that of the signed content"),
        (entitlements + 40, "does not match the blob in slot 5"),
        (start + big(&good, start + 4) - 8, "the signature is not by this certificate's key"),
    ];
    for (at, expected) in cases {
        let mut changed = good.clone();
        changed[at] ^= 0x10;
        let problems = signature(&changed).problems;
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{at:#x}: {problems:?}");
    }
}

#[test]
fn a_linkers_signature_is_sound_until_a_byte_changes() {
    requires!("go");
    let mut bytes = seeds()[1].clone();
    assert_eq!(signature(&bytes).problems, Vec::<String>::new());
    bytes[0x5001] ^= 1;
    let found = signature(&bytes);
    let pages = found.code_directories[0].pages.clone().expect("hashes were wanted");
    assert_eq!((pages.bad, pages.first_bad), (1, vec![5]));
    assert_eq!((found.kind, found.problems.len()), (SignatureKind::LinkerAdhoc, 1));
}

#[test]
fn pages_that_the_kernel_does_not_take_are_named() {
    requires!("go");
    let mut program = seeds()[1].clone();
    let start = little(&program, command(&program, 0x1d, b"") + 8) as usize;
    let page_shift = start + big(&program, start + 16) + 39;
    program[page_shift] = 11;
    let problems = signature(&program).problems;
    assert!(
        problems.iter().any(|problem| problem.ends_with("of 2048 bytes, and the kernel takes 4096 to 16384")),
        "{problems:?}"
    );
}
