//! Platform signatures compared with machines: what fits passes, and each thing that is wrong is refused in one line of its own.

mod hostile;
mod roots;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::report::schema::violations;
use crate::support::{Done, Scratch, repository};

const HELLO: &str =
    "#include <stdio.h>\nint main(void) { fclose(fopen(\"started\", \"w\")); return puts(\"hello\") < 0; }\n";
/// Any linkage: what is compared here is not what the policy says.
const POLICY: &str = "linkage = \"any\"\n";

/// A dynamic C program with a signature by `key.pem`, whose public half is `key.pub`.
fn signed() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", POLICY);
    scratch.write("main.c", HELLO);
    run(&scratch, "gcc main.c -o app");
    for (private, public) in [("key.pem", "key.pub"), ("other.pem", "other.pub")] {
        run(&scratch, &format!("openssl genpkey -algorithm ed25519 -out {private}"));
        run(&scratch, &format!("openssl pkey -in {private} -pubout -out {public}"));
    }
    scratch.seaworthy().args(["manifest", "--sign-key", "key.pem", "app"]).run().expect_code(0);
    scratch
}

fn run(scratch: &Scratch, line: &str) {
    let mut words = line.split(' ');
    let program = words.next().expect("a program");
    scratch.program(program).args(words).run().expect_code(0);
}

fn verify(scratch: &Scratch, arguments: &[&str]) -> Done {
    scratch.seaworthy().args(["verify", "--format", "json"]).args(arguments).run()
}

/// The lines that were not accepted, as `check: verdict`; the exit code and the form have to fit them.
#[track_caller]
fn refused(done: &Done) -> Vec<String> {
    let document = done.json();
    let schema = std::fs::read_to_string(repository().join("schemas/verification.schema.json")).expect("there");
    let wrong = violations(&serde_json::from_str(&schema).expect("the schema is JSON"), &document);
    assert!(wrong.is_empty(), "{}\n{document:#}", wrong.join("\n"));
    let artifacts = document["artifacts"].as_array().expect("a list").iter().map(|artifact| &artifact["lines"]);
    let lines =
        std::iter::once(&document["general"]).chain(artifacts).flat_map(|lines| lines.as_array().expect("a list"));
    let refused: Vec<String> = lines
        .filter(|line| line["verdict"] != "accepted")
        .map(|line| {
            format!("{}: {}", line["check"].as_str().expect("a name"), line["verdict"].as_str().expect("a word"))
        })
        .collect();
    if done.code() != Some(if refused.is_empty() { 0 } else { 3 }) || document["accepted"] != refused.is_empty() {
        done.fail(&format!("code and verdict do not fit the lines: {refused:?}"));
    }
    refused
}

/// This machine with one fact changed, as a file for `--machine`.
fn machine(scratch: &Scratch, change: impl FnOnce(&mut Value)) -> String {
    let mut machine = scratch.seaworthy().arg("machine").run().expect_code(0).json();
    change(&mut machine);
    scratch.write("machine.json", machine.to_string()).display().to_string()
}

#[test]
fn what_was_built_here_runs_here() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let sum = scratch.program("sha256sum").arg("seaworthy.toml").run().expect_code(0).stdout();
    let policy = sum.split(' ').next().expect("a sum");
    let done = verify(&scratch, &["--key", "key.pub", "--expect-policy", policy]);
    assert_eq!(refused(&done), [""; 0]);
    let document = done.json();
    let lines = document["artifacts"][0]["lines"].as_array().expect("a list");
    let checks: Vec<&str> = lines.iter().filter_map(|line| line["check"].as_str()).collect();
    let wanted = [
        "digest",
        "contents",
        "platform",
        "cpu",
        "kernel",
        "page-size",
        "mount",
        "loader",
        "libc",
        "libraries",
        "symbols",
    ];
    assert_eq!(checks, wanted);
    // The same by name, from elsewhere, and as text.
    let (file, signature) = (scratch.join("app"), scratch.join("platform-signature.json"));
    let elsewhere = Scratch::empty();
    let run = elsewhere.seaworthy().args(["verify", "--manifest"]).arg(&signature).arg(&file).run().expect_code(0);
    assert!(run.stdout().contains("note: it is signed, and nobody checked by whom"), "{}", run.stdout());
    assert!(run.stdout().ends_with("seaworthy: 1 artifact fits the machine\n"), "{}", run.stdout());
    let quiet = elsewhere.seaworthy().args(["verify", "-q", "--manifest"]).arg(&signature).run().expect_code(0);
    assert_eq!(quiet.stdout(), "");
}

#[test]
fn another_file_is_refused_and_nothing_else_is_said_of_it() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let mut bytes = std::fs::read(scratch.join("app")).expect("it was built");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    scratch.write("app", &bytes);
    assert_eq!(refused(&verify(&scratch, &["--key", "key.pub"])), ["digest: refused"]);
    assert_eq!(refused(&verify(&scratch, &["app"])), ["digest: refused"]);
    std::fs::remove_file(scratch.join("app")).expect("it was there");
    assert_eq!(refused(&verify(&scratch, &[])), ["digest: refused"]);
    let short = scratch.seaworthy().args(["verify", "--format", "short"]).run().expect_code(3).stdout();
    assert!(short.starts_with("app: refused[digest]: needs ") && short.lines().count() == 1, "{short}");
}

#[test]
fn a_signature_that_was_changed_or_is_anothers_is_refused_unread() {
    requires!("gcc", "openssl");
    let scratch = signed();
    assert_eq!(refused(&verify(&scratch, &["--key", "other.pub"])), ["signature: refused"]);
    let wrong = "0".repeat(64);
    assert_eq!(refused(&verify(&scratch, &["--key", "key.pub", "--expect-policy", &wrong])), ["policy: refused"]);

    scratch.seaworthy().args(["manifest", "--manifest", "bare.json", "app"]).run().expect_code(0);
    let bare = std::fs::read_to_string(scratch.join("bare.json")).expect("it was written");
    assert_eq!(refused(&verify(&scratch, &["--manifest", "bare.json", "--key", "key.pub"])), ["signature: refused"]);

    // The payload of the envelope with a kernel that is easier to find.
    scratch.write("payload", bare.replace("\"3.2.0\"", "\"2.2.0\""));
    run(&scratch, "openssl base64 -A -in payload -out payload64");
    let payload = std::fs::read_to_string(scratch.join("payload64")).expect("it was encoded");
    let path = scratch.join("platform-signature.json");
    let mut envelope: Value = serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("JSON");
    envelope["payload"] = Value::from(payload);
    scratch.write("platform-signature.json", envelope.to_string());
    let done = verify(&scratch, &["--key", "key.pub"]);
    assert_eq!(refused(&done), ["signature: refused"]);
    assert_eq!(done.json()["artifacts"], json!([]), "nothing of it is believed");
    // Nobody asked who signed: then at least it has to fit the file.
    assert_eq!(refused(&verify(&scratch, &[])), ["contents: refused"]);
}

#[test]
fn a_machine_that_lacks_one_thing_is_refused_for_that() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let with = |change: &dyn Fn(&mut Value)| {
        let machine = machine(&scratch, |machine| change(machine));
        refused(&verify(&scratch, &["--machine", &machine]))
    };
    assert_eq!(with(&|_| {}), [""; 0]);
    assert_eq!(with(&|machine| machine["kernel"] = json!("2.6.32-754.el6.x86_64")), ["kernel: refused"]);
    assert_eq!(with(&|machine| machine["page_size"] = json!(16384)), ["page-size: refused"]);
    assert_eq!(with(&|machine| machine["arch"] = json!("aarch64")), ["platform: refused"]);
    assert_eq!(with(&|machine| machine["system"] = json!("freebsd")), ["platform: refused"]);
}

/// No file of the machine that asks stands in for one of the machine that is described.
#[test]
fn the_files_of_a_described_machine_are_what_the_description_says() {
    requires!("gcc", "openssl");
    let scratch = signed();
    let with = |loaders: Value| {
        let machine = machine(&scratch, |machine| machine["loaders"] = loaders);
        verify(&scratch, &["--machine", &machine])
    };
    let here = scratch.seaworthy().arg("machine").run().expect_code(0).json();
    let path = here["loaders"][0]["path"].as_str().expect("this program has a loader").to_owned();
    let glibc = |version: &str| json!([{ "path": path, "libc": "glibc", "version": version }]);
    let done = with(glibc("2.99"));
    assert_eq!(refused(&done), [""; 0]);
    assert!(!done.stdout().contains("\"mount\""), "{}", done.stdout());
    assert_eq!(refused(&with(glibc("2.17"))), ["libc: refused"]);
    assert_eq!(refused(&with(json!([]))), ["loader: refused"]);
    let unknown = ["libc: unknown", "libraries: unknown", "symbols: unknown"];
    assert_eq!(refused(&with(json!([{ "path": path }]))), unknown);
    // As descriptions were before they named loaders.
    let done = with(Value::Null);
    assert_eq!(refused(&done), [&["loader: unknown"], &unknown[..]].concat());
    assert!(done.json()["notes"].to_string().contains("--root"), "{}", done.stdout());
}

#[test]
fn a_library_that_no_description_names_is_unknown() {
    requires!("gcc", "openssl");
    let scratch = signed();
    scratch.write("own.c", "int own(void) { return 0; }\n");
    scratch.write("main.c", "int own(void);\nint main(void) { return own(); }\n");
    run(&scratch, "gcc -shared -o libown.so own.c");
    run(&scratch, "gcc main.c -o app -L. -lown");
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(0);
    let machine = machine(&scratch, |_| {});
    assert_eq!(refused(&verify(&scratch, &["--machine", &machine])), ["libraries: unknown", "symbols: unknown"]);
}

#[test]
fn a_fact_that_is_missing_is_never_a_pass() {
    requires!("gcc", "openssl");
    let scratch = signed();
    for (fact, check) in
        [("system", "platform"), ("arch", "platform"), ("kernel", "kernel"), ("page_size", "page-size")]
    {
        let machine = machine(&scratch, |machine| machine[fact] = Value::Null);
        assert_eq!(refused(&verify(&scratch, &["--machine", &machine])), [format!("{check}: unknown")], "{fact}");
    }
}

#[test]
fn a_cpu_without_a_feature_is_refused_by_its_name() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    let run = scratch.seaworthy().args(["--manifest", "m.json", "go", "build", "-o", "hi"]);
    run.env("GOAMD64", "v2").env("GOARCH", "amd64").run().expect_code(0);
    let features = |features: Value| machine(&scratch, |machine| machine["cpu_features"] = features);
    let all = ["cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3"];
    let verify_with = |file: &str| verify(&scratch, &["--manifest", "m.json", "--machine", file]);
    assert_eq!(refused(&verify_with(&features(json!(all)))), [""; 0]);
    let masked: Vec<&str> = all.into_iter().filter(|feature| *feature != "popcnt").collect();
    let done = verify_with(&features(json!(masked)));
    assert_eq!(refused(&done), ["cpu: refused"]);
    assert!(done.stdout().contains("\"found\": \"lacks popcnt\""), "{}", done.stdout());
    assert_eq!(refused(&verify_with(&features(Value::Null))), ["cpu: unknown"]);
}

#[test]
fn a_directory_that_is_mounted_noexec_is_refused() {
    requires!("gcc", "openssl", "unshare");
    let scratch = signed();
    std::fs::create_dir(scratch.join("mounted")).expect("a scratch directory is writable");
    let seaworthy = PathBuf::from(env!("CARGO_BIN_EXE_seaworthy"));
    let script = "mount -t tmpfs -o noexec none mounted && cp app platform-signature.json mounted && exec \"$0\" verify \
                  --format json --manifest mounted/platform-signature.json";
    let done = scratch.program("unshare").args(["-rm", "sh", "-c", script]).arg(seaworthy).run();
    assert_eq!(refused(&done), ["mount: refused"]);
}

/// Every system call that starts a program or opens a connection, seen by strace.
#[test]
fn nothing_is_started_and_nobody_is_asked() {
    requires!("gcc", "openssl", "strace");
    let scratch = signed();
    let seaworthy = env!("CARGO_BIN_EXE_seaworthy");
    let calls = "trace=execve,execveat,socket,connect,fork,vfork";
    let trace = ["-f", "-qq", "-e", calls, "-o", "trace", seaworthy, "verify", "--key", "key.pub"];
    scratch.program("strace").args(trace).run().expect_code(0);
    let trace = std::fs::read_to_string(scratch.join("trace")).expect("it was traced");
    let started: Vec<&str> = trace.lines().filter(|line| line.contains('(')).collect();
    assert!(started.len() == 1 && started[0].contains("execve"), "{trace}");
    assert!(!scratch.join("started").exists());
}
