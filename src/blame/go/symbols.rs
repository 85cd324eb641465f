//! Which package's C objects are behind a symbol or an executable stack.

use std::collections::{BTreeMap, BTreeSet};

use super::packages::Package;
use super::{Program, advice, libraries};
use crate::blame::objects::{self, LinkInput, Owner, Reference};
use crate::blame::{Culprits, one_of, startup, with_symbols};
use crate::facts::{Facts, object};
use crate::listing::only_once;
use crate::run::Artifact;

impl<'p> Program<'p> {
    /// The archives of packages with C objects, and those that their `#cgo` lines name.
    fn archives(&self) -> Vec<LinkInput> {
        let with_objects = |package: &&&Package| !package.cgo_files.is_empty() || !package.syso_files.is_empty();
        let of = |package: &&Package| {
            let owner = Owner::Package(package.import_path.clone());
            let own = Some(package.export.clone()).filter(|path| !path.is_empty()).map(Into::into);
            let files = own.into_iter().chain(libraries::archives(package));
            files.map(move |path| LinkInput { path, owner: owner.clone() }).collect::<Vec<_>>()
        };
        self.packages.iter().filter(with_objects).flat_map(of).collect()
    }

    fn package(&self, owner: &Owner) -> Option<&'p Package> {
        let Owner::Package(path) = owner else { return None };
        self.packages.iter().copied().find(|package| package.import_path == *path)
    }

    /// Whose objects make the linker mark the stack executable.
    pub(super) fn of_executable_stack(&self) -> Culprits {
        let found = objects::executable_stacks(&self.archives());
        let phrase = |reference: &Reference| {
            let package = self.package(&reference.owner)?;
            let (object, has) = match object(reference, package) {
                Some(object) => (format!(", object {object}"), "has no `.note.GNU-stack` section"),
                None => (String::new(), "has an object without a `.note.GNU-stack` section"),
            };
            Some(format!("{} {has}", self.subject(package, &object)))
        };
        let mut culprits = Culprits { phrases: found.iter().filter_map(phrase).collect(), help: None };
        only_once(&mut culprits.phrases);
        culprits
    }

    /// Whose C objects refer to these symbols. Without a symbol table it cannot be told which of several was linked in.
    pub(super) fn of_symbols(&self, symbols: &BTreeSet<&str>, artifact: &Artifact, facts: Option<&Facts>) -> Culprits {
        let mut inputs = self.archives();
        inputs.extend(startup::of_kind("cc".as_ref(), facts.map(|facts| facts.kind)));
        let present = object::names_of_file(&artifact.path).unwrap_or_default();
        let mut by_owner: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut unsure: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        // C's own start-up code and Go's are there because some package uses cgo.
        let mut toolchains = false;
        let found = objects::references(&inputs, |name| symbols.contains(name)).found;
        for reference in objects::that_made_it(found, (!present.is_empty()).then_some(&present)) {
            let Some(package) = self.package(&reference.owner) else {
                toolchains = true;
                let file = reference.file.file_name().unwrap_or_default().display();
                by_owner.entry(format!("`{file}` of the C toolchain")).or_default().insert(reference.symbol);
                continue;
            };
            let object = object(&reference, package).map(|object| format!(", object {object}")).unwrap_or_default();
            if present.is_empty() {
                let one_of = unsure.entry(reference.symbol).or_default();
                one_of.insert(format!("{}{object}", super::called(package)), self.subject(package, &object));
            } else if reference.by.iter().any(|name| present.contains(name)) {
                toolchains |= package.standard;
                by_owner.entry(self.subject(package, &object)).or_default().insert(reference.symbol);
            }
        }
        for (symbol, owners) in unsure {
            let who = match owners.values().next() {
                Some(only) if owners.len() == 1 => only.clone(),
                _ => one_of(&owners.into_keys().collect::<Vec<_>>()),
            };
            by_owner.entry(who).or_default().insert(symbol);
        }
        let phrase = |(who, symbols): (&String, &BTreeSet<String>)| {
            with_symbols(who, &symbols.iter().map(String::as_str).collect())
        };
        let mut phrases: Vec<String> = by_owner.iter().map(phrase).collect();
        let users = self.users();
        if toolchains {
            phrases.extend(self.of_packages(&users).phrases);
        }
        let help = self.about_symbols(&users);
        Culprits { phrases, help }
    }

    /// What to do about symbols where packages of third parties link libraries: zig, which the rules name, does not find them.
    fn about_symbols(&self, users: &[&Package]) -> Option<String> {
        let third = users.iter().copied().filter(|package| !package.standard);
        let third: Vec<&Package> = third.filter(|package| libraries::asks_for_any(package)).collect();
        if third.is_empty() { None } else { advice(&third, self.goal) }
    }
}

/// The object behind a reference, where it is one that lies beside the sources or in an archive that they name; what cgo compiles
/// has no name of the user's.
fn object(reference: &Reference, package: &Package) -> Option<String> {
    let member = reference.member.as_deref()?;
    if reference.file.as_os_str() != package.export.as_str() {
        let file = reference.file.file_name()?.to_string_lossy();
        return Some(format!("`{file}({member})`"));
    }
    // Go's archives cut names off (`cmd/internal/archive`: 16 bytes).
    let is_it = |file: &&String| *file == member || (member.len() > 8 && file.starts_with(member));
    package.syso_files.iter().find(is_it).map(|file| format!("`{file}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blame::go::Goal;

    fn user(path: &str, standard: bool) -> Package {
        Package { import_path: path.into(), standard, cgo_files: vec!["x.go".into()], ..Package::default() }
    }

    #[test]
    fn symbols_of_packages_with_libraries_have_their_own_advice() {
        let plain = user("a", false);
        let with_library = Package { cgo_ldflags: vec!["-lz".into()], ..user("b", false) };
        let program = Program { packages: vec![&plain, &with_library], ways: None, goal: Goal::default() };
        assert_eq!(program.about_symbols(&[&plain]), None);
        let help = program.about_symbols(&[&plain, &with_library]);
        assert_eq!(help.is_some_and(|help| help.contains("static archives")), cfg!(target_os = "linux"));
    }

    #[test]
    fn objects_of_the_users_own_are_named() {
        let package = Package {
            export: "/cache/a-d".into(),
            syso_files: vec!["blob_windows_amd64.syso".into()],
            ..user("a", false)
        };
        let of = |file: &str, member: &str| {
            let reference = Reference {
                symbol: "f".into(),
                owner: Owner::Package("a".into()),
                file: file.into(),
                member: Some(member.into()),
                by: Vec::new(),
                is_weak: false,
                is_bitcode: false,
            };
            object(&reference, &package)
        };
        assert_eq!(of("/src/libarcv.a", "arcv.o").as_deref(), Some("`libarcv.a(arcv.o)`"));
        assert_eq!(of("/cache/a-d", "blob_windows_amd").as_deref(), Some("`blob_windows_amd64.syso`"));
        assert_eq!(of("/cache/a-d", "_x002.o"), None);
    }
}
