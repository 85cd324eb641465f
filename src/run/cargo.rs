//! cargo: its standard output is relayed, and the artifacts are read from its JSON messages on the way.

mod installed;
mod messages;
mod package_id;
mod relay;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

pub(crate) use self::package_id::name_and_version;
use self::relay::Event;
use super::signals::Signals;
use super::{Artifact, Outcome, Provenance, not_started};
use crate::error::Error;
use crate::plan::{Discovery, Plan};

/// How long a pipe is still read after cargo has said its last word and ended. Only something that outlives cargo and
/// holds its standard output keeps the pipe open for so long.
const GRACE: Duration = Duration::from_millis(100);

/// Runs cargo with its messages read.
pub(super) fn run<W: Write + Send + 'static>(
    plan: &Plan,
    mut command: Command,
    signals: &Signals,
    stdout: W,
    pass_on: bool,
) -> Result<Outcome, Error> {
    command.stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|source| not_started(&plan.program, source))?;
    let events = match child.stdout.take() {
        Some(pipe) => relay::start(pipe, stdout, pass_on),
        None => return Err(Error::Environment("cargo's standard output cannot be read; try again".to_owned())),
    };
    let status = signals.wait(&mut child).map_err(|source| not_started(&plan.program, source))?;
    let mut found = messages::Found::new(&plan.targets);
    collect(&events, &mut found);

    let mut outcome = Outcome { status, artifacts: found.artifacts, provenance: Provenance::of(plan) };
    outcome.provenance.cargo_messages = found.unparsed;
    outcome.provenance.missing = found.missing;
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
pub fn built<W: Write + Send + 'static>(output: Vec<u8>, rest: W, targets: &[String]) -> Vec<Artifact> {
    let mut found = messages::Found::new(targets);
    collect(&relay::start(std::io::Cursor::new(output), rest, false), &mut found);
    found.artifacts
}

/// Takes events until the pipe is closed, or cargo has finished and nothing more comes.
fn collect(events: &Receiver<Event>, found: &mut messages::Found) {
    loop {
        let next = if found.finished {
            events.recv_timeout(GRACE)
        } else {
            events.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(event) => found.take(event),
            Err(_) => return,
        }
    }
}
