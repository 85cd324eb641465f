//! Every dynamic binary of a manifest in every root: `make test-hosts MANIFEST=… CORPUS=… ROOTS=…`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seaworthy::facts::{self, Wanted};
use seaworthy::hosts::load::{Load, Mode, Program, Reason, load};
use seaworthy::hosts::{self, Disk, Host};
use seaworthy::policy::{OwnHost, Setting};

use crate::matrix::Matrix;
use crate::real::{self, Item, Kind, Root, Said};

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

/// The root as a host of its own.
pub(crate) fn host_of(root: &Root) -> Host {
    let own = OwnHost { rootfs: Some(root.directory.clone()), ..OwnHost::default() };
    let hosts = BTreeMap::from([(root.name.clone(), Setting::default(own))]);
    hosts::resolve(&root.name, root.arch, &hosts).expect("the root is a host")
}

/// What the simulated load says of one file, as `ldd -r` would.
pub(crate) fn say(path: &Path, host: &Host, files: &Disk) -> Load {
    let file = facts::read_file(path, Wanted::default()).expect("the file can be read");
    let slice = file.slices.first().expect("a slice");
    let program = Program { facts: slice, path: &path.display().to_string() };
    load(program, host, files, Mode { strict_symbols: true, provided: None })
}

/// Whether the pair shows nothing: the file's own code ended it, or would have to run to show that the loader left its
/// relative relocations undone (the constructed cases run such a program).
fn cannot_tell(said: &Load, really: &Said) -> bool {
    let relr = |reason: &Reason| matches!(reason, Reason::RelrIgnored { .. });
    really.died || (really.loads && !said.reasons.is_empty() && said.reasons.iter().all(relr))
}

/// The dynamic files of a manifest that are there, for one architecture.
fn items(manifest: &Path, corpus: &Path, arch: &str) -> Vec<Item> {
    let text = std::fs::read_to_string(manifest).expect("the manifest");
    let mut items = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let record: serde_json::Value = serde_json::from_str(line).expect("a record");
        let text = |key: &str| record[key].as_str();
        let dynamic = text("interpreter").is_some() || record["is_static"].as_bool() == Some(false);
        let Some(path) = text("path").filter(|path| corpus.join(path).is_file()) else { continue };
        if text("format") == Some("elf") && text("arch") == Some(arch) && dynamic {
            let interpreter = text("interpreter").map(str::to_owned);
            let kind = if interpreter.is_some() { Kind::Program } else { Kind::Library };
            items.push(Item { path: path.to_owned(), kind, interpreter });
        }
    }
    items
}

#[test]
#[ignore = "needs a corpus: make test-hosts MANIFEST=… CORPUS=… ROOTS=…"]
fn every_verdict_equals_the_loader() {
    let path = |key: &str| PathBuf::from(std::env::var_os(key).unwrap_or_else(|| panic!("{key} is not set")));
    let (manifest, corpus) = (path("MANIFEST"), path("CORPUS"));
    let roots = std::env::var("ROOTS").unwrap_or_default();
    let roots = real::roots(&roots.split_whitespace().collect::<Vec<_>>());
    let mut total = Matrix::default();
    for root in &roots {
        let items = items(&manifest, &corpus, root.arch);
        assert!(!items.is_empty(), "{}: no dynamic {} file in {}", manifest.display(), root.arch, corpus.display());
        let real = real::load(root, &corpus, &items);
        let name = root.name.split('@').next().unwrap_or_default();
        let catalogue = hosts::find(catalogue_name(name).unwrap_or(name), root.arch).ok();
        for (kind, host) in [("root", Some(host_of(root))), ("catalogue", catalogue)] {
            let Some(host) = host else { continue };
            let files = Disk::default();
            let mut matrix = Matrix::default();
            let mut skipped = 0;
            for item in &items {
                let said = say(&corpus.join(&item.path), &host, &files);
                let really = &real[&item.path];
                if cannot_tell(&said, really) {
                    skipped += 1;
                } else if !matrix.count(really.loads, said.outcome) {
                    println!(
                        "WRONG {} ({kind} {}): said {said:?}\n  loader: {}",
                        item.path, host.name, really.complaint
                    );
                } else if std::env::var_os("SHOW_UNKNOWN").is_some() && said.outcome == hosts::load::Outcome::Unknown {
                    println!("unknown {} ({kind} {}): {:?}", item.path, host.name, said.gaps);
                }
            }
            println!("{} as {kind} {}: {}, not comparable {skipped}", root.name, host.name, matrix.line());
            total.add(matrix);
        }
    }
    println!("{total}\n{}", total.line());
    assert_eq!(total.wrong(), 0, "wrong cells");
}
