//! `seaworthy init`: the policy and whatever else was asked for, written into the working directory.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::Error;
use crate::cli::Options;
use crate::exit;
use crate::init::{self, How, Piece, Placed, Project};
use crate::report;
use crate::ui::Ui;

use super::output::write_whole;

/// Looks at the project, writes what is missing, and prints what would go into files that are there.
///
/// # Errors
/// When a piece was asked for that makes no sense here, or a file cannot be read or written.
pub(super) fn run(ui: &Ui, options: &Options, pieces: &[&'static str], merges: bool) -> Result<u8, Error> {
    let directory = super::current_directory()?;
    let project = Project::look(&directory);
    let pieces: Vec<&Piece> = pieces.iter().filter_map(|name| Piece::find(name)).collect();
    if let Some(piece) = pieces.iter().find(|piece| piece.builds && project.cargo.is_none() && project.go.is_none()) {
        return Err(Error::Environment(format!(
            "`--{}` is for what cargo or go builds, and there is no `Cargo.toml` and no `go.mod` in `{}`; run this where \
             one of them is",
            piece.name,
            report::path(&directory)
        )));
    }
    let mut policy = init::policy(&directory, &project);
    // Whoever asks for something else has no use for a second policy.
    let elsewhere =
        options.policy.is_some() || crate::policy::load(None, &directory).is_ok_and(|known| known.file.is_some());
    if !pieces.is_empty() && elsewhere {
        policy.how = How::Done;
    }
    finish(ui, &directory, &policy)?;
    let done = |placed: &Placed| {
        if placed.how == How::Done {
            ui.note(&format!("`{}` has it already", report::path(&placed.path)));
        }
    };
    for piece in &pieces {
        for placed in init::place(&directory, &project, piece, merges)? {
            finish(ui, &directory, &placed)?;
            done(&placed);
        }
    }
    if pieces.is_empty() {
        done(&policy);
        ui.note(&next(&project));
        for service in &project.services {
            ui.note(&format!("this project uses {service}: `seaworthy init --{service}` adds the guard there"));
        }
    }
    Ok(exit::OK)
}

/// What to type next.
fn next(project: &Project) -> String {
    let guarded = |build: &str| {
        format!("`seaworthy {build}` builds with the guard, `seaworthy plan {build}` shows what it changes")
    };
    match (&project.cargo, &project.go) {
        (Some(_), _) => guarded("cargo build --release"),
        (None, Some(_)) => guarded("go build ./..."),
        (None, None) => {
            "there is no `Cargo.toml` and no `go.mod` here: the policy holds for builds below this directory, and for \
                         `seaworthy check PATH…`"
                .to_owned()
        }
    }
}

/// Does what was decided for one file, and says so.
fn finish(ui: &Ui, directory: &Path, placed: &Placed) -> Result<(), Error> {
    let shown = report::path(&placed.path);
    let failed = |source| Error::Io { action: "write", path: placed.path.clone(), source };
    let path = directory.join(&placed.path);
    match placed.how {
        How::New => {
            create(&path, &placed.text).map_err(failed)?;
            ui.out(&format!("wrote {shown}\n"))
        }
        How::Merged => {
            write_whole(&path, placed.text.as_bytes()).map_err(failed)?;
            ui.out(&format!("added to {shown}\n"))
        }
        How::Done => Ok(()),
        How::Left(why) => {
            let next = match why {
                Some(why) => format!("{why}; this would go into it"),
                None => "it was left as it is; this would go into it".to_owned(),
            };
            ui.note(&format!("`{shown}` is there already: {next}"));
            ui.out(&placed.text)
        }
    }
}

/// Writes a file that is not there yet, whole or not at all.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))
}
