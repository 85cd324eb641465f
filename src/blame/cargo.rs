//! Blame in a cargo build: crates, their build scripts, the toolchain and its flags.

mod inputs;
mod messages;
mod source;
mod tree;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use super::objects::{self, LinkInput, Owner, Reference};
use super::{Culprits, startup};
use crate::facts::{Facts, Kind, object};
use crate::hosts::{self, Answer};
use crate::plan::Plan;
use crate::rules::Cause;
use crate::run::{Artifact, Role};
pub(crate) use messages::link_name;
use messages::{CargoBuild, Script, link_lib, name_and_version};
use tree::Tree;
pub(crate) use tree::target_directory;

/// Symbols beyond this number are not looked for one by one: a report lists a few, and time is short.
const MOST_SYMBOLS: usize = 64;

/// What is known about a cargo build, found out piece by piece as findings ask for it.
#[derive(Debug)]
pub(crate) struct CargoBlame<'a> {
    plan: &'a Plan,
    build: CargoBuild,
    tree: OnceCell<Option<Tree>>,
}

impl<'a> CargoBlame<'a> {
    /// Reads the messages; everything else waits until it is needed.
    pub(crate) fn new(plan: &'a Plan, messages: &[u8]) -> Self {
        CargoBlame { plan, build: CargoBuild::from_messages(messages), tree: OnceCell::new() }
    }

    /// Who is behind these causes.
    pub(crate) fn of(&self, causes: &[Cause], artifact: &Artifact, facts: Option<&Facts>) -> Culprits {
        let mut culprits = Vec::new();
        let mut help = None;
        for cause in causes {
            if let Cause::Library(library) = cause {
                for (package, how) in self.of_library(library) {
                    help = help.or_else(|| super::fixes::of_crate(&name_and_version(package).0));
                    culprits.push(format!("{}: {how}", self.named(package, artifact)));
                }
            }
        }
        let symbols: Vec<String> = causes
            .iter()
            .filter_map(|cause| if let Cause::Symbol(name) = cause { Some(name.clone()) } else { None })
            .take(MOST_SYMBOLS)
            .collect();
        if !symbols.is_empty() {
            culprits.extend(self.of_symbols(&symbols, artifact, facts.map(|facts| facts.kind)));
        }
        if causes.contains(&Cause::ExecutableStack) {
            let references = linked_only(objects::executable_stacks(&self.native_inputs()), &artifact.path);
            culprits.extend(self.phrases(&references, artifact));
        }
        let mut seen = HashSet::new();
        culprits.retain(|culprit| seen.insert(culprit.clone()));
        Culprits { phrases: culprits, help: help.map(str::to_owned) }
    }

    /// Packages whose build script, or whose `#[link]` attribute, asks for the library, and which of the two.
    fn of_library(&self, library: &str) -> BTreeMap<&str, &'static str> {
        let wanted = link_name(library);
        let asks = |entry: &String| {
            let (name, is_static) = link_lib(entry);
            name == wanted && !is_static
        };
        let scripts = self.build.scripts.iter().filter(|script| script.libs.iter().any(asks));
        let mut packages: BTreeMap<&str, &'static str> =
            scripts.map(|script| (script.package.as_str(), "its build script asks for the library")).collect();
        if packages.is_empty() {
            let attributes = self.build.crates.iter().filter(|files| source::links(&files.source, wanted));
            packages.extend(attributes.map(|files| (files.package.as_str(), "its `#[link]` asks for the library")));
        }
        packages
    }

    fn of_symbols(&self, symbols: &[String], artifact: &Artifact, kind: Option<Kind>) -> Vec<String> {
        let mut inputs = self.all_inputs(artifact);
        inputs.retain(|input| startup::is_linked(&input.path, kind));
        let references = objects::references(&inputs, symbols);
        let complete = references.unreadable.is_empty();
        let found = linked_only(references.found, &artifact.path);
        let named: BTreeSet<&String> = found.iter().map(|reference| &reference.symbol).collect();
        let mut phrases = self.phrases(&found, artifact);
        // rustc throws the objects of the program's own crate away. When every other input was read and none refers to
        // the symbol, only that crate is left.
        if let Some(symbol) = symbols.iter().find(|symbol| !named.contains(symbol)).filter(|_| complete)
            && let Some(package) = &artifact.package
        {
            phrases.push(format!("crate `{}` itself refers to `{symbol}`", name_and_version(package).0));
        }
        phrases
    }

    /// Objects of C code, brought by build scripts, that refer to what glibc has and musl lacks: one phrase per owner.
    pub(crate) fn glibc_code(&self, target: &str) -> Vec<String> {
        let arch = target.split('-').next().unwrap_or_default();
        let (Ok(glibc), Ok(musl)) = (hosts::find("glibc:2.43", arch), hosts::find("musl:1.2", arch)) else {
            return Vec::new();
        };
        let in_glibc = |name: &str| {
            glibc.libraries.iter().any(|library| library.exports.satisfies_glibc(name, None) == Answer::Yes)
        };
        let not_in_musl =
            |name: &str| musl.libraries.iter().all(|library| library.exports.satisfies_musl(name) == Answer::No);
        let archives = self.script_archives();
        let found = objects::references_where(&archives, |name| in_glibc(name) && not_in_musl(name));
        let artifact =
            Artifact { path: Default::default(), role: Role::Unknown, package: None, target: Some(target.into()) };
        self.phrases(&found, &artifact)
    }

    /// Every rlib of the build that belongs to the artifact's target, and its native archives.
    fn native_inputs(&self) -> Vec<LinkInput> {
        let mut inputs = Vec::new();
        for files in &self.build.crates {
            let owner = Owner::Crate(files.package.clone());
            inputs.extend(files.rlibs.iter().map(|path| LinkInput { path: path.clone(), owner: owner.clone() }));
        }
        inputs.extend(self.script_archives());
        inputs
    }

    fn script_archives(&self) -> Vec<LinkInput> {
        let of = |script: &Script| {
            let owner = Owner::Crate(script.package.clone());
            inputs::archives(script).map(|path| LinkInput { path, owner: owner.clone() }).collect::<Vec<_>>()
        };
        self.build.scripts.iter().flat_map(of).collect()
    }

    fn all_inputs(&self, artifact: &Artifact) -> Vec<LinkInput> {
        let mut inputs = self.native_inputs();
        inputs.extend(inputs::of_toolchain(self.plan, artifact.target.as_deref()));
        inputs
    }

    /// One phrase per owner, naming the symbols it refers to.
    fn phrases(&self, references: &[Reference], artifact: &Artifact) -> Vec<String> {
        let mut by_owner: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for reference in references {
            let who = match &reference.owner {
                Owner::Crate(package) => self.named(package, artifact),
                Owner::Std => "the Rust standard library".to_owned(),
                Owner::CStartup => format!("`{}` of the C toolchain", file_name(&reference.file)),
                Owner::LinkLine => format!("`{}`", file_name(&reference.file)),
            };
            let who = match (&reference.owner, &reference.member) {
                (Owner::Crate(_) | Owner::LinkLine, Some(member)) if !member.ends_with(".rcgu.o") => {
                    format!("{who}, object `{member}`")
                }
                _ => who,
            };
            by_owner.entry(who).or_default().insert(&reference.symbol);
        }
        by_owner.into_iter().map(|(who, symbols)| super::with_symbols(&who, &symbols)).collect()
    }

    /// `crate `libz-sys 1.1.20` (app → reqwest → libz-sys)`.
    fn named(&self, package: &str, artifact: &Artifact) -> String {
        let (name, version) = name_and_version(package);
        let tree = self.tree.get_or_init(|| {
            let target = artifact.target.as_deref();
            Tree::ask(&self.plan.program, &self.plan.args, target)
        });
        let from = artifact.package.as_deref();
        match tree.as_ref().and_then(|tree| tree.way(from, package)).filter(|way| way.len() > 1) {
            Some(way) => format!("crate `{name} {version}` ({})", way.join(" → ")),
            None => format!("crate `{name} {version}`"),
        }
    }
}

/// Drops references from objects that did not make it into the artifact, as far as its symbol table tells.
fn linked_only(references: Vec<Reference>, artifact: &Path) -> Vec<Reference> {
    let Some(present) = object::names_of_file(artifact).filter(|names| !names.is_empty()) else { return references };
    references
        .into_iter()
        .filter(|reference| reference.defines.is_empty() || reference.defines.iter().any(|name| present.contains(name)))
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
