//! What kind of verb a call of cargo has: tables, and aliases followed to their end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::config::{Config, cargo_home};
use super::unguarded;
use crate::plan::Tool;
use crate::plan::environment::Environment;
use crate::plan::scan::{self, split};

/// A verb that builds what will run elsewhere.
#[derive(Debug)]
pub struct Guarded {
    /// The verb.
    pub verb: &'static str,
    /// Words that must follow it at once; empty for a verb of one word.
    pub then: &'static [&'static str],
    /// Whether it takes the policy's target when the user gives none.
    pub takes_target: bool,
}

/// Every verb that is guarded. The external ones hand flags on to `cargo build`, so that all rules hold for them too.
static GUARDED: &[Guarded] = &[
    Guarded { verb: "build", then: &[], takes_target: true },
    Guarded { verb: "rustc", then: &[], takes_target: true },
    Guarded { verb: "install", then: &[], takes_target: true },
    Guarded { verb: "auditable", then: &["build", "rustc", "install"], takes_target: true },
    Guarded { verb: "xwin", then: &["build", "rustc"], takes_target: false },
    Guarded { verb: "zigbuild", then: &[], takes_target: true },
];

/// The other commands that are part of cargo, which no alias can shadow. Source: `cargo --list` of 1.95 without aliases
/// and without the external `clippy`, `fmt` and `miri`; `cargo/src/bin/cargo/commands`.
static OTHERS: &[&str] = &[
    "add",
    "bench",
    "check",
    "clean",
    "config",
    "doc",
    "fetch",
    "fix",
    "generate-lockfile",
    "git-checkout",
    "help",
    "info",
    "init",
    "locate-project",
    "login",
    "logout",
    "metadata",
    "new",
    "owner",
    "package",
    "pkgid",
    "publish",
    "read-manifest",
    "remove",
    "report",
    "run",
    "rustdoc",
    "search",
    "test",
    "tree",
    "uninstall",
    "update",
    "vendor",
    "verify-project",
    "version",
    "yank",
];

/// Aliases cargo brings; unlike commands, the user's own may replace them.
static BROUGHT: &[(&str, &str)] =
    &[("b", "build"), ("c", "check"), ("d", "doc"), ("r", "run"), ("t", "test"), ("rm", "remove")];

/// cargo gives up after more; so do we.
const LONGEST_CHAIN: usize = 10;

/// Whether the verb is a command of cargo that builds nothing to be guarded.
pub fn is_other_built_in(verb: &str) -> bool {
    OTHERS.contains(&verb)
}

/// A guarded call with its aliases expanded.
#[derive(Debug)]
pub struct Resolved {
    /// Its row of the table.
    pub row: &'static Guarded,
    /// The arguments with every alias replaced by what it stands for.
    pub args: Vec<OsString>,
    /// The verb among them.
    pub call: scan::Call,
    /// The verb that builds: `build` for `auditable build`.
    pub verb: String,
    /// How many words the typed verb became; 1 when it was no alias.
    pub words: usize,
}

/// What a call of cargo comes to.
#[derive(Debug)]
pub enum Call {
    /// It is guarded.
    Guarded(Box<Resolved>),
    /// It is not, although it may build what is shipped; the command, for a message.
    Unguarded(String),
    /// It builds nothing that is shipped, or is no call at all.
    Other,
}

/// Follows aliases to a guarded verb; `None` when the call is not guarded. See [`follow`].
pub fn resolve(
    args: &[OsString],
    environment: &Environment,
    program: impl Fn() -> Option<PathBuf>,
) -> Option<Resolved> {
    match follow(args, environment, program) {
        Call::Guarded(resolved) => Some(*resolved),
        Call::Unguarded(_) | Call::Other => None,
    }
}

/// Follows aliases to their end. `program` is the real cargo, which is asked about a verb nobody else knows.
pub fn follow(args: &[OsString], environment: &Environment, program: impl Fn() -> Option<PathBuf>) -> Call {
    follow_words(args, environment, program).unwrap_or(Call::Other)
}

fn follow_words(args: &[OsString], environment: &Environment, program: impl Fn() -> Option<PathBuf>) -> Option<Call> {
    let typed = split(Tool::Cargo, args)?;
    let config = std::cell::OnceCell::new();
    let mut words = args.to_vec();
    for _ in 0..LONGEST_CHAIN {
        let call = split(Tool::Cargo, &words)?;
        if is_other_built_in(&call.verb) {
            // By its convention an alias that runs a package of the workspace, which builds what is released.
            let runs_tasks = call.verb == "run" && typed.verb == "xtask";
            let told = args.get(typed.verb_at + 1..).unwrap_or_default();
            return (runs_tasks && unguarded::may_build("xtask", told)).then_some(Call::Unguarded(typed.verb));
        }
        let row = GUARDED.iter().find(|row| row.verb == call.verb);
        let is_command = row.is_some_and(|row| matches!(row.verb, "build" | "rustc" | "install"));
        let config = || config.get_or_init(|| Config::load(environment, &call.globals));
        let alias = if is_command { None } else { alias(&call.verb, config(), environment) };
        match (alias, row) {
            (Some(alias), _) => drop(words.splice(call.verb_at..=call.verb_at, alias)),
            (None, Some(row)) => {
                let resolved = finish(row, call, words, args, &typed)?;
                return Some(Call::Guarded(Box::new(resolved)));
            }
            (None, None) => match brought(&call.verb) {
                Some(verb) => drop(words.splice(call.verb_at..=call.verb_at, [verb.into()])),
                None if is_external(&call.verb, environment) => {
                    let told = words.get(call.verb_at + 1..).unwrap_or_default();
                    return unguarded::may_build(&call.verb, told).then_some(Call::Unguarded(call.verb));
                }
                None => {
                    let alias = listed(&call, &program()?, &words, environment)?;
                    drop(words.splice(call.verb_at..=call.verb_at, alias));
                }
            },
        }
    }
    None
}

fn finish(
    row: &'static Guarded,
    call: scan::Call,
    words: Vec<OsString>,
    args: &[OsString],
    typed: &scan::Call,
) -> Option<Resolved> {
    let verb = match row.then {
        [] => row.verb,
        then => {
            let next = words.get(call.verb_at + 1)?;
            then.iter().find(|word| next.to_str() == Some(word))?
        }
    };
    let verb = if verb == "zigbuild" { "build" } else { verb };
    let became = words.len() + 1 - args.len();
    debug_assert!(call.verb_at >= typed.verb_at, "an alias only adds words");
    Some(Resolved { row, args: words, call, verb: verb.to_owned(), words: became })
}

fn brought(verb: &str) -> Option<&'static str> {
    BROUGHT.iter().find(|(short, _)| *short == verb).map(|(_, verb)| *verb)
}

/// The user's alias, from `CARGO_ALIAS_…` or the configuration.
fn alias(verb: &str, config: &Config, environment: &Environment) -> Option<Vec<OsString>> {
    let variable = format!("CARGO_ALIAS_{}", verb.to_uppercase().replace('-', "_"));
    let words: Vec<OsString> = match environment.text(&variable) {
        Some(text) => text.split_whitespace().map(OsString::from).collect(),
        None => config.strings(&["alias", verb])?.into_iter().map(|word| word.value.into()).collect(),
    };
    Some(words).filter(|words| !words.is_empty())
}

/// Whether cargo would run `cargo-<verb>` for it: looked for on `PATH` and in `$CARGO_HOME/bin`.
fn is_external(verb: &str, environment: &Environment) -> bool {
    if verb.contains(['/', '\\', '.']) {
        return true; // a script given to `cargo -Zscript`, or nonsense; no alias has such a name
    }
    let name = format!("cargo-{verb}");
    let home = cargo_home(environment).map(|home| home.join("bin"));
    let path = environment.get("PATH").unwrap_or_default();
    let directories = std::env::split_paths(path).chain(home).filter(|directory| directory.is_absolute());
    let Ok(directories) = std::env::join_paths(directories) else { return false };
    which::which_in(name, Some(directories), &environment.cwd).is_ok()
}

/// Asks cargo itself, which knows places for aliases that we do not. Only for verbs that are otherwise unknown, where the
/// 50 ms it takes precede an error message in nearly every case.
fn listed(call: &scan::Call, program: &Path, words: &[OsString], environment: &Environment) -> Option<Vec<OsString>> {
    let globals = words.get(..call.verb_at)?;
    let mut command = Command::new(program);
    command.args(globals).arg("--list").current_dir(&environment.cwd);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines().map(str::trim_start);
    let found = lines.find_map(|line| {
        let (name, rest) = line.split_once(char::is_whitespace)?;
        rest.trim_start().strip_prefix("alias: ").filter(|_| name == call.verb)
    })?;
    Some(found.split_whitespace().map(OsString::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_in(config: &str, line: &str) -> Option<(String, String)> {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("config.toml"), config).expect("a file");
        let environment = Environment::new([("CARGO_HOME", home.path())], home.path());
        let args: Vec<_> = line.split(' ').map(OsString::from).collect();
        let resolved = resolve(&args, &environment, || None)?;
        let words: Vec<_> = resolved.args.iter().map(|word| word.to_string_lossy()).collect();
        Some((resolved.verb, words.join(" ")))
    }

    fn found(verb: &str, words: &str) -> Option<(String, String)> {
        Some((verb.into(), words.into()))
    }

    #[test]
    fn aliases_are_followed() {
        let config =
            "[alias]\nzz = 'bb -q'\nbb = ['build', '--release']\nr = 'rustc --'\ntest = 'build'\nloop = 'loop'";
        assert_eq!(resolve_in(config, "+x -v zz --a"), found("build", "+x -v build --release -q --a"));
        assert_eq!(resolve_in(config, "r -Cx"), found("rustc", "rustc -- -Cx"));
        assert_eq!(resolve_in(config, "b"), found("build", "build"));
        assert_eq!(resolve_in(config, "test"), None, "a command cannot be shadowed");
        assert_eq!(resolve_in(config, "c"), None);
        assert_eq!(resolve_in(config, "loop"), None);
        assert_eq!(resolve_in("alias.b = 'check'", "b"), None, "the user's alias goes first");
    }

    #[test]
    #[cfg(unix)]
    fn what_may_build_unguarded_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a directory");
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        for name in ["cargo-deb", "cargo-audit", "cargo-xwin"] {
            std::fs::write(bin.join(name), "#!/bin/sh\n").expect("a file");
            std::fs::set_permissions(bin.join(name), PermissionsExt::from_mode(0o755)).expect("own file");
        }
        let config = "alias.pack = 'deb --no-strip'\nalias.xtask = 'run -p xtask --'\nalias.start = 'run --bin server'";
        std::fs::write(home.path().join("config.toml"), config).expect("a file");
        let environment = Environment::new([("CARGO_HOME", home.path())], home.path());
        let told = |line: &str| {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            match follow(&args, &environment, || None) {
                Call::Unguarded(verb) => Some(verb),
                Call::Guarded(_) | Call::Other => None,
            }
        };
        for (line, verb) in [("deb", "deb"), ("+nightly -q pack", "deb"), ("xtask dist", "xtask")] {
            assert_eq!(told(line).as_deref(), Some(verb), "{line}");
        }
        for line in [
            "audit",
            "xtask test",
            "tree",
            "run",
            "r",
            "start",
            "xwin test",
            "build",
            "nonsense",
            "--list",
            "xwin build",
        ] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    #[test]
    fn external_builders_are_guarded() {
        assert_eq!(resolve_in("", "zigbuild -r"), found("build", "zigbuild -r"));
        assert_eq!(resolve_in("alias.ab = 'auditable build'", "ab"), found("build", "auditable build"));
        assert_eq!(resolve_in("", "auditable check"), None);
        assert_eq!(resolve_in("", "xwin rustc"), found("rustc", "xwin rustc"));
    }
}
