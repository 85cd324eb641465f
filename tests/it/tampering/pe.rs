//! PE, signed by osslsigncode with certificates of its own.

use super::{Break, compare, flipped, last, little, patched};
use crate::support::Scratch;

const POLICY: &str = "[windows]\nsigned = true\nsigner = \"CN=Jane Doe\"\n";

/// A signed program, and the same signed otherwise.
struct Signed {
    right: Vec<u8>,
    page_hashes: Vec<u8>,
    sha384: Vec<u8>,
    nested: Vec<u8>,
    overlay: Vec<u8>,
    no_timestamp: Vec<u8>,
    other: Vec<u8>,
    stripped: Vec<u8>,
}

/// Where the optional header of a PE32+ image starts.
fn optional_header(bytes: &[u8]) -> usize {
    little(bytes, 0x3c) + 24
}

/// Where the directory names the certificate table.
fn directory(bytes: &[u8]) -> usize {
    optional_header(bytes) + 112 + 4 * 8
}

fn table(bytes: &[u8]) -> usize {
    little(bytes, directory(bytes))
}

/// A second entry with the same signature in the table, as tools for secure boot add theirs.
fn two_entries(bytes: &[u8]) -> Vec<u8> {
    let size = little(bytes, directory(bytes) + 4);
    let doubled = [bytes, &bytes[table(bytes)..]].concat();
    patched(&doubled, directory(bytes) + 4, &(2 * size as u32).to_le_bytes())
}

/// The last byte of the signature's value, which the DER in the table ends with unless a timestamp follows.
fn end(bytes: &[u8]) -> usize {
    let at = table(bytes);
    // A SEQUENCE with a length of two bytes.
    at + 8 + 4 + usize::from(u16::from_be_bytes([bytes[at + 10], bytes[at + 11]])) - 1
}

/// The digest that was signed: what DigestInfo of SHA-256 ends with.
fn digest(bytes: &[u8]) -> usize {
    let info = [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
    let after = &bytes[table(bytes)..];
    table(bytes) + after.windows(info.len()).position(|window| window == info).expect("a DigestInfo") + info.len()
}

const STALE: &[&str] = &["stale-signature"];

const ROWS: &[Break<Signed>] = &[
    ("nothing", |it| it.right.clone(), &[]),
    ("hashes of pages", |it| it.page_hashes.clone(), &[]),
    ("SHA-384", |it| it.sha384.clone(), &[]),
    ("a signature in a signature", |it| it.nested.clone(), &[]),
    ("data behind the image before it was signed", |it| it.overlay.clone(), &[]),
    ("two entries in the table", |it| two_entries(&it.right), &[]),
    // The digest leaves the checksum out, which signing tools write last.
    ("the checksum", |it| flipped(&it.right, optional_header(&it.right) + 64), &[]),
    // Signed again, otherwise.
    ("signed without a timestamp", |it| it.no_timestamp.clone(), &["missing-timestamp"]),
    ("signed by another", |it| it.other.clone(), &["wrong-signer"]),
    // Changed afterwards.
    ("a byte of the code", |it| flipped(&it.right, 0x610), STALE),
    ("a byte of the code under two signatures", |it| flipped(&it.nested, 0x610), STALE),
    ("the subsystem", |it| flipped(&it.right, optional_header(&it.right) + 44), STALE),
    ("a byte behind the table", |it| [&it.right[..], &[0; 8]].concat(), STALE),
    ("the digest that was signed", |it| flipped(&it.right, digest(&it.right)), STALE),
    (
        "the signature's value",
        |it| flipped(&it.no_timestamp, end(&it.no_timestamp)),
        &["missing-timestamp", "stale-signature"],
    ),
    ("the timestamp", |it| flipped(&it.right, end(&it.right)), &["missing-timestamp"]),
    ("the certificate's signature taken for another's", |it| exchanged(it), STALE),
    ("the first byte of the signature", |it| flipped(&it.right, table(&it.right) + 8), STALE),
    ("the table cut off, as strip does", |it| it.stripped.clone(), STALE),
    ("the table and its name cut off", |it| removed(&it.right), &["unsigned-image"]),
];

/// The image of one program with the table of another.
fn exchanged(it: &Signed) -> Vec<u8> {
    let changed = flipped(&it.right, last(&it.right[..table(&it.right)], b"This program cannot"));
    [&changed[..table(&changed)], &it.right[table(&it.right)..]].concat()
}

/// As it was before it was signed.
fn removed(bytes: &[u8]) -> Vec<u8> {
    patched(&bytes[..table(bytes)], directory(bytes), &[0; 8])
}

fn certificate(scratch: &Scratch, name: &str, usage: &str) {
    let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
    let usage = format!("extendedKeyUsage={usage}");
    let subject = format!("/CN={name}");
    let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject];
    let files = ["-addext", &usage, "-keyout", &key, "-out", &file];
    scratch.program("openssl").args(arguments).args(files).run().expect_code(0);
}

fn signed(scratch: &Scratch) -> Signed {
    scratch.write("main.c", "int main(void) { return 0; }\n");
    let gcc = scratch.program("x86_64-w64-mingw32-gcc").args(["-static", "-s", "main.c", "-o", "plain.exe"]);
    gcc.run().expect_code(0);
    certificate(scratch, "Jane Doe", "codeSigning");
    certificate(scratch, "John Doe", "codeSigning");
    certificate(scratch, "Timestamps", "critical,timeStamping");
    let sign = |from: &str, who: &str, more: &[&str]| {
        let (key, file) = (format!("{who}.key"), format!("{who}.pem"));
        let _ = std::fs::remove_file(scratch.join("out.exe"));
        let arguments = ["sign", "-certs", &file, "-key", &key, "-in", from, "-out", "out.exe"];
        scratch.program("osslsigncode").args(arguments).args(more).run().expect_code(0);
        std::fs::read(scratch.join("out.exe")).expect("a signed program")
    };
    const STAMP: [&str; 4] = ["-TSA-certs", "Timestamps.pem", "-TSA-key", "Timestamps.key"];
    let stamped = |from: &str, who: &str, more: &[&str]| sign(from, who, &[&STAMP[..], more].concat());
    let plain = std::fs::read(scratch.join("plain.exe")).expect("a program");
    scratch.write("overlay.exe", [&plain[..], b"other"].concat());
    let right = stamped("plain.exe", "Jane Doe", &["-h", "sha256"]);
    scratch.write("right.exe", &right);
    scratch.write("stripped.exe", &right);
    scratch.program("x86_64-w64-mingw32-strip").arg("stripped.exe").run().expect_code(0);
    Signed {
        page_hashes: stamped("plain.exe", "Jane Doe", &["-h", "sha256", "-ph"]),
        sha384: stamped("plain.exe", "Jane Doe", &["-h", "sha384"]),
        nested: stamped("right.exe", "Jane Doe", &["-h", "sha256", "-nest"]),
        overlay: stamped("overlay.exe", "Jane Doe", &["-h", "sha256"]),
        no_timestamp: sign("plain.exe", "Jane Doe", &["-h", "sha256"]),
        other: stamped("plain.exe", "John Doe", &["-h", "sha256"]),
        stripped: std::fs::read(scratch.join("stripped.exe")).expect("a program"),
        right,
    }
}

#[test]
fn each_way_to_break_a_signature_for_windows_is_caught_by_its_rule() {
    requires!("x86_64-w64-mingw32-gcc", "osslsigncode", "openssl");
    let scratch = Scratch::empty();
    let subject = signed(&scratch);
    scratch.write("policy.toml", POLICY);
    compare(&scratch, &subject, ROWS);
}
