//! Blame in a cargo build: crates, their build scripts, the toolchain and its flags.

mod artifact;
mod inputs;
mod libraries;
mod members;
mod messages;
mod settings;
mod source;
mod tree;

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::artifact::ArtifactBlame;
use self::messages::CargoBuild;
use self::tree::Tree;
use super::toolchain;
use super::ways::Ways;
use crate::facts::Facts;
use crate::hosts::{self, Answer, Host};
use crate::plan::Plan;
use crate::rules::is_made_by_headers;
use crate::run::{Artifact, Role};
pub(crate) use tree::build_directory;

/// What is known about a cargo build, found out piece by piece as findings ask for it.
#[derive(Debug)]
pub(crate) struct CargoBlame<'a> {
    plan: &'a Plan,
    build: CargoBuild,
    trees: RefCell<Vec<TargetTree>>,
    sysroot: OnceCell<Option<PathBuf>>,
}

/// A target, and what cargo said about it.
type TargetTree = (Option<String>, Option<Rc<Tree>>);

impl<'a> CargoBlame<'a> {
    /// Reads the messages; everything else waits until it is needed.
    pub(crate) fn new(plan: &'a Plan, messages: &[u8]) -> Self {
        let build = CargoBuild::from_messages(messages);
        CargoBlame { plan, build, trees: RefCell::default(), sysroot: OnceCell::new() }
    }

    /// Who is behind findings about `artifact`.
    pub(crate) fn of_artifact<'b>(&'b self, artifact: &'b Artifact, facts: Option<&Facts>) -> ArtifactBlame<'b> {
        ArtifactBlame::new(self, artifact, facts)
    }

    /// Objects of C code, brought by build scripts, that refer to what glibc has and musl lacks: one phrase per owner, and
    /// whether glibc's headers made the names.
    pub(crate) fn glibc_code(&self, target: &str) -> Vec<(String, bool)> {
        let arch = target.split('-').next().unwrap_or_default();
        let (Ok(glibc), Ok(musl)) = (hosts::find("glibc:2.43", arch), hosts::find("musl:1.2", arch)) else {
            return Vec::new();
        };
        let artifact = unknown_artifact(target);
        let artifact = self.of_artifact(&artifact, None);
        let of = |made: bool| {
            let is_one = |name: &str| is_made_by_headers(name) == made && is_of_glibc_alone(&glibc, &musl, name);
            artifact.in_scripts_archives(is_one).into_iter().map(move |phrase| (phrase, made))
        };
        of(true).chain(of(false)).collect()
    }

    /// `crate `openssl-sys 0.9.1` (app → native-tls → openssl-sys)` for a package known by its name; the bare name where the
    /// build has none, or several, of that name.
    pub(crate) fn by_name(&self, name: &str, target: &str) -> String {
        let artifact = unknown_artifact(target);
        let known = self.tree(Some(target)).and_then(|tree| tree.only(name).map(str::to_owned));
        match known {
            Some(package) => self.of_artifact(&artifact, None).named(&package),
            None => format!("crate `{name}`"),
        }
    }

    /// Crates that compile C code and are linked into what is built for `target`; `None` when cargo cannot say.
    pub(crate) fn c_crates(&self, target: &str) -> Option<Vec<String>> {
        Some(self.tree(Some(target))?.c_crates())
    }

    /// Of those, the crates that want a C++ compiler.
    pub(crate) fn cxx_crates(&self, target: &str) -> Vec<String> {
        self.tree(Some(target)).map(|tree| tree.cxx_crates()).unwrap_or_default()
    }

    /// The members of the workspace that this call builds and that make shared objects alone.
    pub(crate) fn only_shared(&self, directory: &Path) -> Vec<String> {
        let metadata = tree::metadata(&self.plan.program, &self.plan.args, &["--no-deps".into()]);
        metadata.map(|metadata| members::only_shared(&metadata, &self.plan.args, directory)).unwrap_or_default()
    }

    /// A procedural macro of the build, if there is one.
    pub(crate) fn a_procedural_macro(&self) -> Option<String> {
        self.tree(None)?.procedural_macro().map(str::to_owned)
    }

    fn tree(&self, target: Option<&str>) -> Option<Rc<Tree>> {
        let mut trees = self.trees.borrow_mut();
        if let Some((_, tree)) = trees.iter().find(|(known, _)| known.as_deref() == target) {
            return tree.clone();
        }
        // Without a target, what other systems alone depend on is no part either.
        let platform = target.map(str::to_owned).or_else(|| toolchain::host(self.plan));
        let tree = Tree::ask(&self.plan.program, &self.plan.args, platform.as_deref()).map(Rc::new);
        trees.push((target.map(str::to_owned), tree.clone()));
        tree
    }

    /// The ways to everything that is linked into the artifact; `None` when cargo cannot say.
    fn ways(&self, artifact: &Artifact) -> Option<Ways> {
        let is_example = artifact.path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "examples");
        let target = artifact.target.as_deref();
        let compiled = |package: &str| {
            let units = self.build.features.iter().filter(|(id, file, _)| id == package && is_of_target(file, target));
            units
                .map(|(.., features)| features.iter().map(String::as_str).collect())
                .reduce(|all: HashSet<&str>, more| all.union(&more).copied().collect())
        };
        self.tree(target)?.ways(artifact.package.as_deref(), is_example, &compiled)
    }

    fn sysroot(&self) -> Option<&Path> {
        self.sysroot.get_or_init(|| toolchain::sysroot(Some(self.plan))).as_deref()
    }
}

/// Whether glibc has a function that musl lacks.
fn is_of_glibc_alone(glibc: &Host, musl: &Host, name: &str) -> bool {
    // libgcc_s comes with a compiler, and each C library has one.
    let mut own = glibc.libraries.iter().filter(|library| !library.soname.starts_with("libgcc_s."));
    own.any(|library| library.exports.satisfies_glibc(name, None) == Answer::Yes)
        && musl.libraries.iter().all(|library| library.exports.satisfies_musl(name) == Answer::No)
}

/// Whether a file was built for a target, not for build scripts and procedural macros. Where cargo was given no target, both
/// lie in the same folders.
fn is_of_target(path: &Path, target: Option<&str>) -> bool {
    target.is_none_or(|target| {
        let name = Path::new(target).file_stem().unwrap_or_default();
        path.components().any(|part| part.as_os_str() == name)
    })
}

/// As [`CargoBlame::c_crates`] and [`CargoBlame::cxx_crates`], before any build.
pub(crate) fn c_and_cxx_crates(cargo: &Path, target: &str) -> Option<(Vec<String>, Vec<String>)> {
    let tree = Tree::ask(cargo, &[], Some(target))?;
    Some((tree.c_crates(), tree.cxx_crates()))
}

/// Stands for whatever a build for `target` was to make.
fn unknown_artifact(target: &str) -> Artifact {
    Artifact { path: PathBuf::new(), role: Role::Unknown, package: None, target: Some(target.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_compiler_is_no_part_of_glibc() {
        let host = |name: &str| hosts::find(name, "x86_64").unwrap();
        let (glibc, musl) = (host("glibc:2.43"), host("musl:1.2"));
        assert!(is_of_glibc_alone(&glibc, &musl, "__memcpy_chk"));
        assert!(!is_of_glibc_alone(&glibc, &musl, "_Unwind_Resume"));
        assert!(!is_of_glibc_alone(&glibc, &musl, "memcpy"));
    }
}
