//! Reports: one value in every form, the JSON form against its schema, and files that are written whole or not at all.

pub(crate) mod everything;
mod forms;
pub(crate) mod schema;

use seaworthy::check::{Finding, HostVerdict, Overall, Runs};
use seaworthy::policy::{Level, Origin};
use seaworthy::report::{self, Detail, Report, Styles};
use seaworthy::rules::PolicySource;
use serde_json::Value;
use snapbox::{IntoData, assert_data_eq, str};

use crate::support::{Done, Run, Scratch, repository};
use everything::{everything, finding, result};

#[track_caller]
fn fits_the_schema(document: &Value) {
    let text = std::fs::read_to_string(repository().join("schemas/report.schema.json")).expect("the schema is there");
    let schema = serde_json::from_str(&text).expect("the schema is JSON");
    let found = schema::violations(&schema, document);
    assert!(found.is_empty(), "{}\n{document:#}", found.join("\n"));
}

#[test]
fn text_says_what_why_who_and_what_next() {
    let text = report::text::render(&everything(), &Styles::PLAIN, Detail::Verbose);
    assert_data_eq!(
        text,
        str![[r#"
error[newer-glibc]: `target/release/app` needs glibc 2.34, but `debian:11` has 2.31
  = evidence: `__libc_start_main@GLIBC_2.34` from crt1.o
  = evidence: `stat64@GLIBC_2.33`
  = blame: crate `libsqlite3-sys 0.30.1`, pulled in by `rusqlite`
  = policy: `runs-on` lists `debian:11` (seaworthy.toml:3)
  = help: build for `x86_64-unknown-linux-musl`, or see `seaworthy explain newer-glibc`
warning[run-path]: `bin/a\x1b[31m\nb` needs glibc 2.34, but `debian:11` has 2.31 (aarch64)
  = evidence: ]]>"'<img src=x onerror=alert(1)>|`&amp;`{{x}}\u{202e}￿
  = evidence: `symbol_0`
  = evidence: `symbol_1`
  = evidence: `symbol_2`
  = evidence: `symbol_3`
  = evidence: `symbol_4`
  = evidence: `symbol_5`
  = evidence: `symbol_6`
  = evidence: … and 5 more, see `seaworthy facts bin/a\x1b[31m\nb`
  = policy: `run-path` is `warn` (preset `strict`)
  = help: see `seaworthy explain run-path`
ok: bin/a\x1b[31m\nb: not looked at
error[inconclusive]: `packed` could not be judged
  = evidence: packed with UPX (newer-glibc, stray-glibc)
  = policy: `inconclusive = "deny"` (by default)
  = help: see `seaworthy explain newer-glibc`, or let it through with `inconclusive = "allow"`
ok: ok: not looked at
  = not applicable: cgo-runtime: it is not a Go program
  = excepted: run-path: `ok` needs glibc 2.34, but `debian:11` has 2.31 (vendor blob)
warning[unused-exception]: an exception is unused
  = evidence: `__libc_start_main@GLIBC_2.34` from crt1.o
  = evidence: `stat64@GLIBC_2.33`
  = policy: `unused-exception` is `warn` (by default)
  = help: see `seaworthy explain unused-exception`
note: 3 files that are no linked binaries left out
seaworthy: 4 artifacts, 2 ok, 1 rejected, 1 could not be judged, 1 error, 2 warnings

"#]]
        .raw()
    );
}

/// Five files that are too new for the same three hosts.
fn much_is_wrong() -> Report {
    let on = |file: &str, host: &str, has: &str, line| Finding {
        host: Some(host.to_owned()),
        has: has.parse().ok(),
        message: format!("`{file}` needs glibc 2.34, but `{host}` has {has}"),
        policy: Some(PolicySource {
            key: format!("`runs-on` lists `{host}`").into(),
            origin: Origin::File { path: "seaworthy.toml".into(), line },
        }),
        help: Some(format!("link against glibc {has}")),
        ..finding("newer-glibc", Level::Deny, file)
    };
    let file = |file: &str| {
        let findings =
            vec![on(file, "debian:11", "2.31", 2), on(file, "rhel:7", "2.17", 3), on(file, "glibc:2.28", "2.28", 4)];
        result(file, Overall::Fail, findings)
    };
    let mut artifacts: Vec<_> = ["bin/a", "bin/b", "bin/c", "bin/d", "bin/e"].map(file).into();
    artifacts.push(result("bin/f", Overall::Pass, Vec::new()));
    Report { artifacts, ..Report::default() }
}

#[test]
fn text_says_once_what_is_true_of_many() {
    let text = |detail| report::text::render(&much_is_wrong(), &Styles::PLAIN, detail);
    assert_data_eq!(
        text(Detail::Normal),
        str![[r#"
error[newer-glibc]: `bin/a` needs glibc 2.34, but `rhel:7` has 2.17
  = also on: glibc:2.28 and debian:11 (2.31)
  = also in: bin/b, bin/c, bin/d and bin/e
  = evidence: `__libc_start_main@GLIBC_2.34` from crt1.o
  = evidence: `stat64@GLIBC_2.33`
  = policy: `runs-on` lists them (seaworthy.toml:2 to 4)
  = help: link against glibc 2.17, or see `seaworthy explain newer-glibc`
ok: bin/f: not looked at
seaworthy: 6 artifacts, 1 ok, 5 rejected, 15 errors, told in 1 block (`-v` tells each)

"#]]
        .raw()
    );
    let verbose = text(Detail::Verbose);
    assert_eq!(verbose.matches("error[newer-glibc]").count(), 15);
    assert!(!verbose.contains("also") && verbose.ends_with(", 15 errors\n"), "{verbose}");
    let short = report::short::render(&much_is_wrong(), &Styles::PLAIN, Detail::Normal);
    assert_eq!(short.matches("error[newer-glibc]").count(), 15);
}

#[test]
fn many_hosts_are_counted_and_few_are_named() {
    let on = |number| HostVerdict { host: format!("debian:{number}"), verdict: Runs::Yes, why: None };
    let text = |hosts: u32, detail| {
        let mut all_is_well = result("app", Overall::Pass, Vec::new());
        all_is_well.hosts = (1..=hosts).map(on).collect();
        let report = Report { artifacts: vec![all_is_well], ..Report::default() };
        report::text::render(&report, &Styles::PLAIN, detail)
    };
    let eight = (1..=8).map(|number| format!("debian:{number}")).collect::<Vec<_>>().join(", ");
    assert_eq!(text(8, Detail::Normal), format!("ok: app: not looked at; runs on {eight}\n"));
    assert_eq!(text(9, Detail::Normal), "ok: app: not looked at; runs on all 9 hosts\n");
    assert_eq!(text(9, Detail::Verbose), format!("ok: app: not looked at; runs on {eight}, debian:9\n"));
}

#[test]
fn short_is_one_line_each() {
    assert_data_eq!(
        report::short::render(&everything(), &Styles::PLAIN, Detail::Normal),
        str![[r#"
target/release/app: error[newer-glibc]: `target/release/app` needs glibc 2.34, but `debian:11` has 2.31
bin/a\x1b[31m\nb: warning[run-path]: `bin/a\x1b[31m\nb` needs glibc 2.34, but `debian:11` has 2.31
packed: error[inconclusive]: could not be judged: packed with UPX
ok: ok
warning[unused-exception]: an exception is unused

"#]]
        .raw()
    );
}

#[test]
fn quiet_says_findings_only() {
    let mut report = everything();
    report.artifacts.retain(|artifact| artifact.verdict == Overall::Pass && artifact.findings.is_empty());
    report.general.clear();
    assert_eq!(report::text::render(&report, &Styles::PLAIN, Detail::Quiet), "");
    assert_eq!(report::short::render(&report, &Styles::PLAIN, Detail::Quiet), "");
}

#[test]
fn colours_are_all_that_colour_adds() {
    let plain = report::text::render(&everything(), &Styles::PLAIN, Detail::Verbose);
    let colored = report::text::render(&everything(), &Styles::COLORED, Detail::Verbose);
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn json_fits_its_schema_and_prints_safely() {
    let text = report::json::render(&everything());
    assert!(!text.contains('\u{1b}'), "{text}");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    fits_the_schema(&document);
    assert_eq!(document["verdict"], "fail");
    assert_eq!(document["artifacts"][0]["findings"][0]["policy"]["line"], 3);
    assert_eq!(document["artifacts"][1]["path"], "bin/a\u{1b}[31m\nb");
}

#[test]
fn the_schema_check_can_fail() {
    let text = std::fs::read_to_string(repository().join("schemas/report.schema.json")).expect("the schema is there");
    let schema = serde_json::from_str(&text).expect("the schema is JSON");
    let mut document: Value = serde_json::from_str(&report::json::render(&everything())).expect("JSON");
    document["artifacts"][0]["verdict"] = "maybe".into();
    document["artifacts"][1]["surprise"] = true.into();
    document["artifacts"][2].as_object_mut().expect("an object").remove("floors");
    document["notes"][0] = 1.into();
    assert_eq!(schema::violations(&schema, &document).len(), 4);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_told_twice() {
    use std::os::unix::ffi::OsStrExt;
    let mut odd = result("", Overall::Pass, Vec::new());
    odd.artifact.path = std::ffi::OsStr::from_bytes(b"bin/\xff").into();
    let report = Report { artifacts: vec![odd], ..Report::default() };
    let document: Value = serde_json::from_str(&report::json::render(&report)).expect("JSON");
    fits_the_schema(&document);
    assert_eq!(document["artifacts"][0]["path"], "bin/\u{fffd}");
    assert_eq!(document["artifacts"][0]["path_escaped"], "bin/\\xff");
}

/// Checks the program under test itself: a real binary on every system.
fn check_itself(scratch: &Scratch, args: &[&str]) -> Done {
    let program = env!("CARGO_BIN_EXE_seaworthy");
    scratch.seaworthy().args(args).args(["check", program]).run()
}

#[test]
fn what_is_let_through_unread_fits_the_schema() {
    let scratch = Scratch::empty();
    scratch.write("page.wasm", b"\0asm\x01\0\0\0");
    scratch.write("seaworthy.toml", "rules = { unreadable-binary = \"allow\" }\n");
    let done = scratch.seaworthy().args(["check", "--format", "json", "page.wasm"]).run().expect_code(0);
    let document: Value = serde_json::from_str(&done.stdout()).expect("JSON");
    fits_the_schema(&document);
    assert_eq!(document["artifacts"][0]["excepted"][0]["finding"]["level"], "allow");
}

#[test]
fn a_real_check_fits_the_schema() {
    let done = check_itself(&Scratch::empty(), &["--format", "json"]);
    let document = done.json();
    fits_the_schema(&document);
    let artifact = &document["artifacts"][0];
    assert_eq!(artifact["path"], env!("CARGO_BIN_EXE_seaworthy"));
    assert!(artifact["format"].is_string() && artifact["arch"].is_string() && artifact["kind"].is_string());
    let failed = document["verdict"] != "pass";
    assert_eq!(done.code(), Some(if failed { 3 } else { 0 }));
}

#[test]
fn reports_are_written_beside_what_is_printed() {
    let scratch = Scratch::empty();
    let done = check_itself(&scratch, &["--report", "json=a.json", "--report", "short=b.txt", "--color", "always"]);
    assert!(done.stdout().contains('\u{1b}'), "{}", done.stdout());
    let read = |name: &str| std::fs::read_to_string(scratch.join(name)).expect("a report");
    fits_the_schema(&serde_json::from_str(&read("a.json")).expect("JSON"));
    assert!(read("b.txt").contains("seaworthy") && !read("b.txt").contains('\u{1b}'));
    assert_eq!(std::fs::read_dir(scratch.path()).expect("the directory").count(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_leaves_the_old_one_and_exits_with_4() {
    let scratch = Scratch::empty();
    scratch.write("old/report.json", "old");
    let unwritable = |to: &str| check_itself(&scratch, &["--report", to]).expect_code(4).expect_stderr("cannot write");
    unwritable("json=/dev/full").expect_stderr("/dev/full");
    unwritable("json=no/such/report.json").expect_stderr("no/such/report.json");
    unwritable("json=old");
    assert_eq!(std::fs::read_to_string(scratch.join("old/report.json")).expect("the old one"), "old");
    assert_eq!(std::fs::read_dir(scratch.join("old")).expect("the directory").count(), 1);
    Run::program("test").args(["-c", "/dev/full"]).run().expect_code(0);
}

#[test]
fn what_only_apple_can_answer_is_said() {
    requires!("go");
    let scratch = Scratch::empty();
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    for (system, name) in [("darwin", "mac"), ("linux", "linux")] {
        let build = scratch.program("go").args(["build", "-o", name, "main.go"]);
        build.env("GOOS", system).env("GOARCH", "arm64").env("CGO_ENABLED", "0").run().expect_code(0);
    }
    scratch.write("seaworthy.toml", "extends = \"notarizable\"\n");
    let says = |file: &str, format: &str| {
        let done = scratch.seaworthy().args(["check", "--format", format, file]).run();
        let place = if format == "json" { done.json()["notes"].to_string() } else { done.stdout() };
        place.contains("only Apple can answer")
    };
    for format in ["text", "json"] {
        assert!(says("mac", format) && !says("linux", format), "{format}");
    }
}
