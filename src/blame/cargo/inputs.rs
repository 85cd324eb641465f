//! What the linker was given beside the crates: native archives of build scripts, the standard library, start-up files.

use std::path::{Path, PathBuf};

use super::messages::{Script, link_lib};
use crate::blame::objects::{LinkInput, Owner};
use crate::blame::{startup, toolchain};
use crate::plan::Plan;

/// Static archives a build script asked for, where they are found in its directories.
pub(super) fn archives(script: &Script) -> impl Iterator<Item = PathBuf> + '_ {
    script.libs.iter().filter_map(|entry| {
        let (name, _) = link_lib(entry);
        let files = [format!("lib{name}.a"), format!("{name}.lib")];
        let mut candidates =
            script.directories.iter().flat_map(|directory| files.iter().map(move |file| directory.join(file)));
        candidates.find(|path| path.is_file())
    })
}

/// The standard library's rlibs and the start-up files for `target`.
pub(super) fn of_toolchain(plan: &Plan, target: Option<&str>) -> Vec<LinkInput> {
    let mut inputs = Vec::new();
    let Some(sysroot) = toolchain::sysroot(Some(plan)) else { return inputs };
    let libraries = target.map(|target| sysroot.join("lib/rustlib").join(target).join("lib"));
    if let Some(directory) = &libraries {
        inputs.extend(files(directory, "rlib").map(|path| LinkInput { path, owner: Owner::Std }));
        let own = files(&directory.join("self-contained"), "o");
        inputs.extend(own.map(|path| LinkInput { path, owner: Owner::CStartup }));
    }
    if target.is_none_or(|target| target.contains("-gnu")) {
        inputs.extend(startup::files("cc".as_ref()));
    }
    inputs
}

fn files(directory: &Path, extension: &'static str) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(move |path| path.extension().is_some_and(|ending| ending == extension))
}
