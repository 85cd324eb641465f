//! Tools that may be missing: a test without its tool is skipped on a laptop and fails in CI.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::run::tools_path;

/// Leaves the test unless every named tool is there; see [`have`] for the names.
macro_rules! requires {
    ($($tool:expr),+ $(,)?) => {
        if !crate::support::have(&[$($tool),+]) {
            return;
        }
    };
}

/// Whether every tool is there. Names are programs (`go`, `musl-gcc`), `rust-std:TRIPLE` for a standard library, or
/// `pkg-config:NAME` for a C library.
///
/// # Panics
///
/// When one is missing and `SEAWORTHY_TEST_REQUIRE=all` says that none may be.
pub(crate) fn have(tools: &[&str]) -> bool {
    let missing: Vec<_> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("SEAWORTHY_TEST_REQUIRE").is_none_or(|value| value != "all"),
        "missing tools: {missing:?}; `scripts/setup.sh` installs them"
    );
    // Not by `eprintln!`, whose output the test harness keeps to itself when the test passes.
    _ = writeln!(std::io::stderr(), "skipped: missing tools: {missing:?}; `scripts/setup.sh` installs them");
    false
}

fn is_there(tool: &str) -> bool {
    match tool.split_once(':') {
        Some(("pkg-config", library)) => {
            let mut program = Command::new("pkg-config");
            program.args(["--exists", library]).env("PATH", tools_path());
            program.status().is_ok_and(|status| status.success())
        }
        Some((_, triple)) => {
            let mut rustc = Command::new("rustc");
            rustc.args(["--print", "target-libdir", "--target", triple]).env("PATH", tools_path());
            let Ok(output) = rustc.stderr(Stdio::null()).output() else { return false };
            std::path::Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        }
        None => which::which_in(tool, Some(tools_path()), ".").is_ok(),
    }
}
