//! Blame on a link line, which is exact: object, archive or `-l` flag.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::objects::{self, LinkInput, Owner, Reference};
use super::words::{link_name, of_compiler};
use super::{About, flags, startup, symbols, with_symbols};
use crate::check::ArtifactResult;
use crate::facts::object;
use crate::rules::Cause;
use crate::run::linker::{Call, LinkLine, response};

/// Adds the culprit to every finding where the link line shows it. `directory` is where the linker was called.
pub fn blame(results: &mut [ArtifactResult], line: &LinkLine, directory: &Path, call: &Call) {
    let mut inputs = inputs(line, directory);
    inputs.extend(startup::files(call.program.as_os_str(), call.args.iter().map(OsString::as_os_str)));
    let present = results.first().and_then(|result| object::names_of_file(&directory.join(&result.artifact.path)));
    let words = response::expand(&call.args, directory);
    let words: Vec<Cow<'_, str>> = words.iter().map(|word| word.to_string_lossy()).collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    for finding in results.iter_mut().flat_map(|result| &mut result.findings).filter(|finding| finding.blame.is_none())
    {
        let mut phrases: Vec<String> = finding.causes.iter().filter_map(|cause| of_library(line, cause)).collect();
        let (loaders, rest): (Vec<Cause>, Vec<Cause>) =
            finding.causes.iter().cloned().partition(|cause| matches!(cause, Cause::Loader(_)));
        let named = of_flags(&words, About { causes: &loaders, evidence: &[] });
        if named.is_empty() {
            phrases.extend(loaders.iter().filter_map(|cause| of_loader(line, cause)));
        } else if loaders.iter().any(is_odd) {
            finding.help = Some("take that flag out: the linker then names the system's loader".into());
        }
        phrases.extend(named);
        let flags = of_flags(&words, About { causes: &rest, evidence: &finding.evidence });
        let is_flag = !flags.is_empty();
        phrases.extend(flags);
        let symbols: BTreeSet<&str> = symbols(&finding.causes).collect();
        if !symbols.is_empty() {
            let references = objects::references(&inputs, |name| symbols.contains(name));
            let mut found = references.found;
            if present.is_none() && !references.unreadable.is_empty() {
                // It may as well be one of those, and a stripped output does not tell.
                found.retain(|reference| reference.member.is_none());
            }
            phrases.extend(of_objects(found, present.as_ref(), with_symbols));
        }
        if finding.causes.contains(&Cause::ExecutableStack) {
            let found = objects::executable_stacks(&inputs);
            if is_flag && found.is_empty() {
                finding.help = Some("take that flag out".into());
            }
            phrases.extend(of_objects(found, present.as_ref(), |who, _| who.to_owned()));
        }
        phrases.dedup();
        finding.blame = (!phrases.is_empty()).then(|| phrases.join("; "));
    }
}

/// The flag or the file that brought a needed library in.
fn of_library(line: &LinkLine, cause: &Cause) -> Option<String> {
    let Cause::Library(library) = cause else { return None };
    let wanted = link_name(library);
    if let Some(name) =
        line.libraries.iter().find(|name| link_name(name.trim_start_matches(':')) == wanted || *name == wanted)
    {
        return Some(format!("`-l{name}` on the link line"));
    }
    let named = |path: &&PathBuf| path.file_name().is_some_and(|name| link_name(&name.to_string_lossy()) == wanted);
    line.files.iter().find(named).map(|path| format!("`{}` on the link line", path.display()))
}

/// What made the link dynamic as a whole.
fn of_loader(line: &LinkLine, cause: &Cause) -> Option<String> {
    match (cause, &line.loader) {
        (Cause::Loader(_), Some(loader)) => Some(format!("`--dynamic-linker {loader}` on the link line")),
        (Cause::Loader(_), None) if !line.is_static && !line.of_rustc => {
            Some("there is no `-static` on the link line".to_owned())
        }
        _ => None,
    }
}

/// The flags of the line behind a finding.
fn of_flags(words: &[&str], about: About<'_>) -> Vec<String> {
    let found = flags::behind(words, about).into_iter();
    found.map(|range| format!("`{}` on the link line", flags::text(words, range))).collect()
}

/// Whether a loader is one that a linker names only where it is told to.
fn is_odd(cause: &Cause) -> bool {
    matches!(cause, Cause::Loader(path) if !flags::is_ordinary(path, false) && !flags::is_ordinary(path, true))
}

/// One phrase per object, about what it refers to. Members of archives count when the output shows them; where it is stripped,
/// only one of several may be there.
fn of_objects(
    found: Vec<Reference>,
    present: Option<&HashSet<String>>,
    say: impl Fn(&str, &BTreeSet<&str>) -> String,
) -> Vec<String> {
    let (members, objects): (Vec<_>, Vec<_>) = found.into_iter().partition(|reference| reference.member.is_some());
    // An object of the line is part of the link whatever became of its functions: its stack counts.
    let is_about_code = objects.iter().all(|reference| reference.symbol != objects::STACK_NOTE);
    let objects = objects::that_made_it(objects, present.filter(|_| is_about_code));
    let members = objects::that_made_it(members, present);
    let known: BTreeSet<&str> = objects.iter().map(|reference| reference.symbol.as_str()).collect();
    let mut by_place: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for reference in &objects {
        by_place.entry(place(&reference.file, None)).or_default().insert(&reference.symbol);
    }
    let mut unsure: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for reference in members.iter().filter(|reference| present.is_some() || !known.contains(reference.symbol.as_str()))
    {
        let place = place(&reference.file, reference.member.as_deref());
        match present {
            Some(_) => drop(by_place.entry(place).or_default().insert(&reference.symbol)),
            None => drop(unsure.entry(&reference.symbol).or_default().insert(place)),
        }
    }
    for (symbol, places) in unsure {
        let places: Vec<String> = places.into_iter().collect();
        let who = match places.as_slice() {
            [only] => only.clone(),
            several => format!("one of these, which a stripped output does not tell: {};", several.join(", ")),
        };
        by_place.entry(who).or_default().insert(symbol);
    }
    by_place.into_iter().map(|(place, symbols)| say(&place, &symbols)).collect()
}

fn place(file: &Path, member: Option<&str>) -> String {
    match member {
        Some(member) => format!("`{}({member})`", file.display()),
        None => format!("`{}`", file.display()),
    }
}

/// Files of the line, and the static archives behind its `-l` flags.
fn inputs(line: &LinkLine, directory: &Path) -> Vec<LinkInput> {
    let archive = |name: &String| {
        let file = name.strip_prefix(':').map_or_else(|| format!("lib{name}.a"), str::to_owned);
        let own = line.directories.iter().map(|folder| directory.join(folder).join(&file)).find(|path| path.is_file());
        own.or_else(|| of_compiler(&file).filter(|_| name.starts_with(':')))
    };
    let files = line.files.iter().map(|path| directory.join(path)).chain(line.libraries.iter().filter_map(archive));
    files.map(|path| LinkInput { path, owner: Owner::LinkLine }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_blamed_on_the_word_that_names_it() {
        let line = LinkLine {
            libraries: vec!["m".into(), "z".into(), ":libfoo.so.3".into()],
            files: vec!["main.o".into(), "/opt/lib/libbar.so".into()],
            ..LinkLine::default()
        };
        let blame = |name: &str| of_library(&line, &Cause::Library(name.into()));
        assert_eq!(blame("libz.so.1").as_deref(), Some("`-lz` on the link line"));
        assert_eq!(blame("libfoo.so.3").as_deref(), Some("`-l:libfoo.so.3` on the link line"));
        assert_eq!(blame("libbar.so.2").as_deref(), Some("`/opt/lib/libbar.so` on the link line"));
        assert_eq!(blame("libc.so.6"), None);
    }
}
