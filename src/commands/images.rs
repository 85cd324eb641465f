//! Images among the paths of `seaworthy check`: each is read, and what is in it judged by its own root.

mod bench;
mod others;

use std::path::{Path, PathBuf};

use crate::Error;
use crate::check::{ArtifactResult, Finding, Uses};
use crate::images::{Archive, Image, Refused};
use crate::policy::Policy;
use crate::report;

use super::judge::Known;
use bench::Bench;

/// What came of the images.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What the images start, and what the policy names in them.
    pub(super) artifacts: Vec<ArtifactResult>,
    /// Findings about everything else in them.
    pub(super) general: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) uses: Uses,
    /// Archives that could not be judged, one sentence each.
    pub(super) problems: Vec<String>,
}

/// Judges every image of every archive, one after the other: only one is in memory.
///
/// # Errors
/// When a host of the policy cannot be used.
pub(super) fn judge(policy: &Policy, directory: &Path, archives: &[PathBuf]) -> Result<Judged, Error> {
    let known = Known::new(policy);
    let mut judged = Judged::default();
    for path in archives {
        if let Err(Refused(why)) = archive(&known, directory, path, &mut judged) {
            judged.problems.push(format!("the image `{}` cannot be judged: {why}", report::path(path)));
        }
    }
    known.into_result()?;
    Ok(judged)
}

fn archive(known: &Known<'_>, directory: &Path, path: &Path, judged: &mut Judged) -> Result<(), Refused> {
    let archive = Archive::open(path)?;
    let shown = report::path(path);
    judged.notes.extend(archive.notes.iter().map(|note| format!("{shown}: {note}")));
    for image in &archive.images {
        let tree = archive.tree(image).map_err(|Refused(why)| Refused(in_image(image, &why)))?;
        let bench = Bench::new(known, directory, name(path, image), image, tree);
        bench.judge(judged).map_err(|Refused(why)| Refused(in_image(image, &why)))?;
    }
    Ok(())
}

/// `image.tar[linux/arm64]`.
fn name(path: &Path, image: &Image) -> String {
    let path = path.to_string_lossy();
    if image.label.is_empty() { path.into_owned() } else { format!("{path}[{}]", image.label) }
}

fn in_image(image: &Image, why: &str) -> String {
    if image.label.is_empty() { why.to_owned() } else { format!("`{}`: {why}", image.label) }
}
