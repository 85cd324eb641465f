//! Mach-O, signed by apple-codesign with a certificate of its own, and by the linker.

use super::{Break, compare, flipped, little, patched};
use crate::support::{Scratch, rust_lld};

const POLICY: &str = r#"
[macos]
team = "ABCDE12345"
hardened-runtime = true
entitlements = ["com.apple.security.cs.allow-jit=true"]
forbidden-entitlements = ["com.apple.security.get-task-allow"]
"#;

const STUB: &str = "--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos, x86_64-macos ]\n\
    install-name: '/usr/lib/libSystem.B.dylib'\nexports:\n  - targets: [ arm64-macos, x86_64-macos ]\n    \
    symbols: [ dyld_stub_binder ]\n...\n";

/// A signed program, and the same signed otherwise.
struct Signed {
    right: Vec<u8>,
    two_digests: Vec<u8>,
    timestamped: Vec<u8>,
    adhoc: Vec<u8>,
    other_team: Vec<u8>,
    not_hardened: Vec<u8>,
    no_entitlements: Vec<u8>,
    debug: Vec<u8>,
    intel: Vec<u8>,
    linker: Vec<u8>,
}

fn big(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

/// Where the SuperBlob starts: `LC_CODE_SIGNATURE` says so.
fn superblob(bytes: &[u8]) -> usize {
    let mut at = 32;
    while little(bytes, at) != 0x1d {
        at += little(bytes, at + 4);
    }
    little(bytes, at + 8)
}

/// Where the index has the entry of a slot.
fn entry(bytes: &[u8], slot: usize) -> usize {
    let start = superblob(bytes);
    (0..big(bytes, start + 8)).map(|index| start + 12 + index * 8).find(|&at| big(bytes, at) == slot).expect("a slot")
}

/// Where the blob of a slot starts.
fn blob(bytes: &[u8], slot: usize) -> usize {
    superblob(bytes) + big(bytes, entry(bytes, slot) + 4)
}

/// The slot under a number that nobody looks at: as good as taken out.
fn without(bytes: &[u8], slot: usize) -> Vec<u8> {
    patched(bytes, entry(bytes, slot), &0x7777_u32.to_be_bytes())
}

const STALE: &[&str] = &["stale-signature"];

const ROWS: &[Break<Signed>] = &[
    ("nothing", |it| it.right.clone(), &[]),
    ("signed with SHA-1 and SHA-256", |it| it.two_digests.clone(), &[]),
    ("signed with a timestamp", |it| it.timestamped.clone(), &[]),
    // Signed again, otherwise.
    ("signed ad hoc", |it| it.adhoc.clone(), &["adhoc-signature"]),
    ("signed by another team", |it| it.other_team.clone(), &["wrong-team"]),
    ("signed without the hardened runtime", |it| it.not_hardened.clone(), &["missing-hardened-runtime"]),
    ("signed without entitlements", |it| it.no_entitlements.clone(), &["missing-entitlement"]),
    ("signed for the debugger", |it| it.debug.clone(), &["forbidden-entitlement"]),
    // Changed afterwards.
    ("a byte of the code", |it| flipped(&it.right, 0x2010), STALE),
    ("a byte of the code under both digests", |it| flipped(&it.two_digests, 0x2010), STALE),
    ("a byte behind the signature", |it| [&it.right[..], b"\n"].concat(), STALE),
    (
        "the CodeDirectory's identifier",
        |it| flipped(&it.right, blob(&it.right, 0) + big(&it.right, blob(&it.right, 0) + 20)),
        STALE,
    ),
    (
        "the flags of the CodeDirectory with the other digest",
        |it| flipped(&it.two_digests, blob(&it.two_digests, 0x1000) + 15),
        STALE,
    ),
    (
        "the requirements",
        |it| flipped(&it.right, blob(&it.right, 2) + big(&it.right, blob(&it.right, 2) + 4) - 1),
        STALE,
    ),
    ("the prologue of the entitlements", |it| flipped(&it.right, blob(&it.right, 5) + 8 + 15), STALE),
    ("the entitlements taken out", |it| without(&it.right, 5), STALE),
    ("the entitlements in DER taken out", |it| without(&it.right, 7), STALE),
    ("the requirements taken out", |it| without(&it.right, 2), STALE),
    ("the CMS signature taken out", |it| without(&it.right, 0x10000), STALE),
    ("the CMS signature's first byte", |it| flipped(&it.right, blob(&it.right, 0x10000) + 8), STALE),
    (
        "the CMS signature's last byte",
        |it| flipped(&it.right, blob(&it.right, 0x10000) + big(&it.right, blob(&it.right, 0x10000) + 4) - 1),
        STALE,
    ),
    ("the magic number of the signature", |it| flipped(&it.right, superblob(&it.right)), STALE),
    ("the CodeDirectory of an earlier build", |it| patched(&it.right, blob(&it.right, 0), &it.earlier()), STALE),
];

impl Signed {
    /// The CodeDirectory with a page hash that fits other code.
    fn earlier(&self) -> Vec<u8> {
        let at = blob(&self.right, 0);
        let directory = &self.right[at..at + big(&self.right, at + 4)];
        flipped(directory, directory.len() - 1)
    }
}

/// Another policy: without demands on who signs, a program that the linker signed, or Intel's that nobody did, is fine.
const PLAIN: &[Break<Signed>] = &[
    ("a linker's signature", |it| it.linker.clone(), &[]),
    ("a byte under a linker's signature", |it| flipped(&it.linker, 0x2010), STALE),
    ("an entitlement added to it", |it| added(&it.linker), STALE),
    ("no signature for Intel", |it| it.intel.clone(), &[]),
    ("one file with a linker's signature and none", |it| universal(&[&it.linker, &it.intel]), &[]),
    ("one file with a byte changed in one half", |it| universal(&[&flipped(&it.linker, 0x2010), &it.intel]), STALE),
];

/// The signature with a blob of entitlements that its CodeDirectory knows nothing of.
fn added(bytes: &[u8]) -> Vec<u8> {
    let start = superblob(bytes);
    let (count, length) = (big(bytes, start + 8), big(bytes, start + 4));
    assert_eq!(count, 1, "a linker's signature is one CodeDirectory");
    let directory = &bytes[start + big(bytes, start + 16)..start + length];
    let xml = [&0xfade_7171_u32.to_be_bytes()[..], &8_u32.to_be_bytes()].concat();
    let head = [0xfade_0cc0, (28 + directory.len() + 8) as u32, 2, 0, 28, 5, 28 + directory.len() as u32];
    let new = [head.map(u32::to_be_bytes).concat(), directory.to_vec(), xml].concat();
    let grown = new.len().next_multiple_of(16);
    let mut changed = bytes[..start].to_vec();
    changed.extend(new);
    changed.resize(start + grown, 0);
    // LC_CODE_SIGNATURE, in page 0, tells the new size; its page is hashed, so the changed hash is no surprise.
    let mut at = 32;
    while little(&changed, at) != 0x1d {
        at += little(&changed, at + 4);
    }
    patched(&changed, at + 12, &(grown as u32).to_le_bytes())
}

/// Several files in one (mach-o/fat.h).
fn universal(parts: &[&Vec<u8>]) -> Vec<u8> {
    const ALIGN: usize = 0x4000;
    let mut head = [0xcafe_babe, parts.len() as u32].map(u32::to_be_bytes).concat();
    let mut body = vec![0; ALIGN];
    for part in parts {
        let (kind, subkind) = (little(part, 4) as u32, little(part, 8) as u32);
        head.extend([kind, subkind, body.len() as u32, part.len() as u32, 14].map(u32::to_be_bytes).concat());
        body.extend_from_slice(part);
        body.resize(body.len().next_multiple_of(ALIGN), 0);
    }
    patched(&body, 0, &head)
}

fn entitlements(keys: &[&str]) -> String {
    let claims: String = keys.iter().map(|key| format!("<key>com.apple.security.{key}</key><true/>")).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>{claims}</dict></plist>\n")
}

fn signed(scratch: &Scratch) -> Signed {
    scratch.write("main.c", "int main(void) { return 0; }\n");
    scratch.write("libSystem.tbd", STUB);
    scratch.write("right.entitlements", entitlements(&["cs.allow-jit"]));
    scratch.write("debug.entitlements", entitlements(&["cs.allow-jit", "get-task-allow"]));
    let lld = rust_lld();
    let link = |zig: &str, arch: &str| {
        let target = format!("{zig}-macos.11.0");
        scratch.program("zig").args(["cc", "-target", &target, "-c", "main.c", "-o", "main.o"]).run().expect_code(0);
        let flags = ["-flavor", "darwin", "-arch", arch, "-platform_version", "macos", "11.0", "11.0"];
        let files = ["main.o", "libSystem.tbd", "-sectcreate", "__DATA", "__more", "main.o", "-o", arch];
        scratch.program(&lld).args(flags).args(files).run().expect_code(0);
        std::fs::read(scratch.join(arch)).expect("a program")
    };
    let linker = link("aarch64", "arm64");
    let sign = |arguments: &str| {
        scratch.write("app", &linker);
        scratch.program("sign-macho").arg("app").args(arguments.split(' ')).run().expect_code(0);
        std::fs::read(scratch.join("app")).expect("a signed program")
    };
    let all = "--team ABCDE12345 --flags runtime --entitlements right.entitlements";
    Signed {
        right: sign(all),
        two_digests: sign(&format!("{all} --digests sha1,sha256")),
        timestamped: sign(&format!("{all} --timestamp")),
        adhoc: sign("--flags runtime --entitlements right.entitlements"),
        other_team: sign(&all.replace("ABCDE12345", "ZYXWV98765")),
        not_hardened: sign("--team ABCDE12345 --entitlements right.entitlements"),
        no_entitlements: sign("--team ABCDE12345 --flags runtime"),
        debug: sign(&all.replace("right.", "debug.")),
        intel: link("x86_64", "x86_64"),
        linker,
    }
}

#[test]
fn each_way_to_break_a_signature_for_macos_is_caught_by_its_rule() {
    requires!("zig", "sign-macho", "openssl", "rust-std:aarch64-apple-darwin");
    let scratch = Scratch::empty();
    let subject = signed(&scratch);
    scratch.write("policy.toml", POLICY);
    compare(&scratch, &subject, ROWS);
    scratch.write("policy.toml", "");
    compare(&scratch, &subject, PLAIN);
}
