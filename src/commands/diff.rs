//! `seaworthy diff OLD NEW`: what changed between two builds.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::Error;
use crate::cli::{Format, Options};
use crate::diff::{Build, Built, Diff, diff};
use crate::error::plain;
use crate::exit;
use crate::facts::Unreadable;
use crate::policy::Policy;
use crate::report::{self, Detail, Styles};
use crate::run::{Artifact, Role};
use crate::ui::Ui;

use super::{inspect, output, walk};

/// Bytes of a report that are read at most.
const LARGEST_REPORT: u64 = 1 << 30;

/// Compares two files, directories or JSON reports; what got worse makes the exit code [`exit::VIOLATED`].
///
/// # Errors
/// When a side cannot be read, or a report not be written.
pub(super) fn run(ui: &Ui, options: &Options, old: &Path, new: &Path) -> Result<u8, Error> {
    // Before anything is read: a form that there is not.
    for format in options.report.iter().map(|to| to.format).chain([options.format()]) {
        form(format)?;
    }
    let (old, new) = (build(ui, options, old)?, build(ui, options, new)?);
    let found = diff(&old, &new);
    if found.files.is_empty() {
        let why = "the two sides have no file in common; name two files, or directories and reports with files of the same names";
        return Err(Error::Environment(format!("nothing was compared: {why}")));
    }
    ui.out(&render(&found, options.format(), &ui.styles_out(), ui.detail())?)?;
    for to in &options.report {
        output::write(&to.path, &render(&found, to.format, &Styles::PLAIN, Detail::Verbose)?)?;
    }
    Ok(if found.is_worse() { exit::VIOLATED } else { exit::OK })
}

/// The forms a comparison has.
fn form(format: Format) -> Result<Format, Error> {
    match format {
        Format::Text | Format::Json | Format::Markdown => Ok(format),
        Format::Short => Ok(Format::Text),
        other => Err(Error::Usage(format!(
            "`{other}` is a form of reports, and a comparison has none of it; it has `text`, `json` and `markdown`"
        ))),
    }
}

fn render(found: &Diff, format: Format, styles: &Styles, detail: Detail) -> Result<String, Error> {
    Ok(match form(format)? {
        Format::Json => report::diff::json(found),
        Format::Markdown => report::diff::markdown(found),
        _ => report::diff::text(found, styles, detail),
    })
}

/// One side: a JSON report is told by its first byte, since no binary begins so.
fn build(ui: &Ui, options: &Options, path: &Path) -> Result<Build, Error> {
    let failed = |source| Error::Io { action: "read", path: path.to_path_buf(), source };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_file() {
        let mut file = File::open(path).map_err(failed)?.take(LARGEST_REPORT);
        let mut first = [0];
        let length = file.read(&mut first).map_err(failed)?;
        if length == 1 && first.first().is_some_and(|byte| *byte == b'{' || byte.is_ascii_whitespace()) {
            let mut bytes = first.to_vec();
            file.read_to_end(&mut bytes).map_err(failed)?;
            return Build::from_report(&bytes)
                .map_err(|why| Error::Environment(format!("`{}` {why}", report::path(path))));
        }
    }
    binaries(ui, options, path, metadata.is_dir())
}

/// The binary at `path`, or every one below it by its path from there.
fn binaries(ui: &Ui, options: &Options, path: &Path, is_directory: bool) -> Result<Build, Error> {
    let found = walk::find(&[path.to_path_buf()], &ui.searching(options.format()))?;
    if let Some(problem) = found.problems.first() {
        return Err(Error::Environment(problem.clone()));
    }
    let progress = ui.progress(found.files.len(), options.format());
    let artifact = |path| Artifact { path, role: Role::Unknown, package: None, target: None };
    let artifacts = found.files.into_iter().map(|file| artifact(file.path)).collect();
    let directory = super::current_directory()?;
    let mut build = Build::default();
    for read in inspect::inspect(artifacts, &Policy::default_policy(), &directory, &progress) {
        let file = read.artifact.path.as_path();
        let shown = if is_directory { file.strip_prefix(path).unwrap_or(file) } else { file };
        match &read.facts {
            Ok(facts) => build.files.push(Built::of(shown, Some(facts))),
            Err(Unreadable::NotLinked(_)) if is_directory => {}
            Err(why @ Unreadable::Damaged { .. }) if is_directory => {
                ui.note(&format!("`{}` is left out: {}", report::path(file), plain(why)));
            }
            Err(why) => {
                return Err(Error::Environment(super::unreadable(file, why)));
            }
        }
    }
    if build.files.is_empty() {
        let shown = report::path(path);
        let next = "name the directory that the build writes to";
        return Err(Error::Environment(format!("there is no linked binary below `{shown}`; {next}")));
    }
    Ok(build)
}
