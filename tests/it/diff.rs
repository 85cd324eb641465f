//! Is what changed between two builds told, and does a baseline hold? Real binaries, and reports of them.

use serde_json::Value;
use snapbox::{IntoData, assert_data_eq, str};

use crate::report::schema;
use crate::support::{Done, Scratch, repository};

/// Two builds of one program: `old/app` needs the C library only and is hardened; `new/app` needs another library and is not.
fn two_builds() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("part.c", "int part(void) { return 1; }");
    scratch.write("old.c", "#include <stdio.h>\nint main(void) { return puts(\"old\"); }");
    scratch.write(
        "new.c",
        "#include <stdlib.h>\nint part(void);\nint main(int n, char **a) { return part() + atoi(a[0]); }",
    );
    for directory in ["old", "new"] {
        std::fs::create_dir(scratch.join(directory)).expect("a scratch directory is writable");
    }
    let gcc = |args: &str| scratch.program("gcc").args(args.split(' ')).run().expect_code(0);
    gcc("-shared -o libpart.so -Wl,-soname,libpart.so.1 part.c");
    gcc("-pie -fPIE -Wl,-z,relro,-z,now -o old/app old.c");
    gcc("-no-pie -Wl,-z,norelro -o new/app new.c -L. -lpart");
    scratch
        .write("seaworthy.toml", "linkage = \"any\"\nrules = { run-path = \"allow\", missing-library = \"allow\" }\n");
    scratch
}

fn diff(scratch: &Scratch, args: &[&str]) -> Done {
    scratch.seaworthy().arg("diff").args(args).run()
}

/// Writes the report of one build.
fn report_of(scratch: &Scratch, path: &str, to: &str) {
    let done = scratch.seaworthy().args(["-q", "--report", &format!("json={to}"), "check", path]).run();
    assert!(matches!(done.code(), Some(0 | 3)), "{}", done.stderr());
}

/// The lines about changes, without the size, which depends on the machine's gcc.
fn told(done: &Done) -> String {
    let shown = done.stdout();
    shown
        .lines()
        .filter(|line| !line.contains(" instead of ") || !line.contains("iB"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn what_got_worse_is_told_first_and_fails() {
    requires!("gcc");
    let scratch = two_builds();
    let done = diff(&scratch, &["old/app", "new/app"]);
    assert_data_eq!(
        told(&done),
        str![[r#"
less portable: new/app (was old/app)
  worse    needs `libpart.so.1` as well
  worse    has lost its protection: full read-only relocations
  worse    has lost its protection: position-independent
  worse    has lost its protection: read-only relocations
  changed  is of the kind `exe`, and was `pie`
  changed  takes 1 more symbol from `libc.so.6`: `atoi@GLIBC_2.2.5`
  changed  takes 2 fewer symbols from `libc.so.6`: `__cxa_finalize@GLIBC_2.2.5`, `puts@GLIBC_2.2.5`
  changed  takes 1 more symbol from any library: `part`
seaworthy: 1 file compared, 1 less portable

"#]]
        .raw()
    );
    let back = diff(&scratch, &["new/app", "old/app"]);
    assert_eq!(back.code(), Some(0), "{}", back.stdout());
    assert!(back.stdout().contains("  better   does not need `libpart.so.1` any more"), "{}", back.stdout());
    done.expect_code(3);
}

#[test]
fn nothing_changed_is_one_line_and_passes() {
    requires!("gcc");
    let scratch = two_builds();
    let done = diff(&scratch, &["old/app", "old/app"]).expect_code(0);
    assert_eq!(done.stdout(), "seaworthy: 1 file compared, 1 unchanged\n");
    assert_eq!(diff(&scratch, &["-q", "old/app", "old/app"]).expect_code(0).stdout(), "");
}

#[test]
fn reports_and_directories_say_what_the_binaries_say() {
    requires!("gcc");
    let scratch = two_builds();
    report_of(&scratch, "old", "old.json");
    report_of(&scratch, "new/app", "new.json");
    let json = |args: &[&str]| {
        let done = diff(&scratch, args).expect_code(3);
        done.json()["files"][0]["changes"].clone()
    };
    let changes = json(&["--format", "json", "old/app", "new/app"]);
    assert!(changes.as_array().is_some_and(|changes| changes.len() > 4), "{changes}");
    for pair in [["old", "new"], ["old.json", "new.json"], ["old.json", "new/app"], ["old", "new.json"]] {
        assert_eq!(json(&["--format", "json", pair[0], pair[1]]), changes, "{pair:?}");
    }
}

#[test]
fn the_json_form_fits_its_schema_and_the_others_are_written_beside_it() {
    requires!("gcc");
    let scratch = two_builds();
    let to = ["--report", "json=diff.json", "--report", "markdown=diff.md", "-q"];
    scratch.seaworthy().args(to).args(["diff", "old", "new"]).run().expect_code(3);
    let read = |name: &str| std::fs::read_to_string(scratch.join(name)).expect("a report");
    let document: Value = serde_json::from_str(&read("diff.json")).expect("JSON");
    let text = std::fs::read_to_string(repository().join("schemas/diff.schema.json")).expect("the schema is there");
    let found = schema::violations(&serde_json::from_str(&text).expect("the schema is JSON"), &document);
    assert!(found.is_empty(), "{}\n{document:#}", found.join("\n"));
    assert_eq!(document["verdict"], "worse");
    assert!(
        read("diff.md").starts_with("## seaworthy diff: ❌ 1 file compared, 1 less portable\n"),
        "{}",
        read("diff.md")
    );
}

#[test]
fn files_of_one_side_only_are_named() {
    requires!("gcc");
    let scratch = two_builds();
    std::fs::copy(scratch.join("old/app"), scratch.join("old/gone")).expect("copied");
    std::fs::copy(scratch.join("old/app"), scratch.join("new/come")).expect("copied");
    let shown = diff(&scratch, &["old", "new"]).expect_code(3).stdout();
    assert!(shown.contains("only in the new build: come\nonly in the old build: gone\n"), "{shown}");
}

#[test]
fn what_cannot_be_compared_is_said_and_never_passes() {
    requires!("gcc");
    let scratch = two_builds();
    let refused = |args: &[&str], code, why: &str| drop(diff(&scratch, args).expect_code(code).expect_stderr(why));
    refused(&["old/app", "nowhere"], 4, "cannot read `nowhere`");
    refused(&["old.c", "new/app"], 4, "cannot read `old.c`");
    scratch.write("other.json", "{\"format_version\": 1}");
    refused(&["other.json", "new/app"], 4, "`other.json` is no JSON report of seaworthy");
    scratch.write("later.json", "{\"format_version\": 9, \"artifacts\": []}");
    refused(&["later.json", "new/app"], 4, "has format_version 9, and this seaworthy reads 1");
    scratch.write("early.json", "{\"format_version\": 1, \"artifacts\": [{\"path\": \"app\"}]}");
    refused(&["early.json", "new/app"], 4, "write it with `--report json=FILE` anew");
    scratch.write("empty.json", "{\"format_version\": 1, \"artifacts\": []}");
    refused(&["empty.json", "new/app"], 4, "nothing was compared");
    std::fs::create_dir(scratch.join("void")).expect("a directory");
    refused(&["void", "new"], 4, "there is no linked binary below `void`");
    refused(&["--format", "sarif", "old", "new"], 2, "it has `text`, `json` and `markdown`");
    refused(&["old"], 2, "<NEW>");
    scratch.write("packed.json", "{\"format_version\": 1, \"artifacts\": [{\"path\": \"app\", \"profiles\": []}]}");
    let shown = diff(&scratch, &["packed.json", "new/app"]).expect_code(3).stdout();
    assert!(shown.contains("unknown  cannot be compared: the old file was not read, or is packed"), "{shown}");
}

#[test]
fn a_baseline_fails_a_build_that_is_less_portable() {
    requires!("gcc");
    let scratch = two_builds();
    report_of(&scratch, "old/app", "last.json");
    let policy = |more: &str| {
        let rules = "rules = { run-path = \"allow\", missing-library = \"allow\", less-portable = \"deny\" }";
        let text = format!("linkage = \"any\"\n{rules}\n[baseline]\nreport = \"last.json\"\n{more}");
        scratch.write("seaworthy.toml", text);
    };
    let check = |path: &str| scratch.seaworthy().args(["check", "--format", "short", path]).run();
    policy("");
    check("old/app").expect_code(0);
    let done = check("new/app").expect_code(3);
    let shown = done.stdout();
    assert!(
        shown.contains("error[less-portable]: compared with the last release, `new/app` needs `libpart.so.1` as well"),
        "{shown}"
    );
    assert!(shown.contains("has lost its protection: full read-only relocations"), "{shown}");
    // Found by its name below another directory, and not compared when it is new.
    std::fs::copy(scratch.join("new/app"), scratch.join("brand-new")).expect("copied");
    check("brand-new").expect_code(0);
    policy("[[exception]]\nrule = \"less-portable\"\nartifact = \"new/app\"\nreason = \"libpart is everywhere\"\n");
    check("new/app").expect_code(0);
    std::fs::remove_file(scratch.join("last.json")).expect("it was there");
    check("old/app")
        .expect_code(4)
        .expect_stderr("cannot be read: No such file or directory; write it with `--report json=FILE`");
    scratch.write("last.json", "not JSON");
    check("old/app").expect_code(4).expect_stderr("last.json` is no JSON report of seaworthy");
}
