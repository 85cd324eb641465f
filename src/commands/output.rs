//! Where reports go: the terminal, and the files of `--report`.

use std::io::Write;
use std::path::Path;

use crate::Error;
use crate::check::{ArtifactResult, Finding};
use crate::cli::{Format, Options};
use crate::report::telling::{Telling, Told};
use crate::report::{self, Detail, Report, Styles};
use crate::ui::Ui;

/// Bytes that the summary of one step may have; GitHub shows nothing of a longer one.
const SUMMARY_LIMIT: u64 = 1 << 20;

/// Renders in one format; `directory` is the working directory.
pub(super) fn render(report: &Report, format: Format, styles: &Styles, detail: Detail, directory: &Path) -> String {
    match format {
        Format::Text => report::text::render(report, styles, detail),
        Format::Short => report::short::render(report, styles, detail),
        Format::Json => report::json::render(report),
        Format::Sarif => report::sarif::render(report, directory),
        Format::Junit => report::junit::render(report),
        Format::Github => report::github::render(report),
        Format::Markdown => report::markdown::render(report),
        Format::Html => report::html::render(report),
    }
}

/// Tells people of one artifact at a time.
pub(super) enum Teller {
    Text(report::text::Text),
    Short(Styles, Detail),
}

impl Teller {
    /// For one of the two forms for people.
    pub(super) fn new(format: Format, styles: &Styles, detail: Detail) -> Teller {
        match format {
            Format::Short => Teller::Short(*styles, detail),
            _ => Teller::Text(report::text::Text::new(styles, detail)),
        }
    }

    /// What is told of all artifacts, with room for so many bytes.
    pub(super) fn telling(&self, room: usize) -> Telling {
        match self {
            Teller::Text(teller) => teller.telling(room),
            Teller::Short(..) => Telling::new(room, true),
        }
    }

    /// What there is to say about one artifact, with its findings apart.
    pub(super) fn artifact(&self, result: &ArtifactResult, findings: Vec<Finding>) -> Told {
        match self {
            Teller::Text(teller) => teller.artifact(result, findings),
            Teller::Short(styles, detail) => {
                let mut text = String::new();
                report::short::artifact(&mut text, result, &findings, styles, *detail);
                Told::lines(text)
            }
        }
    }

    /// Everything: what was told already, then what `report` has still to say.
    pub(super) fn finish(&self, telling: Telling, report: &Report) -> String {
        match self {
            Teller::Text(teller) => teller.finish(telling, report),
            Teller::Short(styles, detail) => {
                let rest = report::short::render(report, styles, *detail);
                telling.into_lines() + &rest
            }
        }
    }
}

/// Whether anything that is told of a file has the names of its symbols or sections; a platform signature does, if `signs`.
pub(super) fn tells_names(ui: &Ui, options: &Options, signs: bool) -> bool {
    signs || !matches!(options.format(), Format::Text | Format::Short) || !options.report.is_empty() || ui.is_github()
}

/// Writes the files of `--report`, each whole or not at all.
///
/// # Errors
/// The first file that could not be written; what it held before is still there.
pub(super) fn write_files(report: &Report, options: &Options, directory: &Path) -> Result<(), Error> {
    for to in &options.report {
        refuse_to_replace(report, &to.path)?;
        let text = render(report, to.format, &Styles::PLAIN, Detail::Verbose, directory);
        write(&to.path, &text)?;
    }
    Ok(())
}

/// Refuses to write over what was judged: a name too few on the command line must not cost a program.
///
/// # Errors
/// When `path` is one of the artifacts.
pub(super) fn refuse_to_replace(report: &Report, path: &Path) -> Result<(), Error> {
    let is_it =
        |other: &Path| other.file_name() == path.file_name() && other.canonicalize().ok() == path.canonicalize().ok();
    match path.exists() && report.artifacts.iter().any(|result| is_it(&result.artifact.path)) {
        true => Err(Error::Usage(format!(
            "`{}` was judged, and is not written over; name another file",
            report::path(path)
        ))),
        false => Ok(()),
    }
}

/// Writes one file, whole or not at all.
///
/// # Errors
/// When it could not be written; what it held before is still there.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    write_whole(path, text.as_bytes()).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            let shown = report::path(path);
            Error::Environment(format!("cannot write `{shown}`: its directory is not there; make it first"))
        }
        _ => Error::Io { action: "write", path: path.to_path_buf(), source },
    })
}

/// In a job of GitHub Actions: annotations beside the run, and a section of its summary, when there is anything to say.
pub(super) fn tell_github(ui: &Ui, report: &Report, format: Format) {
    if !ui.is_github() || report.is_clean() {
        return;
    }
    // Whoever asks for a form for programs reads what is printed, and the annotations are no part of it.
    if matches!(format, Format::Text | Format::Short | Format::Markdown) {
        ui.err(&report::github::render(report));
    }
    if let Some(path) = ui.step_summary()
        && let Err(error) = append_summary(path, &report::markdown::render(report))
    {
        let why = crate::error::plain(&error);
        ui.note(&format!("the summary `{}` cannot be written: {why}", report::path(path)));
    }
}

/// Adds to what other steps and other builds of this one have written; what would be too long is cut.
fn append_summary(path: &Path, markdown: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::options().append(true).create(true).open(path)?;
    let room = SUMMARY_LIMIT.saturating_sub(file.metadata()?.len());
    let mut text = format!("{markdown}\n");
    if text.len() as u64 > room {
        const CUT: &str = "\n… and more than a summary can hold: see the log\n";
        let room = usize::try_from(room).unwrap_or(usize::MAX).saturating_sub(CUT.len());
        let kept = text.lines().scan(0, |length, line| {
            *length += line.len() + 1;
            (*length <= room).then_some(*length)
        });
        text.truncate(kept.last().unwrap_or(0));
        text.push_str(CUT);
    }
    file.write_all(text.as_bytes())
}

/// Prints what a command has to say to standard output, in text or JSON.
pub(super) fn print(ui: &Ui, text: &str) -> Result<u8, Error> {
    ui.out(text).map(|()| crate::exit::OK)
}

/// Writes beside the file and renames, so that no reader sees half a report and a full disk leaves the old one.
///
/// What is no regular file (`/dev/stderr`, a FIFO) is written to directly: renaming would replace it.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let old = std::fs::metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
        let mut file = std::fs::File::options().write(true).open(path)?;
        return file.write_all(bytes).and_then(|()| file.flush());
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".seaworthy-report-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_the_old_one_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write_whole(directory.path(), b"x").is_err());
        assert!(write_whole(&directory.path().join("no/such"), b"x").is_err());
    }

    #[test]
    fn a_summary_is_added_to_and_cut_where_it_gets_too_long() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.md");
        append_summary(&path, "one").unwrap();
        append_summary(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        append_summary(&path, &"a line\n".repeat(200_000)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.len() as u64 <= SUMMARY_LIMIT
                && text.ends_with("a line\n\n… and more than a summary can hold: see the log\n")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        assert!(write_whole(Path::new("/dev/full"), b"x").is_err());
        assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());
        write_whole(Path::new("/dev/null"), b"x").unwrap();
    }
}
