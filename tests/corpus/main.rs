//! Compares what this tool reads with a manifest of binaries whose facts other tools gathered.
//!
//! `make corpus`, or `make corpus MANIFEST=… ROOT=…`: the manifest has one JSON record a line, `path` is relative to the root. Every field
//! that both sides have is compared; a difference that [`explained`] does not account for is a disagreement, and fails. So
//! does a verdict about a signature that is not the one the record implies ([`verdicts`]).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a runner of its own, whose result is what it prints")]

mod elf;
mod explained;
mod field;
mod go;
mod language;
mod macho;
mod pe;
mod verdicts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rayon::prelude::*;
use seaworthy::facts::{FileFacts, Unreadable, Wanted, read_file};
use serde_json::Value;

use field::Comparison;

fn main() -> ExitCode {
    let argument = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let (Some(manifest), Some(root)) = (argument("MANIFEST"), argument("ROOT")) else {
        eprintln!("corpus: say MANIFEST=FILE and ROOT=DIRECTORY");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&manifest) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("corpus: {}: {error}", manifest.display());
            return ExitCode::from(2);
        }
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let records: Vec<Value> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && line.contains(&only))
        .map(|line| serde_json::from_str(line).expect("the manifest has one JSON record a line"))
        .collect();
    let outcomes: Vec<Outcome> = records.par_iter().map(|record| judge(record, &root)).collect();
    let signable = records.iter().any(|record| record["format"] == "macho" || record["format"] == "pe");
    report(&outcomes, signable)
}

/// What became of one record.
enum Outcome {
    Unavailable(String),
    Compared(Comparison),
}

fn judge(record: &Value, root: &Path) -> Outcome {
    let path = root.join(record["path"].as_str().unwrap_or_default());
    let size = std::fs::metadata(&path).ok().map(|metadata| metadata.len());
    if size.is_none() || size != record["size"].as_u64() {
        let why = if size.is_none() { "is not there" } else { "is another file than the manifest's" };
        return Outcome::Unavailable(format!("{} {why}", path.display()));
    }
    let mut comparison = Comparison::of(record);
    let read = read_file(&path, Wanted::ALL);
    compare(&mut comparison, record, &read);
    if let Ok(facts) = &read {
        verdicts::compare(&mut comparison, record, facts);
    }
    Outcome::Compared(comparison)
}

fn compare(comparison: &mut Comparison, record: &Value, read: &Result<FileFacts, Unreadable>) {
    let format = record["format"].as_str().unwrap_or_default();
    let facts = match read {
        Ok(facts) => serde_json::to_value(facts).expect("facts have a JSON form"),
        Err(error) => {
            let expected = if format == "xcoff" { "not supported: XCOFF" } else { "readable" };
            return comparison.field("readable", expected.into(), error.to_string().into());
        }
    };
    comparison.field("format", format.into(), facts["slices"][0]["format"].clone());
    match format {
        "elf" => elf::compare(comparison, record, &facts),
        "pe" => pe::compare(comparison, record, &facts),
        "macho" => macho::compare(comparison, record, &facts),
        _ => {}
    }
    if record["go"].is_object() {
        go::compare(comparison, record, &facts["slices"][0]["go"]);
    }
}

fn report(outcomes: &[Outcome], signable: bool) -> ExitCode {
    let (mut compared, mut fields, mut verdicts, mut unavailable, mut disagreements) = (0, 0, 0, 0, 0);
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut signatures: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Unavailable(why) => {
                unavailable += 1;
                println!("unavailable: {why}");
            }
            Outcome::Compared(comparison) => {
                compared += 1;
                fields += comparison.fields;
                verdicts += comparison.verdicts;
                comparison.signatures.iter().for_each(|kind| *signatures.entry(kind).or_default() += 1);
                disagreements += comparison.disagreements.len();
                comparison.explained.iter().for_each(|why| *explained.entry(why).or_default() += 1);
                comparison.disagreements.iter().for_each(|line| println!("{line}"));
            }
        }
    }
    explained.iter().for_each(|(why, count)| println!("explained, {count} times, right is {why}"));
    signatures.iter().for_each(|(kind, count)| println!("judged: {kind}, {count} times"));
    println!("{unavailable} binaries unavailable");
    println!("{compared} binaries, {fields} fields and {verdicts} verdicts compared, {disagreements} disagreements");
    // Where there are files that can be signed and no verdict was compared, something is wrong with the comparison.
    let judged = verdicts > 0 || !signable;
    if disagreements == 0 && compared > 0 && judged { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
