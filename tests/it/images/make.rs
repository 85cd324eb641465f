//! Images made by hand, byte by byte where that is the point, and the programs that go into them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Run, Scratch};

/// One layer as a tar stream.
pub(super) struct Layer(tar::Builder<Vec<u8>>);

impl Layer {
    pub(super) fn new() -> Self {
        Layer(tar::Builder::new(Vec::new()))
    }

    fn header(kind: tar::EntryType, size: usize, mode: u32) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size as u64);
        header.set_mode(mode);
        header
    }

    pub(super) fn file(mut self, path: &str, mode: u32, content: &[u8]) -> Self {
        let mut header = Layer::header(tar::EntryType::Regular, content.len(), mode);
        self.0.append_data(&mut header, path, content).expect("memory takes it");
        self
    }

    /// An executable file.
    pub(super) fn program(self, path: &str, content: &[u8]) -> Self {
        self.file(path, 0o755, content)
    }

    pub(super) fn directory(mut self, path: &str) -> Self {
        self.0.append_data(&mut Layer::header(tar::EntryType::Directory, 0, 0o755), path, &b""[..]).expect("appended");
        self
    }

    pub(super) fn link(mut self, path: &str, target: &str) -> Self {
        let mut header = Layer::header(tar::EntryType::Symlink, 0, 0o777);
        self.0.append_link(&mut header, path, target).expect("memory takes it");
        self
    }

    pub(super) fn hard_link(mut self, path: &str, target: &str) -> Self {
        self.0.append_link(&mut Layer::header(tar::EntryType::Link, 0, 0o755), path, target).expect("appended");
        self
    }

    pub(super) fn whiteout(self, path: &str) -> Self {
        self.file(path, 0o644, b"")
    }

    /// A member whose name is written as it is, however bad.
    pub(super) fn raw(mut self, name: &[u8], kind: tar::EntryType, change: impl FnOnce(&mut tar::Header)) -> Self {
        let mut header = Layer::header(kind, 0, 0o755);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        change(&mut header);
        header.set_cksum();
        self.0.append(&header, &b""[..]).expect("memory takes it");
        self
    }

    /// A member with PAX records in front.
    pub(super) fn pax<'a>(mut self, records: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        self.0.append_pax_extensions(records).expect("memory takes it");
        self.file("pax", 0o644, b"")
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes it")
    }
}

/// How a layer is packed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    pub(super) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Packing::Plain => bytes.to_vec(),
            Packing::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packer.write_all(bytes).expect("memory takes it");
                packer.finish().expect("memory takes it")
            }
            Packing::Zstd => ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Packing::Plain => "",
            Packing::Gzip => "+gzip",
            Packing::Zstd => "+zstd",
        }
    }
}

/// One image.
pub(super) struct Image {
    /// What the index declares; `linux/arm/v6`.
    pub(super) platform: Option<&'static str>,
    /// What the configuration declares.
    pub(super) configured: &'static str,
    /// The `config` of the configuration.
    pub(super) start: Value,
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) packing: Packing,
    pub(super) name: &'static str,
}

impl Image {
    /// An image for linux/amd64 that starts these words.
    pub(super) fn starts(entrypoint: &[&str], layers: impl IntoIterator<Item = Layer>) -> Self {
        Image {
            platform: None,
            configured: "linux/amd64",
            start: json!({ "Entrypoint": entrypoint }),
            layers: layers.into_iter().map(Layer::bytes).collect(),
            packing: Packing::Gzip,
            name: "latest",
        }
    }

    /// The same, as the image of a platform.
    pub(super) fn on(self, platform: &'static str) -> Self {
        Image { platform: Some(platform), configured: platform, ..self }
    }

    fn config(&self) -> Value {
        let ids: Vec<String> = self.layers.iter().map(|layer| format!("sha256:{}", digest(layer))).collect();
        let mut config = platform(self.configured);
        config["config"] = self.start.clone();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": ids });
        config
    }
}

fn platform(text: &str) -> Value {
    let words: Vec<&str> = text.split('/').collect();
    let mut platform = json!({ "os": words[0], "architecture": words[1] });
    if let Some(variant) = words.get(2) {
        platform["variant"] = json!(variant);
    }
    platform
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of an archive, by name.
#[derive(Debug, Default, Clone)]
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Files {
    fn blob(&mut self, kind: &str, bytes: Vec<u8>) -> Value {
        let digest = digest(&bytes);
        let descriptor = json!({ "mediaType": kind, "digest": format!("sha256:{digest}"), "size": bytes.len() });
        self.0.insert(format!("blobs/sha256/{digest}"), bytes);
        descriptor
    }

    fn json(&mut self, kind: &str, document: &Value) -> Value {
        self.blob(kind, document.to_string().into_bytes())
    }

    /// An OCI layout with these images.
    pub(super) fn oci(images: &[Image]) -> Files {
        let mut files = Files::default();
        let mut manifests = Vec::new();
        for image in images {
            let config = files.json("application/vnd.oci.image.config.v1+json", &image.config());
            let kind = format!("application/vnd.oci.image.layer.v1.tar{}", image.packing.suffix());
            let layers: Vec<Value> =
                image.layers.iter().map(|layer| files.blob(&kind, image.packing.pack(layer))).collect();
            let document = json!({ "schemaVersion": 2, "config": config, "layers": layers });
            let mut manifest = files.json("application/vnd.oci.image.manifest.v1+json", &document);
            if let Some(declared) = image.platform {
                manifest["platform"] = platform(declared);
            }
            manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": image.name });
            manifests.push(manifest);
        }
        files.index(json!({ "schemaVersion": 2, "manifests": manifests }));
        files
    }

    /// Makes this the index of the layout.
    pub(super) fn index(&mut self, index: Value) {
        self.0.insert("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        self.0.insert("index.json".into(), index.to_string().into_bytes());
    }

    /// What `docker save` wrote before version 25: a directory for each layer.
    pub(super) fn docker_save(image: &Image) -> Files {
        let mut files = Files::default();
        let config = image.config().to_string().into_bytes();
        let config_name = format!("{}.json", digest(&config));
        files.0.insert(config_name.clone(), config);
        let mut names = Vec::new();
        for layer in &image.layers {
            let name = format!("{}/layer.tar", digest(layer));
            files.0.insert(name.clone(), image.packing.pack(layer));
            names.push(name);
        }
        let list = json!([{ "Config": config_name, "RepoTags": ["app:latest"], "Layers": names }]);
        files.0.insert("manifest.json".into(), list.to_string().into_bytes());
        files
    }

    /// As a tar file.
    pub(super) fn tar(&self) -> Vec<u8> {
        self.0.iter().fold(Layer::new(), |tar, (name, bytes)| tar.file(name, 0o644, bytes)).bytes()
    }

    /// As files below a directory.
    pub(super) fn write(&self, scratch: &Scratch, directory: &str) {
        for (name, bytes) in &self.0 {
            scratch.write(&format!("{directory}/{name}"), bytes);
        }
    }
}

/// Programs that go into images, each built once for real.
pub(super) struct Programs {
    /// Dynamic, for glibc.
    pub(super) glibc: Vec<u8>,
    /// Dynamic, for musl.
    pub(super) musl: Vec<u8>,
    /// Static.
    pub(super) alone: Vec<u8>,
}

/// The loader of glibc here, and its libc, with the paths they have in an image.
const GLIBC: [(&str, &str); 2] =
    [("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"), ("lib/x86_64-linux-gnu/libc.so.6", "")];
/// The loader of musl, which is its libc.
const MUSL: &str = "/lib/ld-musl-x86_64.so.1";

pub(super) fn programs() -> &'static Programs {
    static BUILT: OnceLock<Programs> = OnceLock::new();
    BUILT.get_or_init(|| {
        let scratch = Scratch::empty();
        scratch.write("main.c", "int main(void) { return 0; }\n");
        let build = |words: &[&str]| {
            let (compiler, flags) = words.split_first().expect("a compiler");
            scratch.program(compiler).args(flags).args(["-o", "app", "main.c"]).run().expect_code(0);
            std::fs::read(scratch.join("app")).expect("it was built")
        };
        Programs { glibc: build(&["gcc"]), musl: build(&["musl-gcc"]), alone: build(&["musl-gcc", "-static"]) }
    })
}

/// A layer with glibc.
pub(super) fn glibc() -> Layer {
    let libc = Run::program("gcc").arg("-print-file-name=libc.so.6").run().expect_code(0).stdout();
    GLIBC.iter().fold(Layer::new(), |layer, (path, file)| {
        let file = if file.is_empty() { libc.trim() } else { file };
        layer.program(path, &std::fs::read(file).expect("glibc is here"))
    })
}

/// A layer with musl.
pub(super) fn musl() -> Layer {
    Layer::new().program(MUSL.trim_start_matches('/'), &std::fs::read(MUSL).expect("musl is here"))
}

/// What the program under test says of an archive.
pub(super) fn check(scratch: &Scratch, path: &str) -> crate::support::Done {
    scratch.seaworthy().args(["check", path]).env("TMPDIR", temporary(scratch)).run()
}

/// A temporary directory of the test's own, in which nothing may be left.
pub(super) fn temporary(scratch: &Scratch) -> std::path::PathBuf {
    let directory = scratch.join("tmp");
    std::fs::create_dir_all(&directory).expect("a scratch directory is writable");
    directory
}

/// Whether nothing lies in a directory.
pub(super) fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).expect("a directory").next().is_none()
}
