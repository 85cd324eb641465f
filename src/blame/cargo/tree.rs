//! The way through the dependency tree from the user's own crate to a culprit.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};

use crate::blame::toolchain;
use crate::blame::ways::Ways;
use crate::run::cargo::name_and_version;

/// Flags of a build that change which dependencies there are; handed on to `cargo metadata`.
const TREE_FLAGS: &[&str] = &["--features", "-F", "--manifest-path", "--config"];
/// The same, without a value.
const TREE_SWITCHES: &[&str] = &["--all-features", "--no-default-features"];

/// Crates that build scripts compile C code with; those that bring a source along do it by the first.
const COMPILERS: &[&str] = &["cc", "cmake", "openssl-src", "autotools"];

/// What compiles C++ alone, and the word by which a build script asks the crate `cc` for C++.
const CXX: (&str, &str) = ("cxx-build", ".cpp(true)");

/// The dependency graph of a build.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Package id to what is linked into it. Nothing is linked into procedural macros, which run in the compiler.
    edges: HashMap<String, Vec<Edge>>,
    /// The same for examples, which also use the dependencies for development.
    for_examples: HashMap<String, Vec<Edge>>,
    /// The packages of the workspace: where a way may start.
    members: Vec<String>,
    /// The manifest at the root of the workspace.
    manifest: PathBuf,
    /// The name of a procedural macro.
    procedural_macro: Option<String>,
    /// `links` of a manifest, and the id of its package.
    links: HashMap<String, String>,
    /// The ids of packages whose build script has a C compiler at hand.
    compiling: Vec<String>,
    /// Of packages whose build script compiles C++.
    compiling_cxx: Vec<String>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edge {
    /// Package id.
    to: String,
    /// For an optional one, the features that turn it on. `cargo metadata` unites the features of everything in the workspace,
    /// build scripts and tests included, so that its graph has edges which a build has not.
    features: Option<Vec<String>>,
}

/// The features a package was compiled with, where that is known.
pub(crate) type Compiled<'f> = dyn Fn(&str) -> Option<HashSet<&'f str>> + 'f;

impl Edge {
    fn is_on(&self, features: Option<&HashSet<&str>>) -> bool {
        let (Some(wanted), Some(compiled)) = (&self.features, features) else { return true };
        wanted.iter().any(|feature| compiled.contains(feature.as_str()))
    }
}

impl Tree {
    /// Asks cargo for the graph, offline; `None` when it cannot say.
    pub(crate) fn ask(program: &Path, args: &[OsString], target: Option<&str>) -> Option<Tree> {
        let extra = target.map(|target| ["--filter-platform".into(), target.into()]);
        Tree::from_metadata(&metadata(program, args, extra.as_ref().map_or(&[], |words| &words[..]))?)
    }

    fn from_metadata(metadata: &Metadata) -> Option<Tree> {
        let resolve = metadata.resolve.as_ref()?;
        let macros = metadata.packages.iter().filter(|it| it.targets.iter().any(cargo_metadata::Target::is_proc_macro));
        let macros: HashMap<&PackageId, &str> = macros.map(|package| (&package.id, package.name.as_str())).collect();
        let links = metadata.packages.iter().filter_map(|it| Some((it.links.clone()?, it.id.repr.clone())));
        let mut tree = Tree {
            links: links.collect(),
            members: metadata.workspace_members.iter().map(|id| id.repr.clone()).collect(),
            manifest: metadata.workspace_root.join("Cargo.toml").into_std_path_buf(),
            procedural_macro: macros.values().min().map(|name| (*name).to_owned()),
            ..Tree::default()
        };
        let packages: HashMap<&PackageId, &Package> =
            metadata.packages.iter().map(|package| (&package.id, package)).collect();
        for node in &resolve.nodes {
            let builds = node.deps.iter().filter(|dep| has_kind(dep, DependencyKind::Build));
            let tools: Vec<&str> = builds.map(|dep| name_and_version(&dep.pkg.repr).0).collect();
            let compiles = tools.iter().any(|tool| COMPILERS.contains(tool));
            tree.compiling.extend(compiles.then(|| node.id.repr.clone()));
            let asks_for_cxx = || packages.get(&node.id).is_some_and(|package| script_says(package, CXX.1));
            let compiles_cxx = tools.contains(&CXX.0) || (compiles && asks_for_cxx());
            tree.compiling_cxx.extend(compiles_cxx.then(|| node.id.repr.clone()));
            let linked = |dev: bool| {
                let wanted = move |info: &cargo_metadata::DepKindInfo| {
                    info.kind == DependencyKind::Normal || (dev && info.kind == DependencyKind::Development)
                };
                let deps = node.deps.iter().filter(|dep| !macros.contains_key(&dep.pkg));
                let deps = deps.filter(|dep| dep.dep_kinds.is_empty() || dep.dep_kinds.iter().any(wanted));
                let package = packages.get(&node.id);
                let edge = |dep: &cargo_metadata::NodeDep| Edge {
                    to: dep.pkg.repr.clone(),
                    features: package.and_then(|package| turned_on_by(package, dep, dev)),
                };
                deps.map(edge).collect::<Vec<_>>()
            };
            if tree.members.contains(&node.id.repr) {
                tree.for_examples.insert(node.id.repr.clone(), linked(true));
            }
            tree.edges.insert(node.id.repr.clone(), linked(false));
        }
        Some(tree)
    }

    /// The ways from the package called `from` (or any member of the workspace); `None` when there is no such package.
    pub(crate) fn ways(&self, from: Option<&str>, is_example: bool, compiled: &Compiled<'_>) -> Option<Ways> {
        let starts = self.members.iter().filter(|id| from.is_none_or(|from| name_and_version(id).0 == from));
        let next = |id: &str, is_start: bool| {
            let edges = if is_example && is_start { &self.for_examples } else { &self.edges };
            let features = compiled(id);
            edges.get(id).into_iter().flatten().filter(move |edge| edge.is_on(features.as_ref())).map(|edge| &edge.to)
        };
        Ways::find(starts.map(String::as_str), next)
    }

    /// The names of the crates that compile C code and are linked into anything of the workspace.
    pub(crate) fn c_crates(&self) -> Vec<String> {
        self.linked(&self.compiling)
    }

    /// The same for C++ code.
    pub(crate) fn cxx_crates(&self) -> Vec<String> {
        self.linked(&self.compiling_cxx)
    }

    /// The names of those of these packages that are linked into anything of the workspace.
    fn linked(&self, packages: &[String]) -> Vec<String> {
        let ways = self.ways(None, false, &|_| None);
        let linked = packages.iter().filter(|id| ways.as_ref().is_some_and(|ways| ways.lead_to(id)));
        let mut names: Vec<String> = linked.map(|id| name_and_version(id).0.to_owned()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The manifest at the root of the workspace: profiles in others do not count.
    pub(crate) fn manifest(&self) -> &Path {
        &self.manifest
    }

    /// The name of a procedural macro among the packages.
    pub(crate) fn procedural_macro(&self) -> Option<&str> {
        self.procedural_macro.as_deref()
    }

    /// The id of the package whose manifest says `links`; cargo allows one.
    pub(crate) fn with_links(&self, links: &str) -> Option<&str> {
        self.links.get(links).map(String::as_str)
    }

    /// The id of the only package of that name.
    pub(crate) fn only(&self, name: &str) -> Option<&str> {
        let mut named = self.edges.keys().filter(|id| name_and_version(id).0 == name);
        named.next().filter(|_| named.next().is_none()).map(String::as_str)
    }
}

/// Whether the build script of a package contains a word.
fn script_says(package: &Package, word: &str) -> bool {
    let script = package.targets.iter().find(|target| target.is_custom_build());
    let text = script.and_then(|script| std::fs::read_to_string(&script.src_path).ok());
    text.is_some_and(|text| text.contains(word))
}

/// The features of a package that turn a dependency on; `None` when it is always on, or that cannot be told.
fn turned_on_by(package: &Package, dep: &cargo_metadata::NodeDep, dev: bool) -> Option<Vec<String>> {
    // Under a new name a dependency is known by that, otherwise by its package, whatever its library is called.
    let is_it = |declared: &&cargo_metadata::Dependency| {
        let counts = declared.kind == DependencyKind::Normal || (dev && declared.kind == DependencyKind::Development);
        counts
            && match &declared.rename {
                Some(name) => name.replace('-', "_") == dep.name,
                None => declared.name == name_and_version(&dep.pkg.repr).0,
            }
    };
    let mut declared = package.dependencies.iter().filter(is_it).peekable();
    let first = declared.peek()?;
    let name = first.rename.clone().unwrap_or_else(|| first.name.clone());
    if !declared.all(|declared| declared.optional) {
        return None;
    }
    let (own, of_it) = (format!("dep:{name}"), format!("{name}/"));
    let turns_on = |values: &Vec<String>| values.iter().any(|value| *value == own || value.starts_with(&of_it));
    Some(package.features.iter().filter(|(_, values)| turns_on(values)).map(|(feature, _)| feature.clone()).collect())
}

fn has_kind(dep: &cargo_metadata::NodeDep, kind: DependencyKind) -> bool {
    dep.dep_kinds.iter().any(|info| info.kind == kind)
}

/// The folder that a build with these arguments keeps its intermediate files in; `None` when cargo cannot say.
pub(crate) fn build_directory(program: &Path, args: &[OsString]) -> Option<PathBuf> {
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--target-dir" {
            return words.next().map(PathBuf::from);
        }
        if let Some(folder) = text.strip_prefix("--target-dir=") {
            return Some(PathBuf::from(folder));
        }
    }
    let metadata = metadata(program, args, &["--no-deps".into()])?;
    Some(metadata.build_directory.unwrap_or(metadata.target_directory).into_std_path_buf())
}

/// `cargo metadata`, offline, with the flags of the build that matter to it.
pub(super) fn metadata(program: &Path, args: &[OsString], extra: &[OsString]) -> Option<Metadata> {
    let mut words: Vec<OsString> = ["metadata", "--format-version=1", "--offline"].map(OsString::from).into();
    if let Some(toolchain) = toolchain::chosen(args) {
        words.insert(0, toolchain.clone());
    }
    words.extend_from_slice(extra);
    words.extend(tree_flags(args));
    if args.iter().any(|word| word == "install") {
        // Of a package from elsewhere, nothing is known here.
        let at = args.iter().position(|word| word == "--path")?;
        words.extend(["--manifest-path".into(), Path::new(args.get(at + 1)?).join("Cargo.toml").into()]);
    }
    let output = duct::cmd(program, words).stderr_null().stdin_null().stdout_capture().unchecked().run().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// The flags among `args` that change the graph, with their values.
fn tree_flags(args: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            break;
        }
        if TREE_FLAGS.contains(&&*text) {
            kept.push(word.clone());
            kept.extend(words.next().cloned());
        } else if TREE_SWITCHES.contains(&&*text) || TREE_FLAGS.iter().any(|flag| is_joined(&text, flag)) {
            kept.push(word.clone());
        }
    }
    kept
}

fn is_joined(word: &str, flag: &str) -> bool {
    flag.starts_with("--") && word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_flags_that_change_the_tree_are_handed_on() {
        let args =
            ["build", "--release", "--features", "a b", "-F", "c", "--manifest-path=x/Cargo.toml", "--", "-F", "d"];
        let kept = tree_flags(&args.map(OsString::from));
        assert_eq!(kept, ["--features", "a b", "-F", "c", "--manifest-path=x/Cargo.toml"].map(OsString::from));
    }

    #[test]
    fn the_shortest_way_is_told() {
        let edges = [
            ("m#app@1.0.0", vec!["r#b@1.0.0", "r#a@1.0.0"]),
            ("r#a@1.0.0", vec!["r#z-sys@1.0.0"]),
            ("r#b@1.0.0", vec!["r#a@1.0.0"]),
        ];
        let edge = |to: &&str| Edge { to: to.to_string(), features: None };
        let of = |edges: &[(&str, Vec<&str>)]| -> HashMap<String, Vec<Edge>> {
            edges.iter().map(|(id, to)| (id.to_string(), to.iter().map(edge).collect())).collect()
        };
        let tree = Tree {
            edges: of(&edges),
            for_examples: of(&[("m#app@1.0.0", vec!["r#z-sys@1.0.0"])]),
            members: vec!["m#app@1.0.0".into()],
            ..Tree::default()
        };
        let ways = tree.ways(Some("app"), false, &|_| None).unwrap();
        assert_eq!(ways.to("r#z-sys@1.0.0").unwrap(), ["m#app@1.0.0", "r#a@1.0.0", "r#z-sys@1.0.0"]);
        assert_eq!(
            tree.ways(Some("app"), true, &|_| None).unwrap().to("r#z-sys@1.0.0").unwrap(),
            ["m#app@1.0.0", "r#z-sys@1.0.0"]
        );
        assert!(tree.ways(Some("other"), false, &|_| None).is_none());
        assert!(!ways.lead_to("r#nobody@1.0.0") && ways.to("r#nobody@1.0.0").is_none());
        // The short way is one that this build did not take.
        let optional = Edge { to: "r#z-sys@1.0.0".into(), features: Some(vec!["z".into()]) };
        let mut tree = Tree { edges: of(&edges), members: vec!["m#app@1.0.0".into()], ..Tree::default() };
        tree.edges.entry("m#app@1.0.0".into()).or_default().insert(0, optional);
        let len = |on: &'static str| {
            let compiled = move |_: &str| Some(HashSet::from([on]));
            tree.ways(None, false, &compiled).unwrap().to("r#z-sys@1.0.0").map(|way| way.len())
        };
        assert_eq!((len("default"), len("z")), (Some(3), Some(2)));
        assert_eq!((tree.only("a"), tree.only("nobody")), (Some("r#a@1.0.0"), None));
    }
}
