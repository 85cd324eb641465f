//! Signatures, keys and descriptions that are not what they should be: one clear sentence each, and nothing else happens.

use serde_json::{Value, json};

use super::{refused, run, signed, verify};
use crate::support::Scratch;

/// A bare signature of a static program, to be spoiled.
fn bare() -> (Scratch, Value) {
    let scratch = Scratch::empty();
    scratch.write("main.c", "int main(void) { return 0; }\n");
    run(&scratch, "gcc -static main.c -o app");
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(0);
    let bytes = std::fs::read(scratch.join("platform-signature.json")).expect("it was written");
    (scratch, serde_json::from_slice(&bytes).expect("JSON"))
}

#[test]
fn what_is_no_signature_is_an_error_with_its_reason() {
    requires!("gcc");
    let (scratch, good) = bare();
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let nested = good.to_string().replace("\"entitlements\":null", &format!("\"entitlements\":{{\"a\":{nested}}}"));
    let changed = |pointer: &str, value: Value| {
        let mut manifest = good.clone();
        *manifest.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        manifest.to_string()
    };
    let unknown = good.to_string().replacen("{\"format_version\"", "{\"also_needs\":\"a GPU\",\"format_version\"", 1);
    let outside = "leads out of its directory";
    for (text, why) in [
        (String::new(), "not a platform signature"),
        ("\u{0}\u{1}".to_owned(), "not a platform signature"),
        ("[]".to_owned(), "not a platform signature"),
        (nested, "recursion limit exceeded"),
        (unknown, "unknown field `also_needs`"),
        (changed("/format_version", json!(2)), "format_version is 2"),
        (changed("/artifacts", json!([])), "names no artifact"),
        (changed("/artifacts/0/size", json!(-1)), "invalid value"),
        (changed("/artifacts/0/sha256", json!("ABC")), "not 64 digits of lower-case hex"),
        (changed("/artifacts/0/path", json!("../app")), outside),
        (changed("/artifacts/0/path", json!("/etc/passwd")), outside),
        (changed("/artifacts/0/path", json!("a/../../app")), outside),
        (changed("/artifacts/0/path", json!("c:\\app")), outside),
        (changed("/artifacts/0/slices/0/kind", json!("spaceship")), "unknown variant"),
        (changed("/artifacts/0/slices/0/libraries", json!({})), "invalid type"),
    ] {
        scratch.write("platform-signature.json", &text);
        let done = scratch.seaworthy().arg("verify").run().expect_code(4).expect_stderr(why);
        assert_eq!(done.stderr().lines().count(), 1, "{}", done.stderr());
        assert_eq!(done.stdout(), "");
    }
    let file = std::fs::File::create(scratch.join("platform-signature.json")).expect("it is writable");
    file.set_len(10 << 30).expect("a sparse file");
    scratch.seaworthy().arg("verify").run().expect_code(4).expect_stderr("more than");
    scratch.seaworthy().args(["verify", "--manifest", "."]).run().expect_code(4).expect_stderr("a directory");
    scratch
        .seaworthy()
        .args(["verify", "--manifest", "none"])
        .run()
        .expect_code(4)
        .expect_stderr("No such file or directory; `seaworthy manifest PATH…` writes one");
}

#[test]
fn what_a_signature_names_is_printed_harmlessly() {
    requires!("gcc");
    let (scratch, mut manifest) = bare();
    manifest["artifacts"][0]["path"] = json!("a\u{1b}[31mb");
    scratch.write("platform-signature.json", manifest.to_string());
    let done = scratch.seaworthy().args(["verify", "--color", "never"]).run().expect_code(3);
    assert!(!done.stdout().contains('\u{1b}'), "{:?}", done.stdout());
}

#[test]
fn links_do_not_lead_out_of_the_directory() {
    requires!("gcc");
    let (scratch, _) = bare();
    let other = Scratch::empty();
    std::os::unix::fs::symlink(scratch.join("app"), other.join("app")).expect("a link");
    let manifest = scratch.join("platform-signature.json").display().to_string();
    let directory = other.path().display().to_string();
    assert_eq!(refused(&verify(&scratch, &["--manifest", &manifest, &directory])), ["digest: refused"]);
    // Whoever names the link itself means where it leads.
    let link = other.join("app").display().to_string();
    assert_eq!(refused(&verify(&scratch, &["--manifest", &manifest, &link])), [""; 0]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    requires!("gcc", "openssl");
    let scratch = signed();
    scratch.write("odd.json", "{\"arch\": 5}");
    for (arguments, code, why) in [
        (&["--expect-policy", "abc"][..], 2, "no SHA-256 in hex"),
        (&["--key", "key.pem"], 4, "it is a private key"),
        (&["--key", "main.c"], 4, "no Ed25519 public key"),
        (&["--key", "none"], 4, "cannot read the public key `none`"),
        (&["--machine", "odd.json"], 4, "no description of a machine"),
        (&["--root", "none"], 4, "`none` is no directory"),
        (&["--root", "app"], 4, "`app` is no directory"),
        (&["nowhere"], 4, "there is no `nowhere`"),
    ] {
        scratch.seaworthy().arg("verify").args(arguments).run().expect_code(code).expect_stderr(why);
    }
}
