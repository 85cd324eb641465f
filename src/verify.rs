//! Verify: a platform signature and a machine → one [`Line`] for everything that is needed: what, what is there, and the verdict.
//!
//! The comparisons are functions of data: a [`crate::manifest::Slice`], a [`Machine`], and what the loader of the machine would
//! say ([`crate::hosts::load`]). Nothing is executed, and what is not known is never accepted.

mod contents;
mod described;
mod elsewhere;
mod here;
mod lines;
mod loading;
mod machine;
mod places;

use serde::Serialize;

pub use contents::contents;
pub use described::{NEXT, described};
pub use elsewhere::{arm64e, dlls, dylibs};
pub use here::{is_noexec, this_machine};
pub use lines::{fitting, needs};
pub use loading::{Loaded, loading};
pub use machine::{Machine, MachineLoader};
pub use places::{Located, locate};

use crate::listing::with_commas;

/// Version of the JSON form of a verification.
pub const FORMAT_VERSION: u32 = 1;

/// Everything a verification has to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// About the signature itself.
    pub general: Vec<Line>,
    /// About each artifact.
    pub artifacts: Vec<Checked>,
    /// The machine it was compared with.
    pub machine: Machine,
    /// What the user should know although nothing is wrong.
    pub notes: Vec<String>,
}

/// One artifact and everything about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Where it was looked for, as the user would write it.
    pub path: String,
    /// The lines, in the order they were checked.
    pub lines: Vec<Line>,
}

/// One thing that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub check: Check,
    /// What is needed.
    pub needed: String,
    /// What is there.
    pub found: String,
    /// Whether that will do.
    pub verdict: Verdict,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Who signed.
    Signature,
    /// Which policy was enforced.
    Policy,
    /// Whether this is the file.
    Digest,
    /// Whether the signature says of the file what the file says.
    Contents,
    /// System and architecture.
    Platform,
    /// Features of the CPU.
    Cpu,
    /// The Linux kernel.
    Kernel,
    /// Version of macOS.
    Macos,
    /// Version of Windows.
    Windows,
    /// Size of pages.
    PageSize,
    /// Whether the file system lets programs run.
    Mount,
    /// The program loader.
    Loader,
    /// The C library.
    Libc,
    /// Shared libraries.
    Libraries,
    /// What those libraries define.
    Symbols,
    /// Whatever else the loader would refuse.
    Loading,
}

/// Whether what is there will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It will.
    Accepted,
    /// It will not.
    Refused,
    /// A fact is missing, which counts as refused.
    Unknown,
}

impl Line {
    fn new(check: Check, needed: impl Into<String>, found: impl Into<String>, verdict: Verdict) -> Line {
        Line { check, needed: needed.into(), found: found.into(), verdict }
    }

    /// A line that is accepted when `holds`, else refused.
    pub fn of(check: Check, needed: impl Into<String>, found: impl Into<String>, holds: bool) -> Line {
        Line::new(check, needed, found, if holds { Verdict::Accepted } else { Verdict::Refused })
    }

    /// Whether what is there will do.
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }

    /// A line about something that cannot be told, and why.
    fn unknown(check: Check, needed: impl Into<String>, why: impl Into<String>) -> Line {
        Line::new(check, needed, why, Verdict::Unknown)
    }
}

impl Verification {
    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.general.iter().chain(self.artifacts.iter().flat_map(|artifact| &artifact.lines))
    }

    /// Whether everything is as it must be.
    pub fn is_accepted(&self) -> bool {
        self.lines().all(Line::is_accepted)
    }
}

impl Checked {
    /// Whether everything about it is as it must be.
    pub fn is_accepted(&self) -> bool {
        self.lines.iter().all(Line::is_accepted)
    }
}

impl Check {
    /// Whether it is about files of the machine.
    pub fn is_of_files(self) -> bool {
        matches!(self, Check::Loader | Check::Libc | Check::Libraries | Check::Symbols | Check::Loading)
    }

    /// Its name, as in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Check::Signature => "signature",
            Check::Policy => "policy",
            Check::Digest => "digest",
            Check::Contents => "contents",
            Check::Platform => "platform",
            Check::Cpu => "cpu",
            Check::Kernel => "kernel",
            Check::Macos => "macos",
            Check::Windows => "windows",
            Check::PageSize => "page-size",
            Check::Mount => "mount",
            Check::Loader => "loader",
            Check::Libc => "libc",
            Check::Libraries => "libraries",
            Check::Symbols => "symbols",
            Check::Loading => "loading",
        }
    }
}

/// Names that one line shows.
const SHOWN: usize = 4;

/// As many as one line shows.
fn listed(items: &[impl AsRef<str>]) -> String {
    with_commas(items, SHOWN)
}
