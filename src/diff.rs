//! Diff: what changed between two builds, and whether the new one runs in fewer places.
//!
//! Builds are compared by their profiles, so that a report of the last release is as good as its binaries. Pure: the
//! command reads, reports print.

mod compare;
mod pair;
mod read;
mod wording;

use serde::{Deserialize, Serialize};

use crate::profile::Profile;

pub use compare::slices;
pub use pair::{Found, diff};

/// What one build left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Build {
    /// Its files.
    pub files: Vec<Built>,
}

/// One file of a build.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Built {
    /// Its path, as that build told it.
    pub path: String,
    /// Length, in bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// One profile per architecture; empty when it could not be read, or is packed.
    #[serde(default)]
    pub profiles: Vec<Profile>,
}

/// What changed between two builds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Files of the new build that have a counterpart in the old one, in their order.
    pub files: Vec<FileDiff>,
    /// Paths of files that only the new build has.
    pub gained: Vec<String>,
    /// Paths of files that only the old build has.
    pub lost: Vec<String>,
}

/// What changed in one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileDiff {
    /// Its path in the new build.
    pub path: String,
    /// Its path in the old build, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// The changes, the worst first.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whether the file runs in fewer places for it.
    pub effect: Effect,
    /// What changed.
    pub about: About,
    /// Its name: of the floor, the library, the protection …
    pub name: String,
    /// What it was; `None` when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is; `None` when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The architecture, in a file with several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// What shows it: symbols with their versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// What a change does to the places where a file runs, and to its protection there; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It needs less, or is better protected.
    Better,
    /// Neither.
    Neutral,
    /// It cannot be told.
    Unknown,
    /// It needs more, or is less protected.
    Worse,
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The whole comparison, which was not possible.
    Comparison,
    /// An architecture of the file.
    Architecture,
    /// The oldest version of something.
    Floor,
    /// Static or dynamic.
    Linkage,
    /// What the file is.
    Kind,
    /// The C library.
    Libc,
    /// The program that loads it.
    Loader,
    /// A library.
    Library,
    /// A version of a library.
    Version,
    /// Symbols taken from a library.
    Symbols,
    /// A protection.
    Hardening,
    /// An entitlement.
    Entitlement,
    /// The length of the file.
    Size,
}

impl Diff {
    /// Whether a file got worse, or could not be compared.
    pub fn is_worse(&self) -> bool {
        self.files.iter().any(|file| file.effect() >= Effect::Unknown)
    }
}

impl FileDiff {
    /// The worst of its changes; [`Effect::Neutral`] without one.
    pub fn effect(&self) -> Effect {
        self.changes.iter().map(|change| change.effect).max().unwrap_or(Effect::Neutral)
    }
}
