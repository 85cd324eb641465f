//! What several rules share: questions about the subject, names of libraries, targets, and the advice that fits a tool.

pub(super) mod advice;
pub(super) mod apple;
pub(super) mod beside;
pub(super) mod bundle;
pub(super) mod cpu;
pub(super) mod hosts;
pub(super) mod libraries;
pub(super) mod macs;
pub(super) mod names;
pub(super) mod new_functions;
mod page;
mod subject;
mod symbols;
mod system;
pub(super) mod target;
pub(super) mod windows;

pub(crate) use advice::{static_cxx_of_rust, zig_target};
pub(crate) use new_functions::is_made_by_headers;
pub use page::handbook;
pub(super) use subject::{NO_SIGNATURES, NOT_LINUX, NOT_MACOS, NOT_PROGRAM, NOT_WINDOWS};
pub use symbols::{symbol_names, symbols_for};
pub(crate) use system::comes_with_the_system;
pub(crate) use target::goarch_of;

pub(super) use crate::listing::listed;

#[cfg(test)]
pub(super) mod testing;
