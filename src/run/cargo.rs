//! cargo: its standard output is relayed, and the artifacts are read from its JSON messages on the way.

mod installed;
mod messages;
mod package_id;
mod pipe;
mod relay;

use std::io::Write;
use std::process::{Command, Stdio};

pub(crate) use self::package_id::name_and_version;
use self::relay::Relay;
use super::signals::Signals;
use super::{Artifact, Outcome, Provenance, not_started};
use crate::error::Error;
use crate::plan::{Discovery, Plan};

/// Runs cargo with its messages read.
pub(super) fn run<W: Write>(
    plan: &Plan,
    mut command: Command,
    signals: &Signals,
    stdout: W,
    pass_on: bool,
) -> Result<Outcome, Error> {
    command.stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|source| not_started(&plan.program, source))?;
    let Some(pipe) = child.stdout.take() else {
        return Err(Error::Environment("cargo's standard output cannot be read; try again".to_owned()));
    };
    signals.started(&child);
    let mut found = messages::Found::new(&plan.targets);
    Relay::new(stdout, pass_on, &mut found).run(pipe::of(pipe), || signals.has_ended(&mut child));
    let status = signals.wait(&mut child).map_err(|source| not_started(&plan.program, source))?;

    let mut outcome = Outcome { status, artifacts: found.artifacts, provenance: Provenance::of(plan) };
    outcome.provenance.cargo_messages = found.unparsed;
    outcome.provenance.dropped = found.dropped;
    if let Discovery::CargoInstall { bin, .. } = &plan.discovery {
        installed::relocate(&mut outcome, bin, plan, found.finished);
    } else if status.success() && !found.finished {
        outcome.provenance.degraded = Some(
            "cargo ended well without its `build-finished` message, so its artifacts are not known for certain; is \
             something else called `cargo`?"
                .to_owned(),
        );
    } else if let Some(why) = found.unread {
        outcome.provenance.degraded = Some(why);
    }
    Ok(outcome)
}

/// What cargo's standard output says it built for these targets, in the order it says so, when `--message-format=json` was
/// among its arguments. The output may be cut, or be that of another program: what is no message is written to `rest`.
pub fn built<W: Write>(output: Vec<u8>, rest: W, targets: &[String]) -> Vec<Artifact> {
    let mut found = messages::Found::new(targets);
    Relay::new(rest, false, &mut found).run(std::io::Cursor::new(output), || true);
    found.artifacts
}
