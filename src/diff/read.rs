//! Builds from what was read: facts, or a JSON report.

use std::path::Path;

use serde::Deserialize;

use super::{Build, Built};
use crate::facts::FileFacts;
use crate::profile::Profile;
use crate::report::FORMAT_VERSION;

/// The part of a JSON report that is compared.
#[derive(Deserialize)]
struct Document {
    format_version: u32,
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    path: String,
    #[serde(default)]
    size: Option<u64>,
    profiles: Option<Vec<Profile>>,
}

impl Build {
    /// Reads a report that was written with `--report json=FILE`.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence that begins with the file's name, the next step included.
    pub fn from_report(bytes: &[u8]) -> Result<Build, String> {
        let again = "write it with `--report json=FILE`";
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| format!("is no JSON report of seaworthy ({error}); {again}"))?;
        if document.format_version != FORMAT_VERSION {
            let theirs = document.format_version;
            return Err(format!(
                "has format_version {theirs}, and this seaworthy reads {FORMAT_VERSION}; {again} anew"
            ));
        }
        let built = |artifact: Artifact| {
            let Artifact { path, size, profiles } = artifact;
            Some(Built { path, size, profiles: profiles? })
        };
        let files: Option<Vec<Built>> = document.artifacts.into_iter().map(built).collect();
        files
            .map(|files| Build { files })
            .ok_or_else(|| format!("was written before reports could be compared: it has no profiles; {again} anew"))
    }
}

impl Built {
    /// A file with what was read from it; without facts it cannot be compared.
    pub fn of(path: &Path, facts: Option<&FileFacts>) -> Built {
        let slices = facts.map(|file| file.slices.as_slice()).unwrap_or_default();
        // A packer's stub says nothing about the program in it.
        let whole = slices.iter().all(|slice| slice.packed.is_none());
        Built {
            path: path.to_string_lossy().into_owned(),
            size: facts.map(|file| file.size),
            profiles: if whole { slices.iter().map(Profile::of).collect() } else { Vec::new() },
        }
    }
}
