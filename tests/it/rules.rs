//! Does the list of rules keep its shape, and does every page about rules come from them?

use std::collections::BTreeSet;
use std::path::Path;

use seaworthy::check::{Finding, Inspected, Surroundings, check};
use seaworthy::facts::Unreadable;
use seaworthy::hosts::load::NoFiles;
use seaworthy::plan::Expectations;
use seaworthy::policy::{Origin, parse_str};
use seaworthy::report::{Detail, Report, Styles, text};
use seaworthy::rules::{RULES, handbook};
use seaworthy::run::{Artifact, Dropped, Provenance, Role};

use crate::support::repository;

/// Headings of a rule's page, in this order.
const HEADINGS: [&str; 4] = ["## What it checks", "## Why it matters", "## Example", "## How to fix"];

/// Source of every rule, by its id as the file's name says it.
fn sources() -> Vec<(String, String)> {
    let directory = repository().join("src/rules");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&directory).expect("the directory of the rules") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && stem != "support" {
            found.push((stem.replace('_', "-"), std::fs::read_to_string(&path).expect("a source file is text")));
        }
    }
    found.sort();
    found
}

#[test]
fn rules_are_sorted_and_unique() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
}

#[test]
fn every_rule_is_one_file_of_its_name() {
    let registered: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    let files: BTreeSet<String> = sources().into_iter().map(|(id, _)| id).collect();
    assert_eq!(registered, files);
}

#[test]
fn summaries_are_one_lower_case_line() {
    for rule in RULES {
        let summary = rule.summary;
        let first = summary.split([' ', '-']).next().expect("a first word");
        let is_name = ["DLL", "Mach", "PE", "TLS"].contains(&first);
        assert!(is_name || !first.starts_with(char::is_uppercase), "{}: {summary}", rule.id);
        assert!(!summary.ends_with('.') && !summary.contains('\n') && summary.len() < 100, "{}: {summary}", rule.id);
    }
}

#[test]
fn every_page_has_its_headings() {
    for rule in RULES {
        let found: Vec<&str> = rule.docs.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(found, HEADINGS, "{}", rule.id);
        let example = rule.docs.split("## Example").nth(1).and_then(|rest| rest.split("## How").next());
        let example = example.expect("an example");
        assert!(example.contains(&format!("[{}]: ", rule.id)), "{}: the example shows another rule", rule.id);
        let fix = rule.docs.split("## How to fix").nth(1).expect("a fix");
        assert!(fix.contains("Go") && fix.contains("Cargo"), "{}: a fix for Go and for Cargo", rule.id);
        assert!(rule.docs.lines().all(|line| line.len() <= 240), "{}: a line is too long", rule.id);
    }
}

#[test]
fn rules_only_look_at_what_they_are_given() {
    let forbidden =
        ["goblin", "std::fs", "std::env", "std::process", "std::io", "println!", "crate::report", ".level("];
    for (id, source) in sources() {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in forbidden {
            assert!(!code.contains(word), "{id} names `{word}`");
        }
        let has_tests = source.contains("#[cfg(test)]") || source.contains("check: None");
        assert!(has_tests, "{id} has no unit tests");
    }
}

/// `SEAWORTHY_BLESS=1 cargo test` writes the file anew.
#[test]
fn the_handbook_is_current() {
    let path = repository().join("docs/rules.md");
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("docs can be made");
        std::fs::write(&path, handbook()).expect("the handbook can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == handbook(), "docs/rules.md is out of date: SEAWORTHY_BLESS=1 cargo test --test it handbook");
}

/// Rules about the run or the policy have no check of a slice: a run that violates them all has to print their examples.
#[test]
fn examples_of_rules_about_a_run_are_what_it_says() {
    let said = run_that_goes_wrong();
    for rule in RULES.iter().filter(|rule| rule.check.is_none()) {
        let finding = said.iter().find(|finding| finding.rule == rule.id);
        let finding = finding.unwrap_or_else(|| panic!("the run does not violate `{}`", rule.id)).clone();
        let report = Report { general: vec![finding], ..Report::default() };
        let shown = text::render(&report, &Styles::PLAIN, Detail::Quiet);
        if std::env::var_os("SEAWORTHY_BLESS").is_some() {
            let path = repository().join(format!("src/rules/{}.rs", rule.id.replace('-', "_")));
            let source = std::fs::read_to_string(&path).expect("the rule's source");
            let (before, rest) = source.split_once("```text\n").expect("an example");
            let (_, after) = rest.split_once("```").expect("the end of the example");
            std::fs::write(&path, format!("{before}```text\n{shown}```{after}")).expect("the source can be written");
        } else {
            assert!(rule.docs.contains(&shown), "the page of `{}` has to show:\n{shown}", rule.id);
        }
    }
}

fn run_that_goes_wrong() -> Vec<Finding> {
    let exceptions = r#"[[exception]]
rule = "executable-stack"
artifact = "bin/legacy"
reason = "vendor blob, replaced in 3.2"

[[exception]]
rule = "unreadable-binary"
artifact = "dist/app"
reason = "vendor blob, replaced in 3.2"
until = 2027-03-01
"#;
    let policy = parse_str(exceptions, Path::new("seaworthy.toml")).expect("a good policy");
    let musl = "x86_64-unknown-linux-musl";
    let provenance = Provenance {
        degraded: Some("go wrote no action graph".into()),
        discarded: vec!["example.com/app/cmd/a".into(), "example.com/app/cmd/b".into()],
        dropped: vec![Dropped { what: "the cdylib of `app`".into(), target: Some(musl.to_owned()) }],
        expectations: Expectations { target: Some((musl.to_owned(), Origin::Default)), ..Expectations::default() },
        ..Provenance::default()
    };
    let damaged = |path: &str| Inspected {
        artifact: Artifact { path: path.into(), role: Role::Program, package: None, target: None },
        facts: Err(Unreadable::damaged("program headers", 64, "728 bytes wanted, the file has 512")),
        image: None,
    };
    let surroundings = Surroundings {
        directory: Path::new("/work"),
        today: jiff::civil::date(2027, 3, 2),
        hosts: &|_, _| [].into(),
        files: &NoFiles,
        strict_symbols: false,
    };
    let (results, mut said) =
        check(&policy, vec![damaged("dist/app"), damaged("bin/legacy")], &provenance, &surroundings);
    said.extend(results.into_iter().flat_map(|result| result.findings));
    said
}
