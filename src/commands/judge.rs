//! From what was read to results: rules, hosts and the day's date come together here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;

use crate::Error;
use crate::check::{self, ArtifactResult, Finding, Inspected, Surroundings, Uses, conclude};
use crate::facts::{Facts, Os};
use crate::hosts::{self, Disk, Host, HostError, System};
use crate::policy::Policy;
use crate::policy::exceptions::today;
use crate::policy::levels::Effective;
use crate::run::{Artifact, Provenance};
use crate::ui::Progress;

use super::inspect::Reading;

/// Reads every artifact of a build in `directory` and judges it by the policy, each as soon as it is read; the second part of the
/// result belongs to no single one.
///
/// # Errors
/// When a host of the policy cannot be used.
pub(super) fn judge(
    artifacts: Vec<Artifact>,
    policy: &Policy,
    directory: &Path,
    provenance: &Provenance,
) -> Result<(Vec<ArtifactResult>, Vec<Finding>), Error> {
    let judge = Judge::new(policy, directory, provenance, false);
    let reading = Reading { policy, directory, scan_instructions: false, progress: &Progress::hidden() };
    let mut results = Vec::with_capacity(artifacts.len());
    let mut uses = Uses::default();
    let named = artifacts.into_iter().map(|artifact| (artifact, true)).collect();
    for (result, own) in reading.each(named, |read, _| judge.judge(vec![read])) {
        results.extend(result);
        uses.merge(own);
    }
    judge.finish()?;
    Ok((results, conclude(policy, provenance, &uses, today())))
}

/// What judging needs beside the artifacts, which may come one by one.
pub(super) struct Judge<'a> {
    known: Known<'a>,
    directory: &'a Path,
    provenance: &'a Provenance,
    today: Date,
    files: Disk,
    strict_symbols: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        directory: &'a Path,
        provenance: &'a Provenance,
        strict_symbols: bool,
    ) -> Judge<'a> {
        Judge {
            known: Known::new(policy),
            directory,
            provenance,
            today: today(),
            files: Disk::default(),
            strict_symbols,
        }
    }

    /// The results alone, and which exceptions were of use.
    pub(super) fn judge(&self, inspected: Vec<Inspected>) -> (Vec<ArtifactResult>, Uses) {
        let hosts = |effective: &Effective<'_>, facts: &Facts| self.known.of(effective, facts);
        let surroundings = Surroundings {
            directory: self.directory,
            today: self.today,
            hosts: &hosts,
            files: &self.files,
            strict_symbols: self.strict_symbols,
        };
        check::judge(self.known.policy, inspected, self.provenance, &surroundings)
    }

    /// # Errors
    /// When a host that was asked for cannot be used; then no result is of any use.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.known.into_result()
    }
}

/// What the policy asks for and no file can answer, where a file was asked.
pub(super) fn limits(artifacts: &[ArtifactResult], policy: &Policy) -> Option<String> {
    let asked = policy.macos.notarizable.as_ref().is_some_and(|notarizable| notarizable.value);
    let slices = || artifacts.iter().filter_map(|artifact| artifact.facts.as_ref()).flat_map(|file| &file.slices);
    let judged = asked && slices().any(|slice| slice.os == Os::MacOs);
    judged.then(|| {
        "`notarizable` is judged by what a file shows; only Apple can answer whether the certificate is a Developer ID of \
         its own that is valid and was not revoked, whether the notary finds malware, and whether a ticket was issued"
            .into()
    })
}

/// Hosts that were asked for, each resolved once.
pub(super) struct Known<'p> {
    pub(super) policy: &'p Policy,
    hosts: Mutex<BTreeMap<(String, String), Result<Host, HostError>>>,
}

impl<'p> Known<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Known { policy, hosts: Mutex::default() }
    }

    /// # Errors
    /// When a host that was asked for cannot be used.
    pub(super) fn into_result(self) -> Result<(), Error> {
        let hosts = self.hosts.into_inner().unwrap_or_else(PoisonError::into_inner);
        match hosts.into_values().find_map(Result::err) {
            Some(unusable) => Err(Error::Environment(format!("{unusable}; see `runs-on` in the policy"))),
            None => Ok(()),
        }
    }

    /// The hosts of `runs-on` that are of the file's system.
    pub(super) fn of(&self, effective: &Effective<'_>, facts: &Facts) -> Vec<Host> {
        let mut found = Vec::new();
        for name in &effective.runs_on {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (name.value.clone(), facts.arch.clone());
            let host = hosts.entry(key).or_insert_with(|| hosts::resolve(&name.value, &facts.arch, &self.policy.hosts));
            if let Ok(host) = host
                && is_of_system(host.system, facts.os)
            {
                found.push(host.clone());
            }
        }
        found
    }
}

/// Whether a host of `system` could run a file made for `os`; a file that does not say is judged by every Linux host.
fn is_of_system(system: System, os: Os) -> bool {
    match system {
        System::Linux => matches!(os, Os::Linux | Os::Unknown),
        System::Windows(_) => os == Os::Windows,
        System::MacOs(_) => os == Os::MacOs,
    }
}
