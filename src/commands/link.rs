//! `seaworthy link -- cc ARGS…`, and the names `seaworthy-cc` and `seaworthy-ld`: a linker whose output is judged.

mod reports;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::Error;
use crate::blame;
use crate::cli::Options;
use crate::plan::environment::Environment;
use crate::policy::{OnViolation, Origin, Policy};
use crate::report::{self, Report};
use crate::run::linker::{self, Call, LinkLine, Linker};
use crate::run::{Artifact, Provenance, Role};
use crate::ui::Ui;

use super::manifest::{Made, Wanted};
use super::{judge, output, wrap};

/// Runs the linker, then judges what it made; a call that links nothing is handed over untouched.
///
/// # Errors
/// When the linker is not found, the policy has errors, or a report cannot be written.
pub(super) fn run(ui: &Ui, options: &Options, linker: &Linker, args: Vec<OsString>) -> Result<u8, Error> {
    let environment = Environment::capture();
    let call = linker::call(linker, args, &environment)?;
    let Some(line) = linker::link_line(call.program.as_os_str(), &call.args, &environment.cwd) else {
        if linker::tells_nothing(&call.name, &call.args) {
            says_nothing(ui, &call);
        }
        return Ok(wrap::end_like(linker::hand_over(&call)?));
    };
    let directory = super::current_directory()?;
    let policy = crate::policy::load(options.policy.as_deref(), &directory)?;
    // Not SEAWORTHY_MANIFEST, which is for the build around this link.
    let wanted = Wanted::by_options(options)?;
    let before = last_write(&line, &directory);
    let status = linker::run(&call)?;
    // What is no linker leaves alone what a linker would have written without being told where.
    let was_written = last_write(&line, &directory) != before;
    let made_nothing = !line.names_output && !was_written;
    if !status.success() || made_nothing {
        if status.success() && !linker::is_known(&call.name) {
            says_nothing(ui, &call);
        }
        return Ok(wrap::end_like(status));
    }
    if line.shared && is_for_rustc(&line, &directory) {
        return Ok(wrap::end_like(status));
    }
    let tells_names = output::tells_names(ui, options, wanted.is_some());
    let path = output(&line, &directory);
    let options = &reports::named_after(options, &path);
    reports::tell_of_replaced(ui, options, &path);
    let path = if was_written { behind_link(path, &directory) } else { path };
    let report = judged(&policy, &environment, (&directory, path), (&call, &line), tells_names)?;
    let policy = like_a_linker(policy);
    let made = Made { report: &report, policy: &policy, plan: None, directory: &directory };
    wrap::finish(ui, options, made, wanted.as_ref())
}

fn judged(
    policy: &Policy,
    environment: &Environment,
    (directory, path): (&Path, PathBuf),
    (call, line): (&Call, &LinkLine),
    tells_names: bool,
) -> Result<Report, Error> {
    let role = if line.shared { Role::SharedObject } else { Role::Program };
    let artifact = Artifact { path, role, package: None, target: None };
    let (mut artifacts, general) =
        judge::judge(vec![artifact], policy, directory, &Provenance::default(), tells_names)?;
    if artifacts.iter().any(|artifact| !artifact.findings.is_empty()) {
        blame::blame_run_path_variable(&mut artifacts, environment);
        blame::link::blame(&mut artifacts, line, directory, call);
    }
    let notes = judge::limits(&artifacts, policy).into_iter().collect();
    Ok(Report { artifacts, general, notes, ..Report::default() })
}

/// A procedural macro runs in the compiler, on this machine: where programs have to run says nothing about it.
fn is_for_rustc(line: &LinkLine, directory: &Path) -> bool {
    let by_rustc = line.files.iter().any(|file| file.to_string_lossy().ends_with(".rcgu.o"));
    by_rustc && crate::facts::object::is_procedural_macro(&directory.join(output(line, directory)))
}

/// A build that is not judged must not look like one that passed.
fn says_nothing(ui: &Ui, call: &Call) {
    let name = report::path(Path::new(&call.name));
    ui.note(&format!(
        "nothing was judged: the arguments of `{name}` do not tell what it links; `seaworthy check` judges files"
    ));
}

/// The output; Windows tools add `.exe` to a name without an ending.
fn output(line: &LinkLine, directory: &Path) -> PathBuf {
    let path = &line.output;
    let with_exe = path.with_extension("exe");
    if !directory.join(path).exists() && directory.join(&with_exe).exists() { with_exe } else { path.clone() }
}

/// Where the output lies that was written through a symbolic link, which stays.
fn behind_link(path: PathBuf, directory: &Path) -> PathBuf {
    let place = directory.join(&path);
    let real = place.canonicalize().ok().filter(|_| place.is_symlink());
    let below = |real: &PathBuf| Some(real.strip_prefix(directory.canonicalize().ok()?).ok()?.to_path_buf());
    real.map(|real| below(&real).unwrap_or(real)).unwrap_or(path)
}

/// When the output was written last; `None` where there is none.
fn last_write(line: &LinkLine, directory: &Path) -> Option<SystemTime> {
    directory.join(output(line, directory)).metadata().and_then(|metadata| metadata.modified()).ok()
}

/// A linker that fails leaves no output behind, and build tools count on that: without a word from the policy the rejected
/// file is removed.
fn like_a_linker(mut policy: Policy) -> Policy {
    if policy.on_violation.origin == Origin::Default {
        policy.on_violation.value = OnViolation::Remove;
    }
    policy
}
