//! What the linker was given beside the crates: native archives of build scripts, the standard library, start-up files.

use std::path::{Path, PathBuf};

use super::messages::{Script, link_lib};
use crate::blame::objects::{LinkInput, Owner};
use crate::blame::startup;
use crate::facts::Kind;

/// Static archives a build script asked for, where they are found in its directories.
pub(super) fn archives(script: &Script) -> impl Iterator<Item = PathBuf> + '_ {
    script.libs.iter().filter_map(|entry| {
        let (name, is_static) = link_lib(entry);
        // A shared object in the same folder goes before the archive, unless that is asked for.
        let shared = (!is_static).then(|| format!("lib{name}.so"));
        let files: Vec<String> = shared.into_iter().chain([format!("lib{name}.a"), format!("{name}.lib")]).collect();
        let mut candidates =
            script.directories.iter().flat_map(|directory| files.iter().map(move |file| directory.join(file)));
        candidates.find(|path| path.is_file()).filter(|path| path.extension().is_none_or(|ending| ending != "so"))
    })
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
