//! Hosts: places where binaries run, as data: what each provides.

use serde::Serialize;

/// A place where binaries run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Host {
    /// `alpine:3.20`, `scratch`, `windows:nanoserver-ltsc2022` …
    pub name: String,
}
