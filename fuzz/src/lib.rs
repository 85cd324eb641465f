//! What the fuzz targets share: one walk over every fact, and an allocator that keeps count.

mod container;
mod limit;

use seaworthy::diff::{Build, diff};
use seaworthy::facts::{self, Source, Wanted, archive, elf, object};
use seaworthy::images;
use seaworthy::report::{self, Detail, Styles};
use seaworthy::run::{cargo, go};

/// Reads all that can be read from the bytes and writes it as JSON; nothing but a panic, a hang or too much memory is wrong.
pub fn everything(bytes: &[u8]) {
    limit::set(bytes.len());
    let source = Source::from_bytes(bytes);
    if let Ok(found) = facts::read_source(&source, Wanted::ALL) {
        serde_json::to_writer(std::io::sink(), &found).expect("facts can be written as JSON");
    }
    // The hasty way must not differ in what it survives.
    let _ = facts::read_source(&source, Wanted::default());
    let _ = elf::exports(&source);
    let _ = elf::relocated(&source);
    let _ = object::symbols(&source);
    for member in archive::members(&source).unwrap_or_default() {
        let _ = object::symbols(&member.content);
    }
}

/// Reads a layer of an image and looks at everything in it, and for what it would start.
pub fn image_layer(bytes: &[u8]) {
    limit::set(bytes.len());
    let Ok(tree) = images::layer(bytes) else { return };
    for path in tree.elf_files(|_| true) {
        assert!(tree.elf(&path).is_some_and(|content| content.exists()), "an ELF file that is listed is kept");
    }
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    for entrypoint in [&["/app"][..], &["a", "-c", "/b c"], &["./x/../y", "z"]] {
        let start = images::Start { entrypoint: words(entrypoint), ..images::Start::default() };
        let _ = images::start::of(&tree, &start);
    }
}

/// The bytes as the report of the last release and, behind a NUL, that of the new build, which may be the same one.
pub fn reports(bytes: &[u8]) {
    limit::set(bytes.len());
    let mut halves = bytes.splitn(2, |&byte| byte == 0).map(Build::from_report);
    let old = match halves.next() {
        Some(Ok(old)) => old,
        Some(Err(why)) => return assert!(!why.is_empty(), "refused without a word"),
        None => return,
    };
    let new = halves.next().and_then(Result::ok).unwrap_or_else(|| old.clone());
    let found = diff(&old, &new);
    let told = found.files.len() + found.gained.len();
    assert_eq!(told, new.files.len(), "a file of the new build is compared, or it is new");
    let text = report::diff::text(&found, &Styles::PLAIN, Detail::Verbose);
    // What a terminal would obey must not come through.
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "a control character is printed");
    let _ = (report::diff::json(&found), report::diff::markdown(&found));
}

/// Everything of a Go program whose `.data`, where the build information lies, has these bytes.
pub fn go_build_info(bytes: &[u8]) {
    everything(&container::elf(bytes));
}

/// Everything of a Mach-O program with these bytes as its code signature.
pub fn code_signature(bytes: &[u8]) {
    everything(&container::mach_o(bytes));
}

/// Everything of a PE program with these bytes as the signature in its certificate table.
pub fn authenticode(bytes: &[u8]) {
    everything(&container::pe(bytes));
}

/// Everything of an archive whose first member's header is sound, and whose content is these bytes.
pub fn archive(bytes: &[u8]) {
    everything(&container::archive(bytes));
}

/// The bytes as cargo's output: every line that is no message comes out again as it was.
pub fn cargo_messages(bytes: &[u8]) {
    limit::set(bytes.len());
    let targets = ["x86_64-unknown-linux-musl".to_owned(), "aarch64-apple-darwin".to_owned()];
    let artifacts = cargo::built(bytes.to_vec(), std::io::sink(), &targets);
    assert!(artifacts.len() <= bytes.len(), "artifacts out of nothing");
}

/// The bytes as go's action graph.
pub fn action_graph(bytes: &[u8]) {
    limit::set(bytes.len());
    if let Err(why) = go::installed(bytes) {
        assert!(!why.is_empty(), "refused without a word");
    }
}
