//! Profile: the part of the facts that decides where a binary runs and how it is protected there.
//!
//! It is what the JSON report keeps of a binary, what two builds are compared by ([`crate::diff`]), and what the page in HTML
//! draws. Everything in it comes from [`crate::facts`], and it can be read back from a report.

mod of;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::Floors;

/// What one slice of a file needs, and how it is protected.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Architecture, as in [`crate::facts::Facts::arch`].
    pub arch: String,
    /// `elf`, `pe` or `macho`.
    pub format: String,
    /// What the file is, as in [`crate::facts::Facts::kind`].
    pub kind: String,
    /// `static` or `dynamic`.
    pub linkage: String,
    /// The C library and where it is: `glibc`, `musl linked in`; `None` where there is none, or it is the system's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libc: Option<String>,
    /// The oldest versions that still run it.
    #[serde(default)]
    pub floors: Floors,
    /// The program that loads it: `PT_INTERP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loader: Option<String>,
    /// The libraries it needs, in file order.
    #[serde(default)]
    pub libraries: Vec<Needed>,
    /// Symbols that it needs and that name neither a library nor a version, sorted.
    #[serde(default)]
    pub symbols: Vec<String>,
    /// Protections by name, and whether it has them; one that cannot be told is left out.
    #[serde(default)]
    pub hardening: BTreeMap<String, bool>,
    /// Entitlements of code for macOS.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entitlements: BTreeMap<String, serde_json::Value>,
}

/// A library that has to be there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Needed {
    /// Its name in the file.
    pub name: String,
    /// The file starts without it: a weak dylib, a delay-loaded DLL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The versions of it that are asked for, in file order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<NeededVersion>,
    /// What is taken from it without a version, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
}

/// A version of a library that has to be there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NeededVersion {
    /// Its name: `GLIBC_2.34`.
    pub name: String,
    /// The loader does not insist on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weak: bool,
    /// What is taken from it, sorted.
    #[serde(default)]
    pub symbols: Vec<String>,
}

impl Needed {
    /// Everything that is taken from it, with versions: `stat64@GLIBC_2.33`, `CreateFileW`.
    pub fn all_symbols(&self) -> impl Iterator<Item = String> {
        let versioned = self
            .versions
            .iter()
            .flat_map(|version| version.symbols.iter().map(|symbol| format!("{symbol}@{}", version.name)));
        versioned.chain(self.symbols.iter().cloned())
    }
}
