//! From what was read to results: rules, hosts and the day's date come together here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use crate::Error;
use crate::check::{ArtifactResult, Bench, Finding, Inspected, Surroundings, Uses, conclude};
use crate::facts::{Facts, Format, Os};
use crate::hosts::{self, Disk, Host, HostError, System};
use crate::policy::exceptions::today;
use crate::policy::levels::Effective;
use crate::policy::{Policy, Setting};
use crate::run::{Artifact, Provenance};
use crate::ui::Progress;

use super::inspect::{self, Reading};

/// Reads every artifact of a build in `directory` and judges it by the policy, each as soon as it is read; the second part of the
/// result belongs to no single one. With `tells_names` every file's symbols are kept, as somebody will be told of them.
///
/// # Errors
/// When a host of the policy cannot be used.
pub(super) fn judge(
    artifacts: Vec<Artifact>,
    policy: &Policy,
    directory: &Path,
    provenance: &Provenance,
    tells_names: bool,
) -> Result<(Vec<ArtifactResult>, Vec<Finding>), Error> {
    let judge = Judge::new(policy, directory, provenance, false);
    let progress = Progress::hidden();
    let symbol_names = inspect::symbol_names(tells_names, policy, provenance);
    // The tool that was wrapped made them.
    let tells_makers = tells_names || provenance.tool.is_none();
    let reading =
        Reading { policy, directory, symbol_names, tells_makers, scan_instructions: false, progress: &progress };
    let mut results = Vec::with_capacity(artifacts.len());
    let mut uses = Uses::default();
    let named = artifacts.into_iter().map(|artifact| (artifact, true)).collect();
    let take = |(result, own)| {
        results.push(result);
        uses.merge(own);
    };
    reading.each(named, |read, _| judge.judge(read), take);
    let today = judge.today;
    judge.finish()?;
    Ok((results, conclude(policy, provenance, &uses, today)))
}

/// What judging needs beside the artifacts, which may come one by one.
pub(super) struct Judge<'a> {
    known: Known<'a>,
    bench: Bench<'a>,
    directory: &'a Path,
    /// By which exceptions expire: the same day for all of a run.
    pub(super) today: Date,
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
            bench: Bench::new(policy, provenance),
            directory,
            today: today(),
            files: Disk::default(),
            strict_symbols,
        }
    }

    /// The results leave out what passed and what does not apply, for whoever tells neither.
    pub(super) fn without_passes(self) -> Self {
        Judge { bench: self.bench.without_passes(), ..self }
    }

    /// The result for one artifact, and which exceptions were of use.
    pub(super) fn judge(&self, inspected: Inspected) -> (ArtifactResult, Uses) {
        let hosts = |effective: &Effective<'_>, facts: &Facts| self.known.of(effective, facts);
        let surroundings = Surroundings {
            directory: self.directory,
            today: self.today,
            hosts: &hosts,
            files: &self.files,
            strict_symbols: self.strict_symbols,
        };
        self.bench.judge(inspected, &surroundings)
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
    lists: Mutex<Vec<List>>,
}

/// The hosts of one `runs-on` for files of one architecture and system.
struct List {
    runs_on: Vec<Setting<String>>,
    arch: Cow<'static, str>,
    format: Format,
    os: Os,
    hosts: Arc<[Host]>,
}

impl<'p> Known<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Known { policy, hosts: Mutex::default(), lists: Mutex::default() }
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

    /// The hosts of `runs-on` that are of the file's system: the same list for nearly all files.
    pub(super) fn of(&self, effective: &Effective<'_>, facts: &Facts) -> Arc<[Host]> {
        if effective.runs_on.is_empty() {
            return Arc::default();
        }
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |list: &&List| {
            let (format, os) = (list.format, list.os);
            list.arch == facts.arch
                && (format, os) == (facts.format, facts.os)
                && list.runs_on.as_slice() == effective.runs_on
        };
        if let Some(list) = lists.iter().find(is_it) {
            return list.hosts.clone();
        }
        let hosts: Arc<[Host]> = effective.runs_on.iter().filter_map(|name| self.resolve(&name.value, facts)).collect();
        let (runs_on, arch) = (effective.runs_on.to_vec(), facts.arch.clone());
        lists.push(List { runs_on, arch, format: facts.format, os: facts.os, hosts: hosts.clone() });
        hosts
    }

    /// One host, if it can be used and is of the file's system.
    fn resolve(&self, name: &str, facts: &Facts) -> Option<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), facts.arch.to_string());
        let host = hosts.entry(key).or_insert_with(|| hosts::resolve(name, &facts.arch, &self.policy.hosts));
        host.as_ref().ok().filter(|host| is_of_system(host.system, facts)).cloned()
    }
}

/// Whether a host of `system` could run a file like this one; an ELF file that does not say for which system it is may be for
/// Linux, and a Mac runs some of what is made for Apple's other systems.
fn is_of_system(system: System, facts: &Facts) -> bool {
    match system {
        System::Linux => facts.format == Format::Elf && matches!(facts.os, Os::Linux | Os::Unknown),
        System::Windows(_) => facts.os == Os::Windows,
        System::MacOs(_) => facts.format == Format::MachO,
    }
}
