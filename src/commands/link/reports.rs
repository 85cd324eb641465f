//! The files of `--report` where a build links more than once and every link writes its own.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::cli::{Format, Options};
use crate::report;
use crate::ui::Ui;

/// What stands for the output in the name of a report.
const OUTPUT: &str = "{output}";
/// Longest report that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// The options with `{output}` in the names of reports replaced by the path of `output`, joined with `_`.
pub(super) fn named_after(options: &Options, output: &Path) -> Options {
    let mut options = options.clone();
    for to in &mut options.report {
        if let Some(path) = to.path.to_str().filter(|path| path.contains(OUTPUT)) {
            to.path = PathBuf::from(path.replace(OUTPUT, &joined(output)));
        }
    }
    options
}

fn joined(output: &Path) -> String {
    let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    let parts = output.components().filter(is_name);
    parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("_")
}

/// Says so when the report of another output, which was rejected, is about to be replaced.
pub(super) fn tell_of_replaced(ui: &Ui, options: &Options, output: &Path) {
    for to in options.report.iter().filter(|to| to.format == Format::Json) {
        if let Some(other) = rejected(&to.path).filter(|other| *other != output.to_string_lossy()) {
            let (file, other) = (report::path(&to.path), report::path(Path::new(&other)));
            ui.note(&format!(
                "`{file}` told of `{other}`, which was rejected, and is replaced; with `{OUTPUT}` in its name every link has a report of its own"
            ));
        }
    }
}

/// The output that a report in JSON says was rejected.
fn rejected(report: &Path) -> Option<String> {
    let mut text = String::new();
    let file = std::fs::File::open(report).ok().filter(|file| file.metadata().is_ok_and(|it| it.is_file()))?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    let report: serde_json::Value = serde_json::from_str(&text).ok()?;
    let is_passed = report.get("verdict")? == "pass";
    let first = report.get("artifacts")?.get(0)?.get("path")?.as_str()?;
    (!is_passed).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_path_becomes_a_name() {
        for (path, name) in [("app", "app"), ("/build/app", "build_app"), ("./x/../app.exe", "x_.._app.exe")] {
            assert_eq!(joined(path.as_ref()), name);
        }
    }
}
