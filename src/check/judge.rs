//! Judges artifacts: every rule over every slice.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::path::Path;

use rayon::prelude::*;

use super::docket::{Docket, Step};
use super::excuse::{Excuses, Uses};
use super::places::{self, Before};
use super::{ArtifactResult, Finding, Inspected, ONE_LOCK, Overall, Reason, Surroundings};
use crate::facts::{Facts, FileFacts, Format, Unreadable};
use crate::hosts::load::Loads;
use crate::images::InImage;
use crate::images::start::Fault;
use crate::policy::levels::Effective;
use crate::policy::{FileNames, Level, Origin, Policy, Setting};
use crate::report;
use crate::rules::{self, RULES, Rule, Subject, Verdict, Violation, unreadable_binary, unstartable_entrypoint};
use crate::run::Provenance;

/// Artifacts from which on several threads pay for their own start.
const WORTH_THREADS: usize = 256;

/// What every judgement of a run shares.
pub struct Bench<'a> {
    policy: &'a Policy,
    provenance: &'a Provenance,
    docket: Docket<'a>,
    keeps_passes: bool,
}

/// One artifact while it is judged.
struct Trial<'a> {
    around: &'a Surroundings<'a>,
    effective: &'a Effective<'a>,
    image: Option<&'a InImage>,
    excuses: Excuses<'a>,
    /// Set when nothing could be judged and that was accepted, and by whom.
    accepted: Option<Setting<Level>>,
    result: ArtifactResult,
}

impl<'a> Bench<'a> {
    /// A bench for all rules.
    pub fn new(policy: &'a Policy, provenance: &'a Provenance) -> Self {
        Bench::with_rules(RULES, policy, provenance)
    }

    pub(super) fn with_rules(rules: &'a [&'static Rule], policy: &'a Policy, provenance: &'a Provenance) -> Self {
        Bench { policy, provenance, docket: Docket::new(rules), keeps_passes: true }
    }

    /// The results leave out what passed and what does not apply, for whoever tells neither.
    pub fn without_passes(self) -> Self {
        Bench { keeps_passes: false, ..self }
    }

    /// Judges artifacts; the results are in their order. The second part is which exceptions were of use.
    pub fn judge_all(&self, inspected: Vec<Inspected>, around: &Surroundings<'_>) -> (Vec<ArtifactResult>, Uses) {
        let one = |one| self.judge(one, around);
        let judged: Vec<(ArtifactResult, Uses)> = if ONE_LOCK || inspected.len() < WORTH_THREADS {
            inspected.into_iter().map(one).collect()
        } else {
            inspected.into_par_iter().map(one).collect()
        };
        let mut uses = Uses::default();
        let mut results = Vec::with_capacity(judged.len());
        for (result, own) in judged {
            uses.merge(own);
            results.push(result);
        }
        (results, uses)
    }

    /// Judges one artifact.
    pub fn judge(&self, inspected: Inspected, around: &Surroundings<'_>) -> (ArtifactResult, Uses) {
        let Inspected { artifact, facts, image } = inspected;
        let names = self.names(&artifact.path, image.as_deref(), around);
        let effective = self.policy.for_file(&names, artifact.target.as_deref());
        let mut trial = Trial {
            around,
            effective: &effective,
            image: image.as_deref(),
            excuses: Excuses::new(self.policy, &names, around.today),
            accepted: None,
            result: ArtifactResult {
                artifact,
                facts: None,
                image: None,
                verdict: Overall::Pass,
                inconclusive_level: effective.inconclusive.clone(),
                findings: Vec::new(),
                inconclusive: Vec::new(),
                passed: Vec::new(),
                not_applicable: Vec::new(),
                hosts: Vec::new(),
                excepted: Vec::new(),
            },
        };
        match (facts, trial.image) {
            (_, Some(image @ InImage { fault: Some(fault), .. })) => trial.faulty(image, fault),
            (Ok(facts), _) => {
                self.try_facts(&facts, &mut trial);
                trial.result.facts = Some(facts);
            }
            (Err(_), Some(InImage { script: Some(_), .. })) => {}
            (Err(why), _) => trial.unreadable(&why),
        }
        trial.conclude();
        let (mut result, uses) = (trial.result, trial.excuses.uses);
        result.image = image;
        (result, uses)
    }

    /// The names of a file, where a policy has globs to match them with.
    fn names(&self, path: &Path, image: Option<&InImage>, around: &Surroundings<'_>) -> FileNames {
        if self.policy.artifacts.is_empty() && self.policy.exceptions.is_empty() {
            return FileNames::default();
        }
        let home = self.policy.file.as_deref().and_then(Path::parent);
        let names = FileNames::new(path, around.directory, home);
        match image {
            Some(image) => names.in_image(&image.path),
            None => names,
        }
    }

    fn try_facts(&self, facts: &FileFacts, trial: &mut Trial<'_>) {
        let several = facts.slices.len() > 1;
        for slice in &facts.slices {
            let name = several.then_some(&*slice.arch);
            match &slice.packed {
                // What lies in the file is the packer's stub: whatever a rule says about it is about the wrong program.
                Some(packer) => {
                    trial.unsure(unreadable_binary::RULE.id, name, format!("packed, and not unpacked here: {packer}"))
                }
                None => self.try_slice(slice, facts, name, trial),
            }
        }
        if facts.slices.is_empty() {
            trial.unsure(unreadable_binary::RULE.id, None, "holds no code for any architecture".to_owned());
        }
        if several {
            trial.forget_passed();
        }
    }

    fn try_slice(&self, slice: &Facts, file: &FileFacts, name: Option<&str>, trial: &mut Trial<'_>) {
        let Trial { around, effective, image, .. } = *trial;
        let hosts = (around.hosts)(effective, slice);
        let path = match image {
            Some(image) => image.path.clone(),
            // Of ELF files only hosts ask where they are; of others rules do, for what is shipped beside them.
            None if hosts.is_empty() && slice.format == Format::Elf => String::new(),
            None => around.place(&trial.result.artifact.path),
        };
        let loads = Loads::new(slice, &path, &hosts, around.files)
            .at_home_on(image.map(|image| image.image.as_str()))
            .with_symbols(around.strict_symbols, &effective.provided);
        let before = Before::of(&trial.result);
        let steps = self.docket.steps(effective, slice.format);
        if self.keeps_passes {
            trial.result.passed.reserve(steps.len());
            trial.result.not_applicable.reserve(steps.len());
        }
        for Step { rule, check } in steps.iter().filter(|step| image.is_none_or(|image| step.rule.is_asked_in(image))) {
            let verdict = match check {
                Err(why) => Verdict::NotApplicable(why),
                Ok(check) => check(&Subject {
                    artifact: &trial.result.artifact,
                    facts: slice,
                    file,
                    policy: effective,
                    hosts: &hosts,
                    loads: &loads,
                    provenance: self.provenance,
                    image,
                }),
            };
            match verdict {
                Verdict::Pass | Verdict::NotApplicable(_) if !self.keeps_passes => {}
                verdict => trial.hear(rule, name, verdict),
            }
        }
        places::add(&mut trial.result, before, &hosts, &loads);
    }
}

impl Surroundings<'_> {
    /// The absolute path of an artifact, for what its loader makes of it.
    fn place(&self, path: &Path) -> String {
        let place = self.directory.join(path);
        let place = place.to_string_lossy();
        if place.contains('\\') { place.replace('\\', "/") } else { place.into_owned() }
    }
}

impl Trial<'_> {
    fn hear(&mut self, rule: &Rule, slice: Option<&str>, verdict: Verdict) {
        match verdict {
            Verdict::Pass => push_new(&mut self.result.passed, rule.id, slice),
            Verdict::Violated(violations) => {
                let level = self.effective.level(rule.id, rule.default);
                self.result.findings.reserve_exact(violations.len());
                violations.into_iter().for_each(|violation| self.violated(rule.id, &level, slice, violation));
            }
            Verdict::PartlyOpen(violations, why) => {
                self.hear(rule, slice, Verdict::Violated(violations));
                self.unsure(rule.id, slice, why);
            }
            Verdict::NotApplicable(why) => {
                push_new(&mut self.result.not_applicable, (rule.id, in_slice(slice, why)), slice);
            }
            Verdict::Inconclusive(why) => self.unsure(rule.id, slice, why),
        }
    }

    fn violated(&mut self, rule: &'static str, level: &Setting<Level>, slice: Option<&str>, violation: Violation) {
        let finding = Finding {
            rule,
            level: level.value,
            level_origin: level.origin.clone(),
            artifact: self.result.artifact.path.clone(),
            slice: slice.map(str::to_owned),
            message: self.named(violation.message),
            evidence: violation.evidence,
            causes: violation.causes,
            host: violation.host,
            has: violation.has,
            blame: None,
            policy: violation.policy,
            help: violation.help.map(|help| self.named(help)),
        };
        match self.excuses.find(rule) {
            Some(exception) => self.result.excepted.push((finding, exception.reason.clone())),
            None => self.result.findings.push(finding),
        }
    }

    /// What an image starts cannot be started at all.
    fn faulty(&mut self, image: &InImage, fault: &Fault) {
        let rule = &unstartable_entrypoint::RULE;
        let level = self.effective.level(rule.id, rule.default);
        if level.value != Level::Allow {
            self.violated(rule.id, &level, None, unstartable_entrypoint::faulty(image, fault));
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
                let message = format!("`{}` cannot be judged: {why}", self.shown());
                self.result.excepted.push((self.bare(rule, level, message, &why), exception.reason.clone()));
            }
            None => push_new(&mut self.result.inconclusive, (rule, why), slice),
        }
    }

    /// There are no facts. The finding can be lowered or excepted, which accepts the file as it is; a pass it never is.
    fn unreadable(&mut self, why: &Unreadable) {
        let rule = unreadable_binary::RULE.id;
        let mut level = self.effective.level(rule, unreadable_binary::RULE.default);
        let is_foreign = matches!(why, Unreadable::Unsupported(_))
            && self.result.artifact.target.as_deref().is_some_and(unreadable_binary::is_foreign);
        if is_foreign && level.origin == Origin::Default {
            level.value = Level::Warn;
        }
        let message = format!("`{}` cannot be read: {why}", self.shown());
        let finding = self.bare(rule, level.clone(), message, &why.to_string());
        if let Some(exception) = self.excuses.find(rule) {
            self.accepted = Some(Setting { value: Level::Allow, origin: exception.origin.clone() });
            self.result.excepted.push((finding, exception.reason.clone()));
            return;
        }
        // What the policy lets through unread is told of all the same: it is no pass.
        match level.value {
            Level::Allow => {
                let why = format!("`{rule}` is `allow`, {}", report::origin(&level.origin));
                self.result.excepted.push((finding, why));
            }
            _ => self.result.findings.push(Finding { help: Some(self.help_with(why)), ..finding }),
        }
        self.accepted = Some(level);
    }

    /// What to do about a file that cannot be read.
    fn help_with(&self, why: &Unreadable) -> String {
        let unpack = match why {
            Unreadable::NotLinked(what) => crate::facts::unpack(what),
            _ => None,
        };
        if let Some(unpack) = unpack {
            let name = self.shown();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./+@%".contains(c);
            let name = if name.chars().all(plain) && !name.starts_with('-') { &name } else { "FILE" };
            return format!("unpack it (`{}`) and check DIR, or leave it out", unpack.replace("FILE", name));
        }
        let advice = match why {
            Unreadable::Unsupported(_) => {
                "ELF, PE and Mach-O files can be judged; leave this one out, or let it through with an `[[artifact]]` entry for \
                 its path or target and `rules = { unreadable-binary = \"allow\" }`"
            }
            // Whole, and something else: what was cut short is empty, or begins like nothing that is known.
            Unreadable::NotLinked(what) if !matches!(what.as_ref(), "an empty file" | "unknown format") => {
                "programs and shared libraries can be judged; leave this one out, or give it an `[[exception]]`"
            }
            Unreadable::Io(why) if why.starts_with("Permission denied") => {
                "make it readable for who builds and checks it"
            }
            _ => {
                "build it again, and see that the disk is not full; what is no program gets an `[[exception]]`, or is left out"
            }
        };
        advice.to_owned()
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
            has: None,
            blame: None,
            policy: None,
            help: None,
        }
    }

    /// The path as messages show it.
    fn shown(&self) -> Cow<'_, str> {
        report::path(&self.result.artifact.path)
    }

    /// What a rule says, with the artifact's name filled in.
    fn named(&self, mut text: String) -> String {
        const NAME: &str = "{artifact}";
        let Some(at) = text.find('{') else { return text };
        // Nearly every sentence has the name once, and no other brace.
        match text[at..].strip_prefix(NAME) {
            Some(rest) if !rest.contains('{') => text.replace_range(at..at + NAME.len(), &self.shown()),
            _ => return text.replace(NAME, &self.shown()),
        }
        text
    }

    /// What one slice passed and another did not is not passed.
    fn forget_passed(&mut self) {
        let result = &mut self.result;
        let found = result.findings.iter().chain(result.excepted.iter().map(|(finding, _)| finding));
        let unsure = result.inconclusive.iter().map(|(rule, _)| *rule);
        let said: Vec<&str> = found.map(|finding| finding.rule).chain(unsure).collect();
        result.passed.retain(|rule| !said.contains(rule));
    }

    fn conclude(&mut self) {
        let result = &mut self.result;
        let runs_on = self.effective.runs_on.iter().map(|host| host.value.clone());
        let own = self.image.map(|image| image.image.clone());
        let is_asked = self.image.is_none_or(|image| image.named);
        places::complete(result, self.image, own.into_iter().chain(runs_on.filter(|_| is_asked)));
        // Stable: findings of one rule stay in the order of the slices and of the rule.
        result.findings.sort_by_key(|finding| (Reverse(finding.level), rules::rank(finding.rule)));
        if result.findings.iter().any(|finding| finding.level == Level::Deny) {
            result.verdict = Overall::Fail;
        } else if !result.inconclusive.is_empty() {
            result.verdict = Overall::Inconclusive;
        } else if let Some(level) = self.accepted.take() {
            result.verdict = Overall::Inconclusive;
            result.inconclusive_level = level;
        }
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
