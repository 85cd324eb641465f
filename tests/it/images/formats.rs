//! One image in every form that tools write it in, and what a form may leave out.

use serde_json::json;

use super::make::{Files, Image, Layer, Packing, check, digest, musl, programs};
use crate::support::Scratch;

fn image(packing: Packing) -> Image {
    Image { packing, ..Image::starts(&["/app"], [musl(), Layer::new().program("app", &programs().musl)]) }
}

#[track_caller]
fn passes(bytes: &[u8]) {
    let scratch = Scratch::empty();
    scratch.write("image.tar", bytes);
    let done = check(&scratch, "image.tar").expect_code(0);
    assert!(done.stdout().starts_with("ok: image.tar:/app: dynamic"), "{}", done.stdout());
}

#[test]
fn every_packing_of_layers_and_archives_is_read() {
    requires!("gcc", "musl-gcc");
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        passes(&Files::oci(&[image(packing)]).tar());
        passes(&Files::docker_save(&image(packing)).tar());
        passes(&packing.pack(&Files::oci(&[image(Packing::Gzip)]).tar()));
    }
}

#[test]
fn docker_save_of_today_is_both_forms_in_one() {
    requires!("gcc", "musl-gcc");
    let mut files = Files::oci(&[image(Packing::Plain)]);
    files.0.insert("manifest.json".into(), b"[]".to_vec());
    passes(&files.tar());
}

#[test]
fn equal_layers_of_an_old_docker_save_are_links() {
    requires!("gcc", "musl-gcc");
    let mut files = Files::docker_save(&image(Packing::Plain));
    let name = format!("{}/layer.tar", digest(&musl().bytes()));
    let layer = files.0.remove(&name).expect("the layer");
    let archive = files.0.iter().fold(Layer::new(), |tar, (name, bytes)| tar.file(name, 0o644, bytes));
    let target = "../original/layer.tar";
    passes(&archive.link(&name, target).file("original/layer.tar", 0o644, &layer).bytes());
}

#[test]
fn what_is_no_image_in_an_index_is_left_out_and_said() {
    requires!("gcc", "musl-gcc");
    let mut files = Files::oci(&[image(Packing::Gzip)]);
    let index: serde_json::Value = serde_json::from_slice(&files.0["index.json"]).expect("an index");
    let mut manifests = index["manifests"].as_array().expect("manifests").clone();
    let chart =
        json!({ "config": { "mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "" }, "layers": [] });
    let chart = chart.to_string().into_bytes();
    manifests.push(json!({ "digest": format!("sha256:{}", digest(&chart)), "size": chart.len() }));
    // `docker save` writes the whole index, and the content of one platform.
    let absent = format!("sha256:{}", digest(b"elsewhere"));
    manifests.push(json!({ "digest": absent, "platform": { "os": "linux", "architecture": "s390x" } }));
    let attestation = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    manifests.push(json!({ "digest": absent, "annotations": attestation }));
    files.0.insert(format!("blobs/sha256/{}", digest(&chart)), chart);
    files.index(json!({ "manifests": manifests }));
    let scratch = Scratch::empty();
    scratch.write("image.tar", files.tar());
    let done = check(&scratch, "image.tar").expect_code(0);
    for note in ["is no image but `application/vnd.cncf.helm.config.v1+json`", "only the index has them: linux/s390x"] {
        assert!(done.stdout().contains(note), "{note}\n{}", done.stdout());
    }
}

#[test]
fn an_image_of_umoci_is_read() {
    requires!("gcc", "musl-gcc", "umoci");
    let scratch = Scratch::empty();
    let musl = std::fs::read("/lib/ld-musl-x86_64.so.1").expect("musl is here");
    for (path, bytes) in [("root/lib/ld-musl-x86_64.so.1", &musl), ("root/usr/bin/app", &programs().musl)] {
        scratch.executable(path, bytes);
    }
    let umoci = |words: &str| drop(scratch.program("umoci").args(words.split(' ')).run().expect_code(0));
    umoci("init --layout layout");
    umoci("new --image layout:v1");
    umoci("insert --image layout:v1 root/lib /lib");
    umoci("insert --image layout:v1 root/usr /usr");
    umoci("config --image layout:v1 --config.entrypoint app");
    let done = check(&scratch, "layout").expect_code(0);
    assert!(done.stdout().starts_with("ok: layout:/usr/bin/app: dynamic"), "{}", done.stdout());
    umoci("insert --whiteout --image layout:v1 /lib/ld-musl-x86_64.so.1");
    let done = check(&scratch, "layout").expect_code(3);
    assert!(done.stdout().contains("error[unstartable-entrypoint]"), "{}", done.stdout());
}
