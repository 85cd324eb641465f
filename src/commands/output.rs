//! Where reports go: the terminal, and the files of `--report`.

use std::io::Write;
use std::path::Path;

use crate::Error;
use crate::cli::{Format, Options};
use crate::report::{self, Detail, Report, Styles};
use crate::ui::Ui;

/// Renders in one format.
pub(super) fn render(report: &Report, format: Format, styles: &Styles, detail: Detail) -> String {
    match format {
        Format::Text => report::text::render(report, styles, detail),
        Format::Short => report::short::render(report, styles, detail),
        Format::Json => report::json::render(report),
    }
}

/// Writes the files of `--report`, each whole or not at all.
///
/// # Errors
/// The first file that could not be written; what it held before is still there.
pub(super) fn write_files(report: &Report, options: &Options) -> Result<(), Error> {
    for to in &options.report {
        let text = render(report, to.format, &Styles::PLAIN, Detail::Verbose);
        write_whole(&to.path, text.as_bytes()).map_err(|source| Error::Io {
            action: "write",
            path: to.path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Prints what a command has to say to standard output, in text or JSON.
pub(super) fn print(ui: &Ui, text: &str) -> Result<u8, Error> {
    ui.out(text).map(|()| crate::exit::OK)
}

/// Writes beside the file and renames, so that no reader sees half a report and a full disk leaves the old one.
///
/// What is no regular file (`/dev/stderr`, a FIFO) is written to directly: renaming would replace it.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        assert!(write_whole(Path::new("/dev/full"), b"x").is_err());
        assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());
        write_whole(Path::new("/dev/null"), b"x").unwrap();
    }
}
