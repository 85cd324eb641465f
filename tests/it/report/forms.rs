//! Forms for other programs: SARIF, JUnit, annotations, Markdown. Each is read by somebody else's reader.

use std::path::Path;

use seaworthy::report;
use seaworthy::rules::RULES;
use serde_json::Value;
use snapbox::{IntoData, assert_data_eq, str};

use super::everything::{everything, finding, result};
use crate::support::{Run, Scratch};

/// What `check-report` has to say about a document: nothing, when it fits the schema of its form.
#[track_caller]
fn fits(form: &str, document: &str) {
    let scratch = Scratch::empty();
    let file = scratch.write("report", document);
    Run::program("check-report").arg(form).arg(file).run().expect_code(0);
}

fn sarif() -> Value {
    serde_json::from_str(&report::sarif::render(&everything(), Path::new("/work"))).expect("JSON")
}

#[test]
fn sarif_and_junit_fit_their_schemas() {
    requires!("check-report");
    fits("sarif", &report::sarif::render(&everything(), Path::new("/work")));
    fits("junit", &report::junit::render(&everything()));
}

#[test]
fn the_checks_against_schemas_can_fail() {
    requires!("check-report");
    let refused = |form: &str, document: &str| {
        let scratch = Scratch::empty();
        let file = scratch.write("report", document);
        Run::program("check-report").arg(form).arg(file).run().expect_code(1);
    };
    let mut document = sarif();
    document["runs"][0]["results"][0]["level"] = "fatal".into();
    refused("sarif", &document.to_string());
    let junit = report::junit::render(&everything());
    refused("junit", &junit.replacen("<testcase ", "<testcase color=\"red\" ", 1));
    refused("junit", &junit.replacen("</testsuite>", "\u{1b}</testsuite>", 1));
    refused("junit", &junit.replacen("tests=\"", "tests=\"1", 1));
}

#[test]
fn sarif_lists_every_rule_with_its_page() {
    let document = sarif();
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    for (rule, listed) in RULES.iter().zip(rules) {
        assert_eq!(listed["id"], rule.id);
        assert!(listed["help"]["markdown"].as_str().is_some_and(|page| page.contains("## How to fix")), "{listed}");
        assert!(!listed["fullDescription"]["text"].as_str().unwrap_or_default().is_empty(), "{listed}");
    }
    assert_eq!(rules.len(), RULES.len() + 2);
}

#[test]
fn sarif_says_of_every_finding_what_where_and_whether_it_counts() {
    let document = sarif();
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small one");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(), "{result}");
    }
    let told: Vec<String> = results
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            let excused = result["suppressions"][0]["justification"].as_str().unwrap_or("counts");
            format!("{} {} {} {}: {excused}", result["ruleId"], result["kind"], result["level"], place).replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "newer-glibc fail error target/release/app: counts",
            "run-path fail warning bin/a%1B%5B31m%0Ab: counts",
            "inconclusive fail error packed: counts",
            "run-path fail error ok: vendor blob",
            "unused-exception fail warning seaworthy.toml: counts",
        ]
    );
    let related = &results[0]["relatedLocations"][0]["physicalLocation"];
    assert_eq!(
        (&related["artifactLocation"]["uri"], &related["region"]["startLine"]),
        (&"seaworthy.toml".into(), &3.into())
    );
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["exitCode"], &invocation["executionSuccessful"]), (&4.into(), &false.into()));
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
}

#[test]
fn what_could_not_be_judged_and_was_accepted_is_open() {
    let mut report = everything();
    report.artifacts[2].inconclusive_level = seaworthy::policy::Setting::default(seaworthy::policy::Level::Allow);
    let document: Value = serde_json::from_str(&report::sarif::render(&report, Path::new("/work"))).expect("JSON");
    let open = &document["runs"][0]["results"][2];
    assert_eq!((&open["kind"], &open["level"]), (&"open".into(), &"none".into()));
    assert!(report::junit::render(&report).contains("name=\"inconclusive\" time=\"0\"><skipped>"));
}

#[test]
fn a_fingerprint_is_that_of_the_finding_wherever_it_lies() {
    use seaworthy::check::{Finding, Overall};
    use seaworthy::policy::{Level, Origin};
    let of = |path: &str, change: &dyn Fn(&mut Finding)| {
        let mut found = finding("newer-glibc", Level::Deny, path);
        change(&mut found);
        let other = finding("run-path", Level::Deny, path);
        let artifacts = vec![result("first", Overall::Pass, vec![other]), result(path, Overall::Fail, vec![found])];
        let report = report::Report { artifacts, ..everything() };
        let document: Value = serde_json::from_str(&report::sarif::render(&report, Path::new("/"))).expect("JSON");
        document["runs"][0]["results"][1]["partialFingerprints"]["finding/v1"].as_str().expect("a text").to_owned()
    };
    let here = of("target/debug/app", &|_| {});
    assert_eq!(here, of("/somewhere/else/app", &|_| {}));
    let moved = |found: &mut Finding| found.level_origin = Origin::File { path: "seaworthy.toml".into(), line: 9 };
    assert_eq!(here, of("target/debug/app", &moved));
    assert_ne!(here, of("target/debug/other", &|_| {}));
    assert_ne!(here, of("target/debug/app", &|found| found.host = Some("debian:11".into())));
    assert_ne!(here, of("target/debug/app", &|found| found.slice = Some("aarch64".into())));
}

#[test]
fn junit_has_a_suite_per_artifact_and_a_test_per_rule() {
    assert_data_eq!(report::junit::render(&everything()), snapbox::file!["everything.xml"].raw());
}

#[test]
fn annotations_are_escaped_as_the_runner_undoes_it() {
    assert_data_eq!(report::github::render(&everything()), str![[r#"
::error title=seaworthy[newer-glibc]::`target/release/app` needs glibc 2.34, but `debian:11` has 2.31%0Ablame: crate `libsqlite3-sys 0.30.1`, pulled in by `rusqlite`%0Ahelp: build for `x86_64-unknown-linux-musl`, or see `seaworthy explain newer-glibc`
::warning title=seaworthy[run-path]::`bin/a\x1b[31m\nb` needs glibc 2.34, but `debian:11` has 2.31 (aarch64)%0Ahelp: see `seaworthy explain run-path`
::error title=seaworthy[inconclusive]::`packed` could not be judged%0Ahelp: see `seaworthy explain newer-glibc`, or let it through with `inconclusive = "allow"`
::warning title=seaworthy[unused-exception]::an exception is unused%0Ahelp: see `seaworthy explain unused-exception`
::error title=seaworthy::cannot read `secret`: permission denied

"#]].raw());
}

#[test]
fn markdown_shows_everything_and_lets_nothing_out_of_its_place() {
    assert_data_eq!(report::markdown::render(&everything()), snapbox::file!["everything.md"].raw());
}

#[test]
fn html_lets_nothing_out_of_its_place() {
    let page = report::html::render(&everything());
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "{page}");
    assert!(page.contains("<h1>Rejected</h1>"), "{page}");
}

#[test]
fn html_says_who_brought_a_library_in() {
    requires!("gcc");
    let scratch = Scratch::empty();
    let app = scratch.write("main.c", "#include <math.h>\nint main(int n, char **a) { return (int)cos(n); }");
    scratch.program("gcc").args(["-o", "app"]).arg(app).arg("-lm").run().expect_code(0);
    let mut report = everything();
    let blame = "crate `<evil>`, pulled in by `app`";
    let artifact = &mut report.artifacts[0];
    artifact.facts = seaworthy::facts::read_file(&scratch.join("app"), seaworthy::facts::Wanted::default()).ok();
    artifact.findings[0].blame = Some(blame.into());
    artifact.findings[0].causes = vec![seaworthy::rules::Cause::Library("libm.so.6".into())];
    let page = report::html::render(&report);
    let tree = page.split("What it depends on").nth(1).expect("a tree");
    assert!(tree.contains("libm.so.6</span>"), "{tree}");
    assert!(tree.contains("brought in by crate <code>&lt;evil&gt;</code>, pulled in by <code>app</code>"), "{tree}");
}

#[test]
fn every_form_can_be_printed_and_written_at_once() {
    let scratch = Scratch::empty();
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let forms = ["text", "short", "json", "sarif", "junit", "github", "markdown", "html"];
    let to = forms.map(|form| format!("--report={form}={form}.out"));
    let done = scratch.seaworthy().args(&to).args(["check", program]).run();
    for form in forms {
        let printed = scratch.seaworthy().args(["--format", form, "-v", "--color=never", "check", program]).run();
        let written = std::fs::read_to_string(scratch.join(format!("{form}.out"))).expect("a report");
        assert_eq!((printed.code(), printed.stdout()), (done.code(), written), "{form}");
    }
}

#[test]
fn a_form_of_reports_is_refused_where_there_is_no_report() {
    for command in [&["explain", "run-path"][..], &["facts", "x"], &["hosts"], &["policy", "show"], &["rules"]] {
        let done = Scratch::empty().seaworthy().args(["--format", "sarif"]).args(command).run();
        done.expect_code(2).expect_stderr("it prints `text` or `json`");
    }
}

#[test]
fn a_job_of_github_gets_annotations_and_a_summary_only_when_there_is_something_to_say() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", "int main(void) { return 0; }");
    scratch.program("gcc").args(["main.c", "-o", "app"]).run().expect_code(0);
    let run = |args: &[&str]| {
        let summary = scratch.join("summary.md");
        let seaworthy = scratch.seaworthy().env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
        let done = seaworthy.args(args).args(["check", "app"]).run();
        (done, std::fs::read_to_string(summary).unwrap_or_default())
    };
    scratch.write("seaworthy.toml", "linkage = \"any\"");
    let (done, summary) = run(&[]);
    assert_eq!((done.code(), done.stderr(), summary), (Some(0), String::new(), String::new()));
    scratch.write("seaworthy.toml", "");
    let (done, summary) = run(&[]);
    assert!(done.stderr().starts_with("::error title=seaworthy[dynamic-loader]::`app` has"), "{}", done.stderr());
    assert!(summary.starts_with("## seaworthy: ❌ 1 artifact, 1 rejected, 1 error\n"), "{summary}");
    let (done, twice) = run(&["--format", "json"]);
    assert!(!done.stderr().contains("::error"), "{}", done.stderr());
    assert_eq!(twice, summary.repeat(2));
    // A job must not fail for want of a summary.
    let nowhere = scratch.seaworthy().env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "/dev/full");
    nowhere.args(["check", "app"]).run().expect_code(3).expect_stderr("cannot be written");
}
