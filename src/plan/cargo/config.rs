//! cargo's configuration as far as a plan depends on it: aliases, targets, flags, linkers, the install root.
//!
//! Read leniently, in process (0.2 ms), file by file: every value keeps the file it stands in, and `include` and `--config`
//! count. What is malformed is left out here; cargo itself says what is wrong with it.
//! Source: The Cargo Book, "Configuration"; `src/cargo/util/context` of cargo 1.95.

use std::io::Read;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::plan::environment::Environment;
use crate::plan::scan::Flag;
use crate::plan::users::scalar;
pub(super) use crate::plan::users::{Source, Sourced};

/// Files longer than this are no configuration.
const LONGEST: u64 = 4 << 20;
/// Depth to which `include` is followed.
const DEEPEST: usize = 10;

/// Every configuration that holds for a call, the strongest first.
#[derive(Debug, Default)]
pub(super) struct Config {
    layers: Vec<(Source, Table)>,
}

impl Config {
    /// Reads the files above the working directory, `$CARGO_HOME` and what `--config` says.
    pub(super) fn load(environment: &Environment, options: &[Flag]) -> Self {
        let mut config = Config::default();
        let directory = options.iter().rev().find(|flag| flag.name == "C").and_then(|flag| flag.value.as_ref());
        let cwd = directory.map_or_else(|| environment.cwd.clone(), |directory| environment.cwd.join(directory));
        for flag in options.iter().rev().filter(|flag| flag.name == "config") {
            config.add_argument(flag.text(), &cwd);
        }
        for file in cargo_config2::Walk::with_cargo_home(&cwd, cargo_home(environment)) {
            config.add_file(&file, 0);
        }
        config
    }

    fn add_argument(&mut self, argument: &str, cwd: &Path) {
        match argument.parse::<Table>() {
            Ok(table) => self.layers.push((Source::CommandLine, table)),
            Err(_) if !argument.is_empty() => self.add_file(&cwd.join(argument), 0),
            Err(_) => {}
        }
    }

    fn add_file(&mut self, path: &Path, depth: usize) {
        let Some(table) = read(path) else { return };
        let included = included(&table);
        self.layers.push((Source::File(path.to_path_buf()), table));
        let directory = path.parent().unwrap_or(path);
        for file in included.iter().rev().filter(|_| depth < DEEPEST) {
            self.add_file(&directory.join(file), depth + 1);
        }
    }

    /// The strings at a key: one string is split at blanks and replaces weaker ones, arrays are joined, weakest first.
    pub(super) fn strings(&self, key: &[&str]) -> Option<Vec<Sourced>> {
        self.list(key, |text| text.split_whitespace().map(str::to_owned).collect())
    }

    /// As [`Self::strings`], without splitting.
    pub(super) fn whole_strings(&self, key: &[&str]) -> Option<Vec<Sourced>> {
        self.list(key, |text| vec![text.to_owned()])
    }

    /// The strongest value at a key, as the file spells it, when it is no array or table.
    pub(super) fn scalar(&self, key: &[&str]) -> Option<Sourced> {
        let (source, value) = self.values(key).next()?;
        let value = scalar(value)?;
        Some(Sourced { value, source: source.clone() })
    }

    /// Whether the strongest value at a key is an array: environment variables are then appended, not put in its place.
    pub(super) fn is_array(&self, key: &[&str]) -> bool {
        self.values(key).next().is_some_and(|(_, value)| value.is_array())
    }

    /// Keys of the table at a key, over all files.
    pub(super) fn names(&self, key: &[&str]) -> Vec<&str> {
        let tables = self.values(key).filter_map(|(_, value)| value.as_table());
        let mut names: Vec<_> = tables.flat_map(|table| table.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn values<'a>(&'a self, key: &[&str]) -> impl Iterator<Item = (&'a Source, &'a Value)> {
        self.layers.iter().filter_map(move |(source, table)| {
            let (first, rest) = key.split_first()?;
            let found = rest.iter().try_fold(table.get(*first)?, |value, part| value.as_table()?.get(*part))?;
            Some((source, found))
        })
    }

    fn list(&self, key: &[&str], split: impl Fn(&str) -> Vec<String>) -> Option<Vec<Sourced>> {
        let mut found: Option<Vec<Sourced>> = None;
        let values: Vec<_> = self.values(key).collect();
        for (source, value) in values.into_iter().rev() {
            let sourced = |value: String| Sourced { value, source: source.clone() };
            match value {
                Value::String(text) => found = Some(split(text).into_iter().map(sourced).collect()),
                Value::Array(parts) => {
                    let parts = parts.iter().filter_map(Value::as_str).map(|part| sourced(part.to_owned()));
                    found.get_or_insert_default().extend(parts);
                }
                _ => {}
            }
        }
        found
    }
}

/// `$CARGO_HOME`, or `.cargo` in the home directory.
pub(crate) fn cargo_home(environment: &Environment) -> Option<PathBuf> {
    match environment.non_empty("CARGO_HOME") {
        Some(home) => Some(environment.cwd.join(home)),
        None => Some(environment.home()?.join(".cargo")),
    }
}

/// A file of TOML, unless it is none, or no regular file.
pub(crate) fn read(path: &Path) -> Option<Table> {
    let file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok().filter(|data| data.is_file())?.len();
    let mut text = String::with_capacity(size.min(LONGEST) as usize + 1);
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// `include = "a.toml"`, `["a.toml"]`, or tables with `path` (`optional` does not matter: a missing file is left out).
fn included(table: &Table) -> Vec<String> {
    let path = |value: &Value| match value {
        Value::String(path) => Some(path.clone()),
        Value::Table(table) => table.get("path")?.as_str().map(str::to_owned),
        _ => None,
    };
    match table.get("include") {
        Some(Value::Array(values)) => values.iter().filter_map(path).collect(),
        Some(value) => path(value).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Tool;
    use crate::plan::scan::{Flags, Syntax};

    fn globals(words: &[&str]) -> Vec<Flag> {
        let words: Vec<_> = words.iter().map(std::ffi::OsString::from).collect();
        Flags::new(Syntax::before_verb(Tool::Cargo), &words, 0).collect()
    }

    fn values(config: &Config, key: &[&str]) -> Vec<String> {
        config.strings(key).unwrap_or_default().into_iter().map(|one| one.value).collect()
    }

    #[test]
    fn files_includes_and_options_are_layered() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        write("a/.cargo/config.toml", "include = ['more.toml']\nbuild.rustflags = ['-Cdeep']\nbuild.target = 'here'");
        write("a/.cargo/more.toml", "alias.zz = 'build -q'\nbuild.rustflags = ['-Cincluded']");
        write(".cargo/config.toml", "build.rustflags = ['-Cabove']\nbuild.target = 'above'\nalias.bad = 3");
        write("home/config.toml", "this is = = not TOML");
        let home = directory.path().join("home");
        let environment = Environment::new([("CARGO_HOME", home)], directory.path().join("a"));
        let config = Config::load(&environment, &globals(&["--config", "build.rustflags=['-Ccli']"]));
        assert_eq!(values(&config, &["build", "rustflags"]), ["-Cabove", "-Cincluded", "-Cdeep", "-Ccli"]);
        assert_eq!(values(&config, &["build", "target"]), ["here"]);
        assert_eq!(values(&config, &["alias", "zz"]), ["build", "-q"]);
        assert_eq!(config.strings(&["alias", "bad"]), None);
        assert_eq!(config.names(&["alias"]), ["bad", "zz"]);
        let target = config.whole_strings(&["build", "target"]).expect("a target");
        assert_eq!(target[0].source, Source::File(directory.path().join("a/.cargo/config.toml")));
    }
}
