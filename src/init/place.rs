//! Where a piece goes in a project. What is there is never replaced: at most something is added to it, and only on request.

use std::fs;
use std::path::{Path, PathBuf};

use super::merge::merge;
use super::template::render;
use super::{Piece, Project, Template};
use crate::Error;
use crate::policy::{self, FILE_NAME};

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The file, relative to the project.
    pub path: PathBuf,
    /// What happens to it.
    pub how: How,
    /// The whole new text, or the part of it that somebody has to bring in.
    pub text: String,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is not there, and is written.
    New,
    /// It is there, and is given the part.
    Merged,
    /// It is there and stays as it is; why, where a merge was asked for.
    Left(Option<&'static str>),
    /// It is there and has the part already.
    Done,
}

/// The policy of a project.
pub fn policy(directory: &Path, project: &Project) -> Placed {
    let path = directory.join(FILE_NAME);
    let text = policy::starter(&project.found(), &project.chosen());
    let how = match fs::symlink_metadata(&path) {
        Err(_) => How::New,
        Ok(_) if fs::read_to_string(&path).is_ok_and(|old| is_in(&text, &old)) => How::Done,
        Ok(_) => How::Left(None),
    };
    Placed { path: FILE_NAME.into(), how, text }
}

/// The files of a piece; `merges` is whether files that are there may be added to. Nothing is written.
///
/// # Errors
/// When a file that is there cannot be read.
pub fn place(directory: &Path, project: &Project, piece: &Piece, merges: bool) -> Result<Vec<Placed>, Error> {
    piece.files.iter().map(|template| one(directory, project, template, merges)).collect()
}

fn one(directory: &Path, project: &Project, template: &Template, merges: bool) -> Result<Placed, Error> {
    let mut names = std::iter::once(&template.path).chain(template.or);
    let Some(name) = names.find(|name| fs::symlink_metadata(directory.join(name)).is_ok()) else {
        return Ok(Placed { path: template.path.into(), how: How::New, text: render(template.text, project, true) });
    };
    let path = PathBuf::from(name);
    let old = fs::read_to_string(directory.join(&path)).map_err(|source| Error::Io {
        action: "read",
        path: path.clone(),
        source,
    })?;
    let part = render(template.text, project, false);
    Ok(match merge(&old, &part, template.merge) {
        _ if is_in(&part, &old) => Placed { path, how: How::Done, text: String::new() },
        Ok(merged) if merges => Placed { path, how: How::Merged, text: merged },
        Err(why) if merges => Placed { path, how: How::Left(Some(why)), text: part },
        _ => Placed { path, how: How::Left(None), text: part },
    })
}

/// Whether every line of a part is in a file, wherever and however far in. Comments may have gone.
fn is_in(part: &str, file: &str) -> bool {
    let mut lines = part.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.all(|line| file.lines().any(|known| known.trim() == line))
}
