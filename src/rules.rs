//! The rules: one file each, in one sorted list.
//!
//! A rule is a function of facts and policy. It opens no file, prints nothing and reads no level; what it lacks makes it
//! [`Verdict::Inconclusive`], never [`Verdict::Pass`]. A new rule is a file in `src/rules`, its `mod` line and its line in
//! [`RULES`]; everything that shows rules (`explain`, `docs/rules.md`, reports, templates) reads them from there.

mod adhoc_signature;
mod build_path_install_name;
mod cgo_runtime;
mod debug_info;
pub(crate) mod degraded_discovery;
pub(crate) mod discarded_artifact;
mod duplicate_dylib;
mod dynamic_c_runtime;
mod dynamic_library;
mod dynamic_loader;
pub(crate) mod embedded_build_path;
mod enforced_setting_lost;
mod entitlements_differ;
mod executable_data;
mod executable_stack;
pub(crate) mod expired_exception;
mod fixed_load_address;
mod float_abi;
mod forbidden_entitlement;
pub(crate) mod forbidden_string;
mod go_stub;
mod less_portable;
mod library_validation;
mod library_without_loader;
mod mismatched_start_files;
pub(crate) mod missing_artifact;
mod missing_assembly;
mod missing_control_flow_guard;
mod missing_entitlement;
mod missing_hardened_runtime;
mod missing_library;
mod missing_manifest;
mod missing_slice;
mod missing_timestamp;
mod missing_uuid;
mod newer_cpu;
mod newer_glibc;
mod newer_kernel;
mod newer_libstdcxx;
mod newer_macos;
mod newer_windows;
mod no_header_padding;
mod non_system_dll;
mod non_system_dylib;
mod old_go_toolchain;
mod page_alignment;
mod partial_relro;
mod platform_mismatch;
mod private_glibc_symbol;
mod refused_by_notary;
mod restricted_entitlement;
mod run_path;
mod stale_signature;
mod static_glibc_iconv;
mod static_glibc_resolver;
mod stray_glibc;
mod subsystem;
mod support;
mod text_relocations;
mod undefined_symbol;
mod unmarked_relr;
pub(crate) mod unreadable_binary;
mod unsigned_code;
mod unsigned_image;
pub(crate) mod unstartable_entrypoint;
pub(crate) mod unstartable_program;
pub(crate) mod unused_exception;
mod writable_code;
mod wrong_architecture;
mod wrong_signer;
mod wrong_team;

pub(crate) use non_system_dylib::system_dylib;
pub(crate) use support::{comes_with_the_system, goarch_of, is_made_by_headers, static_cxx_of_rust, zig_target};
pub use support::{handbook, symbol_names, symbols_for};

use std::borrow::Cow;

use serde::Serialize;

use crate::facts::{Facts, FileFacts, Format};
use crate::hosts::load::Loads;
use crate::hosts::{Host, Version};
use crate::images::{InImage, Part};
use crate::policy::levels::Effective;
use crate::policy::{Level, Origin};
use crate::run::{Artifact, Provenance};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &adhoc_signature::RULE,
    &build_path_install_name::RULE,
    &cgo_runtime::RULE,
    &debug_info::RULE,
    &degraded_discovery::RULE,
    &discarded_artifact::RULE,
    &duplicate_dylib::RULE,
    &dynamic_c_runtime::RULE,
    &dynamic_library::RULE,
    &dynamic_loader::RULE,
    &embedded_build_path::RULE,
    &enforced_setting_lost::RULE,
    &entitlements_differ::RULE,
    &executable_data::RULE,
    &executable_stack::RULE,
    &expired_exception::RULE,
    &fixed_load_address::RULE,
    &float_abi::RULE,
    &forbidden_entitlement::RULE,
    &forbidden_string::RULE,
    &go_stub::RULE,
    &less_portable::RULE,
    &library_validation::RULE,
    &library_without_loader::RULE,
    &mismatched_start_files::RULE,
    &missing_artifact::RULE,
    &missing_assembly::RULE,
    &missing_control_flow_guard::RULE,
    &missing_entitlement::RULE,
    &missing_hardened_runtime::RULE,
    &missing_library::RULE,
    &missing_manifest::RULE,
    &missing_slice::RULE,
    &missing_timestamp::RULE,
    &missing_uuid::RULE,
    &newer_cpu::RULE,
    &newer_glibc::RULE,
    &newer_kernel::RULE,
    &newer_libstdcxx::RULE,
    &newer_macos::RULE,
    &newer_windows::RULE,
    &no_header_padding::RULE,
    &non_system_dll::RULE,
    &non_system_dylib::RULE,
    &old_go_toolchain::RULE,
    &page_alignment::RULE,
    &partial_relro::RULE,
    &platform_mismatch::RULE,
    &private_glibc_symbol::RULE,
    &refused_by_notary::RULE,
    &restricted_entitlement::RULE,
    &run_path::RULE,
    &stale_signature::RULE,
    &static_glibc_iconv::RULE,
    &static_glibc_resolver::RULE,
    &stray_glibc::RULE,
    &subsystem::RULE,
    &text_relocations::RULE,
    &undefined_symbol::RULE,
    &unmarked_relr::RULE,
    &unreadable_binary::RULE,
    &unsigned_code::RULE,
    &unsigned_image::RULE,
    &unstartable_entrypoint::RULE,
    &unstartable_program::RULE,
    &unused_exception::RULE,
    &writable_code::RULE,
    &wrong_architecture::RULE,
    &wrong_signer::RULE,
    &wrong_team::RULE,
];

/// One rule: id, default level, documentation and check side by side.
#[derive(Debug)]
pub struct Rule {
    /// Names the defect, in kebab-case; reads well after "allow …".
    pub id: &'static str,
    /// One line, lower case.
    pub summary: &'static str,
    /// Level without a policy.
    pub default: Level,
    /// Formats it looks at; it has nothing to say about others.
    pub formats: &'static [Format],
    /// First release that had it.
    pub since: &'static str,
    /// The check of one slice of one artifact. `None`: raised by [`crate::check`], about the run or the policy itself.
    pub check: Option<fn(&Subject<'_>) -> Verdict>,
    /// Markdown with the headings `## What it checks`, `## Why it matters`, `## Example`, `## How to fix`.
    pub docs: &'static str,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The artifact.
    pub artifact: &'a Artifact,
    /// Facts of one of its slices.
    pub facts: &'a Facts,
    /// The whole file: all its slices, and what a search of its text found.
    pub file: &'a FileFacts,
    /// The policy as it holds for this artifact.
    pub policy: &'a Effective<'a>,
    /// The hosts of `runs-on` that are of the artifact's system, resolved.
    pub hosts: &'a [Host],
    /// What the loaders of those that run Linux would say.
    pub loads: &'a Loads<'a>,
    /// What is known about the build.
    pub provenance: &'a Provenance,
    /// The image it lies in, if it does.
    pub image: Option<&'a InImage>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing wrong.
    Pass,
    /// At least one violation.
    Violated(Vec<Violation>),
    /// At least one violation, and a fact that is missing to tell about other hosts.
    PartlyOpen(Vec<Violation>, String),
    /// The question does not arise, and why.
    NotApplicable(&'static str),
    /// A fact is missing, and which.
    Inconclusive(String),
}

impl Verdict {
    /// What violations, and what could not be told of other hosts, come to.
    fn of(violations: Vec<Violation>, open: Option<String>) -> Verdict {
        match (violations.is_empty(), open) {
            (false, None) => Verdict::Violated(violations),
            (false, Some(open)) => Verdict::PartlyOpen(violations, open),
            (true, Some(open)) => Verdict::Inconclusive(open),
            (true, None) => Verdict::Pass,
        }
    }
}

/// One violation: a sentence that stands alone, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violation {
    /// Lower case, no full stop; says the artifact's name as `{artifact}`, which the check fills in.
    pub message: String,
    /// What in the file shows it; never empty.
    pub evidence: Vec<String>,
    /// The same as data, for [`crate::blame`]: what somebody must have brought in.
    pub causes: Vec<Cause>,
    /// The host it would fail on.
    pub host: Option<String>,
    /// The version which that host has of what is asked for, where versions decide: the lowest of several asks most of a build.
    pub has: Option<Version>,
    /// The key of the policy that forbids it, and who set it.
    pub policy: Option<PolicySource>,
    /// The next step, for this tool and this culprit.
    pub help: Option<String>,
}

/// What somebody must have brought in for a violation to be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A needed library, by the name in the file: `libz.so.1`, `vcruntime140.dll`.
    Library(String),
    /// A symbol somebody refers to, without its version: `__memcpy_chk`.
    Symbol(String),
    /// `PT_INTERP`: the link was made dynamic as a whole.
    Loader(String),
    /// An executable stack.
    ExecutableStack,
    /// Relocations in read-only segments.
    TextRelocations,
    /// cgo, in a Go program.
    Cgo,
    /// A Go module that does nothing as it was built.
    Module(String),
    /// A setting that did not reach the artifact (`CGO_ENABLED`, `-tags`, `--target` …), or what settings make of it:
    /// `start-files`, `target-cpu`, `run-path`, `debug-info`, `relro`, `pie`, `build-path`.
    Setting(String),
}

/// Which part of the policy a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicySource {
    /// The key with its value, as the file would say it: `linkage = "static"`.
    pub key: Cow<'static, str>,
    /// Who set it.
    pub origin: Origin,
}

/// Rules that name a cause whose effects other rules name: they are read first.
const CAUSES_FIRST: &[&str] = &[
    "platform-mismatch",
    "unstartable-entrypoint",
    "wrong-architecture",
    "library-without-loader",
    "stray-glibc",
    "enforced-setting-lost",
    "cgo-runtime",
    "go-stub",
];

/// Rules asked of what an image starts: whether it starts there. What else the policy demands holds for what it names.
const OF_STARTED: &[&str] = &[
    "float-abi",
    "library-without-loader",
    "mismatched-start-files",
    "missing-library",
    "newer-glibc",
    "newer-libstdcxx",
    "platform-mismatch",
    "undefined-symbol",
    "unmarked-relr",
    "unstartable-entrypoint",
];

impl Rule {
    /// Whether it is asked of a file of an image.
    pub(crate) fn is_asked_in(&self, image: &InImage) -> bool {
        match image.part {
            _ if image.named => self.id != unstartable_program::RULE.id,
            Part::Other => self.id == unstartable_program::RULE.id,
            Part::Entrypoint | Part::Interpreter | Part::Command => OF_STARTED.contains(&self.id),
        }
    }
}

/// Order in which findings of one level are read: causes before their effects, then by id.
pub(crate) fn rank(id: &str) -> (usize, &str) {
    (CAUSES_FIRST.iter().position(|cause| *cause == id).unwrap_or(CAUSES_FIRST.len()), id)
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::{CAUSES_FIRST, OF_STARTED, find, rank};

    #[test]
    fn what_is_asked_of_images_are_rules() {
        assert!(OF_STARTED.iter().all(|id| find(id).is_some()));
    }

    #[test]
    fn causes_are_read_before_their_effects() {
        assert!(CAUSES_FIRST.iter().all(|id| find(id).is_some()));
        assert!(rank("stray-glibc") < rank("dynamic-loader"));
        assert!(rank("dynamic-library") < rank("dynamic-loader"));
    }
}
