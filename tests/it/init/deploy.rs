//! Do the units, deployments and charts ask the machine first, and are they what systemd, Kubernetes and Helm take? There is no
//! cluster here: the files are checked by the tools' own parsers and schemas, and what they start is started.

use serde_json::Value;

use super::docker::{self, Stage};
use super::{cargo_project, go_project, read};
use crate::support::{Done, Scratch};

/// The objects of a file or chart, once Kubernetes would take them.
fn objects(scratch: &Scratch, arguments: &[&str]) -> Vec<Value> {
    let done = scratch.program("check-kubernetes").args(arguments).run().expect_code(0);
    done.json().as_array().expect("a list of objects").clone()
}

/// What one container adds to the entrypoint of its image.
fn arguments(container: &Value) -> Vec<String> {
    let words = container["args"].as_array().into_iter().flatten();
    words.map(|word| word.as_str().expect("a word").to_owned()).collect()
}

/// Starts the stage `verify`: its program is this one, and its paths lie below the stage.
fn start(stage: &Stage, scratch: &Scratch, arguments: &[String]) -> Done {
    let (program, words) = stage.entrypoint.split_first().expect("it starts something");
    assert!(stage.place(program).is_file(), "{program} is in the image");
    let place = |word: &String| match word.starts_with('/') {
        true => stage.place(word).display().to_string(),
        false => word.clone(),
    };
    let root = stage.root.display().to_string();
    let words: Vec<String> = words.iter().map(place).chain(arguments.iter().cloned()).collect();
    scratch.seaworthy().args(words).args(["--root", &root]).run()
}

#[test]
fn deployments_ask_the_node_before_the_program_starts() {
    requires!("go", "check-kubernetes");
    let context = go_project();
    context.seaworthy().args(["init", "--docker", "--kubernetes", "--helm"]).run().expect_code(0);
    let places = Scratch::empty();
    let stages = docker::build(&context, &places).unwrap_or_else(|done| done.fail("the images were not built"));
    let verify = stages.iter().find(|stage| stage.name == "verify").expect("there is a stage for it");

    let file = objects(&context, &["deploy/kubernetes.yaml"]);
    assert_eq!((&file[0]["kind"], &file[1]["kind"]), (&Value::from("Deployment"), &Value::from("Job")));
    let asks = &file[0]["spec"]["template"]["spec"]["initContainers"][0];
    assert_eq!(asks["image"], "hello-verify:1.0.0");
    start(verify, &places, &arguments(asks)).expect_code(0);
    start(verify, &places, &arguments(&file[1]["spec"]["template"]["spec"]["containers"][0])).expect_code(0);

    let chart = |setting: &str| {
        let objects = objects(&context, &["chart", setting]);
        let asks = &objects[0]["spec"]["template"]["spec"]["initContainers"][0];
        assert_eq!(asks["image"], "hello-verify:2.0.0");
        arguments(asks)
    };
    let tag = "image.tag=2.0.0";
    start(verify, &places, &chart(tag)).expect_code(0);
    let sum = context.program("sha256sum").arg("seaworthy.toml").run().expect_code(0).stdout();
    let policy = sum.split(' ').next().expect("a sum");
    let with = |policy: &str| {
        let done =
            context.program("check-kubernetes").args(["chart", tag, &format!("verify.expectPolicy={policy}")]).run();
        arguments(&done.expect_code(0).json()[0]["spec"]["template"]["spec"]["initContainers"][0])
    };
    start(verify, &places, &with(policy)).expect_code(0);
    let done = start(verify, &places, &with(&"0".repeat(64))).expect_code(3);
    assert!(done.stdout().contains("refused  policy"), "{}", done.stdout());
    // A node that the program does not fit.
    places.write("node.json", r#"{"system": "linux", "arch": "x86_64", "kernel": "2.6.18", "page_size": 4096}"#);
    let node = places.join("node.json").display().to_string();
    let done = start(verify, &places, &["--machine".to_owned(), node]).expect_code(3);
    assert!(done.stdout().contains("refused  kernel"), "{}", done.stdout());
}

#[test]
fn names_are_those_that_kubernetes_takes() {
    requires!("check-kubernetes");
    let scratch = Scratch::empty();
    scratch.write("Cargo.toml", "[package]\nname = \"My_Server\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    scratch.write("src/main.rs", "fn main() {}\n");
    scratch.seaworthy().args(["init", "--kubernetes", "--helm"]).run().expect_code(0);
    assert_eq!(objects(&scratch, &["deploy/kubernetes.yaml"])[0]["metadata"]["name"], "my-server");
    assert_eq!(objects(&scratch, &["chart"])[0]["spec"]["template"]["spec"]["containers"][0]["name"], "my-server");
}

#[test]
fn a_unit_starts_only_where_its_program_fits() {
    requires!("systemd-analyze", "rust-std:x86_64-unknown-linux-musl");
    let scratch = cargo_project();
    scratch.seaworthy().args(["init", "--systemd"]).run().expect_code(0);
    let manifest = "opt/hello/platform-signature.json";
    std::fs::create_dir_all(scratch.join("opt/hello")).expect("a scratch directory is writable");
    scratch.seaworthy().args(["--manifest", manifest, "cargo", "build"]).run().expect_code(0);
    let built = scratch.join("target/x86_64-unknown-linux-musl/debug/hello");
    std::fs::copy(built, scratch.join("opt/hello/hello")).expect("it was built");
    // The unit as it is, but for where things lie.
    let here = scratch.path().display();
    let unit =
        read(&scratch, "deploy/app.service").replace("/usr/local/bin/seaworthy", env!("CARGO_BIN_EXE_seaworthy"));
    scratch.write("hello.service", unit.replace("/opt/hello", &format!("{here}/opt/hello")));
    scratch.write("spoiled.service", unit.replace("ExecStartPre=", "ExecStartBefore="));
    let complaints = |name: &str| {
        let done = scratch.program("systemd-analyze").args(["verify", "--man=no", name]).run();
        done.stderr().lines().filter(|line| line.contains(".service")).count()
    };
    assert_eq!((complaints("./hello.service"), complaints("./spoiled.service") > 0), (0, true));

    let unit = read(&scratch, "hello.service");
    let pre = unit.lines().find_map(|line| line.strip_prefix("ExecStartPre=")).expect("it asks first").to_owned();
    let ask = || scratch.program("sh").args(["-c", &pre]).run();
    ask().expect_code(0);
    scratch.write("opt/hello/hello", "something else");
    ask().expect_code(3);
}
