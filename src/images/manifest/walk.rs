//! The walk over descriptors; every document is compared with its digest, and looked at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Config, Image, Layer, with_diff_ids};
use crate::images::digest::Digest;
use crate::images::store::Store;
use crate::images::{Platform, Refused, limits};

/// Media types of configurations that belong to images; others are of artifacts that merely lie in the same store.
const CONFIGS: &[&str] =
    &["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json", ""];
/// `docker buildx` says with these that a manifest is about another one.
const ATTESTATION: (&str, &str) = ("vnd.docker.reference.type", "attestation-manifest");
/// Names of an image: containerd's full one, and the tag that the specification knows.
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// A reference to content.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Descriptor {
    media_type: String,
    digest: String,
    size: Option<u64>,
    platform: Option<Platform>,
    annotations: Option<BTreeMap<String, String>>,
}

/// An index or a manifest; which one shows in what it holds.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    artifact_type: Option<String>,
}

/// One image of `docker save`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

/// What was found so far.
pub(super) struct Walk<'a> {
    store: &'a Store,
    images: Vec<Image>,
    notes: Vec<String>,
    /// What was looked at: content, and as what it was declared.
    seen: BTreeSet<(Digest, Option<Platform>)>,
    documents: usize,
    /// Manifests that are referred to and not there.
    absent: Vec<String>,
}

fn json<'d, T: Deserialize<'d>>(bytes: &'d [u8], name: &str) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|error| Refused(format!("`{name}` cannot be read: {error}")))
}

impl<'a> Walk<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        let (images, notes, absent) = (Vec::new(), Vec::new(), Vec::new());
        Walk { store, images, notes, seen: BTreeSet::new(), documents: 0, absent }
    }

    /// The images, once everything was walked.
    pub(super) fn finish(mut self) -> Result<(Vec<Image>, Vec<String>), Refused> {
        if self.images.is_empty() {
            let why = match (self.absent.first(), self.notes.first()) {
                (Some(digest), _) => format!("the manifest {digest} is not in it"),
                (None, Some(note)) => note.clone(),
                (None, None) => "its index is empty".to_owned(),
            };
            return Err(Refused(format!("it holds no image that can be judged: {why}")));
        }
        // `docker save` writes the whole index of an image, and the content of the platforms it has.
        if !self.absent.is_empty() {
            self.notes.push(format!("left out, since only the index has them: {}", self.absent.join(", ")));
        }
        Ok((self.images, self.notes))
    }

    /// Everything that `index.json` of an OCI layout leads to.
    pub(super) fn layout(&mut self, index: &[u8]) -> Result<(), Refused> {
        let index: Document = json(index, "index.json")?;
        for descriptor in index.manifests.unwrap_or_default() {
            self.descriptor(&descriptor, None, 0)?;
        }
        Ok(())
    }

    fn descriptor(&mut self, descriptor: &Descriptor, reference: Option<&str>, depth: usize) -> Result<(), Refused> {
        let annotations = descriptor.annotations.as_ref();
        if annotations.and_then(|all| all.get(ATTESTATION.0)).is_some_and(|kind| kind == ATTESTATION.1) {
            return Ok(());
        }
        let digest = Digest::parse(&descriptor.digest)?;
        if !self.seen.insert((digest, descriptor.platform.clone())) {
            return Ok(());
        }
        self.documents += 1;
        if self.documents > limits::MANIFESTS || depth > limits::NESTING {
            let (most, deep) = (limits::MANIFESTS, limits::NESTING);
            return Err(Refused(format!("it has more than {most} manifests, or indexes more than {deep} deep")));
        }
        let own = annotations.and_then(|all| NAMES.iter().find_map(|name| all.get(*name))).map(String::as_str);
        let reference = own.or(reference);
        let platform = descriptor.platform.as_ref().filter(|platform| platform.os != "unknown");
        let Some(bytes) = self.store.document(&digest.blob(), Some(digest))? else {
            self.absent.push(platform.map_or_else(|| digest.to_string(), Platform::to_string));
            return Ok(());
        };
        let document: Document = json(&bytes, &digest.blob())?;
        match (document.manifests, document.config) {
            (Some(manifests), _) => manifests.iter().try_for_each(|one| self.descriptor(one, reference, depth + 1)),
            (None, Some(config))
                if document.artifact_type.is_none() && CONFIGS.contains(&config.media_type.as_str()) =>
            {
                self.manifest(digest, &config, document.layers.unwrap_or_default(), platform, reference)
            }
            (None, config) => {
                let kind = config.map(|config| config.media_type).or(document.artifact_type).unwrap_or_default();
                self.notes.push(format!("{digest} is no image but `{kind}`, and was left out"));
                Ok(())
            }
        }
    }

    fn manifest(
        &mut self,
        digest: Digest,
        config: &Descriptor,
        layers: Vec<Descriptor>,
        platform: Option<&Platform>,
        reference: Option<&str>,
    ) -> Result<(), Refused> {
        let config_digest = Digest::parse(&config.digest)?;
        let name = config_digest.blob();
        let Some(bytes) = self.store.document(&name, Some(config_digest))? else {
            return Err(Refused(format!("the configuration {config_digest} is not in it")));
        };
        let config = Config::parse(&bytes, &name)?;
        let layers: Result<Vec<Layer>, Refused> = layers.into_iter().map(layer).collect();
        self.add(digest, config, layers?, platform, reference)
    }

    fn add(
        &mut self,
        digest: Digest,
        config: Config,
        layers: Vec<Layer>,
        platform: Option<&Platform>,
        reference: Option<&str>,
    ) -> Result<(), Refused> {
        let platform = platform.unwrap_or(&config.platform).clone();
        if !platform.is_linux() {
            self.notes.push(format!("images for {} are not judged, and one was left out", platform.os));
            return Ok(());
        }
        let layers = with_diff_ids(layers, &config)?;
        let reference = reference.map(str::to_owned);
        self.images.push(Image { label: String::new(), reference, platform, config, digest, layers });
        Ok(())
    }

    /// Everything that `manifest.json` of `docker save` lists.
    pub(super) fn docker_save(&mut self, list: &[u8]) -> Result<(), Refused> {
        let list: Vec<Saved> = json(list, "manifest.json")?;
        if list.len() > limits::MANIFESTS {
            return Err(Refused(format!("it has more than {} images", limits::MANIFESTS)));
        }
        for saved in list {
            let Some(bytes) = self.store.document(&saved.config, None)? else {
                return Err(Refused(format!("the configuration `{}` is not in it", saved.config)));
            };
            let config = Config::parse(&bytes, &saved.config)?;
            let blob = |blob| Layer { blob, digest: None, size: None, diff_id: None, foreign: false };
            let layers = saved.layers.unwrap_or_default().into_iter().map(blob).collect();
            let tags = saved.repo_tags.unwrap_or_default();
            self.add(Digest::of(&bytes), config, layers, None, tags.first().map(String::as_str))?;
        }
        Ok(())
    }
}

fn layer(descriptor: Descriptor) -> Result<Layer, Refused> {
    let digest = Digest::parse(&descriptor.digest)?;
    if descriptor.media_type.ends_with("+encrypted") {
        return Err(Refused(format!("the layer {digest} is encrypted")));
    }
    let foreign = descriptor.media_type.contains("nondistributable") || descriptor.media_type.contains("foreign");
    Ok(Layer { blob: digest.blob(), digest: Some(digest), size: descriptor.size, diff_id: None, foreign })
}
