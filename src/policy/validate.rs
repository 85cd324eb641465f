//! Raw values to a resolved [`Policy`]: the built-in default, and what a preset or a file lays over it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use toml::de::DeValue;

use super::document::Document;
use super::exceptions::Exception;
use super::keys::Shape;
use super::problem::{LIMIT, Problem, closest, visible};
use super::reader::{Entry, Reader};
use super::{
    ArtifactPolicy, CargoPolicy, CgoPolicy, GoPolicy, Level, LinkagePolicy, LinuxPolicy, MacOsPolicy, OnViolation,
    OwnHost, Pattern, Policy, Setting, WindowsPolicy, shape,
};
use crate::hosts;
use crate::listing::any_of;

impl Policy {
    /// What holds without a policy file.
    pub fn default_policy() -> Self {
        Policy {
            file: None,
            bytes: Vec::new(),
            linkage: Setting::default(LinkagePolicy::Static),
            runs_on: Vec::new(),
            on_violation: Setting::default(OnViolation::Keep),
            inconclusive: Setting::default(Level::Deny),
            forbidden_strings: None,
            baseline: None,
            last_release: None,
            go: GoPolicy {
                cgo: Setting::default(CgoPolicy::Off),
                tags: Setting::default(Vec::new()),
                trimpath: Setting::default(false),
                ldflags: Setting::default(Vec::new()),
                cc: None,
            },
            cargo: CargoPolicy { target: None, crt_static: Setting::default(true) },
            linux: LinuxPolicy::default(),
            macos: MacOsPolicy::default(),
            windows: WindowsPolicy::default(),
            hosts: BTreeMap::new(),
            rules: BTreeMap::new(),
            artifacts: Vec::new(),
            exceptions: Vec::new(),
        }
    }
}

/// Lays what `document` says over `policy`. `base` is the directory its relative paths start from. Values of the wrong type
/// are left out: the document has reported them.
pub(super) fn lay(document: &Document<'_>, base: Option<&Path>, policy: &mut Policy, problems: &mut Vec<Problem>) {
    let root = Reader { table: &document.root, source: &document.source, base };
    replace(&mut policy.linkage, root.word("linkage"));
    replace(&mut policy.runs_on, root.each("runs-on"));
    replace(&mut policy.on_violation, root.word("on-violation"));
    replace(&mut policy.inconclusive, root.word("inconclusive"));
    fill(&mut policy.forbidden_strings, root.texts("forbidden-strings"));
    if let Some(baseline) = root.table("baseline") {
        fill(&mut policy.baseline, baseline.path("report"));
    }
    if let Some(go) = root.table("go") {
        replace(&mut policy.go.cgo, go.word("cgo"));
        replace(&mut policy.go.tags, go.texts("tags"));
        replace(&mut policy.go.trimpath, go.flag("trimpath"));
        replace(&mut policy.go.ldflags, go.texts("ldflags"));
        fill(&mut policy.go.cc, go.text("cc"));
    }
    if let Some(cargo) = root.table("cargo") {
        fill(&mut policy.cargo.target, cargo.text("target"));
        replace(&mut policy.cargo.crt_static, cargo.flag("crt-static"));
    }
    lay_systems(&root, policy);
    for (name, host) in root.named("hosts") {
        problems.extend(host.own_host_problem(&name));
        let value = host.own_host();
        policy.hosts.insert(name, Setting { value, origin: host.source.origin(&host.span) });
    }
    policy.rules.append(&mut root.levels("rules"));
    for entry in root.tables("artifact") {
        problems.extend(entry.artifact_problem());
        policy.artifacts.push(entry.artifact(problems));
    }
    policy.exceptions.extend(root.tables("exception").iter().filter_map(|entry| entry.exception(problems)));
}

fn lay_systems(root: &Reader<'_, '_>, policy: &mut Policy) {
    if let Some(linux) = root.table("linux") {
        fill(&mut policy.linux.glibc, linux.text("glibc"));
        fill(&mut policy.linux.kernel, linux.text("kernel"));
        fill(&mut policy.linux.cpu, linux.text("cpu"));
        fill(&mut policy.linux.page_size, linux.text("page-size"));
    }
    if let Some(macos) = root.table("macos") {
        fill(&mut policy.macos.min, macos.text("min"));
        fill(&mut policy.macos.entitlements, macos.texts("entitlements"));
        fill(&mut policy.macos.forbidden_entitlements, macos.texts("forbidden-entitlements"));
        fill(&mut policy.macos.entitlements_file, macos.path("entitlements-file"));
        fill(&mut policy.macos.hardened_runtime, macos.flag("hardened-runtime"));
        fill(&mut policy.macos.team, macos.text("team"));
        fill(&mut policy.macos.notarizable, macos.flag("notarizable"));
        fill(&mut policy.macos.signed, macos.flag("signed"));
        fill(&mut policy.macos.universal, macos.flag("universal"));
    }
    if let Some(windows) = root.table("windows") {
        fill(&mut policy.windows.min, windows.text("min"));
        fill(&mut policy.windows.signed, windows.flag("signed"));
        fill(&mut policy.windows.signer, windows.text("signer"));
        fill(&mut policy.windows.subsystem, windows.text("subsystem"));
    }
}

/// Checks what can only be told with the whole policy at hand: that every host named is one that is known.
pub(super) fn check_names(document: &Document<'_>, policy: &Policy, problems: &mut Vec<Problem>) {
    let root = Reader { table: &document.root, source: &document.source, base: None };
    let entries = root.tables("artifact");
    let all = std::iter::once(root.table).chain(entries.iter().map(|entry| entry.reader.table));
    let lists = all.filter_map(|table| table.get("runs-on")?.get_ref().as_array());
    let mut known = BTreeSet::new();
    for item in lists.flat_map(|items| items.iter()) {
        let Some(name) = item.get_ref().as_str() else { continue };
        // A name of the wrong shape has been reported as such.
        let shaped = shape::check("runs-on", name, Shape::Host).is_ok();
        if !shaped || problems.len() >= LIMIT || !known.insert(name) || policy.hosts.contains_key(name) {
            continue;
        }
        if !hosts::is_known(name) {
            problems.push(unknown_host(name, item.span(), policy));
        }
    }
}

fn unknown_host(name: &str, span: Range<usize>, policy: &Policy) -> Problem {
    let close = close_hosts(name, policy);
    let problem = Problem::new(span, format!("unknown host `{}`", visible(name)), "no host of that name");
    let problem = if close.is_empty() { problem } else { problem.help(format!("did you mean {}?", any_of(&close))) };
    problem.help("`seaworthy hosts` lists them; `[hosts.NAME]` defines one of your own")
}

/// Hosts that may have been meant: of the catalogue, and the policy's own.
pub(super) fn close_hosts(name: &str, policy: &Policy) -> Vec<String> {
    let mut close = hosts::close_names(name);
    close.extend(closest(name, policy.hosts.keys().map(String::as_str)).map(str::to_owned));
    close
}

fn replace<T>(slot: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *slot = new;
    }
}

fn fill<T>(slot: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *slot = new;
    }
}

impl Document<'_> {
    /// The presets it extends, in its order.
    pub(super) fn extends(&self) -> Vec<String> {
        let words = |value: &DeValue<'_>| match value {
            DeValue::Array(items) => {
                items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
            }
            other => other.as_str().map(str::to_owned).into_iter().collect(),
        };
        self.root.get("extends").map(|value| words(value.get_ref())).unwrap_or_default()
    }
}

impl Entry<'_, '_> {
    fn own_host(&self) -> OwnHost {
        let value = |name| self.reader.text(name).map(|setting| setting.value);
        OwnHost {
            rootfs: self.reader.path("rootfs").map(|setting| setting.value),
            glibc: value("glibc"),
            musl: value("musl"),
            libraries: self.reader.texts("libraries").map(|setting| setting.value).unwrap_or_default(),
        }
    }

    fn own_host_problem(&self, name: &str) -> Option<Problem> {
        if hosts::is_known(name) {
            let title = format!("`{}` is a host that is built in", visible(name));
            return Some(Problem::new(self.span.clone(), title, "defined again here").help("choose another name"));
        }
        let said = ["rootfs", "glibc", "musl"].into_iter().filter(|name| self.reader.table.contains_key(*name));
        let said: Vec<&str> = said.collect();
        let help = "a host is one of: `rootfs`, `glibc`, `musl`";
        match said.as_slice() {
            [_] => None,
            [] => {
                let problem =
                    Problem::new(self.span.clone(), "this host provides nothing", "no root file system, no libc");
                Some(problem.help(help).absent())
            }
            [first, second, ..] => {
                let title = format!("`{first}` and `{second}` exclude each other");
                Some(Problem::new(self.span.clone(), title, "in this host").help(help))
            }
        }
    }

    fn artifact(&self, problems: &mut Vec<Problem>) -> ArtifactPolicy {
        ArtifactPolicy {
            path: self.reader.pattern("path", Pattern::path, problems),
            target: self.reader.pattern("target", Pattern::plain, problems),
            linkage: self.reader.word("linkage"),
            runs_on: self.reader.each("runs-on"),
            inconclusive: self.reader.word("inconclusive"),
            provided: self.reader.texts("provided"),
            rules: self.reader.levels("rules"),
        }
    }

    fn artifact_problem(&self) -> Option<Problem> {
        let says = |name| self.reader.table.contains_key(name);
        (!says("path") && !says("target")).then(|| {
            Problem::new(self.span.clone(), "`[[artifact]]` needs `path` or `target`", "matches nothing in particular")
                .help("what holds for every file belongs at the top level")
                .absent()
        })
    }

    /// `None` when something required is missing or wrong; the document has reported it.
    fn exception(&self, problems: &mut Vec<Problem>) -> Option<Exception> {
        Some(Exception {
            artifact: self.reader.pattern("artifact", Pattern::path, problems)?,
            rule: self.reader.text("rule")?,
            reason: self.reader.text("reason")?.value,
            until: self.reader.get("until", |value| shape::day(value).ok()),
            origin: self.source.origin(&self.span),
        })
    }
}
