//! Two profiles of the same thing compared.

use std::collections::BTreeMap;

use super::{About, Built, Change, Effect};
use crate::hosts::Version;
use crate::profile::{Needed, Profile};
use crate::rules::comes_with_the_system;

/// Levels of x86-64, weakest first.
const X86_64: [&str; 4] = ["x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4"];

/// Every change from one file to another, the worst first.
pub(super) fn files(old: &Built, new: &Built) -> Vec<Change> {
    if old.profiles.is_empty() || new.profiles.is_empty() {
        let (name, why) = if new.profiles.is_empty() { ("new", &new.path) } else { ("old", &old.path) };
        let details = vec![why.clone()];
        return vec![Change { details, ..change(Effect::Unknown, About::Comparison, name, None, None) }];
    }
    let mut changes = architectures(old, new);
    for profile in &new.profiles {
        let Some(before) = old.profiles.iter().find(|before| before.arch == profile.arch) else { continue };
        let arch = (new.profiles.len() > 1).then(|| profile.arch.clone());
        changes.extend(slices(before, profile).into_iter().map(|change| Change { arch: arch.clone(), ..change }));
    }
    if let (Some(before), Some(after)) = (old.size, new.size)
        && before != after
    {
        let (before, after) = (before.to_string(), after.to_string());
        changes.push(change(Effect::Neutral, About::Size, "size", Some(&before), Some(&after)));
    }
    sort(changes)
}

/// Every change from one slice to another of the same architecture, the worst first.
pub fn slices(old: &Profile, new: &Profile) -> Vec<Change> {
    let mut changes = floors(old, new);
    let moved = |about, name, before: &str, after: &str, effect| {
        (before != after).then(|| change(effect, about, name, Some(before), Some(after)))
    };
    let linked = if new.linkage == "dynamic" { Effect::Worse } else { Effect::Better };
    changes.extend(moved(About::Linkage, "linkage", &old.linkage, &new.linkage, linked));
    changes.extend(moved(About::Kind, "kind", &old.kind, &new.kind, Effect::Neutral));
    changes.extend(optional(About::Libc, "C library", &old.libc, &new.libc, |_, _| Effect::Neutral));
    // Another loader: where the old one was, the new one need not be.
    changes.extend(optional(About::Loader, "loader", &old.loader, &new.loader, |_, new| match new {
        Some(_) => Effect::Worse,
        None => Effect::Better,
    }));
    changes.extend(libraries(old, new));
    changes.extend(symbols("", &old.symbols, &new.symbols));
    changes.extend(hardening(old, new));
    changes.extend(entitlements(old, new));
    sort(changes)
}

impl Change {
    /// An architecture that only the old build had.
    pub fn lost_architecture(arch: &str) -> Change {
        change(Effect::Worse, About::Architecture, arch, Some(arch), None)
    }
}

fn change(effect: Effect, about: About, name: &str, old: Option<&str>, new: Option<&str>) -> Change {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Change { effect, about, name: name.to_owned(), old: own(old), new: own(new), arch: None, details: Vec::new() }
}

/// The worst first; what is alike stays in its order.
fn sort(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| (std::cmp::Reverse(change.effect), change.about));
    changes
}

fn optional(
    about: About,
    name: &str,
    old: &Option<String>,
    new: &Option<String>,
    effect: impl Fn(Option<&str>, Option<&str>) -> Effect,
) -> Option<Change> {
    let (old, new) = (old.as_deref(), new.as_deref());
    (old != new).then(|| change(effect(old, new), about, name, old, new))
}

fn architectures(old: &Built, new: &Built) -> Vec<Change> {
    let has = |built: &Built, arch: &str| built.profiles.iter().any(|profile| profile.arch == arch);
    let gone = old.profiles.iter().filter(|profile| !has(new, &profile.arch));
    let come = new.profiles.iter().filter(|profile| !has(old, &profile.arch));
    let gone = gone.map(|profile| Change::lost_architecture(&profile.arch));
    let come =
        come.map(|profile| change(Effect::Better, About::Architecture, &profile.arch, None, Some(&profile.arch)));
    gone.chain(come).collect()
}

fn floors(old: &Profile, new: &Profile) -> Vec<Change> {
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (old.floors.iter().collect(), new.floors.iter().collect());
    let names: Vec<&str> = ["glibc", "linux", "macos", "windows", "cpu"].into_iter().collect();
    let mut changes = Vec::new();
    for name in names {
        let (was, is) = (before.get(name).copied(), after.get(name).copied());
        if was == is {
            continue;
        }
        let effect = match (was, is) {
            (Some(was), Some(is)) => match (rank(name, was), rank(name, is)) {
                (Some(was), Some(is)) if was == is => continue,
                (Some(was), Some(is)) => {
                    if is > was {
                        Effect::Worse
                    } else {
                        Effect::Better
                    }
                }
                _ => Effect::Neutral,
            },
            // Only glibc's floor says by its absence that none is needed.
            (None, Some(_)) if name == "glibc" => Effect::Worse,
            (Some(_), None) if name == "glibc" => Effect::Better,
            // Every machine of the architecture has the baseline.
            (None, Some(level)) | (Some(level), None) if level == X86_64[0] => continue,
            (None, Some(_)) if name == "cpu" => Effect::Worse,
            _ => Effect::Neutral,
        };
        let details = if name == "glibc" {
            is.map(|is| of_node(new, &format!("GLIBC_{is}"))).unwrap_or_default()
        } else {
            Vec::new()
        };
        changes.push(Change { details, ..change(effect, About::Floor, name, was, is) });
    }
    changes
}

/// Where a floor stands among its like; `None` where that cannot be told.
fn rank(name: &str, floor: &str) -> Option<Version> {
    if name != "cpu" {
        return floor.parse().ok();
    }
    match X86_64.iter().position(|level| *level == floor) {
        Some(level) => Some(Version::new(u32::try_from(level).ok()?, 0)),
        None => floor.rsplit(['=', 'v']).next()?.parse().ok(),
    }
}

/// The symbols of a version, wherever they come from.
fn of_node(profile: &Profile, node: &str) -> Vec<String> {
    let versions =
        profile.libraries.iter().flat_map(|library| &library.versions).filter(|version| version.name == node);
    versions.flat_map(|version| version.symbols.iter().map(|symbol| format!("{symbol}@{node}"))).collect()
}

fn libraries(old: &Profile, new: &Profile) -> Vec<Change> {
    let find = |profile: &'_ Profile, name: &str| -> Option<Needed> {
        profile.libraries.iter().find(|library| library.name == name).cloned()
    };
    let mut changes = Vec::new();
    for library in &new.libraries {
        let name = library.name.as_str();
        match find(old, name) {
            None => {
                let there = library.optional
                    || comes_with_the_system(
                        &new.format,
                        name,
                        old.libraries.iter().map(|library| library.name.as_str()),
                    );
                let effect = if there { Effect::Neutral } else { Effect::Worse };
                let details = library.all_symbols().collect();
                changes.push(Change { details, ..change(effect, About::Library, name, None, Some(needed(library))) });
            }
            Some(before) => {
                if before.optional != library.optional {
                    let effect = if library.optional { Effect::Better } else { Effect::Worse };
                    changes.push(change(effect, About::Library, name, Some(needed(&before)), Some(needed(library))));
                }
                changes.extend(versions(&before, library));
                let taken = |library: &Needed| library.all_symbols().collect::<Vec<_>>();
                changes.extend(symbols(name, &taken(&before), &taken(library)));
            }
        }
    }
    for library in old.libraries.iter().filter(|library| find(new, &library.name).is_none()) {
        changes.push(change(Effect::Better, About::Library, &library.name, Some(needed(library)), None));
    }
    changes
}

fn needed(library: &Needed) -> &'static str {
    if library.optional { "optional" } else { "needed" }
}

/// Version nodes: the highest of every family counts (`GLIBCXX_`), and each that has no number by itself. glibc's own
/// numbers are a floor, which says it once for all of glibc's libraries.
fn versions(old: &Needed, new: &Needed) -> Vec<Change> {
    let nodes = |library: &Needed| -> BTreeMap<String, (Option<Version>, String)> {
        let mut highest = BTreeMap::new();
        for version in library.versions.iter().filter(|version| !version.weak) {
            let (family, number) = split(&version.name);
            let entry = highest.entry(family).or_insert((number, version.name.clone()));
            if entry.0 < number {
                *entry = (number, version.name.clone());
            }
        }
        highest
    };
    let (before, after) = (nodes(old), nodes(new));
    let mut changes = Vec::new();
    for family in before.keys().chain(after.keys().filter(|family| !before.contains_key(*family))) {
        let (was, is) = (before.get(family), after.get(family));
        if family == "GLIBC_" || was == is {
            continue;
        }
        let effect = match (was, is) {
            (Some(was), Some(is)) if was.0 > is.0 => Effect::Better,
            (_, Some(_)) => Effect::Worse,
            (_, None) => Effect::Better,
        };
        let name = |side: Option<&(Option<Version>, String)>| side.map(|(_, name)| name.clone());
        let details = new.versions.iter().filter(|version| Some(&version.name) == name(is).as_ref());
        let details =
            details.flat_map(|version| version.symbols.iter().map(|symbol| format!("{symbol}@{}", version.name)));
        changes.push(Change {
            details: details.collect(),
            ..change(effect, About::Version, &new.name, name(was).as_deref(), name(is).as_deref())
        });
    }
    changes
}

/// `GLIBCXX_3.4.30` as its family and its number; a node without a number is a family of its own.
fn split(node: &str) -> (String, Option<Version>) {
    let numbered = node.rsplit_once('_').and_then(|(family, number)| Some((family, number.parse().ok()?)));
    match numbered {
        Some((family, number)) => (format!("{family}_"), Some(number)),
        None => (node.to_owned(), None),
    }
}

/// Symbols that are taken from a library in one build only. Neither is worse by itself: versions and floors say that.
fn symbols(library: &str, old: &[String], new: &[String]) -> Vec<Change> {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let those: std::collections::BTreeSet<&String> = those.iter().collect();
        these.iter().filter(|symbol| !those.contains(symbol)).cloned().collect()
    };
    let (gone, come) = (only(old, new), only(new, old));
    let count = |symbols: &[String]| symbols.len().to_string();
    let mut changes = Vec::new();
    if !come.is_empty() {
        let number = count(&come);
        changes.push(Change { details: come, ..change(Effect::Neutral, About::Symbols, library, None, Some(&number)) });
    }
    if !gone.is_empty() {
        let number = count(&gone);
        changes.push(Change { details: gone, ..change(Effect::Neutral, About::Symbols, library, Some(&number), None) });
    }
    changes
}

fn hardening(old: &Profile, new: &Profile) -> Vec<Change> {
    let both = old.hardening.iter().filter_map(|(name, before)| Some((name, *before, *new.hardening.get(name)?)));
    both.filter(|(_, before, after)| before != after)
        .map(|(name, before, _)| match before {
            true => change(Effect::Worse, About::Hardening, name, Some("yes"), Some("no")),
            false => change(Effect::Better, About::Hardening, name, Some("no"), Some("yes")),
        })
        .collect()
}

fn entitlements(old: &Profile, new: &Profile) -> Vec<Change> {
    let names =
        old.entitlements.keys().chain(new.entitlements.keys().filter(|name| !old.entitlements.contains_key(*name)));
    names
        .filter_map(|name| {
            let text = |profile: &Profile| profile.entitlements.get(name).map(ToString::to_string);
            optional(About::Entitlement, name, &text(old), &text(new), |_, _| Effect::Neutral)
        })
        .collect()
}

#[cfg(test)]
mod tests;
