//! `seaworthy shim install|remove|status`: the guard under the names of the tools.

use std::path::Path;

use crate::Error;
use crate::cli::{Listing, Options, Shim};
use crate::exit;
use crate::plan::Tool;
use crate::plan::environment::Environment;
use crate::report::{self, Styles, escape};
use crate::run::shims::{self, Change, Status, TOOLS};
use crate::ui::Ui;

/// Does it, for the tools that are named or for all of them.
///
/// # Errors
/// When there is no place for shims, or it cannot be written to.
pub(super) fn run(
    ui: &Ui,
    options: &Options,
    action: Shim,
    directory: Option<&Path>,
    tools: &[Tool],
) -> Result<u8, Error> {
    let environment = Environment::capture();
    let directory = shims::directory(directory, &environment)?;
    let tools = if tools.is_empty() { &TOOLS } else { tools };
    let changes = match action {
        Shim::Status => return status(ui, options, &directory, tools, &environment),
        Shim::Install => shims::install(&directory, tools, &environment)?,
        Shim::Remove => shims::remove(&directory, tools)?,
    };
    for (tool, change) in tools.iter().zip(changes) {
        let path = shims::path(&directory, *tool);
        let shown = report::path(&path);
        match change {
            Change::Installed => ui.out(&format!("installed {shown}\n"))?,
            Change::Removed => ui.out(&format!("removed {shown}\n"))?,
            Change::Unchanged => {}
            Change::Foreign => ui.note(&format!("`{shown}` is no shim of this program, and was left where it is")),
        }
    }
    if action == Shim::Install {
        let all = tools.iter().map(|tool| shims::status(&directory, *tool, &environment)).collect::<Vec<_>>();
        warn(ui, &all);
    }
    Ok(exit::OK)
}

fn status(
    ui: &Ui,
    options: &Options,
    directory: &Path,
    tools: &[Tool],
    environment: &Environment,
) -> Result<u8, Error> {
    let all: Vec<Status> = tools.iter().map(|tool| shims::status(directory, *tool, environment)).collect();
    if options.listing()? == Listing::Json {
        ui.out(&report::json::to_text(&all))?;
    } else {
        for status in &all {
            ui.out(&line(status, &ui.styles_out()))?;
        }
        warn(ui, &all);
    }
    Ok(if all.iter().any(Status::is_broken) { exit::ENVIRONMENT } else { exit::OK })
}

/// `cargo: guarded: …/shims/cargo → /usr/bin/cargo`.
fn line(status: &Status, styles: &Styles) -> String {
    let Styles { ok, error, .. } = styles;
    let name = status.tool.name();
    match (&status.runs, &status.real) {
        (None, _) => format!("{name}: not on the PATH\n"),
        (Some(runs), Some(real)) if status.guarded => {
            format!("{name}: {ok}guarded{ok:#}: {} → {}\n", report::path(runs), report::path(real))
        }
        (Some(runs), None) if status.guarded => {
            format!("{name}: {error}leads nowhere{error:#}: {}\n", report::path(runs))
        }
        (Some(runs), _) => format!("{name}: not guarded: {}\n", report::path(runs)),
    }
}

/// What is in the way of several tools is said once.
fn warn(ui: &Ui, all: &[Status]) {
    let mut said: Vec<&str> = Vec::new();
    for warning in all.iter().flat_map(|status| &status.warnings) {
        if !said.contains(&warning.as_str()) {
            said.push(warning);
            ui.err(&format!("{0}warning{0:#}: {1}\n", ui.styles_err().warning, escape(warning)));
        }
    }
}
