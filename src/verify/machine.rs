//! A machine as data: what `seaworthy machine` prints and `--machine` reads.

use serde::{Deserialize, Serialize};

use crate::facts::libc::LibcFamily;
use crate::hosts::Version;

/// What a machine is. A fact that is missing is not known, and nothing that needs it is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Machine {
    /// `linux`, `macos`, `windows` …
    pub system: Option<String>,
    /// Architecture, as in [`crate::facts::Facts::arch`].
    pub arch: Option<String>,
    /// Features of the CPU beyond the baseline of the architecture, in the words of `/proc/cpuinfo`.
    pub cpu_features: Option<Vec<String>>,
    /// Release of the Linux kernel: `6.1.0-18-amd64`.
    pub kernel: Option<String>,
    /// Size of a page, in bytes.
    pub page_size: Option<u64>,
    /// Version of macOS.
    pub macos: Option<String>,
    /// Version of Windows: `10.0.17763`.
    pub windows: Option<String>,
    /// The loaders of Linux programs, for every architecture that it runs; empty where none lies at a usual path.
    pub loaders: Option<Vec<MachineLoader>>,
}

/// A program loader of a machine, and the C library that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineLoader {
    /// Where it lies: `/lib64/ld-linux-x86-64.so.2`.
    pub path: String,
    /// Which C library it belongs to, `glibc` or `musl`.
    #[serde(default)]
    pub libc: Option<LibcFamily>,
    /// Release of that C library: `2.36`.
    #[serde(default)]
    pub version: Option<String>,
}

impl Machine {
    /// Reads a description.
    ///
    /// # Errors
    /// One sentence.
    pub fn parse(bytes: &[u8]) -> Result<Machine, String> {
        let shape = |why: String| format!("it is no description of a machine: {why}; `seaworthy machine` prints one");
        // An array would be taken for its fields in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(shape("an object is wanted".into()));
        }
        serde_json::from_slice(bytes).map_err(|error| shape(error.to_string()))
    }
}

/// The numbers a release starts with: 6.1.0 of `6.1.0-18-amd64`.
pub(super) fn number(release: &str) -> Option<Version> {
    let end = release.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(release.len());
    let numbers = release.get(..end)?.trim_end_matches('.');
    // Android and others count on: the first four numbers decide.
    let first: Vec<&str> = numbers.split('.').take(4).collect();
    first.join(".").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_start_with_numbers() {
        assert_eq!(number("6.1.0-18-amd64"), Some(Version::patch(6, 1, 0)));
        assert_eq!(number("5.15.153.1-microsoft-standard-WSL2"), "5.15.153.1".parse().ok());
        assert_eq!(number("4.14.320+"), Some(Version::patch(4, 14, 320)));
        assert_eq!(number("1.2.3.4.5"), "1.2.3.4".parse().ok());
        assert_eq!(number("rolling"), None);
    }

    #[test]
    fn what_is_left_out_is_not_known_and_what_is_not_known_here_is_refused() {
        assert_eq!(Machine::parse(b"{}"), Ok(Machine::default()));
        assert!(Machine::parse(br#"{"kernal": "6.1"}"#).is_err_and(|why| why.contains("kernal")));
        assert!(Machine::parse(b"[]").is_err());
    }
}
