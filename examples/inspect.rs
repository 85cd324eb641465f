//! Reads binaries and judges them with the policy of the working directory, as a program of one's own would.
//!
//! `cargo run --example inspect -- FILE…` ends with 3 when one of them would not run where it has to.

#![expect(clippy::print_stdout, reason = "a program may print; the library does not")]

use std::path::PathBuf;
use std::process::ExitCode;

use seaworthy::check::{Inspected, Overall, check};
use seaworthy::facts::{Wanted, read_file};
use seaworthy::policy;
use seaworthy::run::{Artifact, Provenance, Role};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let policy = policy::load(None, &std::env::current_dir()?)?;
    let inspected = std::env::args_os().skip(1).map(|argument| {
        let path = PathBuf::from(argument);
        let facts = read_file(&path, Wanted::default());
        Inspected { artifact: Artifact { path, role: Role::Unknown, package: None, target: None }, facts }
    });
    let results = check(&policy, inspected.collect(), &Provenance::default());
    for result in &results {
        let path = result.artifact.path.display();
        if let Some(slice) = result.facts.as_ref().and_then(|facts| facts.slices.first()) {
            println!("{path}: {} for {}, {:?}: {:?}", slice.format, slice.arch, slice.linkage, result.verdict);
        }
        for finding in &result.findings {
            println!("  {}: {}", finding.rule, finding.evidence.join(", "));
        }
    }
    let fine = results.iter().all(|result| result.verdict == Overall::Pass);
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(seaworthy::exit::VIOLATED) })
}
