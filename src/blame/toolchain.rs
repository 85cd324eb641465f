//! Where the Rust toolchain of a build lies.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::plan::Plan;

/// `+TOOLCHAIN`, which rustup takes as the first word.
pub(super) fn chosen(args: &[OsString]) -> Option<&OsString> {
    args.first().filter(|word| word.as_encoded_bytes().starts_with(b"+"))
}

/// `rustc --print sysroot` of the toolchain that `plan` built with, or of the default one.
pub(super) fn sysroot(plan: Option<&Plan>) -> Option<PathBuf> {
    Some(PathBuf::from(rustc(plan, &["--print", "sysroot"])?.trim()))
}

/// The target of that toolchain's own programs.
pub(super) fn host(plan: &Plan) -> Option<String> {
    let text = rustc(Some(plan), &["-vV"])?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

fn rustc(plan: Option<&Plan>, words: &[&str]) -> Option<String> {
    let toolchain = plan.and_then(|plan| chosen(&plan.args));
    let words = toolchain.into_iter().cloned().chain(words.iter().map(OsString::from));
    // Beside the cargo that built: the proxy's neighbour for a proxy, the toolchain's own otherwise.
    let beside = plan.map(|plan| plan.program.with_file_name("rustc").with_extension(std::env::consts::EXE_EXTENSION));
    let program = beside.filter(|path| path.is_file()).or_else(|| super::helper("rustc"))?;
    duct::cmd(program, words).stderr_null().stdin_null().read().ok()
}
