//! What the user set that shapes programs, and where: the plan works around it, and [`crate::blame`] names it when a program
//! shows it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::policy::Origin;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `--config`, or another option.
    CommandLine,
    /// An alias of cargo's, and the file it stands in, where that is known.
    Alias(String, Option<PathBuf>),
    /// This environment variable.
    Variable(String),
    /// This file.
    File(PathBuf),
    /// The policy, by this key.
    Policy(&'static str, Origin),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::CommandLine => f.write_str("the command line"),
            Source::Alias(name, None) => write!(f, "the alias `{name}`"),
            Source::Alias(name, Some(path)) => write!(f, "the alias `{name}` of {}", path.display()),
            Source::Variable(name) => write!(f, "`{name}` in the environment"),
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Policy(key, origin) => write!(f, "`{key}` ({origin})"),
        }
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// The value.
    pub value: String,
    /// Its place.
    pub source: Source,
}

impl Sourced {
    /// The place, with the line where the file says the value once. Reads the file.
    pub fn place(&self) -> String {
        let file = match &self.source {
            Source::File(path) | Source::Alias(_, Some(path)) => path,
            other => return other.to_string(),
        };
        match line_of(file, &self.value) {
            Some(line) => format!("{}:{line}", self.source),
            None => self.source.to_string(),
        }
    }
}

/// The text of a TOML value that is no array and no table.
pub(crate) fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Boolean(value) => Some(value.to_string()),
        toml::Value::Integer(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The only line of a file, comments apart, that contains `text`; counted from 1.
fn line_of(file: &Path, text: &str) -> Option<usize> {
    let content = std::fs::read_to_string(file).ok()?;
    let code = content.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let mut found = code.filter(|(_, line)| line.contains(text)).map(|(index, _)| index + 1);
    found.next().filter(|_| found.next().is_none())
}

/// Everything of that kind in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserSettings {
    /// cargo: one entry for each target.
    pub targets: Vec<TargetSettings>,
    /// cargo: the profile, and what configuration and environment say in it; the manifest's own is not read.
    pub profile: ProfileSettings,
    /// go: every value of what counts once, the one that counts last.
    pub go: Vec<GoSetting>,
}

/// What the user set for one target of cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSettings {
    /// The target, and who chose it; empty where cargo is given none.
    pub target: Sourced,
    /// The flags of rustc that count.
    pub flags: Vec<Sourced>,
    /// Flags of the configuration that do not count, because of this variable.
    pub hidden: Option<(String, Vec<Sourced>)>,
    /// The linker, when one is named.
    pub linker: Option<Sourced>,
    /// What the configuration has in the place of build scripts: `links` of a manifest, and a `rustc-link-lib`.
    pub overrides: Vec<(String, Sourced)>,
}

/// One profile of cargo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileSettings {
    /// Its name: `dev`, `release` …
    pub name: String,
    /// Keys and their values; the stronger ones first.
    pub values: Vec<(&'static str, Sourced)>,
}

/// One value of a flag or variable of go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoSetting {
    /// `ldflags`, `tags`, `buildmode`, `CGO_ENABLED` …
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where it stands, in words: `the command line`, `GOFLAGS in /root/.config/go/env`.
    pub place: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_when_there_is_only_one() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "# -Cone\n[build]\nrustflags = ['-Cone', '-Ctwo']\n# x\na = '-Cthree'\nb = '-Cthree'\n")
            .expect("a file");
        let place = |value: &str| Sourced { value: value.into(), source: Source::File(path.clone()) }.place();
        assert_eq!(place("-Cone"), format!("{}:3", path.display()));
        assert_eq!(place("-Cthree"), path.display().to_string());
        let alias = Sourced { value: "-Ctwo".into(), source: Source::Alias("b".into(), Some(path.clone())) };
        assert_eq!(alias.place(), format!("the alias `b` of {}:3", path.display()));
        let variable = Sourced { value: "x".into(), source: Source::Variable("RUSTFLAGS".into()) };
        assert_eq!(variable.place(), "`RUSTFLAGS` in the environment");
    }
}
