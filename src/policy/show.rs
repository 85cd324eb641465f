//! The policy as it holds, written as a policy file would say it, each value with who set it.

use std::fmt::Write as _;

use super::exceptions::Exception;
use super::keys::Words;
use super::{ArtifactPolicy, Level, Origin, OwnHost, Policy, Setting};
use crate::report::{escape, is_hostile};

/// A table of a policy, as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its header: `[go]`, `[[artifact]]`; empty for the top level.
    pub header: String,
    /// Its values.
    pub lines: Vec<ShownLine>,
}

/// One value of a policy, as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLine {
    /// The key.
    pub key: String,
    /// The value, as TOML on one line.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

impl Policy {
    /// Every value that holds, table by table; keys that hold nothing are left out.
    pub fn shown(&self) -> Vec<Shown> {
        let mut top = Shown::new("");
        top.word("linkage", Some(&self.linkage));
        top.list("runs-on", &self.runs_on);
        top.word("on-violation", Some(&self.on_violation));
        top.word("inconclusive", Some(&self.inconclusive));
        top.texts("forbidden-strings", self.forbidden_strings.as_ref());
        let mut go = Shown::new("[go]");
        go.word("cgo", Some(&self.go.cgo));
        go.texts("tags", Some(&self.go.tags));
        go.flag("trimpath", Some(&self.go.trimpath));
        go.texts("ldflags", Some(&self.go.ldflags));
        go.text("cc", self.go.cc.as_ref());
        let mut cargo = Shown::new("[cargo]");
        cargo.text("target", self.cargo.target.as_ref());
        cargo.flag("crt-static", Some(&self.cargo.crt_static));
        let mut tables = vec![top, self.baseline(), go, cargo];
        tables.extend(self.systems());
        tables.extend(self.hosts.iter().map(|(name, host)| own_host(name, host)));
        let mut rules = Shown::new("[rules]");
        self.rules.iter().for_each(|(rule, level)| rules.word(rule, Some(level)));
        tables.push(rules);
        tables.extend(self.artifacts.iter().map(artifact));
        tables.extend(self.exceptions.iter().map(exception));
        tables.retain(|table| !table.lines.is_empty());
        tables
    }

    fn baseline(&self) -> Shown {
        let mut baseline = Shown::new("[baseline]");
        baseline.set("report", self.baseline.as_ref(), |path| quote(&path.to_string_lossy()));
        baseline
    }

    fn systems(&self) -> [Shown; 3] {
        let mut linux = Shown::new("[linux]");
        linux.text("glibc", self.linux.glibc.as_ref());
        linux.text("kernel", self.linux.kernel.as_ref());
        linux.text("cpu", self.linux.cpu.as_ref());
        linux.text("page-size", self.linux.page_size.as_ref());
        let mut macos = Shown::new("[macos]");
        macos.text("min", self.macos.min.as_ref());
        macos.texts("entitlements", self.macos.entitlements.as_ref());
        macos.texts("forbidden-entitlements", self.macos.forbidden_entitlements.as_ref());
        macos.set("entitlements-file", self.macos.entitlements_file.as_ref(), |path| quote(&path.to_string_lossy()));
        macos.flag("hardened-runtime", self.macos.hardened_runtime.as_ref());
        macos.text("team", self.macos.team.as_ref());
        macos.flag("notarizable", self.macos.notarizable.as_ref());
        macos.flag("signed", self.macos.signed.as_ref());
        macos.flag("universal", self.macos.universal.as_ref());
        let mut windows = Shown::new("[windows]");
        windows.text("min", self.windows.min.as_ref());
        windows.flag("signed", self.windows.signed.as_ref());
        windows.text("signer", self.windows.signer.as_ref());
        windows.text("subsystem", self.windows.subsystem.as_ref());
        [linux, macos, windows]
    }

    /// The same as text, which is a policy file that says what this policy says.
    pub fn to_toml(&self) -> String {
        let mut out = match &self.file {
            Some(file) => format!("# {}\n", escape(&file.to_string_lossy())),
            None => "# no policy file: the built-in default\n".to_owned(),
        };
        for table in self.shown() {
            if !table.header.is_empty() {
                push(&mut out, format_args!("\n{}\n", table.header));
            }
            let width = table.lines.iter().map(|line| line.text().chars().count()).max().unwrap_or_default();
            for line in &table.lines {
                let origin = line.origin.to_string();
                push(&mut out, format_args!("{:width$}  # {}\n", line.text(), escape(&origin)));
            }
        }
        out
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

impl ShownLine {
    fn text(&self) -> String {
        format!("{} = {}", self.key, self.value)
    }
}

impl Shown {
    fn new(header: &str) -> Self {
        Shown { header: header.to_owned(), lines: Vec::new() }
    }

    fn set<T>(&mut self, key: &str, setting: Option<&Setting<T>>, write: impl Fn(&T) -> String) {
        self.lines.extend(setting.map(|setting| ShownLine {
            key: key.to_owned(),
            value: write(&setting.value),
            origin: setting.origin.clone(),
        }));
    }

    fn word<T: Words + PartialEq>(&mut self, key: &str, setting: Option<&Setting<T>>) {
        self.set(key, setting, |value| quote(value.word()));
    }

    fn text(&mut self, key: &str, setting: Option<&Setting<String>>) {
        self.set(key, setting, |text| quote(text));
    }

    fn texts(&mut self, key: &str, setting: Option<&Setting<Vec<String>>>) {
        self.set(key, setting, |texts| array(texts.iter().map(String::as_str)));
    }

    fn flag(&mut self, key: &str, setting: Option<&Setting<bool>>) {
        self.set(key, setting, ToString::to_string);
    }

    /// A list whose items have lines of their own; the first stands for all.
    fn list(&mut self, key: &str, items: &[Setting<String>]) {
        let Some(first) = items.first() else { return };
        let value = array(items.iter().map(|item| item.value.as_str()));
        self.lines.push(ShownLine { key: key.to_owned(), value, origin: first.origin.clone() });
    }
}

fn own_host(name: &str, host: &Setting<OwnHost>) -> Shown {
    let mut table = Shown::new(&format!("[hosts.{}]", quote(name)));
    let own = |value: &Option<String>| value.clone().map(|value| Setting { value, origin: host.origin.clone() });
    let rootfs = host.value.rootfs.as_ref().map(|path| path.to_string_lossy().into_owned());
    table.text("rootfs", own(&rootfs).as_ref());
    table.text("glibc", own(&host.value.glibc).as_ref());
    table.text("musl", own(&host.value.musl).as_ref());
    let libraries = Setting { value: host.value.libraries.clone(), origin: host.origin.clone() };
    table.texts("libraries", Some(&libraries).filter(|libraries| !libraries.value.is_empty()));
    table
}

fn artifact(entry: &ArtifactPolicy) -> Shown {
    let mut table = Shown::new("[[artifact]]");
    table.set("path", entry.path.as_ref(), |glob| quote(glob.as_str()));
    table.set("target", entry.target.as_ref(), |glob| quote(glob.as_str()));
    table.word("linkage", entry.linkage.as_ref());
    table.list("runs-on", entry.runs_on.as_deref().unwrap_or_default());
    table.word("inconclusive", entry.inconclusive.as_ref());
    table.texts("provided", entry.provided.as_ref());
    for (rule, level) in &entry.rules {
        table.word::<Level>(&format!("rules.{rule}"), Some(level));
    }
    table
}

fn exception(entry: &Exception) -> Shown {
    let mut table = Shown::new("[[exception]]");
    table.text("rule", Some(&entry.rule));
    table.set("artifact", Some(&entry.artifact), |glob| quote(glob.as_str()));
    table.text("reason", Some(&Setting { value: entry.reason.clone(), origin: entry.origin.clone() }));
    table.set("until", entry.until.as_ref(), ToString::to_string);
    table
}

fn array<'t>(items: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", items.map(quote).collect::<Vec<_>>().join(", "))
}

/// A basic string of TOML that is safe to print.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            hostile if is_hostile(hostile) => push(&mut quoted, format_args!("\\U{:08x}", u32::from(hostile))),
            harmless => quoted.push(harmless),
        }
    }
    quoted.push('"');
    quoted
}
