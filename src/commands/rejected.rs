//! `on-violation`: what becomes of a rejected file, so that nothing downstream ships it by mistake.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::policy::{OnViolation, Policy};
use crate::report::{self, Report};
use crate::ui::Ui;

/// Renames or removes every rejected file, as the policy says.
///
/// # Errors
/// The first file that could not be renamed or removed.
pub(super) fn put_away(ui: &Ui, policy: &Policy, report: &Report) -> Result<(), Error> {
    for result in report.artifacts.iter().filter(|result| result.is_rejected()) {
        let path = result.artifact.path.as_path();
        match policy.on_violation.value {
            OnViolation::Keep => {}
            OnViolation::Rename => {
                let aside = with_suffix(path);
                if there(std::fs::rename(path, &aside), "rename", path)? {
                    ui.note(&format!("`{}` is now `{}`", report::path(path), report::path(&aside)));
                }
            }
            OnViolation::Remove => {
                if there(std::fs::remove_file(path), "remove", path)? {
                    ui.note(&format!("`{}` was removed", report::path(path)));
                }
            }
        }
    }
    Ok(())
}

/// Whether there was a file: one that is gone already, or was never made, is as good as put away.
fn there(done: std::io::Result<()>, action: &'static str, path: &Path) -> Result<bool, Error> {
    match done {
        Ok(()) => Ok(true),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::Io { action, path: path.to_path_buf(), source }),
    }
}

fn with_suffix(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".rejected");
    name.into()
}
