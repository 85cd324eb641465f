//! Every binary of a manifest in every root: `make test-hosts MANIFEST=… CORPUS=… ROOTS=…`.
//!
//! Prints what is wrong, the confusion matrix, and last `P pairs, right R, wrong "runs" A, wrong "does not run" B`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a runner of its own, whose result is what it prints")]

mod manifest;
mod matrix;
mod real;
mod said;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use seaworthy::hosts::load::{Load, Outcome, Reason};
use seaworthy::hosts::{self, Disk, Host};

use manifest::Manifest;
use matrix::Matrix;
use real::{Item, Kind, Root, Said, Tools};
use said::{host_of, say};

/// The catalogue's name for a root of `scripts/roots.sh`.
fn catalogue_name(root: &str) -> Option<&str> {
    Some(match root {
        "debian-11" => "debian:11",
        "debian-12" => "debian:12",
        "debian-13" => "debian:13",
        "debian-sid" => "glibc:2.43",
        "distroless-static" => "distroless:static-debian12",
        "distroless-base" => "distroless:base-debian12",
        "distroless-cc" => "distroless:cc-debian12",
        "alpine-base" => "alpine:3.23",
        "musl-1.2.3" => "musl:1.2.3",
        "scratch" => "scratch",
        _ => return None,
    })
}

/// Whether the pair shows nothing: the file's own code ended it, or would have to run to show that the loader left its
/// relative relocations undone (the constructed cases run such a program).
fn cannot_tell(said: &Load, really: &Said) -> bool {
    let relr = |reason: &Reason| matches!(reason, Reason::RelrIgnored { .. });
    really.died || (really.loads && !said.reasons.is_empty() && said.reasons.iter().all(relr))
}

fn main() -> ExitCode {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let (Some(manifest), Some(corpus)) = (given("MANIFEST"), given("CORPUS")) else {
        eprintln!("hosts-corpus: say MANIFEST=FILE and CORPUS=DIRECTORY");
        return ExitCode::from(2);
    };
    let corpus = std::path::absolute(corpus).unwrap_or_default();
    let manifest = match Manifest::read(&manifest, &corpus) {
        Ok(manifest) => manifest,
        Err(why) => {
            eprintln!("hosts-corpus: {why}");
            return ExitCode::from(2);
        }
    };
    if let Err(why) = real::can_ask() {
        eprintln!("hosts-corpus: {why}");
        return ExitCode::FAILURE;
    }
    manifest.skipped.iter().for_each(|(why, count)| println!("skipped, {count} times: {why}"));
    let roots = std::env::var("ROOTS").unwrap_or_default();
    let roots = real::roots(&roots.split([' ', '\n', ',']).filter(|name| !name.is_empty()).collect::<Vec<_>>());
    let tools = Tools::compile();
    let mut total = Matrix::default();
    for root in &roots {
        match manifest.items.get(&(root.machine.number, root.machine.bits)) {
            Some(items) => compare(root, &tools, &corpus, items, &mut total),
            None => println!("{}: the manifest has no file for {}", root.name, root.machine.arch),
        }
    }
    println!("{total}\nundecided {}\n{}", total.undecided(), total.line());
    if total.wrong() == 0 && total.pairs() > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One root: as the root file system it is, and by its name in the catalogue.
fn compare(root: &Root, tools: &Tools, corpus: &Path, items: &[Item], total: &mut Matrix) {
    let items: Vec<Item> = items.iter().filter(|item| root.can_try(item)).cloned().collect();
    let real = tools.load(root, corpus, &items);
    let name = root.name.split('@').next().unwrap_or_default();
    let catalogue = hosts::find(catalogue_name(name).unwrap_or(name), root.machine.arch).ok();
    // The catalogue has one calling convention of an architecture.
    let has = |host: &Host| host.loaders.is_empty() || host.loaders.iter().any(|loader| loader == root.loader());
    let catalogue = catalogue.filter(has);
    for (kind, host) in [("root", Some(host_of(root))), ("catalogue", catalogue)] {
        let Some(host) = host else { continue };
        let files = Disk::default();
        let mut matrix = Matrix::default();
        let mut not_comparable = 0;
        for item in &items {
            let said = match say(&corpus.join(&item.path), &host, &files) {
                Ok(said) => said,
                Err(why) => {
                    println!("skipped {}: {why}", item.path);
                    continue;
                }
            };
            let really = &real[&item.path];
            if item.kind != Kind::Run && cannot_tell(&said, really) {
                not_comparable += 1;
            } else {
                let right = matrix.count(really.loads, said.outcome);
                tell(item, kind, &host, &said, really, right);
            }
        }
        println!(
            "{} as {kind} {}: {}, undecided {}, not comparable {not_comparable}",
            root.name,
            host.name,
            matrix.line(),
            matrix.undecided()
        );
        total.add(matrix);
    }
}

/// Prints a wrong pair; with `SHOW_UNKNOWN` an undecided one too.
fn tell(item: &Item, kind: &str, host: &Host, said: &Load, really: &Said, right: bool) {
    if !right {
        println!("WRONG {} ({kind} {}): said {said:?}\n  loader: {}", item.path, host.name, really.complaint);
    } else if said.outcome == Outcome::Unknown && std::env::var_os("SHOW_UNKNOWN").is_some() {
        println!("undecided {} ({kind} {}): {:?}\n  loader: {}", item.path, host.name, said.gaps, really.complaint);
    }
}
