//! Compares what this tool reads with a manifest of binaries whose facts other tools gathered.
//!
//! `make corpus`, or `make corpus MANIFEST=… ROOT=…`: the manifest has one JSON record a line, `path` is relative to the root. Every field
//! that both sides have is compared; a difference that [`explained`] does not account for is a disagreement, and fails.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a runner of its own, whose result is what it prints")]

mod elf;
mod explained;
mod field;
mod go;
mod language;
mod macho;
mod pe;

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
    report(&records.par_iter().map(|record| judge(record, &root)).collect::<Vec<_>>())
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
    compare(&mut comparison, record, &read_file(&path, Wanted::ALL));
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

fn report(outcomes: &[Outcome]) -> ExitCode {
    let (mut compared, mut fields, mut unavailable, mut disagreements) = (0, 0, 0, 0);
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Unavailable(why) => {
                unavailable += 1;
                println!("unavailable: {why}");
            }
            Outcome::Compared(comparison) => {
                compared += 1;
                fields += comparison.fields;
                disagreements += comparison.disagreements.len();
                comparison.explained.iter().for_each(|why| *explained.entry(why).or_default() += 1);
                comparison.disagreements.iter().for_each(|line| println!("{line}"));
            }
        }
    }
    explained.iter().for_each(|(why, count)| println!("explained, {count} times, right is {why}"));
    println!("{unavailable} binaries unavailable");
    println!("{compared} binaries, {fields} fields compared, {disagreements} disagreements");
    if disagreements == 0 && compared > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
