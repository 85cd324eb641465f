//! The way through the dependency tree from the user's own crate to a culprit.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

use crate::blame::ways::Ways;
use crate::run::cargo::name_and_version;

/// Flags of a build that change which dependencies there are; handed on to `cargo metadata`.
const TREE_FLAGS: &[&str] = &["--features", "-F", "--manifest-path", "--config"];
/// The same, without a value.
const TREE_SWITCHES: &[&str] = &["--all-features", "--no-default-features"];

/// The dependency graph of a build.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Package id to the ids of what is linked into it. Nothing is linked into procedural macros, which run in the compiler.
    edges: HashMap<String, Vec<String>>,
    /// The same for examples, which also use the dependencies for development.
    for_examples: HashMap<String, Vec<String>>,
    /// The packages of the workspace: where a way may start.
    members: Vec<String>,
    /// The manifest at the root of the workspace.
    manifest: PathBuf,
    /// The name of a procedural macro.
    procedural_macro: Option<String>,
    /// `links` of a manifest, and the id of its package.
    links: HashMap<String, String>,
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
        for node in &resolve.nodes {
            let linked = |dev: bool| {
                let wanted = move |info: &cargo_metadata::DepKindInfo| {
                    info.kind == DependencyKind::Normal || (dev && info.kind == DependencyKind::Development)
                };
                let deps = node.deps.iter().filter(|dep| !macros.contains_key(&dep.pkg));
                let deps = deps.filter(|dep| dep.dep_kinds.is_empty() || dep.dep_kinds.iter().any(wanted));
                deps.map(|dep| dep.pkg.repr.clone()).collect::<Vec<_>>()
            };
            if tree.members.contains(&node.id.repr) {
                tree.for_examples.insert(node.id.repr.clone(), linked(true));
            }
            tree.edges.insert(node.id.repr.clone(), linked(false));
        }
        Some(tree)
    }

    /// The ways from the package called `from` (or any member of the workspace); `None` when there is no such package.
    pub(crate) fn ways(&self, from: Option<&str>, is_example: bool) -> Option<Ways> {
        let starts = self.members.iter().filter(|id| from.is_none_or(|from| name_and_version(id).0 == from));
        let next = |id: &str, is_start: bool| {
            let edges = if is_example && is_start { &self.for_examples } else { &self.edges };
            edges.get(id).into_iter().flatten()
        };
        Ways::find(starts.map(String::as_str), next)
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
fn metadata(program: &Path, args: &[OsString], extra: &[OsString]) -> Option<Metadata> {
    let mut words: Vec<OsString> = ["metadata", "--format-version=1", "--offline"].map(OsString::from).into();
    if let Some(toolchain) = args.first().filter(|word| word.to_string_lossy().starts_with('+')) {
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
        let of = |edges: &[(&str, Vec<&str>)]| -> HashMap<String, Vec<String>> {
            edges.iter().map(|(id, to)| (id.to_string(), to.iter().map(ToString::to_string).collect())).collect()
        };
        let tree = Tree {
            edges: of(&edges),
            for_examples: of(&[("m#app@1.0.0", vec!["r#z-sys@1.0.0"])]),
            members: vec!["m#app@1.0.0".into()],
            ..Tree::default()
        };
        let ways = tree.ways(Some("app"), false).unwrap();
        assert_eq!(ways.to("r#z-sys@1.0.0").unwrap(), ["m#app@1.0.0", "r#a@1.0.0", "r#z-sys@1.0.0"]);
        assert_eq!(
            tree.ways(Some("app"), true).unwrap().to("r#z-sys@1.0.0").unwrap(),
            ["m#app@1.0.0", "r#z-sys@1.0.0"]
        );
        assert!(tree.ways(Some("other"), false).is_none());
        assert!(!ways.lead_to("r#nobody@1.0.0") && ways.to("r#nobody@1.0.0").is_none());
        assert_eq!((tree.only("a"), tree.only("nobody")), (Some("r#a@1.0.0"), None));
    }
}
