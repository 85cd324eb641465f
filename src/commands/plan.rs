//! `seaworthy plan cargo|go ARGS…`: what would be run, and why.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use serde::Serialize;

use crate::Error;
use crate::cli::{Listing, Options};
use crate::exit;
use crate::plan::environment::Environment;
use crate::plan::{self, Change, Conflict, Mode, Outlook, Plan, Tool};
use crate::report::{self, Detail, Styles, escape};
use crate::ui::Ui;

use super::{conflicts, output};

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool: Tool,
    mode: Mode,
    verb: Option<&'a str>,
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    targets: &'a [String],
    changes: &'a [Change],
    conflicts: &'a [Conflict],
    not_applicable: &'a [String],
    notes: &'a [String],
}

/// Prints the plan; runs nothing. The exit code is that of a violated policy when the build would not be started.
///
/// # Errors
/// When the policy has errors, or the tool is not found.
pub(super) fn run(ui: &Ui, options: &Options, tool: Tool, args: Vec<OsString>) -> Result<u8, Error> {
    let (environment, directory) = (Environment::capture(), super::current_directory()?);
    let project = match plan::look(tool, &args, &environment) {
        Outlook::Guard { project } => project,
        Outlook::PassThrough { .. } => directory.clone(),
    };
    let policy = crate::policy::load_for(options.policy.as_deref(), &directory, &project)?;
    let plan = plan::make(tool, args, &environment, &policy)?;
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&document(&plan)),
        Listing::Text => text(&plan, &ui.styles_out()),
    };
    output::print(ui, &text)?;
    Ok(if plan.conflicts.is_empty() { exit::OK } else { exit::VIOLATED })
}

fn document(plan: &Plan) -> Document<'_> {
    let lossy = |text: &OsStr| text.to_string_lossy().into_owned();
    Document {
        format_version: 1,
        tool: plan.tool,
        mode: plan.mode,
        verb: plan.verb.as_deref(),
        program: plan.program.to_string_lossy().into_owned(),
        args: plan.args.iter().map(|arg| lossy(arg)).collect(),
        env: plan.env.iter().map(|(name, value)| (lossy(name), lossy(value))).collect(),
        targets: &plan.targets,
        changes: &plan.changes,
        conflicts: &plan.conflicts,
        not_applicable: &plan.not_applicable,
        notes: &plan.notes,
    }
}

fn text(plan: &Plan, styles: &Styles) -> String {
    let (label, strong) = (styles.label, styles.strong);
    let mut out = String::new();
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(out, "{label}{name}:{label:#} {text}");
    };
    line("runs", &format!("{strong}{}{strong:#}", command(plan)));
    if plan.mode == Mode::PassThrough {
        line("mode", "handed over to the tool as it is; nothing is set, nothing is looked at");
    }
    for (name, value) in &plan.env {
        line("sets", &escape(&format!("{}={}", name.to_string_lossy(), value.to_string_lossy())));
    }
    for change in &plan.changes {
        let why = format!("{}, `{}` ({})", escape(&change.what), change.key, report::origin(&change.origin));
        line("change", &why);
    }
    for text in &plan.not_applicable {
        line("not applicable", &escape(text));
    }
    for note in &plan.notes {
        line("note", &escape(note));
    }
    if !plan.conflicts.is_empty() {
        out.push_str(&report::text::render(&conflicts::report(&plan.conflicts), styles, Detail::Quiet));
    }
    out
}

/// The command line for a POSIX shell.
fn command(plan: &Plan) -> String {
    let words = std::iter::once(plan.program.as_os_str()).chain(plan.args.iter().map(OsString::as_os_str));
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let text = report::path(word.as_ref()).into_owned();
    let plain = |c: char| c.is_alphanumeric() || "-_=./:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
