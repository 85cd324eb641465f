//! go: its standard streams are its own; the artifacts are known by its arguments, or read from its action graph afterwards.

mod fallback;
mod foreseen;
mod graph;
mod scratch;

use std::path::{Path, PathBuf};
use std::process::Command;

use self::foreseen::{Foreseen, Written};
use self::graph::Graph;
use self::scratch::Scratch;
use super::signals::Signals;
use super::{Artifact, Outcome, Provenance, Role, to_its_end};
use crate::error::Error;
use crate::plan::scan::{Flags, Syntax};
use crate::plan::{Discovery, Plan, Tool};

/// Runs go, and finds out what it wrote: by the rules of `-o` where they say it, else by its action graph.
pub(super) fn run(plan: &Plan, command: Command, signals: &Signals) -> Result<Outcome, Error> {
    let Discovery::GoActionGraph { users, at, directory, documented, .. } = &plan.discovery else {
        return Err(Error::Environment("there is no plan for finding out what go writes".to_owned()));
    };
    let foreseen = if *documented && users.is_none() { Foreseen::of(plan, directory) } else { None };
    match foreseen {
        Some(foreseen) => run_foreseen(plan, command, signals, foreseen, directory),
        None => run_with_graph(plan, command, signals, users.as_deref(), *at, directory),
    }
}

fn run_foreseen(
    plan: &Plan,
    mut command: Command,
    signals: &Signals,
    foreseen: Foreseen,
    directory: &Path,
) -> Result<Outcome, Error> {
    command.args(&plan.args);
    let status = to_its_end(command, signals, plan)?;
    let mut outcome = Outcome { status, artifacts: Vec::new(), provenance: Provenance::of(plan) };
    if outcome.status.success() {
        match foreseen.written() {
            Written::Program => outcome.artifacts.push(artifact(foreseen.path, None, plan)),
            Written::Archive => {}
            Written::Nothing => {
                let why = format!("nothing shows that go wrote `{}`", foreseen.path.display());
                guess(&mut outcome, &why, plan, directory);
            }
        }
    }
    Ok(outcome)
}

fn run_with_graph(
    plan: &Plan,
    mut command: Command,
    signals: &Signals,
    users: Option<&Path>,
    at: usize,
    directory: &Path,
) -> Result<Outcome, Error> {
    let scratch = if users.is_some() { None } else { Scratch::new() };
    let (before, after) = plan.args.split_at(at.min(plan.args.len()));
    command.args(before);
    if let Some(scratch) = &scratch {
        let mut flag = std::ffi::OsString::from("-debug-actiongraph=");
        flag.push(scratch.path());
        command.arg(flag);
        signals.remove_at_end(scratch.to_remove());
    }
    command.args(after);
    let status = to_its_end(command, signals, plan)?;

    let text = match (&scratch, users) {
        (Some(scratch), _) => scratch.read(),
        // `/dev/stderr` and other things that cannot be read again are somebody's choice, too.
        (None, Some(users)) if users.is_file() => std::fs::read(users),
        (None, Some(_)) => Err(std::io::Error::other("the file named by `-debug-actiongraph` is no file")),
        (None, None) => Err(std::io::Error::other("there is no place for it")),
    };
    drop(scratch);
    let mut outcome = Outcome { status, artifacts: Vec::new(), provenance: Provenance::of(plan) };
    if !outcome.status.success() {
        return Ok(outcome); // what lies at the targets is from another time, or nothing
    }
    match text.map_err(|error| error.to_string()).and_then(|text| graph::parse(&text)) {
        Ok(graph) => take(&mut outcome, graph, plan, directory),
        Err(why) => {
            let why = format!("go's action graph was not to be had ({why})");
            guess(&mut outcome, &why, plan, directory);
        }
    }
    Ok(outcome)
}

/// The next best, which is no truth.
fn guess(outcome: &mut Outcome, why: &str, plan: &Plan, directory: &Path) {
    let (files, rule) = fallback::guess(plan, directory);
    outcome.provenance.degraded = Some(format!("{why}, so artifacts are told by {rule}"));
    outcome.artifacts = files.into_iter().map(|path| artifact(path, None, plan)).collect();
}

/// The files that go says it put somewhere, by the text that `-debug-actiongraph` wrote; relative to where go ran.
///
/// # Errors
///
/// When the text is no action graph: one clause that says why.
pub fn installed(graph: &[u8]) -> Result<Vec<PathBuf>, String> {
    graph::parse(graph).map(|graph| graph.installed.into_iter().map(|(target, _)| PathBuf::from(target)).collect())
}

fn take(outcome: &mut Outcome, graph: Graph, plan: &Plan, directory: &Path) {
    outcome.provenance.discarded = graph.discarded;
    let output = output_of(plan);
    for (target, package) in graph.installed {
        let path = directory.join(as_typed(&target, output.as_deref()));
        outcome.artifacts.push(artifact(path, package, plan));
    }
}

fn artifact(path: PathBuf, package: Option<String>, plan: &Plan) -> Artifact {
    let role = if matches!(plan.discovery, Discovery::GoActionGraph { shared_objects: true, .. }) {
        Role::SharedObject
    } else {
        Role::Program
    };
    Artifact { path, role, package, target: plan.targets.first().cloned() }
}

/// The value of `-o`.
fn output_of(plan: &Plan) -> Option<PathBuf> {
    let flags = Flags::new(Syntax::after_verb(Tool::Go), &plan.args, 1);
    flags.filter(|flag| flag.name == "o").last()?.value.map(PathBuf::from)
}

/// go's JSON replaces bytes that are not UTF-8. A name given by `-o` is known as it was typed.
fn as_typed(target: &str, output: Option<&Path>) -> PathBuf {
    let Some(output) = output.filter(|_| target.contains('\u{fffd}')) else { return PathBuf::from(target) };
    match Path::new(target).strip_prefix(output.to_string_lossy().as_ref()) {
        Ok(rest) if rest.as_os_str().is_empty() => output.to_path_buf(),
        Ok(rest) => output.join(rest),
        Err(_) => PathBuf::from(target),
    }
}
