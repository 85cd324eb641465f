//! The platform signature: what was built, what it needs of a machine, and what the policy said of it, as one JSON document.
//!
//! Written at build time by [`build()`], wrapped and signed by [`envelope`], read again by [`envelope::Opened`] on the machine that is to run
//! it, where [`crate::verify`] compares it with what is there. `schemas/platform-signature.schema.json` describes it. Nothing in
//! it depends on when, where or by whom it was made: the same inputs give the same bytes.

mod build;
mod cpu;
pub mod envelope;
mod needs;
mod read;
pub mod sign;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::libc::LibcFamily;
use crate::facts::{Format, Kind, Linkage, Os};

pub use build::{Source, build, relative};
pub use cpu::features_of;
pub(crate) use cpu::is_known;
pub use read::{Malformed, parse};

/// Name of the file, unless another one is asked for.
pub const FILE_NAME: &str = "platform-signature.json";

/// Version of the format. It grows with every field: a reader that does not know a field must not pass over it.
pub const FORMAT_VERSION: u32 = 1;

/// A whole platform signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// The policy that was enforced.
    pub policy: PolicyDigest,
    /// The guarded build; `None` for files that were there already.
    pub build: Option<Build>,
    /// The artifacts, sorted by path and digest.
    pub artifacts: Vec<Artifact>,
}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `seaworthy`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which policy was enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDigest {
    /// File name of the policy; `None` for the built-in default.
    pub file: Option<String>,
    /// SHA-256 of the policy file's bytes; without a file, of what `seaworthy policy show` prints.
    pub sha256: String,
}

/// A guarded build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// `cargo` or `go`.
    pub tool: String,
    /// What was built for: target triples, or one `GOOS/GOARCH`.
    pub targets: Vec<String>,
    /// The settings that the policy put in force, in the order of application.
    pub enforced: Vec<Enforced>,
}

/// A setting that the policy put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enforced {
    /// What: `CGO_ENABLED=0`.
    pub setting: String,
    /// Key of the policy: `go.cgo`.
    pub key: String,
    /// Who set that key: `by default`, `preset …`, or file and line.
    pub origin: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Where it was built, below the working directory: parts joined by `/`, none of them `..`.
    pub path: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its length, in bytes.
    pub size: u64,
    /// Package that made it.
    pub package: Option<String>,
    /// Target triple (cargo) or `GOOS/GOARCH` (go).
    pub target: Option<String>,
    /// What the policy's rules said.
    pub verdict: Verdict,
    /// Where it runs: one answer per host of `runs-on`.
    pub hosts: Vec<OnHost>,
    /// Findings that the policy lets through.
    pub excepted: Vec<Excepted>,
    /// Globs of symbols that the program provides which loads it, by the policy.
    pub provided: Vec<String>,
    /// One entry per architecture; universal files have several.
    pub slices: Vec<Slice>,
    /// What the code uses of the CPU, where its instructions were scanned. No demand: code for other CPUs may lie beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Uses>,
}

/// What scanned code uses of the CPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uses {
    /// The lowest level that has every instruction: `x86-64-v3`.
    pub level: String,
    /// Features beyond the first level, those of levels first: `POPCNT`, `AVX2`.
    pub features: Vec<String>,
    /// Some code asks the CPU what it can do, so the file may need less than it uses.
    pub asks_cpu: bool,
}

/// What the rules said of an artifact that was let through; of one that was not, nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing denied.
    Pass,
    /// Nothing denied, but a rule could not tell, and the policy allows that.
    Inconclusive,
}

/// Whether an artifact runs on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnHost {
    /// The host, as `runs-on` names it.
    pub host: String,
    /// The answer.
    pub verdict: Runs,
    /// What decides it, when it does not run or cannot be told.
    pub why: Option<String>,
}

/// Whether it runs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// It does.
    Runs,
    /// It does not.
    DoesNotRun,
    /// A fact was missing.
    Unknown,
    /// The host is of another system.
    NotApplicable,
}

/// A finding that the policy lets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excepted {
    /// Id of the rule.
    pub rule: String,
    /// Architecture, where the file has several.
    pub arch: Option<String>,
    /// The host it would fail on.
    pub host: Option<String>,
    /// What was found, in one sentence.
    pub finding: String,
    /// Why it was let through, in the policy's words.
    pub reason: String,
}

/// What one architecture of a file is, and what it needs of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// Container format.
    pub format: Format,
    /// Architecture.
    pub arch: String,
    /// Width of an address: 32 or 64.
    pub bits: u8,
    /// The system it is made for.
    pub os: Os,
    /// What the file is.
    pub kind: Kind,
    /// Whether it stands alone.
    pub linkage: Linkage,
    /// The C library in it, or asked for by it.
    pub libc: Libc,
    /// The oldest versions that still run it.
    pub floors: Floors,
    /// What it needs of the CPU.
    pub cpu: Cpu,
    /// Smallest alignment of its mapped segments, in bytes: pages must not be larger. `None` where the format has none.
    pub page_alignment: Option<u64>,
    /// Path of the program loader it asks for.
    pub loader: Option<String>,
    /// The libraries it needs.
    pub libraries: Vec<Library>,
    /// Symbols that some library must define, as `name` or `name@VERSION`.
    pub symbols: Vec<String>,
    /// Weak ones, which may be missing.
    pub optional_symbols: Vec<String>,
    /// Entitlements in its signature, by key; `None` where there are none.
    pub entitlements: Option<BTreeMap<String, Value>>,
    /// What built it, as read from the file.
    pub toolchain: Toolchain,
}

/// The C library of a slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Libc {
    /// Which one.
    pub family: LibcFamily,
    /// Whether it is in the file, rather than loaded.
    pub linked_in: bool,
    /// Version or range, where it shows.
    pub version: Option<String>,
}

/// The oldest versions that still run a slice, as far as the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// glibc.
    pub glibc: Option<String>,
    /// The Linux kernel.
    pub linux: Option<String>,
    /// macOS.
    pub macos: Option<String>,
    /// Windows.
    pub windows: Option<String>,
}

/// What a slice needs of the CPU, as far as the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Level: `x86-64-v2`, `armv7`, `armv8.1`, `rva22u64`, `power9`.
    pub level: Option<String>,
    /// The setting it was built with: `GOAMD64=v2`.
    pub setting: Option<String>,
    /// The features of that level beyond what every CPU of the architecture has, in the words of `/proc/cpuinfo`.
    pub features: Vec<String>,
}

/// A library that is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// The name it is asked for by: a soname, a DLL, an install name.
    pub name: String,
    /// The file starts without it: a weak dylib, a delay-loaded DLL.
    pub optional: bool,
    /// Version nodes it must define (ELF).
    pub versions: Vec<String>,
    /// Version nodes that are asked for but may be missing.
    pub optional_versions: Vec<String>,
    /// Symbols it must define, as `name` or `name@VERSION`.
    pub symbols: Vec<String>,
    /// Weak ones, which may be missing.
    pub optional_symbols: Vec<String>,
}

/// What built a slice, as read from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// Go release: `go1.27.3`.
    pub go: Option<String>,
    /// rustc release: `1.95.0`.
    pub rustc: Option<String>,
    /// Commit of rustc.
    pub rustc_commit: Option<String>,
    /// Compilers and linkers that left their names.
    pub others: Vec<String>,
}

#[cfg(test)]
mod tests;
