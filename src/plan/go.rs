//! The plan for a call of go: cgo off or static, tags, `-trimpath`, linker flags; and the action graph, which names what
//! comes out.

mod cgo;
mod merge;
mod settings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::merge::LinkerFlags;
pub(crate) use self::merge::{for_c_linker, linker_words};
pub(crate) use self::settings::{Set, Settings};
use super::environment::Environment;
use super::go_quoting::split as split_words;
use super::scan::{Call, Flag, Flags, Syntax, split};
use super::users::GoSetting;
use super::{Change, Conflict, Discovery, Mode, Plan, Tool};
use crate::policy::{Origin, Policy};

/// Completes a plan whose program is known.
pub(super) fn fill(plan: &mut Plan, args: &[OsString], environment: &Environment, policy: &Policy) {
    let Some(call) = split(Tool::Go, args) else { return };
    let settings = Settings::load(environment, &plan.program);
    let build = Build::read(&call, args, &settings);
    if build.is_on("n") {
        plan.mode = Mode::PassThrough; // GOFLAGS=-n: commands are printed, not run
        return;
    }
    plan.verb = Some(call.verb.clone());
    plan.targets = vec![format!("{}/{}", settings.os(), settings.arch())];
    plan.args = args.to_vec();

    plan.users.go = build.settings(&settings);

    let mut wanted = Wanted::from(policy);
    cgo::fill(plan, &mut wanted, &build, &settings, environment, policy);
    let inject_at = behind_directory(&call, args);
    let mut added = Vec::new();
    trimpath(plan, &mut added, &build, policy);
    tags(plan, &mut added, &build, &wanted);
    linker_flags(plan, &mut added, &build, &wanted);
    let at = inject_at + added.len();
    plan.args.splice(inject_at..inject_at, added);
    let users = build.last("debug-actiongraph").map(|(value, _)| build.directory.join(value));
    let shared_objects = matches!(build.mode().as_str(), "c-shared" | "plugin" | "shared");
    let documented = build.is_documented(&settings);
    plan.discovery = Discovery::GoActionGraph { users, at, directory: build.directory, shared_objects, documented };
}

/// The directory the call works in: the working directory `cwd`, or that of `-C`.
pub(super) fn directory(call: &Call, args: &[OsString], cwd: &Path) -> PathBuf {
    let flags: Vec<Flag> = Flags::new(Syntax::after_verb(Tool::Go), args, call.verb_at + 1).collect();
    after_change(call, &flags, cwd)
}

fn after_change(call: &Call, flags: &[Flag], cwd: &Path) -> PathBuf {
    let directories = call.globals.iter().chain(flags).filter(|flag| flag.name == "C");
    directories.filter_map(|flag| flag.value.as_ref()).fold(cwd.to_path_buf(), |directory, flag| directory.join(flag))
}

/// `-C dir` has to stay the first flag.
fn behind_directory(call: &Call, args: &[OsString]) -> usize {
    let first = Flags::new(Syntax::after_verb(Tool::Go), args, call.verb_at + 1).next();
    let directory = first.filter(|flag| flag.name == "C" && flag.at == call.verb_at + 1);
    call.verb_at + 1 + directory.map_or(0, |flag| flag.words)
}

/// What the call says, on the command line and in `GOFLAGS`.
struct Build {
    /// Flags of the command line.
    flags: Vec<Flag>,
    /// Entries of `GOFLAGS`, name and value, and where it was set. They count as if they stood in front.
    goflags: Vec<(String, String)>,
    goflags_source: String,
    /// The directory after `-C`.
    directory: PathBuf,
}

impl Build {
    fn read(call: &Call, args: &[OsString], settings: &Settings<'_>) -> Self {
        let flags: Vec<Flag> = Flags::new(Syntax::after_verb(Tool::Go), args, call.verb_at + 1).collect();
        let directory = after_change(call, &flags, settings.directory());
        let set = settings.get("GOFLAGS");
        let words = set.as_ref().and_then(|set| split_words(&set.value).ok()).unwrap_or_default();
        let goflags = words.iter().filter_map(|word| {
            let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
            let (name, value) = bare.split_once('=').unwrap_or((bare, "true"));
            Some((name.to_owned(), value.to_owned()))
        });
        let goflags_source = set.map(|set| format!("GOFLAGS in {}", set.source)).unwrap_or_default();
        Build { flags, goflags: goflags.collect(), goflags_source, directory }
    }

    /// The last value of a flag, which is the one that counts, and where it stands.
    fn last(&self, name: &str) -> Option<(String, &str)> {
        let typed = self.flags.iter().rev().find(|flag| flag.name == name);
        let typed = typed.map(|flag| match &flag.value {
            Some(value) => (value.to_string_lossy().into_owned(), "the command line"),
            None => ("true".to_owned(), "the command line"),
        });
        let set = || self.goflags.iter().rev().find(|(known, _)| known == name);
        typed.or_else(|| set().map(|(_, value)| (value.clone(), self.goflags_source.as_str())))
    }

    /// Every value of what go takes once, in the order in which later ones replace earlier ones.
    fn settings(&self, settings: &Settings<'_>) -> Vec<GoSetting> {
        let mut found = Vec::new();
        for name in ["ldflags", "tags", "buildmode", "trimpath"] {
            let set = self.goflags.iter().filter(|(known, _)| known == name);
            found.extend(set.map(|(_, value)| GoSetting {
                name,
                value: value.clone(),
                place: self.goflags_source.clone(),
            }));
            let typed = self.flags.iter().filter(|flag| flag.name == name);
            let text =
                |flag: &Flag| flag.value.as_ref().map_or("true".into(), |value| value.to_string_lossy().into_owned());
            let place = || "the command line".to_owned();
            found.extend(typed.map(|flag| GoSetting { name, value: text(flag), place: place() }));
        }
        for name in ["CGO_ENABLED", "CC", "CGO_LDFLAGS", "PKG_CONFIG"] {
            let set = settings.get(name);
            found.extend(set.map(|Set { value, source }| GoSetting { name, value, place: source }));
        }
        found
    }

    fn is_on(&self, name: &str) -> bool {
        self.last(name).is_some_and(|(value, _)| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    fn mode(&self) -> String {
        self.last("buildmode").map_or_else(|| "default".to_owned(), |(mode, _)| mode)
    }

    /// Whether `go help build` tells all about what `-o` makes: not with another kind of output, nor by another compiler.
    fn is_documented(&self, settings: &Settings<'_>) -> bool {
        let off = |name: &str| settings.get(name).is_some_and(|set| set.value == "off");
        matches!(self.mode().as_str(), "default" | "exe" | "pie")
            && !self.is_on("linkshared")
            && self.last("compiler").is_none_or(|(compiler, _)| compiler == "gc")
            && settings.arch() != "wasm"
            && !off("GO111MODULE")
    }

    /// What makes cgo part of the build, whatever the policy says.
    fn needs_cgo(&self, os: &str) -> Option<String> {
        if let Some(flag) = ["race", "msan", "asan"].into_iter().find(|flag| self.is_on(flag)) {
            return Some(format!("`-{flag}`"));
        }
        let mode = self.mode();
        if matches!(mode.as_str(), "c-shared" | "c-archive" | "plugin" | "shared") {
            return Some(format!("`-buildmode={mode}`"));
        }
        matches!(os, "ios" | "android").then(|| format!("GOOS={os}"))
    }
}

/// What the policy wants added, with the key and origin each is reported under.
struct Wanted {
    tags: Vec<String>,
    tags_by: (&'static str, Origin),
    linker: LinkerFlags,
    linker_by: (&'static str, Origin),
}

impl Wanted {
    fn from(policy: &Policy) -> Self {
        let go = &policy.go;
        Wanted {
            tags: go.tags.value.clone(),
            tags_by: ("go.tags", go.tags.origin.clone()),
            linker: LinkerFlags { words: go.ldflags.value.clone(), external: None },
            linker_by: ("go.ldflags", go.ldflags.origin.clone()),
        }
    }
}

fn change(plan: &mut Plan, what: &str, key: &'static str, origin: &Origin) {
    plan.changes.push(Change { what: what.to_owned(), key, origin: origin.clone() });
}

fn trimpath(plan: &mut Plan, added: &mut Vec<OsString>, build: &Build, policy: &Policy) {
    if !policy.go.trimpath.value {
        return;
    }
    let origin = &policy.go.trimpath.origin;
    plan.expectations.trimpath = true;
    match build.last("trimpath") {
        None => {
            change(plan, "-trimpath", "go.trimpath", origin);
            added.push("-trimpath".into());
        }
        Some(_) if build.is_on("trimpath") => {}
        Some((value, source)) => plan.conflicts.push(Conflict {
            user: format!("-trimpath={value}"),
            user_source: source.to_owned(),
            policy: "go.trimpath = true".to_owned(),
            origin: origin.clone(),
            help: "leave it out, or allow it with `[go] trimpath = false`".to_owned(),
        }),
    }
}

fn tags(plan: &mut Plan, added: &mut Vec<OsString>, build: &Build, wanted: &Wanted) {
    if wanted.tags.is_empty() {
        return;
    }
    plan.expectations.go_tags.clone_from(&wanted.tags);
    let users = build.last("tags").map(|(value, _)| value).unwrap_or_default();
    let all = merge::tags(&users, &wanted.tags);
    if all == merge::tags(&users, &[]) {
        return;
    }
    let flag = format!("-tags={all}");
    change(plan, &flag, wanted.tags_by.0, &wanted.tags_by.1);
    match build.flags.iter().rev().find(|flag| flag.name == "tags") {
        Some(typed) => rewrite(plan, typed, flag),
        None => added.push(flag.into()),
    }
}

/// Every value is rewritten, since which of them counts depends on its pattern; those of `GOFLAGS` are repeated in front.
fn linker_flags(plan: &mut Plan, added: &mut Vec<OsString>, build: &Build, wanted: &Wanted) {
    if wanted.linker.is_empty() {
        return;
    }
    let typed: Vec<&Flag> = build.flags.iter().filter(|flag| flag.name == "ldflags").collect();
    let set: Vec<&str> =
        build.goflags.iter().filter(|(name, _)| name == "ldflags").map(|(_, value)| value.as_str()).collect();
    let all = || set.iter().copied().chain(typed.iter().map(|flag| flag.text()));
    if wanted.linker.external.is_some() && all().any(merge::is_internal) {
        plan.conflicts.push(Conflict {
            user: "-ldflags=-linkmode=internal".to_owned(),
            user_source: build.last("ldflags").map(|(_, source)| source.to_owned()).unwrap_or_default(),
            policy: "go.cgo = \"static\"".to_owned(),
            origin: wanted.linker_by.1.clone(),
            help: "static linking with cgo needs the C linker; take the flag out, or set `[go] cgo = \"allow\"`"
                .to_owned(),
        });
        return;
    }
    let repeated = if typed.iter().any(|flag| merge::is_plain(flag.text())) { Vec::new() } else { set };
    let needs_plain = !repeated.iter().copied().chain(typed.iter().map(|flag| flag.text())).any(merge::is_plain);
    let plain = needs_plain.then_some("");
    let before = added.len();
    for value in plain.into_iter().chain(repeated) {
        added.extend(wanted.linker.added_to(value).map(|merged| OsString::from(format!("-ldflags={merged}"))));
    }
    let mut shown: Vec<String> = added.iter().skip(before).map(|flag| flag.to_string_lossy().into_owned()).collect();
    for flag in typed {
        if let Some(merged) = wanted.linker.added_to(flag.text()).filter(|merged| merged != flag.text()) {
            shown.push(format!("-ldflags={merged}"));
            rewrite(plan, flag, format!("-ldflags={merged}"));
        }
    }
    for flag in shown {
        change(plan, &flag, wanted.linker_by.0, &wanted.linker_by.1);
    }
}

/// Puts the new spelling in the place of a flag that was typed. A value that was a word of its own leaves no gap: indices
/// of other flags have to hold.
fn rewrite(plan: &mut Plan, typed: &Flag, flag: String) {
    let (name, value) = flag.split_once('=').unwrap_or((&flag, ""));
    let words = if typed.words == 2 { vec![name.to_owned(), value.to_owned()] } else { vec![flag] };
    for (at, word) in words.into_iter().enumerate() {
        if let Some(place) = plan.args.get_mut(typed.at + at) {
            *place = word.into();
        }
    }
}

#[cfg(test)]
mod tests;
