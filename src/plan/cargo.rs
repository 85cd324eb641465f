//! The plan for a call of cargo: a target when there is none, flags where they are needed, messages that name artifacts.

pub(crate) mod config;
mod install;
mod message_format;
mod profile;
mod rustflags;
pub(crate) mod targets;
mod unguarded;
mod verbs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) use install::own_manifest;
pub use verbs::{Call, Resolved, follow, is_other_built_in, resolve};

use self::config::{Config, Sourced};
use self::message_format::Format;
use self::rustflags::RustFlags;
use self::targets::Libc;
use super::environment::Environment;
use super::scan::{Flag, Flags, Syntax, tells};
use super::users::{Source, TargetSettings};
use super::{Change, Conflict, Discovery, Mode, Plan};
use crate::listing::only_once;
use crate::policy::Policy;

/// Whether a guarded verb builds anything here: not with `--help`, nor with an option whose value is missing.
pub fn mode(resolved: &Resolved) -> Mode {
    let flags = flags_of(resolved);
    let needs_value = |flag: &Flag| matches!(flag.name.as_str(), "target" | "message-format" | "root");
    let unsure = flags
        .iter()
        .any(|flag| tells(super::Tool::Cargo, &resolved.verb, flag) || (needs_value(flag) && flag.text().is_empty()));
    if unsure { Mode::PassThrough } else { Mode::Guard }
}

/// The directory of what is built: that of `--manifest-path`, or of `--path` of `cargo install`, or the working directory;
/// seen from the one of `-C`.
pub fn directory(resolved: &Resolved, environment: &Environment) -> PathBuf {
    let changes = resolved.call.globals.iter().filter(|flag| flag.name == "C");
    let cwd = changes.filter_map(|flag| flag.value.as_ref()).fold(environment.cwd.clone(), |cwd, to| cwd.join(to));
    let flags = flags_of(resolved);
    let named = |name: &str| flags.iter().rev().find(|flag| flag.name == name)?.value.as_ref();
    match (named("manifest-path"), named("path").filter(|_| resolved.verb == "install")) {
        (Some(manifest), _) => cwd.join(manifest).parent().map_or(cwd, Path::to_path_buf),
        (None, Some(package)) => cwd.join(package),
        (None, None) => cwd,
    }
}

/// Completes a plan whose program and arguments are the user's own.
pub fn fill(plan: &mut Plan, resolved: &Resolved, environment: &Environment, policy: &Policy) {
    let flags = flags_of(resolved);
    let options: Vec<Flag> = resolved.call.globals.iter().chain(&flags).cloned().collect();
    let config = Config::load(environment, &options);
    let mut edit = Edit::default();
    plan.verb = Some(resolved.verb.clone());

    let source = |flag: &Flag| source_of(flag, &plan.args, resolved, &config);
    let mut targets = targets::chosen(&flags, &config, environment, source);
    targets::resolve(&mut targets, environment);
    plan.conflicts.extend(targets.iter().filter_map(|target| targets::conflict(target, policy)));
    if targets.is_empty()
        && resolved.row.takes_target
        && !install::makes_no_program(resolved, &flags, environment, plan)
    {
        targets.extend(give_target(plan, &mut edit, policy));
    }
    for target in &targets {
        weigh_flags(plan, target, resolved, &config, environment, policy);
    }
    if targets.is_empty() {
        let triple = targets::own();
        let flags = RustFlags::of(&triple, &config, environment);
        let none = Sourced { value: String::new(), source: Source::CommandLine };
        let linker = linker(&triple, &flags, &config, environment);
        note_flags(plan, none, &flags, linker, resolved);
    }
    name_aliases(plan, &options, resolved, &config);
    plan.users.profile = profile::settings(&flags, &resolved.verb, &config, environment);
    plan.expectations.glibc = promised_glibc(&targets);
    plan.targets = targets.iter().map(|target| targets::without_glibc(&target.value).0.to_owned()).collect();
    only_once(&mut plan.notes);

    let pass_on = match message_format::decide(&flags) {
        Format::Inject(option) => {
            edit.removed.extend(message_format::options(&flags).flat_map(|flag| flag.at..flag.at + flag.words));
            edit.added.push(option.into());
            Some(false)
        }
        Format::PassOn => Some(true),
        Format::Refused => None,
    };
    plan.discovery = match (pass_on, resolved.verb.as_str()) {
        (None, _) => Discovery::None,
        (Some(pass_on), "install") => install::discovery(&flags, &config, environment, pass_on),
        (Some(pass_on), _) => Discovery::CargoMessages { pass_on },
    };
    plan.args = edit.apply(&plan.args, resolved);
}

/// Whether a linker is named for a target, by the environment or in a configuration file.
pub(crate) fn names_linker(target: &str, environment: &Environment) -> bool {
    let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace(['-', '.'], "_"));
    let config = || Config::load(environment, &[]);
    environment.non_empty(&variable).is_some() || config().whole_strings(&["target", target, "linker"]).is_some()
}

/// The program that the crate `cc` takes for C code (`CC`) or C++ code (`CXX`) of a target, when a variable or the `[env]` of a
/// configuration names one (its documentation, "External configuration via environment variables").
pub(crate) fn names_compiler(tool: &str, target: &str, environment: &Environment) -> Option<String> {
    let config = Config::load(environment, &[]);
    let of_target = [target.to_owned(), target.replace('-', "_")].map(|target| format!("{tool}_{target}"));
    let names = of_target.into_iter().chain([format!("TARGET_{tool}"), tool.to_owned()]);
    let value = names.into_iter().find_map(|name| {
        let table = || config.scalar(&["env", &name, "value"]).or_else(|| config.scalar(&["env", &name]));
        let variable = environment.non_empty(&name).map(|value| value.to_string_lossy().into_owned());
        variable.or_else(|| Some(table()?.value))
    });
    Some(value?.split_whitespace().next()?.to_owned())
}

/// The flag that asks for `+crt-static` on a target, without options of the command line.
pub(crate) fn asks_for_crt_static(target: &str, environment: &Environment) -> Option<Sourced> {
    let flags = RustFlags::of(target, &Config::load(environment, &[]), environment).flags;
    flags.into_iter().find(|flag| rustflags::features(&flag.value).any(|feature| feature == "+crt-static"))
}

/// The flags after the verb, those of aliases included.
fn flags_of(resolved: &Resolved) -> Vec<Flag> {
    Flags::new(Syntax::after_verb(super::Tool::Cargo), &resolved.args, resolved.call.verb_at + 1).collect()
}

/// What the targets on the command line promise about glibc.
fn promised_glibc(targets: &[Sourced]) -> BTreeMap<String, String> {
    let given = targets.iter().filter(|target| target.source == config::Source::CommandLine);
    let promises = given.filter_map(|target| match targets::without_glibc(&target.value) {
        (plain, Some(glibc)) => Some((plain.to_owned(), glibc.to_owned())),
        _ => None,
    });
    promises.collect()
}

fn give_target(plan: &mut Plan, edit: &mut Edit, policy: &Policy) -> Option<Sourced> {
    let (triple, key, origin) = targets::to_give(policy)?;
    edit.added.extend(["--target".into(), OsString::from(&triple)]);
    plan.changes.push(Change { what: format!("--target {triple}"), key, origin: origin.clone() });
    plan.expectations.target = Some((triple.clone(), origin.clone()));
    Some(Sourced { value: triple, source: Source::Policy(key, origin) })
}

/// What the rustflags for one target do to the policy, and what the policy adds to them.
fn weigh_flags(
    plan: &mut Plan,
    target: &Sourced,
    resolved: &Resolved,
    config: &Config,
    environment: &Environment,
    policy: &Policy,
) {
    let triple = targets::without_glibc(&target.value).0;
    let adds = targets::needs_crt_static(triple, policy);
    let stays_static = adds || (targets::libc(triple) == Libc::Musl && targets::must_be_static(triple, policy));
    let flags = RustFlags::of(triple, config, environment);
    let linker = linker(triple, &flags, config, environment);
    let named = Sourced { value: triple.to_owned(), source: target.source.clone() };
    note_flags(plan, named, &flags, linker.clone(), resolved).overrides = overrides(triple, config);
    if !stays_static {
        return;
    }
    plan.expectations.static_links.push((Some(triple.to_owned()), policy.linkage.origin.clone()));
    let off = last_words(resolved).or_else(|| flags.without_crt_static().cloned());
    if let Some(flag) = off {
        plan.conflicts.push(lost_crt_static(&flag, policy, adds));
    } else if adds {
        let (variable, value) = flags.with_crt_static();
        let what = format!("{}={}", variable.to_string_lossy(), value.to_string_lossy().replace('\u{1f}', " "));
        plan.changes.push(Change { what, key: "cargo.crt-static", origin: policy.cargo.crt_static.origin.clone() });
        plan.env.insert(variable, value);
    }
    if targets::libc(triple) == Libc::Musl && !flags.says("relocation-model=static") {
        plan.notes.extend(linker.and_then(|linker| musl_gcc(triple, &linker)));
    }
}

/// Notes what the user set for a target, which has no name where cargo is given none.
fn note_flags<'p>(
    plan: &'p mut Plan,
    target: Sourced,
    flags: &RustFlags,
    linker: Option<Sourced>,
    resolved: &Resolved,
) -> &'p mut TargetSettings {
    if let Some((variable, hidden)) = &flags.hidden
        && let Some(first) = hidden.first()
    {
        plan.notes.push(format!("`{variable}` in the environment hides the rustflags of {}", first.source));
    }
    let all: Vec<Sourced> = flags.flags.iter().cloned().chain(words_for_rustc(resolved)).collect();
    if let Some(cpu) = all.iter().rev().find_map(|flag| rustflags::target_cpu(&flag.value)) {
        plan.expectations.cpus.insert(target.value.clone(), cpu.to_owned());
    }
    let hidden = flags.hidden.clone();
    plan.users.targets.push(TargetSettings { target, flags: all, hidden, linker, overrides: Vec::new() });
    let last = plan.users.targets.len() - 1;
    &mut plan.users.targets[last]
}

/// What stands behind the `--` of `cargo rustc`.
fn words_for_rustc(resolved: &Resolved) -> impl Iterator<Item = Sourced> {
    let is_rustc = resolved.verb == "rustc";
    let words = resolved.args.iter().skip_while(|word| *word != "--").skip(1).filter_map(|word| word.to_str());
    let words = words.filter(move |_| is_rustc);
    words.map(|word| Sourced { value: word.to_owned(), source: Source::CommandLine })
}

/// `cargo rustc -- -C target-feature=-crt-static`.
fn last_words(resolved: &Resolved) -> Option<Sourced> {
    let (mut on, mut off) = (false, None);
    for word in words_for_rustc(resolved) {
        on |= rustflags::features(&word.value).any(|feature| feature == "+crt-static");
        if rustflags::features(&word.value).any(|feature| feature == "-crt-static") {
            off = Some(word);
        }
    }
    off.filter(|_| !on)
}

fn lost_crt_static(flag: &Sourced, policy: &Policy, by_crt_static: bool) -> Conflict {
    let (wanted, origin) = if by_crt_static && policy.cargo.crt_static.origin != crate::policy::Origin::Default {
        ("cargo.crt-static = true", &policy.cargo.crt_static.origin)
    } else {
        ("linkage = \"static\"", &policy.linkage.origin)
    };
    Conflict {
        user: flag.value.clone(),
        user_source: flag.place(),
        policy: wanted.to_owned(),
        origin: origin.clone(),
        help: "`-crt-static` links programs dynamically; take the flag out, or allow it with `linkage = \"any\"`"
            .to_owned(),
    }
}

/// Who wrote a flag: an alias, when it stands among the words of one.
fn source_of(flag: &Flag, typed: &[OsString], resolved: &Resolved, config: &Config) -> Source {
    let call = super::scan::split(super::Tool::Cargo, typed);
    let alias =
        call.filter(|call| resolved.words > 1 && (call.verb_at..call.verb_at + resolved.words).contains(&flag.at));
    let Some(alias) = alias else { return Source::CommandLine };
    let words = config.strings(&["alias", &alias.verb]).unwrap_or_default();
    let file = words.into_iter().find_map(|word| match word.source {
        Source::File(path) => Some(path),
        _ => None,
    });
    Source::Alias(alias.verb, file)
}

/// Gives the flags that an alias brings by `--config` their place, which is that alias.
fn name_aliases(plan: &mut Plan, options: &[Flag], resolved: &Resolved, config: &Config) {
    for option in options.iter().filter(|flag| flag.name == "config") {
        let source = source_of(option, &plan.args, resolved, config);
        let flags = plan.users.targets.iter_mut().flat_map(|target| &mut target.flags);
        let is_its = |flag: &&mut Sourced| flag.source == Source::CommandLine && option.text().contains(&flag.value);
        flags.filter(is_its).for_each(|flag| flag.source = source.clone());
    }
}

/// Libraries that the configuration gives in the place of build scripts (The Cargo Book, "Overriding Build Scripts").
fn overrides(triple: &str, config: &Config) -> Vec<(String, Sourced)> {
    let of = |links: &str| {
        let libraries = config.strings(&["target", triple, links, "rustc-link-lib"]).unwrap_or_default();
        libraries.into_iter().map(|library| (links.to_owned(), library)).collect::<Vec<_>>()
    };
    config.names(&["target", triple]).into_iter().flat_map(of).collect()
}

/// The linker named for a target.
fn linker(triple: &str, flags: &RustFlags, config: &Config, environment: &Environment) -> Option<Sourced> {
    let variable = format!("CARGO_TARGET_{}_LINKER", rustflags::shouted(triple));
    if let Some(linker) = environment.text(&variable) {
        return Some(Sourced { value: linker.to_owned(), source: Source::Variable(variable) });
    }
    let configured = config.whole_strings(&["target", triple, "linker"]).and_then(|mut linkers| linkers.pop());
    let by_flag = || {
        let flag = flags.flags.iter().find(|flag| flag.value.contains("linker="))?;
        let (_, linker) = flag.value.split_once("linker=")?;
        Some(Sourced { value: linker.to_owned(), source: flag.source.clone() })
    };
    configured.or_else(by_flag)
}

/// `linker = "musl-gcc"` turns rustc's static-pie into a program that crashes at start (rust-lang/rust#95926).
fn musl_gcc(triple: &str, linker: &Sourced) -> Option<String> {
    linker.value.ends_with("musl-gcc").then(|| {
        format!(
            "{} sets `{}` as the linker for {triple}: programs linked so ask for musl's loader and crash at start \
             (rust-lang/rust#95926); take it out, or add `-C relocation-model=static`",
            linker.source, linker.value
        )
    })
}

/// What is taken from and added to the arguments; indices are those of [`Resolved::args`].
#[derive(Default)]
struct Edit {
    removed: Vec<usize>,
    added: Vec<OsString>,
}

impl Edit {
    /// The arguments with the edit applied right behind the verb. An alias stays as typed, unless something has to be
    /// taken out of it, or it ends in `--` and friends: then it is written out.
    fn apply(&self, typed: &[OsString], resolved: &Resolved) -> Vec<OsString> {
        let verb_at = resolved.call.verb_at;
        let alias_at = super::scan::split(super::Tool::Cargo, typed).map_or(verb_at, |call| call.verb_at);
        let alias = alias_at..alias_at + resolved.words;
        let spelled_out = self.removed.iter().any(|at| alias.contains(at))
            || resolved.args.get(alias.clone()).unwrap_or_default().iter().any(|word| word == "--");
        let sub_verb = usize::from(!resolved.row.then.is_empty());
        let extra = if spelled_out { 0 } else { resolved.words - 1 };
        let base = if spelled_out { &resolved.args[..] } else { typed };
        let behind_verb = verb_at + 1 + sub_verb;
        let inject_at = if spelled_out { behind_verb } else { behind_verb.max(alias.end) - extra };
        let removed: Vec<usize> = self.removed.iter().map(|at| at - extra).collect();
        let mut args = Vec::with_capacity(base.len() + self.added.len());
        for (at, word) in base.iter().enumerate() {
            if at == inject_at {
                args.extend(self.added.iter().cloned());
            }
            if !removed.contains(&at) {
                args.push(word.clone());
            }
        }
        if inject_at >= base.len() {
            args.extend(self.added.iter().cloned());
        }
        args
    }
}

#[cfg(test)]
mod tests;
