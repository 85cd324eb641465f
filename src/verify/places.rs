//! Where the artifacts of a signature lie: files and directories of a command line → artifact and file.

use std::path::{Path, PathBuf};

use super::{Check, Line};
use crate::facts::{self, Digest, Unreadable};
use crate::hosts::Root;
use crate::manifest::{Artifact, Manifest};

/// An artifact that was looked for.
#[derive(Debug)]
pub struct Located<'m> {
    /// The artifact; `None` for a file that is none of them.
    pub artifact: Option<&'m Artifact>,
    /// Where it lies, or should.
    pub path: PathBuf,
    /// What is there.
    pub digest: Result<Digest, Unreadable>,
}

/// Looks for every artifact that a path stands for: a file is one of them, by its digest or else its name; in a directory all of
/// them are expected, each at its path or, failing that, by its file name.
pub fn locate<'m>(manifest: &'m Manifest, paths: &[PathBuf]) -> Vec<Located<'m>> {
    paths
        .iter()
        .flat_map(|path| if path.is_dir() { below(manifest, path) } else { vec![one(manifest, path)] })
        .collect()
}

fn below<'m>(manifest: &'m Manifest, directory: &Path) -> Vec<Located<'m>> {
    let find = |artifact: &'m Artifact| {
        let name = artifact.path.rsplit('/').next().unwrap_or(&artifact.path);
        // Neither leads out of the directory, whatever links there are.
        let inside = |path: &str| Root::inside(directory, path).filter(|path| path.is_file());
        let absent = || Err(Unreadable::Io("no such file below that directory".to_owned()));
        let found = inside(&artifact.path).or_else(|| inside(name));
        let digest = found.as_deref().map_or_else(absent, facts::digest);
        Located { artifact: Some(artifact), digest, path: found.unwrap_or_else(|| directory.join(&artifact.path)) }
    };
    manifest.artifacts.iter().map(find).collect()
}

fn one<'m>(manifest: &'m Manifest, path: &Path) -> Located<'m> {
    let digest = facts::digest(path);
    let artifacts = || manifest.artifacts.iter();
    let same = |artifact: &&Artifact| digest.as_ref().is_ok_and(|digest| digest.sha256 == artifact.sha256);
    let name = path.file_name().and_then(|name| name.to_str());
    let named = |artifact: &&Artifact| artifact.path.rsplit('/').next() == name;
    let only = || manifest.artifacts.first().filter(|_| manifest.artifacts.len() == 1);
    let artifact = artifacts().find(same).or_else(|| artifacts().find(named)).or_else(only);
    Located { artifact, path: path.to_path_buf(), digest }
}

impl Located<'_> {
    /// Whether it is the file that the signature is about.
    pub fn line(&self) -> Line {
        let Some(artifact) = self.artifact else {
            let found = "none of them has its digest or its name";
            return Line::of(Check::Digest, "one of the artifacts of the signature", found, false);
        };
        let show = |sha256: &str, size: u64| format!("{}…, {size} bytes", sha256.get(..16).unwrap_or(sha256));
        let needed = show(&artifact.sha256, artifact.size);
        match &self.digest {
            Ok(digest) if digest.sha256 == artifact.sha256 && digest.size == artifact.size => {
                Line::of(Check::Digest, needed, "the same", true)
            }
            Ok(digest) => Line::of(Check::Digest, needed, show(&digest.sha256, digest.size), false),
            Err(why) => Line::of(Check::Digest, needed, crate::error::plain(why), false),
        }
    }
}
