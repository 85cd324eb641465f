//! Where the Rust toolchain of a build lies.

use std::path::PathBuf;

use crate::plan::Plan;

/// `rustc --print sysroot` of the toolchain that `plan` built with, or of the default one.
pub(super) fn sysroot(plan: Option<&Plan>) -> Option<PathBuf> {
    let toolchain = plan.and_then(|plan| plan.args.first()).filter(|word| word.to_string_lossy().starts_with('+'));
    let words = toolchain.into_iter().cloned().chain(["--print".into(), "sysroot".into()]);
    // Beside the cargo that built: the proxy's neighbour for a proxy, the toolchain's own otherwise.
    let beside = plan.map(|plan| plan.program.with_file_name("rustc").with_extension(std::env::consts::EXE_EXTENSION));
    let rustc = beside.filter(|path| path.is_file()).unwrap_or_else(|| "rustc".into());
    let text = duct::cmd(rustc, words).stderr_null().stdin_null().read().ok()?;
    Some(PathBuf::from(text.trim()))
}
