//! Are signatures by a real signing tool verified, and broken ones found out?

use seaworthy::facts::pe::Authenticode;
use seaworthy::facts::signed_data::Verification;

use super::{HELLO, MINGW, facts_of, mingw, pe};
use crate::support::Scratch;

/// Makes a key and a certificate of one's own; returns nothing, writes `key.pem` and `cert.pem`.
fn certificate(scratch: &Scratch, key: &[&str]) {
    let arguments = ["-x509", "-nodes", "-days", "2", "-subj", "/C=DE/O=Example, Inc./CN=Jane Doe"];
    let files = ["-keyout", "key.pem", "-out", "cert.pem"];
    scratch.program("openssl").arg("req").args(arguments).args(files).arg("-newkey").args(key).run().expect_code(0);
}

fn sign(scratch: &Scratch, from: &str, to: &str, more: &[&str]) {
    let arguments = ["sign", "-certs", "cert.pem", "-key", "key.pem", "-n", "Example", "-in", from, "-out", to];
    scratch.program("osslsigncode").args(arguments).args(more).run().expect_code(0);
}

fn signature(bytes: &[u8]) -> Authenticode {
    let facts = facts_of(bytes).expect("a signed program");
    let entries = &pe(&facts).certificates;
    assert_eq!(entries.len(), 1);
    entries[0].authenticode.clone().expect("a signature that can be read")
}

#[test]
fn signatures_by_every_kind_of_key_are_valid_until_a_byte_changes() {
    requires!(MINGW, "openssl", "osslsigncode");
    let keys: [(&[&str], &str); 3] = [
        (&["rsa:3072"], "rsa-3072"),
        (&["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "ec-p256"),
        (&["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "ec-p384"),
    ];
    for (key, name) in keys {
        let scratch = Scratch::empty();
        mingw(&scratch, HELLO, "-s", "a.exe");
        certificate(&scratch, key);
        sign(&scratch, "a.exe", "b.exe", &["-h", "sha256"]);
        let mut bytes = std::fs::read(scratch.join("b.exe")).expect("a signed program");
        let good = signature(&bytes);
        let signer = &good.signed_data.signers[0];
        assert_eq!((good.digest_matches, &signer.verification), (Some(true), &Verification::Valid), "{name}");
        assert_eq!(signer.subject.as_deref(), Some("CN=Jane Doe,O=Example\\, Inc.,C=DE"));
        assert_eq!((good.program_name.as_deref(), signer.timestamp.as_ref()), (Some("Example"), None));
        assert_eq!(good.signed_data.certificates[0].key, name);
        // A byte of the code: the digest of the file is another one, the signature itself still stands.
        bytes[0x600] ^= 1;
        let touched = signature(&bytes);
        assert_eq!(touched.digest_matches, Some(false));
        assert_eq!(touched.signed_data.signers[0].verification, Verification::Valid);
        bytes[0x600] ^= 1;
        // The digest in the signature: the signature does not cover it any more.
        let digest: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&good.digest[2 * at..][..2], 16).unwrap()).collect();
        let at = bytes.windows(32).rposition(|window| window == digest).expect("the digest lies in the signature");
        bytes[at] ^= 1;
        let forged = &signature(&bytes).signed_data.signers[0].verification;
        assert!(matches!(forged, Verification::Invalid(_)), "{forged:?}");
        bytes[at] ^= 1;
        // The last bytes of the table are the signature's own.
        let end = bytes.iter().rposition(|&byte| byte != 0).expect("bytes") - 4;
        bytes[end] ^= 1;
        let broken = &signature(&bytes).signed_data.signers[0].verification;
        assert!(matches!(broken, Verification::Invalid(_)), "{broken:?}");
    }
}

#[test]
fn nested_signatures_are_all_checked() {
    requires!(MINGW, "openssl", "osslsigncode");
    let scratch = Scratch::empty();
    mingw(&scratch, HELLO, "-s", "a.exe");
    certificate(&scratch, &["rsa:2048"]);
    sign(&scratch, "a.exe", "b.exe", &["-h", "sha1"]);
    sign(&scratch, "b.exe", "c.exe", &["-h", "sha384", "-nest"]);
    let outer = signature(&std::fs::read(scratch.join("c.exe")).expect("a signed program"));
    let found: Vec<_> = outer.all().iter().map(|one| (one.digest_algorithm.clone(), one.digest_matches)).collect();
    assert_eq!(found, [("sha1".to_owned(), Some(true)), ("sha384".to_owned(), Some(true))]);
    assert!(outer.all().iter().all(|one| one.signed_data.signers[0].verification == Verification::Valid));
}

#[test]
fn certificate_tables_that_lie_are_problems_not_signatures() {
    requires!(MINGW, "openssl", "osslsigncode");
    let scratch = Scratch::empty();
    mingw(&scratch, HELLO, "-s", "a.exe");
    certificate(&scratch, &["rsa:2048"]);
    sign(&scratch, "a.exe", "b.exe", &[]);
    let good = std::fs::read(scratch.join("b.exe")).expect("a signed program");
    let pe_at = u32::from_le_bytes(good[0x3c..0x40].try_into().expect("four bytes")) as usize;
    let entry = pe_at + 24 + 112 + 32;
    let table = u32::from_le_bytes(good[entry..entry + 4].try_into().expect("four bytes")) as usize;
    // The table off the end, an entry longer than the table, one shorter than its header, a table over the headers.
    for (at, value) in [(entry, u32::MAX), (entry + 4, u32::MAX), (table, 1 << 30), (table, 7), (entry, 8)] {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let facts = facts_of(&bytes).expect("Windows runs it all the same");
        let pe = pe(&facts);
        let signed = pe
            .certificates
            .iter()
            .any(|one| one.authenticode.as_ref().is_some_and(|signature| signature.digest_matches == Some(true)));
        assert!(!signed && !pe.problems.is_empty(), "{at:#x} {value:#x}: {:?}", pe.problems);
    }
}
