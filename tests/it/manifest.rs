//! Platform signatures as they are written: what they say, that they say it the same every time, and who else can read them.

use serde_json::{Value, json};

use crate::report::schema::violations;
use crate::support::{Scratch, repository};

const HELLO: &str = "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n";

fn schema() -> Value {
    let text = std::fs::read_to_string(repository().join("schemas/platform-signature.schema.json"));
    serde_json::from_str(&text.expect("the schema is there")).expect("the schema is JSON")
}

fn read(scratch: &Scratch, name: &str) -> Value {
    let bytes = std::fs::read(scratch.join(name)).unwrap_or_else(|error| panic!("cannot read `{name}`: {error}"));
    serde_json::from_slice(&bytes).expect("a signature is JSON")
}

#[track_caller]
fn fits(manifest: &Value) {
    let found = violations(&schema(), manifest);
    assert!(found.is_empty(), "{}\n{manifest:#}", found.join("\n"));
}

/// A Go module in a directory of its own.
fn go_module() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() { println(\"hi\") }\n");
    scratch.write("seaworthy.toml", "runs-on = [\"scratch\", \"debian:12\"]\n\n[go]\ntrimpath = true\n");
    scratch
}

#[test]
fn a_guarded_go_build_writes_what_it_made_and_why() {
    requires!("go");
    let build = || {
        let scratch = go_module();
        let run = scratch.seaworthy().args(["--manifest", "dist.json", "go", "build", "-o", "dist/hi"]);
        run.env("GOAMD64", "v2").env("GOARCH", "amd64").env("GOOS", "linux").run().expect_code(0);
        let text = std::fs::read_to_string(scratch.join("dist.json")).expect("it was written");
        assert!(!text.contains(&scratch.path().display().to_string()), "no directory of this machine: {text}");
        (read(&scratch, "dist.json"), text)
    };
    let (manifest, text) = build();
    fits(&manifest);
    let artifact = &manifest["artifacts"][0];
    assert_eq!((&artifact["path"], &artifact["target"]), (&json!("dist/hi"), &json!("linux/amd64")));
    assert_eq!(artifact["verdict"], "pass");
    assert_eq!(artifact["hosts"][1], json!({ "host": "debian:12", "verdict": "runs", "why": null }));
    let slice = &artifact["slices"][0];
    assert_eq!(slice["cpu"]["level"], "x86-64-v2");
    assert_eq!(slice["cpu"]["setting"], "GOAMD64=v2");
    assert_eq!(slice["floors"]["linux"], "3.2");
    assert!(slice["toolchain"]["go"].as_str().is_some_and(|go| go.starts_with("go1.")), "{slice:#}");
    let enforced = manifest["build"]["enforced"].as_array().expect("settings");
    let wanted = json!({ "setting": "CGO_ENABLED=0", "key": "go.cgo", "origin": "by default" });
    assert!(enforced.contains(&wanted), "{enforced:?}");
    assert!(enforced.iter().any(|one| one["origin"] == "seaworthy.toml:4"), "{enforced:?}");
    assert_eq!(build().1, text, "the same inputs give the same bytes, wherever they lie");
}

#[test]
fn a_guarded_cargo_build_takes_the_file_from_the_environment_too() {
    requires!("rust-std:x86_64-unknown-linux-musl");
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"hi\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch.write("src/main.rs", "fn main() {}\n");
    let run = scratch.seaworthy().args(["cargo", "build"]).env("SEAWORTHY_MANIFEST", "signature.json");
    run.run().expect_code(0);
    let manifest = read(&scratch, "signature.json");
    fits(&manifest);
    assert_eq!(manifest["build"]["tool"], "cargo");
    let artifact = &manifest["artifacts"][0];
    assert_eq!(artifact["path"], "target/x86_64-unknown-linux-musl/debug/hi");
    assert_eq!(artifact["package"], "hi");
    assert!(artifact["slices"][0]["toolchain"]["rustc"].is_string());
    let policy = scratch.seaworthy().args(["policy", "show"]).run().expect_code(0);
    scratch.write("policy", policy.stdout());
    let sum = scratch.program("sha256sum").arg("policy").run().expect_code(0).stdout();
    assert_eq!(manifest["policy"], json!({ "file": null, "sha256": sum.split(' ').next() }));
}

#[test]
fn what_stands_behind_the_tool_is_the_tools() {
    requires!("go");
    let scratch = go_module();
    let done = scratch.seaworthy().args(["go", "build", "--manifest", "m.json"]).run();
    assert_eq!(done.code(), Some(2), "go's own exit code");
    done.expect_stderr("`seaworthy --manifest FILE go build …`");
    assert!(!scratch.join("m.json").exists());
    let done = scratch.seaworthy().args(["go", "build", "--policy=strict.toml"]).run();
    done.expect_code(2).expect_stderr("`seaworthy --policy FILE go build …`, or SEAWORTHY_POLICY=FILE");
    let done = scratch.seaworthy().args(["go", "build", "--report", "json=r.json"]).run();
    done.expect_code(2).expect_stderr("`seaworthy --report FORMAT=FILE go build …`");
}

#[test]
fn nothing_vouches_for_what_was_rejected() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", HELLO);
    scratch.program("gcc").args(["main.c", "-o", "app"]).run().expect_code(0);
    let old = scratch.write("platform-signature.json", "the old one");
    let note = "`platform-signature.json` was not written: the policy is violated";
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(3).expect_stderr(note);
    assert_eq!(std::fs::read(old).expect("it is there"), b"the old one");
}

#[test]
fn exceptions_keep_their_reasons_and_symbols_their_libraries() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", HELLO);
    scratch.program("gcc").args(["main.c", "-o", "app"]).run().expect_code(0);
    let exception = "[[exception]]\nrule = \"dynamic-loader\"\nartifact = \"app\"\nreason = \"a plain example\"\n";
    scratch.write("seaworthy.toml", exception);
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(0);
    let manifest = read(&scratch, "platform-signature.json");
    fits(&manifest);
    let artifact = &manifest["artifacts"][0];
    assert_eq!(artifact["excepted"][0]["rule"], "dynamic-loader");
    assert_eq!(artifact["excepted"][0]["reason"], "a plain example");
    let slice = &artifact["slices"][0];
    assert_eq!(slice["loader"], "/lib64/ld-linux-x86-64.so.2");
    assert_eq!(slice["libraries"][0]["name"], "libc.so.6");
    let symbols = slice["libraries"][0]["symbols"].as_array().expect("symbols");
    assert!(symbols.contains(&json!("puts@GLIBC_2.2.5")), "{symbols:?}");
    let sum = scratch.program("sha256sum").args(["app", "seaworthy.toml"]).run().expect_code(0).stdout();
    let sums: Vec<&str> = sum.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!([&artifact["sha256"], &manifest["policy"]["sha256"]], [&json!(sums[0]), &json!(sums[1])]);
}

#[test]
fn other_systems_and_every_architecture_of_a_file_are_described() {
    requires!("go");
    let scratch = go_module();
    scratch.write("seaworthy.toml", "");
    let build = |system: &str, arch: &str, output: &str| {
        let run = scratch.program("go").args(["build", "-o", output]).env("GOOS", system).env("GOARCH", arch);
        run.env("CGO_ENABLED", "0").run().expect_code(0);
        std::fs::read(scratch.join(output)).expect("it was built")
    };
    build("windows", "amd64", "hi.exe");
    let (amd64, arm64) = (build("darwin", "amd64", "amd64"), build("darwin", "arm64", "arm64"));
    scratch.write("both", crate::facts_macho::universal(&[(0x0100_0007, &amd64), (0x0100_000c, &arm64)], false));
    scratch.seaworthy().args(["manifest", "hi.exe", "both"]).run().expect_code(0);
    let manifest = read(&scratch, "platform-signature.json");
    fits(&manifest);
    let slices = &manifest["artifacts"][0]["slices"];
    assert_eq!((&slices[0]["arch"], &slices[1]["arch"]), (&json!("x86_64"), &json!("aarch64")));
    assert!(slices[0]["floors"]["macos"].is_string() && slices[0]["libraries"][0]["name"].is_string());
    let windows = &manifest["artifacts"][1]["slices"][0];
    assert_eq!((&windows["format"], &windows["os"]), (&json!("pe"), &json!("windows")));
    assert!(windows["floors"]["windows"].is_string());
    let imports = windows["libraries"][0]["symbols"].as_array().expect("functions");
    assert!(imports.contains(&json!("ExitProcess")), "{imports:?}");
}

/// What others make of it: an in-toto statement, and an envelope that OpenSSL verifies.
#[test]
fn an_envelope_is_what_others_verify() {
    requires!("gcc", "openssl");
    let scratch = Scratch::empty();
    scratch.write("main.c", HELLO);
    scratch.program("gcc").args(["-static", "main.c", "-o", "app"]).run().expect_code(0);
    let openssl = |arguments: &str| scratch.program("openssl").args(arguments.split(' ')).run().expect_code(0);
    openssl("genpkey -algorithm ed25519 -out key.pem");
    openssl("pkey -in key.pem -pubout -out key.pub");

    scratch.seaworthy().args(["manifest", "--in-toto", "--manifest", "statement.json", "app"]).run().expect_code(0);
    let statement = read(&scratch, "statement.json");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "urn:seaworthy:platform-signature:v1");
    let artifact = &statement["predicate"]["artifacts"][0];
    let subject = json!({ "name": "app", "digest": { "sha256": artifact["sha256"] } });
    assert_eq!(statement["subject"], json!([subject]));
    fits(&statement["predicate"]);

    let arguments = ["manifest", "--in-toto", "--sign-key", "key.pem", "--manifest", "signed.json", "app"];
    scratch.seaworthy().args(arguments).run().expect_code(0);
    let envelope = read(&scratch, "signed.json");
    let payload_type = envelope["payloadType"].as_str().expect("a type");
    assert_eq!(payload_type, "application/vnd.in-toto+json");
    scratch.write("payload64", envelope["payload"].as_str().expect("a payload"));
    scratch.write("sig64", envelope["signatures"][0]["sig"].as_str().expect("a signature"));
    openssl("base64 -d -A -in payload64 -out payload");
    openssl("base64 -d -A -in sig64 -out sig");
    let payload = std::fs::read(scratch.join("payload")).expect("it was decoded");
    assert_eq!(payload, std::fs::read(scratch.join("statement.json")).expect("it was written"));
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend(payload);
    scratch.write("message", message);
    openssl("pkeyutl -verify -rawin -pubin -inkey key.pub -sigfile sig -in message");
    let der = openssl("pkey -pubin -in key.pub -outform DER -out key.der");
    drop(der);
    let sum = scratch.program("sha256sum").arg("key.der").run().expect_code(0).stdout();
    assert_eq!(envelope["signatures"][0]["keyid"].as_str(), sum.split(' ').next());
}

#[test]
fn a_key_that_is_none_costs_no_build() {
    requires!("go");
    let scratch = go_module();
    scratch.write("key.pem", "no key\n");
    let run = scratch.seaworthy().args(["--sign-key", "key.pem", "go", "build", "-o", "hi"]);
    run.run().expect_code(4).expect_stderr("cannot sign with `key.pem`: it is no Ed25519 private key");
    assert!(!scratch.join("hi").exists());
}

#[test]
fn what_was_judged_is_not_written_over() {
    requires!("go");
    let scratch = go_module();
    scratch.seaworthy().args(["go", "build", "-o", "hi"]).run().expect_code(0);
    let program = std::fs::read(scratch.join("hi")).expect("it was built");
    for words in [["--report", "json=./hi"], ["--manifest", "hi"]] {
        let done = scratch.seaworthy().args(words).args(["check", "hi"]).run();
        done.expect_code(2).expect_stderr("hi` was judged, and is not written over; name another file");
    }
    assert_eq!(std::fs::read(scratch.join("hi")).expect("it is there"), program);
}

#[test]
fn a_signature_that_nobody_named_is_told_of() {
    requires!("go");
    let scratch = go_module();
    scratch.seaworthy().args(["go", "build", "-o", "hi"]).run().expect_code(0);
    let said = "note: the platform signature is `platform-signature.json`";
    for words in [&["manifest", "hi"][..], &["--in-toto", "check", "hi"]] {
        scratch.seaworthy().args(words).run().expect_code(0).expect_stderr(said);
    }
    let named = scratch.seaworthy().args(["manifest", "--manifest", "m.json", "hi"]).run().expect_code(0);
    assert_eq!(named.stderr(), "");
}

#[test]
fn an_image_has_no_signature_of_its_own() {
    let scratch = Scratch::empty();
    scratch.write("image/oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
    scratch.write("image/index.json", "{\"schemaVersion\": 2, \"manifests\": []}");
    let done = scratch.seaworthy().args(["manifest", "image"]).run().expect_code(2);
    done.expect_stderr("`image` is an image, and a platform signature is about files");
}

#[cfg(unix)]
#[test]
fn a_name_that_no_signature_can_carry_is_refused_with_its_character() {
    let scratch = Scratch::empty();
    scratch.write("dist/app:1.0", "read by nobody\n");
    let done = scratch.seaworthy().args(["manifest", "dist/app:1.0"]).run().expect_code(4);
    let done = done.expect_stderr("`dist/app:1.0` has a `:` in its name, which no platform signature can carry");
    assert_eq!(done.stdout(), "");

    requires!("gcc");
    scratch.write("main.c", HELLO);
    scratch.write("seaworthy.toml", "linkage = \"any\"\n");
    scratch.program("gcc").args(["-o", "dist/app:1.0", "main.c"]).run().expect_code(0);
    let done = scratch.seaworthy().args(["manifest", "dist"]).run().expect_code(4);
    done.expect_stderr("the platform signature `platform-signature.json` was not written: `dist/app:1.0` has a `:`");
}

#[test]
fn every_field_of_the_schemas_is_described() {
    fn look(value: &Value, at: &str, silent: &mut Vec<String>) {
        for (name, inner) in value.as_object().into_iter().flatten() {
            if matches!(name.as_str(), "properties" | "$defs") {
                for (name, field) in inner.as_object().expect("an object") {
                    let described = field["description"].as_str().is_some_and(|text| !text.is_empty());
                    silent.extend((!described).then(|| format!("{at}.{name}")));
                    look(field, &format!("{at}.{name}"), silent);
                }
            }
        }
    }
    for name in ["platform-signature", "verification"] {
        let text = std::fs::read_to_string(repository().join(format!("schemas/{name}.schema.json"))).expect("there");
        let mut silent = Vec::new();
        look(&serde_json::from_str(&text).expect("the schema is JSON"), name, &mut silent);
        assert!(silent.is_empty(), "{silent:?}");
    }
}
