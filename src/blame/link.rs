//! Blame on a link line, which is exact: object, archive or `-l` flag.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::objects::{self, LinkInput, Owner};
use super::words::link_name;
use super::{startup, with_symbols};
use crate::check::ArtifactResult;
use crate::rules::Cause;
use crate::run::linker::{Call, LinkLine};

/// Adds the culprit to every finding where the link line shows it. `directory` is where the linker was called.
pub fn blame(results: &mut [ArtifactResult], line: &LinkLine, directory: &Path, call: &Call) {
    let mut inputs = inputs(line, directory);
    inputs.extend(startup::files(call.program.as_os_str(), call.args.iter().map(OsString::as_os_str)));
    for finding in results.iter_mut().flat_map(|result| &mut result.findings).filter(|finding| finding.blame.is_none())
    {
        let mut phrases: Vec<String> = finding.causes.iter().filter_map(|cause| of_library(line, cause)).collect();
        phrases.extend(finding.causes.iter().filter_map(|cause| of_loader(line, cause)));
        let symbols: BTreeSet<&str> = finding
            .causes
            .iter()
            .filter_map(|cause| if let Cause::Symbol(name) = cause { Some(name.as_str()) } else { None })
            .collect();
        if !symbols.is_empty() {
            phrases.extend(of_symbols(&inputs, &symbols));
        }
        if finding.causes.contains(&Cause::ExecutableStack) {
            phrases.extend(
                objects::executable_stacks(&inputs).iter().map(|found| place(&found.file, found.member.as_deref())),
            );
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
        (Cause::Loader(_), None) if !line.is_static => Some("there is no `-static` on the link line".to_owned()),
        _ => None,
    }
}

fn of_symbols(inputs: &[LinkInput], symbols: &BTreeSet<&str>) -> Vec<String> {
    let mut by_place: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let references = objects::references(inputs, |name| symbols.contains(name));
    for reference in &references.found {
        by_place.entry(place(&reference.file, reference.member.as_deref())).or_default().insert(&reference.symbol);
    }
    by_place.into_iter().map(|(place, symbols)| with_symbols(&place, &symbols)).collect()
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
        line.directories.iter().map(|folder| directory.join(folder).join(&file)).find(|path| path.is_file())
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
