//! `seaworthy` answers one question at build time: will this binary run where it has to run, and if not, who is to blame?
//!
//! The way data takes; each step is one module, each arrow one function, no step reaches back:
//!
//! ```text
//! argv, env ─cli─▶ Invocation ─plan─▶ Plan ─run─▶ Outcome { status, artifacts, provenance }
//! seaworthy.toml ─policy─▶ Policy                     bytes ─facts─▶ Facts
//! Facts × Policy × Provenance ─check─▶ Finding ─blame─▶ Finding + culprit ─report─▶ bytes
//! Report × Plan ─manifest─▶ Manifest                  Manifest × Machine ─verify─▶ Line ─report─▶ bytes
//! ```

pub mod blame;
pub mod check;
pub mod cli;
pub mod commands;
pub mod diff;
pub mod error;
pub mod exit;
pub mod facts;
pub mod hosts;
pub mod images;
pub mod init;
mod listing;
pub mod manifest;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod report;
pub mod rules;
pub mod run;
pub mod ui;
pub mod verify;

pub use error::Error;

/// The `main` of each of the binaries.
///
/// musl's own allocator gives memory back to the kernel and asks for it again all the time, which costs more than all that is
/// read; the library leaves the choice to whoever uses it.
#[doc(hidden)]
#[macro_export]
macro_rules! program {
    () => {
        #[cfg(target_env = "musl")]
        #[global_allocator]
        static ALLOCATOR: $crate::dlmalloc::GlobalDlmalloc = $crate::dlmalloc::GlobalDlmalloc;

        fn main() -> std::process::ExitCode {
            $crate::commands::main()
        }
    };
}

#[cfg(target_env = "musl")]
#[doc(hidden)]
pub use dlmalloc;
