//! Archives that no tool makes: each refused in one sentence that names it, with nothing written anywhere.

use serde_json::json;
use tar::EntryType;

use super::make::{Files, Image, Layer, Packing, check, digest, is_empty, temporary};
use crate::support::Scratch;

/// Checks an archive that has to be refused with this sentence.
#[track_caller]
fn refused(archive: &[u8], sentence: &str) {
    let scratch = Scratch::empty();
    scratch.write("image.tar", archive);
    let done = check(&scratch, "image.tar");
    let text = done.stderr();
    assert_eq!(done.code(), Some(4), "{text}\n{}", done.stdout());
    assert!(text.starts_with("error: the image `image.tar` cannot be judged: "), "{text}");
    assert!(text.contains(sentence), "`{sentence}` was expected\n{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    assert!(is_empty(&temporary(&scratch)), "something was left behind");
    let beside: Vec<_> = std::fs::read_dir(scratch.path()).expect("a directory").flatten().collect();
    assert_eq!(beside.len(), 2, "something was written beside the image: {beside:?}");
}

fn image(layer: Layer) -> Vec<u8> {
    Files::oci(&[Image::starts(&["/app"], [layer])]).tar()
}

#[test]
fn names_that_lead_out_are_refused() {
    let raw = |name: &str| image(Layer::new().raw(name.as_bytes(), EntryType::Regular, |_| ()));
    refused(&raw("../../etc/cron.d/x"), "`../../etc/cron.d/x` leads out of the image");
    refused(&raw("a/../../x"), "`a/../../x` leads out of the image");
    let hard = image(Layer::new().raw(b"x", EntryType::Link, |header| {
        header.as_old_mut().linkname[..9].copy_from_slice(b"../shadow");
    }));
    refused(&hard, "`../shadow` leads out of the image");
}

#[test]
fn what_can_be_made_harmless_is() {
    let layer = Layer::new()
        .raw(b"/absolute/app", EntryType::Regular, |_| ())
        .raw(b"dev/sda", EntryType::Block, |_| ())
        .link("outside", "../../../../etc")
        .file("outside/passwd", 0o644, b"x")
        .link("circle", "circle")
        .file("twice", 0o755, b"#!/bin/sh\n")
        .file("twice", 0o755, b"#!/absolute/app\n");
    let scratch = Scratch::empty();
    scratch.write("image.tar", Files::oci(&[Image::starts(&["/absolute/app"], [layer])]).tar());
    let done = check(&scratch, "image.tar").expect_code(3);
    assert!(done.stdout().contains("cannot start: it is an empty file"), "{}", done.stdout());
}

#[test]
fn members_that_no_image_has_are_refused_by_name() {
    let raw = |change: &dyn Fn(&mut tar::Header), kind: EntryType| image(Layer::new().raw(b"disk.img", kind, change));
    refused(&raw(&|_| (), EntryType::GNUSparse), "`disk.img` is a sparse file");
    refused(
        &raw(&|header| header.set_size(1 << 60), EntryType::Regular),
        "`disk.img` claims to have 1152921504606846976 bytes",
    );
    refused(&raw(&|header| header.set_size(1 << 30), EntryType::Regular), "ends too early, at `disk.img`");
    refused(&raw(&|_| (), EntryType::new(b'Z')), "`disk.img` is of a kind that is not known");
    refused(&image(Layer::new().pax([("GNU.sparse.major", &b"1"[..])])), "`pax` is a sparse file");
    refused(
        &image(Layer::new().pax([("path", &vec![b'x'; 5000][..])])),
        "a name has 5000 bytes, more than the 4096 of a path",
    );
    refused(&image(Layer::new().pax([("comment", &vec![b'x'; 1 << 21][..])])), "an extended header has");
    let long = Layer::new().raw(b"long", EntryType::GNULongName, |header| header.set_size(1 << 40));
    refused(&image(long), "an extended header has 1099511627776 bytes");
    let deep = "d/".repeat(300);
    refused(&image(Layer::new().file(&deep, 0o644, b"")), "in more than 256 directories");
}

#[test]
fn links_in_circles_and_to_nothing_are_refused() {
    let circle = Layer::new().link("a", "b").link("b", "a").file("a/x", 0o644, b"");
    refused(&image(circle), "the directory of `a/x` is reached by links that run in circles");
    refused(&image(Layer::new().hard_link("x", "nothing")), "`x` is a hard link to `nothing`, which is not there");
    refused(&image(Layer::new().file("a", 0o644, b"").file("a/x", 0o644, b"")), "the directory of `a/x` is none");
    let mut bomb = Layer::new();
    for at in 0..60 {
        bomb = bomb.link(&format!("l{at}"), &format!("l{next}/l{next}", next = at + 1));
    }
    refused(&image(bomb.file("l0/x", 0o644, b"")), "links that run in circles");
}

#[test]
fn content_that_is_not_what_its_digest_says_is_refused() {
    let layer = || Layer::new().program("app", b"#!/bin/sh\n");
    let files = || Files::oci(&[Image { packing: Packing::Plain, ..Image::starts(&["/app"], [layer()]) }]);
    let original = layer().bytes();
    let name = format!("blobs/sha256/{}", digest(&original));
    let mut other = files();
    let changed = Layer::new().program("app", b"#!/bin/no\n").bytes();
    other.0.insert(name.clone(), changed.clone());
    refused(
        &other.tar(),
        &format!("what it holds is not sha256:{}, but sha256:{}", digest(&original), digest(&changed)),
    );
    let mut short = files();
    short.0.insert(name.clone(), vec![0; 1024]);
    refused(&short.tar(), "it has 1024 bytes, the manifest says");
    let mut gone = files();
    gone.0.remove(&name);
    refused(&gone.tar(), "it is not in the archive");
    let mut manifest = files();
    let (path, _) = manifest.0.iter().find(|(_, bytes)| bytes.starts_with(b"{\"schemaVersion\"")).expect("a manifest");
    let path = path.clone();
    manifest.0.entry(path).or_default().push(b'\n');
    refused(&manifest.tar(), "is not sha256:");
}

#[test]
fn documents_that_make_no_sense_are_refused() {
    let mut files = Files::default();
    files.index(json!({ "manifests": [{ "digest": "sha256:../../../../etc/passwd" }] }));
    refused(&files.tar(), "`sha256:../../../../etc/passwd` is no sha256 digest");
    files.0.insert("index.json".into(), b"{".to_vec());
    refused(&files.tar(), "`index.json` cannot be read: ");
    files.0.insert("index.json".into(), vec![b' '; 9 << 20]);
    refused(&files.tar(), "`index.json` has 9437184 bytes, more than 8388608");
    files.0.insert("index.json".into(), "[".repeat(100_000).into_bytes());
    refused(&files.tar(), "`index.json` cannot be read: ");
    files.index(json!({ "manifests": [] }));
    refused(&files.tar(), "it holds no image that can be judged: its index is empty");
    // An index that holds itself is looked at once, one that holds ever new ones not for ever.
    let mut inner = json!({ "manifests": [] });
    for depth in 0..8 {
        let bytes = json!({ "depth": depth, "manifests": inner["manifests"] }).to_string().into_bytes();
        inner = json!({ "manifests": [{ "digest": format!("sha256:{}", digest(&bytes)) }] });
        files.0.insert(format!("blobs/sha256/{}", digest(&bytes)), bytes);
    }
    files.index(inner);
    refused(&files.tar(), "indexes more than 4 deep");
    refused(
        &Layer::new().file("notes.txt", 0o644, b"no image").bytes(),
        "it holds neither `index.json` nor `manifest.json`",
    );
}

#[test]
fn damaged_and_foreign_packings_are_refused() {
    let whole = Packing::Gzip.pack(&image(Layer::new().program("app", &[7; 100_000])));
    refused(&whole[..whole.len() - 40], "image.tar");
    let layer = Layer::new().program("app", b"#!/bin/sh\n").bytes();
    let mut files = Files::docker_save(&Image::starts(&["/app"], []));
    let list = json!([{ "Config": files.0.keys().next(), "Layers": ["l"] }]);
    files.0.insert("manifest.json".into(), list.to_string().into_bytes());
    for (bytes, sentence) in [
        ([b"\xfd7zXZ\0", &layer[..]].concat(), "it is compressed with xz"),
        ([b"BZh9", &layer[..]].concat(), "it is compressed with bzip2"),
        ([&Packing::Gzip.pack(&layer), &b"trailing"[..]].concat(), "layer `l`: "),
        (vec![1; 4096], "the checksum of a header is wrong"),
    ] {
        files.0.insert("l".into(), bytes);
        refused(&files.tar(), sentence);
    }
}
