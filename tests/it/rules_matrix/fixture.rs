//! One fixture: how it is built, what is said about it beforehand, and what the rules say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use seaworthy::facts::texts::search_file;
use seaworthy::facts::{Facts, FileFacts, SymbolNames, Wanted, read_file};
use seaworthy::hosts::load::Loads;
use seaworthy::hosts::{self, Disk, Host};
use seaworthy::plan::Tool;
use seaworthy::policy::{Level, Origin, Policy, load};
use seaworthy::rules::{RULES, Rule, Subject, Verdict, symbol_names, symbols_for};
use seaworthy::run::{Artifact, Provenance, Role};
use serde::Deserialize;

use crate::support::{Scratch, repository, rust_lld};

/// `expect.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expect {
    /// Why the fixture exists.
    pub(super) why: String,
    /// Tools it needs.
    pub(super) requires: Vec<String>,
    /// Commands for `sh`, run in a copy of the fixture.
    pub(super) build: String,
    /// The file to judge.
    pub(super) artifact: String,
    /// What the build meant to make: `program`, `shared-object`.
    role: Option<String>,
    /// Target triple, or `GOOS/GOARCH`.
    target: Option<String>,
    /// The policy; the built-in one without it.
    policy: Option<String>,
    /// `KEY=VALUE` settings that a wrapped Go build was given.
    #[serde(default)]
    enforced: Vec<String>,
    /// Ids of the rules that fire at a level above `allow`.
    pub(super) fires: BTreeSet<String>,
}

/// A directory with an `expect.toml`.
pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) expect: Expect,
}

/// What the rules say.
pub(super) struct Judged {
    /// Verdicts by rule, of every rule that looks at the format.
    pub(super) verdicts: BTreeMap<&'static str, Verdict>,
    /// Ids of the rules that fire at a level above `allow`.
    pub(super) fires: BTreeSet<String>,
    /// The violations, for a failure's message.
    pub(super) report: String,
}

impl Fixture {
    /// Every fixture, sorted by name.
    pub(super) fn all() -> Vec<Fixture> {
        let root = repository().join("tests/fixtures/rules");
        let mut found: Vec<Fixture> = std::fs::read_dir(&root)
            .expect("the fixtures of the rules")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .map(|name| {
                let path = root.join(&name).join("expect.toml");
                let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let expect: Expect =
                    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(!expect.why.is_empty(), "{name}: why does it exist?");
                Fixture { name, expect }
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Builds it and asks every rule.
    pub(super) fn judge(&self) -> Judged {
        let scratch = Scratch::fixture(&format!("rules/{}", self.name));
        let sh = scratch.program("sh").args(["-euc", &self.expect.build]).env("RUST_LLD", rust_lld());
        sh.run().expect_code(0);
        let path = scratch.join(&self.expect.artifact);
        let policy = self.policy(&scratch);
        let judged = self.judge_with(&path, &policy, SymbolNames::Always);
        // What `seaworthy check` leaves out changes nothing.
        let of_run = symbol_names(&policy, &self.provenance());
        let without = self.judge_with(&path, &policy, symbols_for(self.expect.target.as_deref(), of_run));
        assert_eq!(judged.verdicts, without.verdicts, "{}: with the symbols that the policy wants", self.name);
        judged
    }

    fn judge_with(&self, path: &Path, policy: &Policy, names: SymbolNames) -> Judged {
        let wanted = Wanted { names, ..Wanted::ALL };
        let mut facts = read_file(path, wanted).unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
        let strings = policy.forbidden_strings.as_ref().map(|strings| strings.value.clone()).unwrap_or_default();
        facts.texts = Some(search_file(path, &[], &strings).expect("the file can be searched"));
        let mut judged = Judged { verdicts: BTreeMap::new(), fires: BTreeSet::new(), report: String::new() };
        for slice in &facts.slices {
            for rule in RULES.iter().filter(|rule| rule.formats.contains(&slice.format)) {
                self.ask(rule, (slice, &facts), (policy, path), &mut judged);
            }
        }
        judged
    }

    fn ask(
        &self,
        rule: &'static Rule,
        (facts, file): (&Facts, &FileFacts),
        (policy, path): (&Policy, &Path),
        judged: &mut Judged,
    ) {
        let Some(check) = rule.check else { return };
        let expect = &self.expect;
        let role = match expect.role.as_deref() {
            Some("program") => Role::Program,
            Some("shared-object") => Role::SharedObject,
            None => Role::Unknown,
            Some(other) => panic!("{}: unknown role `{other}`", self.name),
        };
        let artifact =
            Artifact { path: expect.artifact.clone().into(), role, package: None, target: expect.target.clone() };
        let effective = policy.for_artifact(&expect.artifact, expect.target.as_deref());
        let provenance = self.provenance();
        let hosts: Vec<Host> = effective
            .runs_on
            .iter()
            .map(|name| hosts::resolve(&name.value, &facts.arch, &policy.hosts))
            .map(|host| host.unwrap_or_else(|error| panic!("{}: {error}", self.name)))
            .collect();
        let files = Disk::default();
        let full = path.display().to_string();
        let loads = Loads::new(facts, &full, &hosts, &files).with_symbols(false, &effective.provided);
        let subject = Subject {
            artifact: &artifact,
            facts,
            file,
            policy: &effective,
            hosts: &hosts,
            loads: &loads,
            image: None,
            provenance: &provenance,
        };
        let verdict = check(&subject);
        if let Verdict::Violated(violations) = &verdict
            && effective.level(rule.id, rule.default).value != Level::Allow
        {
            judged.fires.insert(rule.id.to_owned());
            judged.report += &format!("  {}: {violations:#?}\n", rule.id);
        }
        judged.verdicts.insert(rule.id, verdict);
    }

    fn policy(&self, scratch: &Scratch) -> Policy {
        let file = scratch.write("seaworthy.toml", self.expect.policy.as_deref().unwrap_or_default());
        load(Some(&file), scratch.path()).unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }

    /// A wrapped build of Go, where settings were enforced; else none.
    fn provenance(&self) -> Provenance {
        let mut provenance = Provenance::default();
        for setting in &self.expect.enforced {
            provenance.tool = Some(Tool::Go);
            let expectations = &mut provenance.expectations;
            match setting.split_once('=') {
                Some(("CGO_ENABLED", value)) => expectations.cgo_enabled = Some((value.into(), Origin::Default)),
                Some(("-tags", tags)) => expectations.go_tags = tags.split(',').map(String::from).collect(),
                Some(("-trimpath", "true")) => expectations.trimpath = true,
                _ => panic!("{}: unknown setting `{setting}`", self.name),
            }
        }
        provenance
    }
}
