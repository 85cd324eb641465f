//! The loads of one file on every host, worked out when the first rule asks.

use std::cell::OnceCell;
use std::fmt;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{Files, Load, Mode, NoFiles, Program, with_bindings};
use crate::facts::Facts;
use crate::hosts::{Host, System};

/// What each Linux host's loader would say of one file; several rules read it, none pays when nobody asks.
pub struct Loads<'a> {
    program: Option<Program<'a>>,
    hosts: &'a [Host],
    files: &'a dyn Files,
    strict_symbols: bool,
    provided: &'a [String],
    home: Option<&'a str>,
    made: OnceCell<Vec<Load>>,
}

impl<'a> Loads<'a> {
    /// The loads of `facts`, which lie at the absolute `path`, on `hosts`; `provided` are globs over symbols that the
    /// loading program provides.
    pub fn new(facts: &'a Facts, path: &'a str, hosts: &'a [Host], files: &'a dyn Files) -> Self {
        let program = Some(Program { facts, path, at_home: false });
        Loads { program, hosts, files, strict_symbols: false, provided: &[], home: None, made: OnceCell::new() }
    }

    /// No loads at all.
    pub fn none() -> Self {
        Loads {
            program: None,
            hosts: &[],
            files: &NoFiles,
            strict_symbols: false,
            provided: &[],
            home: None,
            made: OnceCell::new(),
        }
    }

    /// On the host of this name, the file lies in the host's own root.
    pub fn at_home_on(self, home: Option<&'a str>) -> Self {
        Loads { home, ..self }
    }

    /// Judges shared objects alone, or with these symbols provided.
    pub fn with_symbols(self, strict_symbols: bool, provided: &'a [String]) -> Self {
        Loads { strict_symbols, provided, ..self }
    }

    /// The directory that the file lies in, and the tree it is shipped in; `None` where nobody said, and inside of an image,
    /// of which nobody keeps files that are not ELF.
    pub fn beside(&self) -> Option<(&'a str, &'a dyn Files)> {
        let path = self.program.filter(|_| self.home.is_none())?.path;
        Some((path.rsplit_once('/').map_or(".", |(directory, _)| directory), self.files))
    }

    /// Each Linux host with its load, in order.
    pub fn get(&self) -> impl Iterator<Item = (&'a Host, &Load)> {
        let loads = self.made.get_or_init(|| self.make());
        self.linux_hosts().zip(loads)
    }

    fn linux_hosts(&self) -> impl Iterator<Item = &'a Host> + use<'a> {
        self.hosts.iter().filter(|host| host.system == System::Linux)
    }

    fn make(&self) -> Vec<Load> {
        let Some(program) = self.program else { return Vec::new() };
        let globs = globs(self.provided);
        let is_provided = |name: &str| globs.is_match(name);
        let mode = Mode { strict_symbols: self.strict_symbols, provided: Some(&is_provided) };
        let at = |host: &Host| Program { at_home: self.home == Some(&host.name), ..program };
        let bindings = OnceCell::new();
        self.linux_hosts().map(|host| with_bindings(at(host), host, self.files, mode, &bindings)).collect()
    }
}

/// The globs as one set; one that cannot be read matches nothing, and the policy has said so before.
fn globs(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
        set.add(glob);
    }
    set.build().unwrap_or_default()
}

impl fmt::Debug for Loads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loads").field("hosts", &self.hosts.len()).field("made", &self.made).finish()
    }
}
