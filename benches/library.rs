//! How long calls of the library take, each beside the least that its work could take.
//!
//! `cargo bench --bench library`; `make bench` puts the figures into docs/performance.md. Real files are named by
//! `SEAWORTHY_BENCH_FILES`, a directory with `uv`, `node`, `go` and `biome-darwin`; without it there are only made ones.

mod calls;
mod made;

use std::fs::File;
use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use seaworthy::facts::{SymbolNames, Wanted, digest, read_file};
use seaworthy::hosts;
use sha2::{Digest as _, Sha256};

/// What grows with the file is measured on so many bytes.
const BYTES: usize = 16 << 20;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .without_plots()
        .configure_from_args();
    made_files(&mut criterion);
    real_files(&mut criterion);
    hashes(&mut criterion);
    fingerprint(&mut criterion);
    criterion.final_summary();
}

/// The calls that are counted as well.
fn made_files(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    for (name, prepare) in calls::CASES {
        let mut call = prepare();
        group.bench_function(*name, |bencher| bencher.iter(&mut call));
    }
}

/// Facts of real files, against opening them and reading at three places.
fn real_files(criterion: &mut Criterion) {
    let Some(directory) = std::env::var_os("SEAWORTHY_BENCH_FILES").map(PathBuf::from) else { return };
    let mut group = criterion.benchmark_group("file");
    for name in ["ls", "uv", "node", "go"] {
        let path = if name == "ls" { PathBuf::from("/bin/ls") } else { directory.join(name) };
        for (what, names) in [("facts", calls::wanted_by_default()), ("facts-with-symbols", SymbolNames::Always)] {
            let wanted = Wanted { names, ..Wanted::default() };
            group.bench_function(BenchmarkId::new(what, name), |bencher| {
                bencher.iter(|| black_box(read_file(&path, wanted).expect("a real program")));
            });
        }
        for again in ["floor", "floor-again"] {
            group.bench_function(BenchmarkId::new(again, name), |bencher| bencher.iter(|| black_box(floor(&path))));
        }
    }
    let uv = read_file(&directory.join("uv"), Wanted::default()).expect("a real program");
    let ten: Vec<_> =
        calls::HOSTS.iter().map(|name| hosts::find(name, "x86_64").expect("it is in the catalogue")).collect();
    group.bench_function(BenchmarkId::new("load", "uv"), |bencher| {
        bencher.iter(|| black_box(calls::loaded(&uv.slices[0], &ten)))
    });
}

/// open, fstat, three preads, close: the least that looking at a file takes.
fn floor(path: &Path) -> usize {
    let mut buffer = [0; 16 * 1024];
    let file = File::open(path).expect("it is there");
    let length = file.metadata().expect("it is open").len();
    let mut read = |at, want: usize| read_at(&file, &mut buffer[..want], at);
    read(0, 16 * 1024) + read(length / 2, 4096) + read(length.saturating_sub(4096), 4096)
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> usize {
    std::os::unix::fs::FileExt::read_at(file, buffer, at).expect("it is open")
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> usize {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at).expect("it is open")
}

/// The digest of an artifact and the page hashes of a Mach-O file, against SHA-256 alone of the same bytes.
fn hashes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hash");
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(&file, made::mach_o(BYTES)).expect("there is room");
    for again in ["bare", "bare-again"] {
        group.bench_function(again, |bencher| bencher.iter(|| black_box(bare_hash(file.path()))));
    }
    group.bench_function("digest", |bencher| bencher.iter(|| black_box(digest(file.path()).expect("it is there"))));
    for (name, hashes) in [("facts", false), ("facts-with-page-hashes", true)] {
        let wanted = Wanted { hashes, ..Wanted::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(read_file(file.path(), wanted).expect("it was made to be read")));
        });
    }
}

/// SHA-256 of a file, as simple as it gets.
fn bare_hash(path: &Path) -> [u8; 32] {
    let (mut file, mut hash) = (File::open(path).expect("it is there"), Sha256::new());
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer).expect("it is open") {
            0 => return hash.finalize().into(),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Telling a static C library by its strings, in a program with much and with little to search.
fn fingerprint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fingerprint");
    for (name, constants) in [("little", 1 << 12), ("much", BYTES)] {
        let file = tempfile::NamedTempFile::new().expect("there is room");
        std::fs::write(&file, made::static_program(constants)).expect("there is room");
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(read_file(file.path(), calls::fingerprint()).expect("it was made to be read")));
        });
    }
}
