//! Which images an archive holds: from `index.json` through nested indexes to manifests, or from `manifest.json`.

mod label;
mod walk;

use serde::Deserialize;

use super::digest::Digest;
use super::store::Store;
use super::{Platform, Refused, limits};

/// One image, whose layers nobody has read yet.
#[derive(Debug, Clone)]
pub struct Image {
    /// What tells it from the others in its archive: `linux/arm64`, `app:1.2`; empty for the only one.
    pub label: String,
    /// The name it was saved under.
    pub reference: Option<String>,
    /// The platform that the index declares, or else the configuration.
    pub platform: Platform,
    /// What the configuration says.
    pub config: Config,
    /// Digest of the manifest, or of the configuration where there is none.
    pub(super) digest: Digest,
    pub(super) layers: Vec<Layer>,
}

/// One layer.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// Its blob.
    pub(super) blob: String,
    /// Digest of the blob.
    pub(super) digest: Option<Digest>,
    /// Length of the blob.
    pub(super) size: Option<u64>,
    /// Digest of the tar stream inside.
    pub(super) diff_id: Option<Digest>,
    /// Why a runtime would look elsewhere for it.
    pub(super) foreign: bool,
}

/// The configuration of an image, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// The platform it was built for.
    #[serde(flatten)]
    pub platform: Platform,
    /// How a container is started.
    #[serde(default)]
    pub config: Option<Start>,
    #[serde(default)]
    rootfs: Option<RootFs>,
}

/// How a container is started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Start {
    /// The program and its first arguments.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments, or the program where there is no entrypoint.
    pub cmd: Option<Vec<String>>,
    /// `NAME=value`.
    pub env: Option<Vec<String>>,
    /// Where it is started.
    pub working_dir: Option<String>,
    /// As whom: a name or number, and either with `:` and a group's.
    pub user: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

impl Start {
    /// A variable of the environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let variables = self.env.iter().flatten().rev();
        variables
            .filter_map(|variable| variable.split_once('='))
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// A path from the working directory as one from the root of the image.
    pub fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let directory = self.working_dir.as_deref().unwrap_or_default().trim_matches('/');
        let rooted = if directory.is_empty() { String::new() } else { format!("/{directory}") };
        format!("{rooted}/{}", path.trim_start_matches("./"))
    }

    /// The directories of `LD_LIBRARY_PATH`, which the loader searches in every program that the image starts.
    pub fn library_path(&self) -> Vec<String> {
        let path = self.variable("LD_LIBRARY_PATH").filter(|path| !path.is_empty());
        let directories = path.into_iter().flat_map(|path| path.split([':', ';']));
        // An empty part is the working directory.
        directories
            .map(|directory| if directory.starts_with('$') { directory.to_owned() } else { self.absolute(directory) })
            .collect()
    }
}

impl Config {
    fn parse(bytes: &[u8], name: &str) -> Result<Config, Refused> {
        serde_json::from_slice(bytes)
            .map_err(|error| Refused(format!("the configuration `{name}` cannot be read: {error}")))
    }

    fn diff_ids(&self) -> Result<Vec<Digest>, Refused> {
        let ids = self.rootfs.iter().filter_map(|rootfs| rootfs.diff_ids.as_ref()).flatten();
        ids.map(|id| Digest::parse(id)).collect()
    }
}

/// Every image of an archive, and what was left out.
///
/// # Errors
/// [`Refused`], when it is no image or its parts do not hold together.
pub(super) fn images(store: &Store) -> Result<(Vec<Image>, Vec<String>), Refused> {
    let mut walk = walk::Walk::new(store);
    if let Some(index) = store.document("index.json", None)? {
        walk.layout(&index)?;
    } else if let Some(list) = store.document("manifest.json", None)? {
        walk.docker_save(&list)?;
    } else {
        return Err(Refused(
            "it is no image: it holds neither `index.json` nor `manifest.json`; an archive of files is unpacked first \
             (`tar -xf FILE -C DIR`), and DIR is checked"
                .to_owned(),
        ));
    }
    let (mut images, notes) = walk.finish()?;
    label::name(&mut images);
    Ok((images, notes))
}

/// The layers with what the configuration says of them.
fn with_diff_ids(mut layers: Vec<Layer>, config: &Config) -> Result<Vec<Layer>, Refused> {
    if layers.len() > limits::LAYERS {
        return Err(Refused(format!("an image has {} layers, more than {}", layers.len(), limits::LAYERS)));
    }
    let ids = config.diff_ids()?;
    if !ids.is_empty() && ids.len() != layers.len() {
        let (layers, ids) = (layers.len(), ids.len());
        return Err(Refused(format!("the manifest lists {layers} layers, the configuration {ids}")));
    }
    for (layer, id) in layers.iter_mut().zip(ids) {
        layer.diff_id = Some(id);
    }
    Ok(layers)
}
