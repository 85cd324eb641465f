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
                there(std::fs::rename(path, &aside), "rename", path)?;
                ui.note(&format!("`{}` is now `{}`", report::path(path), report::path(&aside)));
            }
            OnViolation::Remove => {
                there(std::fs::remove_file(path), "remove", path)?;
                ui.note(&format!("`{}` was removed", report::path(path)));
            }
        }
    }
    Ok(())
}

/// A file that is gone already is as good as put away.
fn there(done: std::io::Result<()>, action: &'static str, path: &Path) -> Result<(), Error> {
    match done {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { action, path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".rejected");
    name.into()
}
