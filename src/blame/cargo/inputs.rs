//! What the linker was given beside the crates: native archives of build scripts, the standard library, start-up files.

use std::path::{Path, PathBuf};

use super::messages::{Script, link_lib};
use crate::blame::objects::{LinkInput, Owner};
use crate::plan::Plan;

/// Start-up files a C compiler adds to every link.
const STARTUP: &[&str] = &["crt1.o", "Scrt1.o", "rcrt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o"];

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
pub(super) fn toolchain(plan: &Plan, target: Option<&str>) -> Vec<LinkInput> {
    let mut inputs = Vec::new();
    let Some(sysroot) = sysroot(plan) else { return inputs };
    let libraries = target.map(|target| sysroot.join("lib/rustlib").join(target).join("lib"));
    if let Some(directory) = &libraries {
        inputs.extend(files(directory, "rlib").map(|path| LinkInput { path, owner: Owner::Std }));
        let own = files(&directory.join("self-contained"), "o");
        inputs.extend(own.map(|path| LinkInput { path, owner: Owner::CStartup }));
    }
    if target.is_none_or(|target| target.contains("-gnu")) {
        inputs.extend(STARTUP.iter().filter_map(|name| of_compiler(name)));
    }
    inputs
}

/// `rustc --print sysroot` of the toolchain that built.
fn sysroot(plan: &Plan) -> Option<PathBuf> {
    let toolchain = plan.args.first().filter(|word| word.to_string_lossy().starts_with('+'));
    let words = toolchain.into_iter().cloned().chain(["--print".into(), "sysroot".into()]);
    // Beside the cargo that built: the proxy's neighbour for a proxy, the toolchain's own otherwise.
    let beside = plan.program.with_file_name("rustc").with_extension(std::env::consts::EXE_EXTENSION);
    let rustc = if beside.is_file() { beside } else { PathBuf::from("rustc") };
    let text = duct::cmd(rustc, words).stderr_null().stdin_null().read().ok()?;
    Some(PathBuf::from(text.trim()))
}

/// Where the C compiler finds a start-up file; it answers with the bare name when it has none.
fn of_compiler(name: &str) -> Option<LinkInput> {
    let answer = duct::cmd!("cc", format!("-print-file-name={name}")).stderr_null().stdin_null().read().ok()?;
    let path = PathBuf::from(answer.trim());
    path.is_absolute().then_some(LinkInput { path, owner: Owner::CStartup })
}

fn files(directory: &Path, extension: &'static str) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(move |path| path.extension().is_some_and(|ending| ending == extension))
}
