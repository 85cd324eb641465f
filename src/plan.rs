//! Plan: what will be run instead of what the user typed, and why.
//!
//! Arguments of the wrapped tool are classified, never modelled ([`scan`]): an option this tool does not know is passed on
//! untouched. Every [`Change`] names the policy line that wants it; a clash with what the user set is a [`Conflict`].

pub mod cargo;
pub mod environment;
pub mod go;
pub mod go_quoting;
pub mod scan;
pub mod users;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;

use self::environment::Environment;
use self::users::UserSettings;
use crate::error::Error;
use crate::policy::{Origin, Policy};
use crate::run::real_tool;

/// The wrapped tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// `cargo`.
    Cargo,
    /// `go`.
    Go,
}

impl Tool {
    /// Name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Cargo => "cargo",
            Tool::Go => "go",
        }
    }
}

/// What is done with one call of the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Enforce the policy, run, inspect what came out.
    Guard,
    /// Hand over to the tool at once; nothing is set, nothing is looked at.
    PassThrough,
}

/// A whole plan; `seaworthy plan …` prints it and runs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which tool.
    pub tool: Tool,
    /// What is done.
    pub mode: Mode,
    /// Full path of the real tool.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables set for it, beyond the inherited ones.
    pub env: BTreeMap<OsString, OsString>,
    /// What was changed, and because of what; in the order of application.
    pub changes: Vec<Change>,
    /// Clashes with what the user set; not empty means the build is not started (exit 3).
    pub conflicts: Vec<Conflict>,
    /// What does not apply to this call, and why: `-race`, `-buildmode=c-shared` …
    pub not_applicable: Vec<String>,
    /// What the user should know although nothing is wrong.
    pub notes: Vec<String>,
    /// How the outputs of this call are found out.
    pub discovery: Discovery,
    /// What is built for: target triples (cargo), or one `GOOS/GOARCH` (go); empty where only the tool knows.
    pub targets: Vec<String>,
    /// The verb as classified (`build` for the alias `b`), for messages.
    pub verb: Option<String>,
    /// What the plan expects of every program that comes out; rule `enforced-setting-lost` compares.
    pub expectations: Expectations,
    /// What the user set that shapes programs, and where.
    pub users: UserSettings,
}

impl Plan {
    fn pass_through(tool: Tool, program: PathBuf) -> Self {
        Plan {
            tool,
            mode: Mode::PassThrough,
            program,
            args: Vec::new(),
            env: BTreeMap::new(),
            changes: Vec::new(),
            conflicts: Vec::new(),
            not_applicable: Vec::new(),
            notes: Vec::new(),
            discovery: Discovery::None,
            targets: Vec::new(),
            verb: None,
            expectations: Expectations::default(),
            users: UserSettings::default(),
        }
    }
}

/// One thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What: `CGO_ENABLED=0`, `--target x86_64-unknown-linux-musl`.
    pub what: String,
    /// Key of the policy: `go.cgo`.
    pub key: &'static str,
    /// Who set that key.
    pub origin: Origin,
}

/// What the user set and what the policy wants, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// What the user set: `CGO_ENABLED=1`.
    pub user: String,
    /// Where: `the environment`, `the command line`, `/root/.config/go/env`.
    pub user_source: String,
    /// What the policy wants, in its own words: `go.cgo = "off"`.
    pub policy: String,
    /// Who set that.
    pub origin: Origin,
    /// How to allow it.
    pub help: String,
}

/// How outputs are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovery {
    /// Nothing to find.
    None,
    /// cargo's JSON messages on its standard output.
    CargoMessages {
        /// The user asked for JSON: every line is passed on as well.
        pass_on: bool,
    },
    /// `cargo install`: files in this `bin` directory, named by the messages.
    CargoInstall {
        /// The root's `bin`.
        bin: PathBuf,
        /// As in `CargoMessages`.
        pass_on: bool,
    },
    /// go's action graph, written to a file by `-debug-actiongraph`.
    GoActionGraph {
        /// The user's own file. Without one, [`crate::run`] makes one, and adds the flag.
        users: Option<PathBuf>,
        /// Index among the arguments at which the flag is added.
        at: usize,
        /// Directory that relative targets are relative to (after `-C`).
        directory: PathBuf,
        /// Whether what comes out are libraries to be loaded (`-buildmode=c-shared`, `plugin`), no programs.
        shared_objects: bool,
        /// Whether `go help build` tells all about what `-o` makes of this call: programs for an operating system.
        documented: bool,
    },
}

/// What the plan set and the artifact must show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Go: the effective `CGO_ENABLED` (`"0"` or `"1"`) that was enforced.
    pub cgo_enabled: Option<(String, Origin)>,
    /// Go: build tags that were added.
    pub go_tags: Vec<String>,
    /// Go: `-trimpath` was added.
    pub trimpath: bool,
    /// cargo: the target triple that was given.
    pub target: Option<(String, Origin)>,
    /// cargo-zigbuild: the newest glibc that programs for a target may need, by its suffix: `2.17` for
    /// `x86_64-unknown-linux-gnu`.
    pub glibc: BTreeMap<String, String>,
    /// cargo: the CPU that rustc makes code for, of targets for which a flag names one: `-C target-cpu`. Where cargo is given no
    /// target, it is that of none: `""`.
    pub cpus: BTreeMap<String, String>,
    /// cargo or go: targets that static linking was asked for, `None` where there is one build for all, and who asked.
    pub static_links: Vec<(Option<String>, Origin)>,
}

impl Expectations {
    /// Who asked for static linking of what is built for this target.
    pub fn static_link(&self, target: Option<&str>) -> Option<&Origin> {
        self.static_links.iter().find(|(of, _)| of.is_none() || of.as_deref() == target).map(|(_, origin)| origin)
    }
}

/// What is told of a call without a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// [`Mode::Guard`].
    Guard {
        /// The directory of what is built (`-C`, `--manifest-path`), whose policy holds.
        project: PathBuf,
    },
    /// [`Mode::PassThrough`].
    PassThrough {
        /// The command of cargo that may build what is shipped, unseen.
        unguarded: Option<String>,
    },
}

/// Looks at a call without a policy: aliases are followed, an outer guard is respected. Cheaper than [`make`], and never
/// an error.
pub fn look(tool: Tool, args: &[OsString], environment: &Environment) -> Outlook {
    let passed = Outlook::PassThrough { unguarded: None };
    if scan::is_pass_through(tool, args) || real_tool::is_active(tool, environment) {
        return passed;
    }
    match tool {
        Tool::Go => scan::split(tool, args)
            .map_or(passed, |call| Outlook::Guard { project: go::directory(&call, args, &environment.cwd) }),
        Tool::Cargo => match cargo::follow(args, environment, || real_tool::find(tool, environment).ok()) {
            cargo::Call::Guarded(resolved) if cargo::mode(&resolved) == Mode::Guard => {
                Outlook::Guard { project: cargo::directory(&resolved, environment) }
            }
            cargo::Call::Unguarded(verb) => Outlook::PassThrough { unguarded: Some(verb) },
            cargo::Call::Guarded(_) | cargo::Call::Other => passed,
        },
    }
}

/// Makes the plan for one call of a tool. Reads configuration files, runs nothing.
///
/// # Errors
///
/// When the real tool is not to be found. A clash with the policy is not an error but in [`Plan::conflicts`].
pub fn make(tool: Tool, args: Vec<OsString>, environment: &Environment, policy: &Policy) -> Result<Plan, Error> {
    let program = real_tool::find(tool, environment)?;
    let active = real_tool::is_active(tool, environment);
    let guards = !active && !scan::is_pass_through(tool, &args);
    let mut plan = Plan::pass_through(tool, program);
    if active {
        plan.notes.push(format!("`{}` is guarded further out already", tool.name()));
    } else if guards {
        guard(&mut plan, &args, environment, policy);
    }
    let guarded = (plan.mode == Mode::Guard).then_some(tool);
    plan.env.extend(real_tool::marks(environment, &plan.program, guarded));
    if plan.mode == Mode::PassThrough {
        plan.args = args;
    }
    Ok(plan)
}

fn guard(plan: &mut Plan, args: &[OsString], environment: &Environment, policy: &Policy) {
    match plan.tool {
        Tool::Cargo => {
            let Some(resolved) = cargo::resolve(args, environment, || Some(plan.program.clone())) else { return };
            plan.mode = cargo::mode(&resolved);
            if plan.mode == Mode::Guard {
                plan.args = args.to_vec();
                cargo::fill(plan, &resolved, environment, policy);
            }
        }
        Tool::Go => {
            plan.mode = Mode::Guard;
            go::fill(plan, args, environment, policy);
        }
    }
}
