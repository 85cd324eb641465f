//! Images: OCI layouts and `docker save` archives as roots that programs start in, read as a stream and never unpacked.
//!
//! The way of an archive: `store` (blobs by name) → `manifest` (which images it holds, for which platforms) → `layers` (each
//! layer through its decompressor, its digests compared, onto the layers below) → [`Tree`] (names in memory, the content of
//! ELF files in a private directory) → `start` (what the image starts, as a runtime would find it).
//!
//! Everything in an archive is hostile. Nothing is written under a name that it chose, and what no real image has is
//! refused in one sentence ([`Refused`]); [`limits`] says how much is read.

mod access;
mod digest;
mod layers;
pub mod limits;
mod manifest;
mod names;
mod platform;
mod root;
mod spool;
pub mod start;
mod store;
mod tar;
mod tree;
mod unpack;

use std::path::Path;

use serde::Serialize;

pub use access::Access;
pub use layers::single as layer;
pub use manifest::{Config, Image, Start};
pub use platform::Platform;
pub use tree::{File, Tree};

use store::Store;

/// Why an archive is not read: one sentence, without the name of the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Refused(format!("it cannot be read: {}", crate::error::plain(error)))
    }
}

/// An archive, or a directory with an OCI layout, and the images it holds.
#[derive(Debug)]
pub struct Archive {
    store: Store,
    /// The images that are there, in the order of the index.
    pub images: Vec<Image>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Whether a path is worth [`Archive::open`]: a directory with an `oci-layout`, or a tar file, compressed or not.
pub fn is_candidate(path: &Path) -> bool {
    store::is_candidate(path)
}

impl Archive {
    /// Opens an archive and finds its images; no layer is read.
    ///
    /// # Errors
    /// [`Refused`], when it is none or its index, manifests and configurations do not hold together.
    pub fn open(path: &Path) -> Result<Archive, Refused> {
        let store = Store::open(path)?;
        let (images, notes) = manifest::images(&store)?;
        Ok(Archive { store, images, notes })
    }

    /// Reads the layers of one image, in their order.
    ///
    /// # Errors
    /// [`Refused`], when a layer is missing, damaged or hostile, or the temporary directory is full.
    pub fn tree(&self, image: &Image) -> Result<Tree, Refused> {
        layers::read(&self.store, image)
    }
}

/// How an artifact lies in an image, for rules and reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InImage {
    /// The image as reports name it: `image.tar`, `image.tar[linux/arm64]`.
    pub image: String,
    /// The absolute path in the image, links followed.
    pub path: String,
    /// The platform that the index or the configuration declares.
    pub platform: Platform,
    /// The platform that the configuration declares.
    #[serde(skip)]
    pub configured: Platform,
    /// Why it is looked at.
    pub part: Part,
    /// An `[[artifact]]` entry names it by its path in the image, so that it is judged like any other file.
    #[serde(skip)]
    pub named: bool,
    /// The CPU level that the image's own loader says it needs.
    #[serde(skip)]
    pub loader_cpu: Option<&'static str>,
    /// What a script is run by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Why it cannot even be started.
    #[serde(skip)]
    pub fault: Option<start::Fault>,
}

/// What a file is to its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The image starts it.
    Entrypoint,
    /// It runs the script that the image starts.
    Interpreter,
    /// It is an argument of the entrypoint, which starts it in turn.
    Command,
    /// Any other program.
    Other,
}

impl Part {
    /// Whether the image is of no use without it.
    pub fn is_started(self) -> bool {
        self != Part::Other
    }

    /// As a sentence names it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Entrypoint => "the entrypoint",
            Part::Interpreter => "the interpreter of the entrypoint",
            Part::Command => "the command of the entrypoint",
            Part::Other => "a program",
        }
    }
}

/// A name out of an archive, for a sentence; the terminal's escapes are made harmless where it is printed.
fn shown(name: &[u8]) -> String {
    crate::report::path(Path::new(&crate::cli::os_string(name))).into_owned()
}
