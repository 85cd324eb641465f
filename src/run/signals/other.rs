//! Where there are no signals: Ctrl-C goes to every process of the console, so it is only kept from ending this one.

use std::io;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

/// Keeps Ctrl-C from ending this program before the tool has ended.
#[derive(Debug)]
pub struct Signals(());

impl Signals {
    /// Takes over Ctrl-C.
    ///
    /// # Errors
    ///
    /// When the system refuses a handler.
    pub fn install() -> io::Result<Self> {
        let seen = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGINT, seen)?;
        Ok(Signals(()))
    }

    /// Files are removed by whoever made them; nothing ends this program in between.
    pub fn remove_at_end(&self, _file: Option<PathBuf>) {}

    /// Nothing is handed on.
    pub fn started(&self, _child: &Child) {}

    /// Whether the child has ended; it need not have been waited for.
    pub fn has_ended(&self, child: &mut Child) -> bool {
        matches!(child.try_wait(), Ok(Some(_)))
    }

    /// Waits for the child.
    ///
    /// # Errors
    ///
    /// When the system cannot wait for it.
    pub fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        child.wait()
    }
}

/// The exit code with which the tool ended.
pub fn end_like(status: ExitStatus) -> i32 {
    status.code().unwrap_or(1)
}
