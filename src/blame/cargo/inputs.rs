//! What the linker was given beside the crates: native archives of build scripts, the standard library, start-up files.

use std::path::{Path, PathBuf};

use super::messages::{Script, link_lib};
use crate::blame::objects::{LinkInput, Owner};
use crate::blame::startup;
use crate::blame::words::{LinkWords, of_compiler};
use crate::facts::Kind;

/// Static archives a build script asked for, where they are found in its directories, or where the C compiler finds them for a
/// static program.
pub(super) fn archives(script: &Script, for_static: bool) -> impl Iterator<Item = PathBuf> + '_ {
    script.libs.iter().filter_map(move |entry| {
        let (name, is_static) = link_lib(entry);
        let is_static = is_static || for_static;
        // A shared object in the same folder goes before the archive, unless that is asked for.
        let shared = (!is_static).then(|| format!("lib{name}.so"));
        let files: Vec<String> = shared.into_iter().chain([format!("lib{name}.a"), format!("{name}.lib")]).collect();
        let mut candidates =
            script.directories.iter().flat_map(|directory| files.iter().map(move |file| directory.join(file)));
        let found = candidates.find(|path| path.is_file());
        let found = found.or_else(|| is_static.then(|| of_compiler(&format!("lib{name}.a"))).flatten());
        found.filter(|path| path.extension().is_none_or(|ending| ending != "so"))
    })
}

/// Archives and objects among the words that it gives the linker.
pub(super) fn given(script: &Script, words: Vec<String>) -> Vec<PathBuf> {
    let folders = script.directories.iter().map(|folder| format!("-L{}", folder.display()));
    let words: Vec<String> = folders.chain(words).collect();
    LinkWords::read(words.iter().map(String::as_str)).code().filter(|path| path.is_file()).collect()
}

/// The standard library's rlibs, and the start-up files of a program of that kind, for `target`.
pub(super) fn of_toolchain(sysroot: Option<&Path>, target: Option<&str>, kind: Option<Kind>) -> Vec<LinkInput> {
    let mut inputs = Vec::new();
    let libraries = sysroot.map(|sysroot| match target {
        Some(target) => sysroot.join("lib/rustlib").join(target).join("lib"),
        None => sysroot.join("lib"),
    });
    if let Some(directory) = &libraries {
        inputs.extend(files(directory, "rlib").map(|path| LinkInput { path, owner: Owner::Std }));
        let own = files(&directory.join("self-contained"), "o").filter(|path| startup::is_linked(path, kind));
        inputs.extend(own.map(|path| LinkInput { path, owner: Owner::CStartup }));
    }
    if target.is_none_or(|target| target.contains("-gnu")) {
        inputs.extend(startup::of_kind("cc".as_ref(), kind));
    }
    inputs
}

fn files(directory: &Path, extension: &'static str) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(move |path| path.extension().is_some_and(|ending| ending == extension))
}
