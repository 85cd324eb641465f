//! The calls that are measured, each on files made from constants. What is prepared is not measured.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use seaworthy::check::{Inspected, Surroundings, check};
use seaworthy::facts::{Digest, Facts, FileFacts, Source, SymbolNames, Wanted, digest, read_source};
use seaworthy::hosts::load::{Loads, NoFiles};
use seaworthy::hosts::{self, Host};
use seaworthy::policy::{self, Policy, exceptions::today};
use seaworthy::report::{Detail, Report, Styles, json, text};
use seaworthy::rules::symbol_names;
use seaworthy::run::{Artifact, Provenance, Role, cargo};

use crate::made;

/// Something to call again and again.
pub(crate) type Call = Box<dyn FnMut()>;

/// A name, and what prepares the call.
pub(crate) type Case = (&'static str, fn() -> Call);

/// What goes over every byte has so many of them.
const BYTES: usize = 1 << 16;

/// Hosts of every kind that programs for glibc are made for.
pub(crate) const HOSTS: [&str; 10] = [
    "debian:11",
    "debian:12",
    "ubuntu:20.04",
    "ubuntu:24.04",
    "rhel:8",
    "rhel:9",
    "alpine:3.20",
    "amazonlinux:2023",
    "fedora:41",
    "scratch",
];

/// All of them, by name.
pub(crate) const CASES: &[Case] = &[
    ("cargo-messages-100", cargo_messages),
    ("check-default-policy", || judged("")),
    ("check-ten-hosts", || judged(&format!("linkage = \"any\"\nruns-on = {HOSTS:?}"))),
    ("digest-64KiB", digest_of_a_file),
    ("facts-dynamic", || facts(made::dynamic_program(0), Wanted::default())),
    ("facts-dynamic-1000-imports", || facts(made::dynamic_program(1000), Wanted::default())),
    ("facts-dynamic-1000-imports-unread", || {
        facts(made::dynamic_program(1000), Wanted { names: wanted_by_default(), ..Wanted::default() })
    }),
    ("facts-go-100-modules", || facts(made::go_program(100), Wanted::default())),
    ("facts-mach-o", || facts(made::mach_o(BYTES), Wanted::default())),
    ("facts-mach-o-page-hashes-64KiB", || facts(made::mach_o(BYTES), Wanted { hashes: true, ..Wanted::default() })),
    ("facts-static-fingerprint-64KiB", || facts(made::static_program(BYTES), fingerprint())),
    ("hosts-find-ten", || Box::new(|| _ = black_box(ten_hosts()))),
    ("load-on-ten-hosts", load_on_ten_hosts),
    ("policy-everything", policy_with_everything),
    ("report-json", report_as_json),
];

/// Whose symbols are read when there is no policy.
pub(crate) fn wanted_by_default() -> SymbolNames {
    symbol_names(&Policy::default_policy(), &Provenance::default())
}

/// What it takes to tell a static C library by its strings.
pub(crate) fn fingerprint() -> Wanted {
    Wanted { strings: true, ..Wanted::default() }
}

fn facts(file: Vec<u8>, wanted: Wanted) -> Call {
    read(&file, wanted);
    Box::new(move || _ = black_box(read(&file, wanted)))
}

fn read(file: &[u8], wanted: Wanted) -> FileFacts {
    read_source(&Source::from_bytes(file), wanted).expect("it was made to be read")
}

fn digest_of_a_file() -> Call {
    let file = tempfile::NamedTempFile::new().expect("there is room for it");
    std::fs::write(&file, made::prose(BYTES)).expect("there is room for it");
    Box::new(move || assert!(matches!(digest(file.path()), Ok(Digest { size: 0x1_0000, .. }))))
}

fn ten_hosts() -> Vec<Host> {
    HOSTS.iter().map(|name| hosts::find(name, "x86_64").expect("it is in the catalogue")).collect()
}

/// How many of ten hosts load the program, asked as `check` asks.
pub(crate) fn loaded(facts: &Facts, hosts: &[Host]) -> usize {
    let loads = Loads::new(facts, "/app/program", hosts, &NoFiles);
    loads.get().filter(|(_, load)| load.reasons.is_empty()).count()
}

fn load_on_ten_hosts() -> Call {
    let file = read(&made::dynamic_program(0), Wanted::default());
    let hosts = ten_hosts();
    assert!(loaded(&file.slices[0], &hosts) > 0, "a program for glibc runs on some of them");
    Box::new(move || _ = black_box(loaded(&file.slices[0], &hosts)))
}

fn policy_with_everything() -> Call {
    let text = include_str!("../examples/policies/everything.toml");
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/everything.toml"));
    Box::new(move || _ = black_box(policy::parse_str(text, path).expect("the example is sound")))
}

/// A report about one program, as `seaworthy check` makes it.
fn report(policy: &Policy, file: &FileFacts) -> Report {
    let artifact = Artifact { path: "program".into(), role: Role::Unknown, package: None, target: None };
    let surroundings = Surroundings {
        directory: Path::new("/"),
        today: today(),
        hosts: &|effective, facts| {
            let names = effective.runs_on.iter().map(|host| host.value.as_str());
            names.map(|name| hosts::find(name, &facts.arch).expect("it is in the catalogue")).collect()
        },
        files: &NoFiles,
        strict_symbols: false,
    };
    let inspected = vec![Inspected { artifact, facts: Ok(file.clone()), image: None }];
    let (artifacts, general) = check(policy, inspected, &Provenance::default(), &surroundings);
    Report { artifacts, general, ..Report::default() }
}

fn judged(policy: &str) -> Call {
    let policy = policy::parse_str(policy, Path::new("/seaworthy.toml")).expect("it is sound");
    let file = read(&made::dynamic_program(0), Wanted::default());
    Box::new(move || _ = black_box(text::render(&report(&policy, &file), &Styles::PLAIN, Detail::Normal)))
}

fn report_as_json() -> Call {
    let policy = policy::parse_str("", Path::new("/seaworthy.toml")).expect("it is sound");
    let report = report(&policy, &read(&made::dynamic_program(100), Wanted::default()));
    Box::new(move || _ = black_box(json::render(&report)))
}

fn cargo_messages() -> Call {
    let messages = made::cargo_messages(100);
    Box::new(move || {
        let artifacts = cargo::built(messages.clone(), std::io::sink(), &[]);
        assert_eq!(
            artifacts.iter().map(|artifact| &artifact.path).collect::<Vec<_>>(),
            [&PathBuf::from("/target/debug/program")]
        );
    })
}
