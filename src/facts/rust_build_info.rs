//! What a Rust compiler and cargo-auditable leave in a file.

use serde::Serialize;

/// What shows that Rust made a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RustBuild {
    /// `rustc` version from `.comment`, where it is left.
    pub version: Option<String>,
    /// Commit of the compiler, from the paths of the standard library.
    pub commit: Option<String>,
    /// Packages of cargo-auditable's `.dep-v0`, as `name version`.
    pub packages: Vec<String>,
}
