//! Does every rule fire on what it is about, and on nothing else? Every rule over every fixture, each built for real.
//!
//! A fixture is a directory below `tests/fixtures/rules` with an `expect.toml` (see [`fixture::Expect`]). The table of all
//! verdicts is `matrix.txt`: a rule that grows sloppy shows as a changed cell in somebody else's fixture.

mod fixture;

use std::collections::BTreeMap;

use seaworthy::rules::{RULES, Verdict};

use crate::support::repository;
use fixture::{Fixture, Judged};

/// Rules that are asked of files in images alone, which the tests of images hold them to.
const OF_IMAGES: [&str; 3] = ["platform-mismatch", "unstartable-entrypoint", "unstartable-program"];

/// Builds and judges every fixture, two at a time.
fn judge_all() -> Option<Vec<(Fixture, Judged)>> {
    let fixtures = Fixture::all();
    assert!(!fixtures.is_empty(), "no fixtures");
    let tools: Vec<&str> =
        fixtures.iter().flat_map(|fixture| fixture.expect.requires.iter().map(String::as_str)).collect();
    if !crate::support::have(&tools) {
        return None;
    }
    let middle = fixtures.len() / 2;
    let judge = |half: &[Fixture]| half.iter().map(Fixture::judge).collect::<Vec<_>>();
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| judge(&fixtures[middle..]));
        (judge(&fixtures[..middle]), other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let judged = first.into_iter().chain(second);
    Some(fixtures.into_iter().zip(judged).collect())
}

#[test]
fn every_rule_over_every_fixture() {
    let Some(judged) = judge_all() else { return };
    let mut wrong = Vec::new();
    for (fixture, result) in &judged {
        if result.fires != fixture.expect.fires {
            let expected = &fixture.expect.fires;
            wrong.push(format!("{}: expected {expected:?}, found {:?}\n{}", fixture.name, result.fires, result.report));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    for rule in RULES.iter().filter(|rule| rule.check.is_some()) {
        let verdicts = || judged.iter().filter_map(|(_, result)| result.verdicts.get(rule.id));
        let fires = verdicts().any(|verdict| matches!(verdict, Verdict::Violated(_)));
        let passes = verdicts().any(|verdict| *verdict == Verdict::Pass);
        let of_images = OF_IMAGES.contains(&rule.id);
        assert!(of_images != (fires && passes), "{}: fires: {fires}, passes: {passes}", rule.id);
    }
    let table = table(&judged);
    let path = repository().join("tests/it/rules_matrix/matrix.txt");
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == table, "matrix.txt is out of date (SEAWORTHY_BLESS=1 writes it); now:\n{table}");
}

/// Rules down, fixtures across, by number.
fn table(judged: &[(Fixture, Judged)]) -> String {
    let mut text = String::from(
        "Every rule over every fixture: ! violated, . passed, ? cannot be told, blank: not applicable.\n\n",
    );
    for (at, (fixture, _)) in judged.iter().enumerate() {
        text += &format!("{:>3} {}\n", at + 1, fixture.name);
    }
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let numbers: String = (1..=judged.len()).map(|number| format!("{number:>3}")).collect();
    text += &format!("\n{:width$}{numbers}\n", "");
    for rule in RULES.iter().filter(|rule| rule.check.is_some()) {
        let cells: String =
            judged.iter().map(|(_, result)| format!("{:>3}", cell(&result.verdicts, rule.id))).collect();
        text += &format!("{:width$}{}\n", rule.id, cells.trim_end());
    }
    text
}

fn cell(verdicts: &BTreeMap<&'static str, Verdict>, rule: &str) -> &'static str {
    match verdicts.get(rule) {
        Some(Verdict::Violated(_) | Verdict::PartlyOpen(..)) => "!",
        Some(Verdict::Pass) => ".",
        Some(Verdict::Inconclusive(_)) => "?",
        Some(Verdict::NotApplicable(_)) | None => "",
    }
}
