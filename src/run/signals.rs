//! Signals while the tool runs: it gets what it would get without this program, and this program ends as it ended.
//!
//! A handler, not `SIG_IGN`, which the child would inherit. `TERM` and `HUP` are sent to this process alone and handed on.
//! `INT` and `QUIT` from a terminal go to the whole foreground group, the tool included, and are not repeated; from anybody
//! else they are handed on. `TSTP` and `CONT` keep their meaning: the tool is in the same process group.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{Signals, end_like};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub use other::{Signals, end_like};
