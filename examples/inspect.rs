//! Reads binaries and judges them with the policy of the working directory, as a program of one's own would.
//!
//! `cargo run --example inspect -- FILE…` ends with 3 when one of them would not run where it has to.

#![expect(clippy::print_stdout, reason = "a program may print; the library does not")]

use std::path::PathBuf;
use std::process::ExitCode;

use seaworthy::check::{Inspected, Surroundings, check, exit_code};
use seaworthy::facts::{Wanted, read_file};
use seaworthy::hosts::load::NoFiles;
use seaworthy::policy::{self, exceptions::today};
use seaworthy::report::Report;
use seaworthy::run::{Artifact, Provenance, Role};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let directory = std::env::current_dir()?;
    let policy = policy::load(None, &directory)?;
    let inspected = std::env::args_os().skip(1).map(|argument| {
        let path = PathBuf::from(argument);
        let facts = read_file(&path, Wanted::default());
        Inspected { artifact: Artifact { path, role: Role::Unknown, package: None, target: None }, facts, image: None }
    });
    let surroundings = Surroundings {
        directory: &directory,
        today: today(),
        hosts: &|_, _| [].into(),
        files: &NoFiles,
        strict_symbols: false,
    };
    let (artifacts, general) = check(&policy, inspected.collect(), &Provenance::default(), &surroundings);
    let report = Report { artifacts, general, ..Report::default() };
    for result in &report.artifacts {
        let path = result.artifact.path.display();
        if let Some(slice) = result.facts.as_ref().and_then(|facts| facts.slices.first()) {
            println!("{path}: {} for {}, {:?}: {:?}", slice.format, slice.arch, slice.linkage, result.verdict);
        }
        for finding in &result.findings {
            println!("  {}: {}", finding.rule, finding.evidence.join(", "));
        }
    }
    Ok(ExitCode::from(exit_code(&report)))
}
