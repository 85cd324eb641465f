//! `seaworthy cargo ARGS…`, `seaworthy go ARGS…`: the main job.

use std::ffi::OsString;
use std::path::{MAIN_SEPARATOR, Path};
use std::process::ExitStatus;
use std::time::SystemTime;

use crate::Error;
use crate::blame::build_failure::{FailedBuild, hints};
use crate::blame::needs::Machine;
use crate::check::ArtifactResult;
use crate::cli::Options;
use crate::exit;
use crate::plan::environment::Environment;
use crate::plan::{self, Outlook, Plan, Tool};
use crate::policy::Policy;
use crate::report::{self, Detail, Report};
use crate::run::{self, Outcome, real_tool, signals};
use crate::ui::Ui;

use super::manifest::{self, Made, Wanted};
use super::{conflicts, judge, output, rejected};

/// Runs the tool, guarded; a call that builds nothing is handed over before anything else is looked at.
///
/// # Errors
/// When the policy has errors, the tool is not found, or a report cannot be written.
pub(super) fn run(ui: &Ui, options: &Options, tool: Tool, args: Vec<OsString>) -> Result<u8, Error> {
    let environment = Environment::capture();
    let project = match plan::look(tool, &args, &environment) {
        Outlook::Guard { project } => project,
        Outlook::PassThrough { unguarded } => {
            let program = real_tool::find(tool, &environment)?;
            if let Some(verb) = unguarded {
                ui.note(&format!("`cargo {verb}` is not guarded; `seaworthy check PATH` judges what it made"));
            }
            return Ok(end_like(run::exec(&program, &args, &environment)?));
        }
    };
    let directory = super::current_directory()?;
    let policy = crate::policy::load_for(options.policy.as_deref(), &directory, &project)?;
    let misplaced = misplaced(&args);
    let plan = plan::make(tool, args, &environment, &policy)?;
    if !plan.conflicts.is_empty() {
        return show(ui, options, &conflicts::report(&plan.conflicts), &directory).map(|()| exit::VIOLATED);
    }
    let signature = Wanted::by_anything(options)?;
    if ui.detail() == Detail::Verbose {
        announce(ui, &plan);
    }
    let started = SystemTime::now();
    let outcome = run::run(&plan, std::io::stdout())?;
    let tells_names = output::tells_names(ui, options, signature.is_some());
    let status = outcome.status;
    if status.success() {
        let report = judged(&plan, &policy, (&environment, &directory), outcome, tells_names)?;
        let made = Made { report: &report, policy: &policy, plan: Some(&plan), directory: &directory };
        let code = finish(ui, options, made, signature.as_ref());
        // The process ends: to take all of it apart would be a good part of the work.
        std::mem::forget((report, plan, policy, environment));
        return code;
    }
    // A tool that was stopped needs no explanation, and whoever stopped it is waiting.
    if status.code().is_some() {
        let provenance = &outcome.provenance;
        let failed = FailedBuild {
            plan: &plan,
            policy: &policy,
            provenance,
            directory: &directory,
            environment: &environment,
            started,
        };
        for hint in hints(&failed, || Machine::look(environment.get("PATH").map(Into::into), Some(&plan))) {
            ui.hint(&hint.cause, &hint.fix);
        }
        if let Some(option) = misplaced {
            hint_at_the_place(ui, tool, plan.verb.as_deref().unwrap_or("build"), option);
        }
        // The tool's own exit code counts, whatever is wrong with what it left behind.
        let report = judged(&plan, &policy, (&environment, &directory), outcome, tells_names);
        let shown = report.and_then(|report| show(ui, options, &report, &directory));
        shown.unwrap_or_else(|error| ui.error(&error));
    }
    Ok(end_like(status))
}

/// Says where an option stands, with its value, that the tool has refused.
fn hint_at_the_place(ui: &Ui, tool: Tool, verb: &str, (option, value): (&str, &str)) {
    let (name, variable) = (tool.name(), option.trim_start_matches('-').to_ascii_uppercase());
    let cause = format!("`{option}` is an option of seaworthy, which stands before `{name}`");
    ui.hint(&cause, &format!("`seaworthy {option} {value} {name} {verb} …`, or SEAWORTHY_{variable}={value}"));
}

/// An option of ours that stands behind the tool, among arguments that are the tool's and that no tool knows; with its value.
fn misplaced(args: &[OsString]) -> Option<(&'static str, &'static str)> {
    let stands_there = |(option, _): &(&str, &str)| {
        let is_it = |arg: &OsString| arg.to_str().is_some_and(|arg| arg.split('=').next() == Some(option));
        args.iter().take_while(|arg| *arg != "--").any(is_it)
    };
    [("--policy", "FILE"), ("--report", "FORMAT=FILE"), ("--manifest", "FILE")].into_iter().find(stands_there)
}

/// Reports, puts rejected files away, and writes the platform signature where one is wanted.
///
/// # Errors
/// When a file could not be put away, or a report or signature not be written.
pub(super) fn finish(ui: &Ui, options: &Options, made: Made<'_>, wanted: Option<&Wanted>) -> Result<u8, Error> {
    let written = show(ui, options, made.report, made.directory);
    rejected::put_away(ui, made.policy, made.report)?;
    written?;
    if let Some(wanted) = wanted {
        manifest::write(ui, wanted, made)?;
    }
    Ok(if made.report.is_violated() { exit::VIOLATED } else { exit::OK })
}

/// Reads and judges what came out.
fn judged(
    plan: &Plan,
    policy: &Policy,
    (environment, directory): (&Environment, &Path),
    outcome: Outcome,
    tells_names: bool,
) -> Result<Report, Error> {
    let Outcome { mut artifacts, provenance, .. } = outcome;
    for artifact in &mut artifacts {
        if let Some(shorter) = below(&artifact.path, directory) {
            artifact.path = shorter.to_path_buf();
        }
    }
    let (mut artifacts, general) = judge::judge(artifacts, policy, directory, &provenance, tells_names)?;
    if plan.tool == Tool::Go {
        name_packages(&mut artifacts);
    }
    let mut notes = notes(plan);
    notes.extend(judge::limits(&artifacts, policy));
    let report = Report { general, notes, ..Report::default() };
    if artifacts.iter().any(|artifact| !artifact.findings.is_empty()) {
        crate::blame::blame_run_path_variable(&mut artifacts, environment);
        crate::blame::blame(&mut artifacts, Some(plan), &provenance);
    }
    Ok(Report { artifacts, ..report })
}

/// What Go makes names its package, which the build need not have told.
fn name_packages(artifacts: &mut [ArtifactResult]) {
    for result in artifacts.iter_mut().filter(|result| result.artifact.package.is_none()) {
        let slices = result.facts.iter().flat_map(|facts| &facts.slices);
        result.artifact.package = slices.filter_map(|slice| slice.go.as_ref()?.path.clone()).next();
    }
}

/// The rest of a path below a directory. Paths that are text and spelled alike are not taken apart for it.
fn below<'a>(path: &'a Path, directory: &Path) -> Option<&'a Path> {
    let text = || path.to_str()?.strip_prefix(directory.to_str()?)?.strip_prefix(MAIN_SEPARATOR);
    match text().filter(|rest| !rest.is_empty() && !rest.starts_with(['/', '.', MAIN_SEPARATOR])) {
        Some(rest) => Some(Path::new(rest)),
        None => path.strip_prefix(directory).ok(),
    }
}

/// What the user should know although nothing is wrong.
fn notes(plan: &Plan) -> Vec<String> {
    let not_applicable = plan.not_applicable.iter().map(|why| format!("not applicable: {why}"));
    not_applicable.chain(plan.notes.iter().cloned()).collect()
}

/// Everything of ours goes to standard error, after the tool's own output.
fn show(ui: &Ui, options: &Options, report: &Report, directory: &Path) -> Result<(), Error> {
    let format = options.format();
    ui.err(&output::render(report, format, &ui.styles_err(), ui.detail(), directory));
    output::tell_github(ui, report, format);
    output::write_files(report, options, directory)
}

/// With `-v`: what is changed, before the tool says anything.
fn announce(ui: &Ui, plan: &Plan) {
    for change in &plan.changes {
        ui.note(&format!("{}, `{}` ({})", change.what, change.key, report::origin(&change.origin)));
    }
}

/// The exit code of a tool that ended; where it was ended by a signal, this program ends by the same.
pub(super) fn end_like(status: ExitStatus) -> u8 {
    u8::try_from(signals::end_like(status) & 0xff).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened_as_path_would_do_it() {
        for directory in ["/a/b", "/a/b/", "/", "/a/./b"] {
            for path in [
                "/a/b/c",
                "/a/b/c/d",
                "/a/b//c",
                "/a/b/./c",
                "/a/b/.c",
                "/a/b/../c",
                "/a/bc/d",
                "/a/b",
                "/a/b/",
                "c",
                "/c",
            ] {
                let (path, directory) = (Path::new(path), Path::new(directory));
                let expected = path.strip_prefix(directory).ok().map(Path::as_os_str);
                assert_eq!(below(path, directory).map(Path::as_os_str), expected, "{path:?} {directory:?}");
            }
        }
    }
}
