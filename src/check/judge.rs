//! Judges artifacts: every rule over every slice.

use std::cmp::Reverse;
use std::path::Path;

use rayon::prelude::*;

use super::excuse::{Excuses, Uses};
use super::places::{self, Before};
use super::{ArtifactResult, Finding, Inspected, ONE_LOCK, Overall, Reason, Surroundings};
use crate::facts::{Facts, FileFacts, Format, Unreadable};
use crate::hosts::load::Loads;
use crate::images::InImage;
use crate::images::start::Fault;
use crate::policy::levels::Effective;
use crate::policy::{FileNames, Level, Policy, Setting};
use crate::report;
use crate::rules::{self, Rule, Subject, Verdict, Violation, unreadable_binary, unstartable_entrypoint};
use crate::run::Provenance;

/// Artifacts from which on several threads pay for their own start.
const WORTH_THREADS: usize = 256;

/// What every judgement shares.
pub(super) struct Bench<'a> {
    pub(super) rules: &'a [&'static Rule],
    pub(super) policy: &'a Policy,
    pub(super) provenance: &'a Provenance,
    pub(super) surroundings: &'a Surroundings<'a>,
}

/// Judges all artifacts in their order.
pub(super) fn all(bench: &Bench<'_>, inspected: Vec<Inspected>) -> (Vec<ArtifactResult>, Uses) {
    let judged: Vec<(ArtifactResult, Uses)> = if ONE_LOCK || inspected.len() < WORTH_THREADS {
        inspected.into_iter().map(|one| bench.judge(one)).collect()
    } else {
        inspected.into_par_iter().map(|one| bench.judge(one)).collect()
    };
    let mut uses = Uses::default();
    let mut results = Vec::with_capacity(judged.len());
    for (result, own) in judged {
        uses.merge(own);
        results.push(result);
    }
    (results, uses)
}

/// One artifact while it is judged.
struct Trial<'a> {
    result: ArtifactResult,
    effective: Effective<'a>,
    excuses: Excuses<'a>,
    /// Set when nothing could be judged and that was accepted, and by whom.
    accepted: Option<Setting<Level>>,
    /// The path as messages show it.
    shown: String,
}

impl Bench<'_> {
    fn judge(&self, inspected: Inspected) -> (ArtifactResult, Uses) {
        let Inspected { artifact, facts, image } = inspected;
        let names = self.names(&artifact.path, image.as_ref());
        let effective = self.policy.for_file(&names, artifact.target.as_deref());
        let mut trial = Trial {
            accepted: None,
            shown: report::path(&artifact.path),
            excuses: Excuses::new(self.policy, &names, self.surroundings.today),
            result: ArtifactResult {
                artifact,
                facts: None,
                image,
                verdict: Overall::Pass,
                inconclusive_level: effective.inconclusive.clone(),
                findings: Vec::new(),
                inconclusive: Vec::new(),
                passed: Vec::with_capacity(self.rules.len()),
                not_applicable: Vec::with_capacity(self.rules.len()),
                hosts: Vec::new(),
                excepted: Vec::new(),
            },
            effective,
        };
        match (facts, trial.result.image.clone()) {
            (_, Some(InImage { fault: Some(fault), .. })) => trial.faulty(&fault),
            (Ok(facts), _) => self.try_facts(facts, &mut trial),
            (Err(_), Some(InImage { script: Some(_), .. })) => {}
            (Err(why), _) => trial.unreadable(&why),
        }
        trial.conclude()
    }

    /// The names of a file, where a policy has globs to match them with.
    fn names(&self, path: &Path, image: Option<&InImage>) -> FileNames {
        if self.policy.artifacts.is_empty() && self.policy.exceptions.is_empty() {
            return FileNames::default();
        }
        let home = self.policy.file.as_deref().and_then(Path::parent);
        let names = FileNames::new(path, self.surroundings.directory, home);
        match image {
            Some(image) => names.in_image(&image.path),
            None => names,
        }
    }

    /// The absolute path of an artifact, for what its loader makes of it.
    fn place(&self, path: &Path) -> String {
        let place = self.surroundings.directory.join(path);
        let place = place.to_string_lossy();
        if place.contains('\\') { place.replace('\\', "/") } else { place.into_owned() }
    }

    fn try_facts(&self, facts: FileFacts, trial: &mut Trial<'_>) {
        let several = facts.slices.len() > 1;
        for slice in &facts.slices {
            let name = several.then_some(slice.arch.as_str());
            match &slice.packed {
                // What lies in the file is the packer's stub: whatever a rule says about it is about the wrong program.
                Some(packer) => {
                    trial.unsure(unreadable_binary::RULE.id, name, format!("packed, and not unpacked here: {packer}"))
                }
                None => self.try_slice(slice, &facts, name, trial),
            }
        }
        if facts.slices.is_empty() {
            trial.unsure(unreadable_binary::RULE.id, None, "holds no code for any architecture".to_owned());
        }
        trial.result.facts = Some(facts);
    }

    fn try_slice(&self, slice: &Facts, file: &FileFacts, name: Option<&str>, trial: &mut Trial<'_>) {
        let hosts = (self.surroundings.hosts)(&trial.effective, slice);
        let image = trial.result.image.clone();
        let path = match &image {
            Some(image) => image.path.clone(),
            None => self.place(&trial.result.artifact.path),
        };
        let provided = trial.effective.provided.clone();
        let loads = Loads::new(slice, &path, &hosts, self.surroundings.files)
            .at_home_on(image.as_ref().map(|image| image.image.as_str()))
            .with_symbols(self.surroundings.strict_symbols, &provided);
        let before = Before::of(&trial.result);
        for rule in self.rules {
            // Without a check of its own the rule is about the run as a whole.
            let Some(check) = rule.check else { continue };
            if image.as_ref().is_some_and(|image| !rule.is_asked_in(image)) {
                continue;
            }
            if trial.effective.is_allowed(rule.id, rule.default) {
                continue;
            }
            if !rule.formats.contains(&slice.format) {
                trial.not_applicable(rule, name, other_format(rule, slice));
                continue;
            }
            let subject = Subject {
                artifact: &trial.result.artifact,
                facts: slice,
                file,
                policy: &trial.effective,
                hosts: &hosts,
                loads: &loads,
                provenance: self.provenance,
                image: image.as_ref(),
            };
            match check(&subject) {
                Verdict::Pass => push_new(&mut trial.result.passed, rule.id, name),
                Verdict::Violated(violations) => {
                    let level = trial.effective.level(rule.id, rule.default);
                    trial.result.findings.reserve_exact(violations.len());
                    violations.into_iter().for_each(|violation| trial.violated(rule.id, &level, name, violation));
                }
                Verdict::NotApplicable(why) => trial.not_applicable(rule, name, why),
                Verdict::Inconclusive(why) => trial.unsure(rule.id, name, why),
            }
        }
        places::add(&mut trial.result, before, &hosts, &loads);
    }
}

impl Trial<'_> {
    fn violated(&mut self, rule: &'static str, level: &Setting<Level>, slice: Option<&str>, violation: Violation) {
        let finding = Finding {
            rule,
            level: level.value,
            level_origin: level.origin.clone(),
            artifact: self.result.artifact.path.clone(),
            slice: slice.map(str::to_owned),
            message: self.named(&violation.message),
            evidence: violation.evidence,
            causes: violation.causes,
            host: violation.host,
            blame: None,
            policy: violation.policy,
            help: violation.help.map(|help| self.named(&help)),
        };
        match self.excuses.find(rule) {
            Some(exception) => self.result.excepted.push((finding, exception.reason.clone())),
            None => self.result.findings.push(finding),
        }
    }

    /// What an image starts cannot be started at all.
    fn faulty(&mut self, fault: &Fault) {
        let Some(image) = self.result.image.clone() else { return };
        let rule = &unstartable_entrypoint::RULE;
        let level = self.effective.level(rule.id, rule.default);
        if level.value != Level::Allow {
            self.violated(rule.id, &level, None, unstartable_entrypoint::faulty(&image, fault));
        }
    }

    /// A rule that could not tell; an exception for it accepts that too, and leaves the same trace.
    fn unsure(&mut self, rule: &'static str, slice: Option<&str>, why: String) {
        let why = in_slice(slice, why);
        match self.excuses.find(rule) {
            Some(exception) => {
                if rule == unreadable_binary::RULE.id {
                    self.accepted = Some(Setting { value: Level::Allow, origin: exception.origin.clone() });
                }
                let level = self.result.inconclusive_level.clone();
                let message = format!("`{}` cannot be judged: {why}", self.shown);
                self.result.excepted.push((self.bare(rule, level, message, &why), exception.reason.clone()));
            }
            None => push_new(&mut self.result.inconclusive, (rule, why), slice),
        }
    }

    fn not_applicable(&mut self, rule: &Rule, slice: Option<&str>, why: &'static str) {
        push_new(&mut self.result.not_applicable, (rule.id, in_slice(slice, why)), slice);
    }

    /// There are no facts. The finding can be lowered or excepted, which accepts the file as it is; a pass it never is.
    fn unreadable(&mut self, why: &Unreadable) {
        let rule = unreadable_binary::RULE.id;
        let level = self.effective.level(rule, unreadable_binary::RULE.default);
        let message = format!("`{}` cannot be read: {why}", self.shown);
        let finding = self.bare(rule, level.clone(), message, &why.to_string());
        if let Some(exception) = self.excuses.find(rule) {
            self.accepted = Some(Setting { value: Level::Allow, origin: exception.origin.clone() });
            self.result.excepted.push((finding, exception.reason.clone()));
            return;
        }
        self.accepted = Some(level.clone());
        if level.value != Level::Allow {
            let help = "build it again, and see that the disk is not full; what is no program gets an `[[exception]]`, or is left out";
            self.result.findings.push(Finding { help: Some(help.to_owned()), ..finding });
        }
    }

    fn bare(&self, rule: &'static str, level: Setting<Level>, message: String, evidence: &str) -> Finding {
        Finding {
            rule,
            level: level.value,
            level_origin: level.origin,
            artifact: self.result.artifact.path.clone(),
            slice: None,
            message,
            evidence: vec![evidence.to_owned()],
            causes: Vec::new(),
            host: None,
            blame: None,
            policy: None,
            help: None,
        }
    }

    fn named(&self, text: &str) -> String {
        text.replace("{artifact}", &self.shown)
    }

    fn conclude(mut self) -> (ArtifactResult, Uses) {
        let result = &mut self.result;
        // What one slice passed and another did not is not passed.
        let found = result.findings.iter().chain(result.excepted.iter().map(|(finding, _)| finding));
        let unsure = result.inconclusive.iter().map(|(rule, _)| *rule);
        let said: Vec<&str> = found.map(|finding| finding.rule).chain(unsure).collect();
        result.passed.retain(|rule| !said.contains(rule));
        // Results are kept until the last file is judged.
        result.passed.shrink_to_fit();
        result.not_applicable.shrink_to_fit();
        let runs_on = self.effective.runs_on.iter().map(|host| host.value.clone());
        match &result.image {
            Some(image) => {
                let own = std::iter::once(image.image.clone());
                let named = image.named;
                places::complete(result, own.chain(runs_on.filter(|_| named)));
            }
            None => places::complete(result, runs_on),
        }
        // Stable: findings of one rule stay in the order of the slices and of the rule.
        result.findings.sort_by_key(|finding| (Reverse(finding.level), rules::rank(finding.rule)));
        if result.findings.iter().any(|finding| finding.level == Level::Deny) {
            result.verdict = Overall::Fail;
        } else if !result.inconclusive.is_empty() {
            result.verdict = Overall::Inconclusive;
        } else if let Some(level) = self.accepted {
            result.verdict = Overall::Inconclusive;
            result.inconclusive_level = level;
        }
        (self.result, self.excuses.uses)
    }
}

/// Why a rule does not look at a slice. Half of all rules say so of every file: nothing is put together for it.
fn other_format(rule: &Rule, slice: &Facts) -> &'static str {
    match (rule.formats, slice.format) {
        ([Format::Elf], Format::Pe) => "asked of ELF only, and this is PE",
        ([Format::Elf], _) => "asked of ELF only, and this is Mach-O",
        ([Format::Pe], Format::Elf) => "asked of PE only, and this is ELF",
        ([Format::Pe], _) => "asked of PE only, and this is Mach-O",
        ([Format::MachO], Format::Elf) => "asked of Mach-O only, and this is ELF",
        ([Format::MachO], _) => "asked of Mach-O only, and this is PE",
        (_, Format::Elf) => "asked of PE and Mach-O only, and this is ELF",
        (_, Format::Pe) => "asked of ELF and Mach-O only, and this is PE",
        (_, Format::MachO) => "asked of ELF and PE only, and this is Mach-O",
    }
}

fn in_slice(slice: Option<&str>, text: impl Into<Reason>) -> Reason {
    let text = text.into();
    slice.map(|slice| format!("{slice}: {text}").into()).unwrap_or(text)
}

/// Adds what no other slice of the file gave. Without a slice's name there is one, which every rule is asked of once.
fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T, slice: Option<&str>) {
    if slice.is_none() || !list.contains(&item) {
        list.push(item);
    }
}
