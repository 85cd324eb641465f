//! Does the JSON form of facts keep to its schema?

use serde_json::Value;

use crate::report::schema::violations;
use crate::support::{Scratch, repository};

const LIBRARY: &str = "#include <stdio.h>\nextern int later(void) __attribute__((weak));\n\
    int first(void) { puts(\"hi\"); return later ? later() : 0; }\n";
const PROGRAM: &str = "#include <stdio.h>\nint main(void) { fputs(\"hi\", stdout); return 0; }\n";

fn schema() -> Value {
    let text = std::fs::read_to_string(repository().join("schemas/facts.schema.json")).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[test]
fn facts_of_real_files_fit() {
    requires!("gcc", "go");
    let scratch = Scratch::empty();
    scratch.write("a.c", LIBRARY);
    scratch.write("b.c", PROGRAM);
    scratch.write("map", "ONE { global: first; };\n");
    scratch.write("go.mod", "module example.com/hi\n\ngo 1.21\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    scratch.write("notes.txt", "no binary\n");
    let builds = ["a.c -o a -shared -fPIC -Wl,--version-script=map", "b.c -o b -no-pie -fno-pie", "b.c -o c -static"];
    for arguments in builds {
        scratch.program("gcc").args(arguments.split(' ')).run().expect_code(0);
    }
    let mut files = vec!["a", "b", "c", "notes.txt"];
    for (system, output) in [("linux", "go-linux"), ("windows", "go.exe"), ("darwin", "go-darwin")] {
        let build = scratch.program("go").args(["build", "-o", output, "."]);
        build.env("GOOS", system).env("GOARCH", "amd64").env("CGO_ENABLED", "0").run().expect_code(0);
        files.push(output);
    }
    let out = scratch
        .seaworthy()
        .args(["facts", "--scan-instructions", "--format", "json"])
        .args(&files)
        .run()
        .expect_code(4);
    let document = out.json();
    let found = violations(&schema(), &document);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let listed = document["files"].as_array().expect("the schema says so");
    assert_eq!(listed.len(), files.len());
    for file in listed {
        let is_text = file["path"] == "notes.txt";
        assert_eq!(file["error"].is_string(), is_text, "{file}");
        assert_eq!(file["facts"].is_object(), !is_text);
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema = schema();
    let fine = serde_json::json!({ "format_version": 1, "files": [{ "path": "a", "error": "gone" }] });
    assert_eq!(violations(&schema, &fine), Vec::<String>::new());
    for (pointer, wrong) in [("/format_version", Value::from(2)), ("/files/0/path", Value::Null)] {
        let mut document = fine.clone();
        *document.pointer_mut(pointer).expect("a place in the document") = wrong;
        assert!(!violations(&schema, &document).is_empty(), "{pointer}");
    }
}
