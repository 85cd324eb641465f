//! The way through the dependency tree from the user's own crate to a culprit.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata};

/// Flags of a build that change which dependencies there are; handed on to `cargo metadata`.
const TREE_FLAGS: &[&str] = &["--features", "-F", "--manifest-path", "--config"];
/// The same, without a value.
const TREE_SWITCHES: &[&str] = &["--all-features", "--no-default-features"];

/// The dependency graph of a build.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Package id to the ids of what is linked into it.
    edges: HashMap<String, Vec<String>>,
    /// The packages of the workspace: where a way may start.
    members: Vec<String>,
}

impl Tree {
    /// Asks cargo for the graph, offline; `None` when it cannot say.
    pub(crate) fn ask(program: &Path, args: &[OsString], target: Option<&str>) -> Option<Tree> {
        let extra = target.map(|target| ["--filter-platform".into(), target.into()]);
        Tree::from_metadata(&metadata(program, args, extra.as_ref().map_or(&[], |words| &words[..]))?)
    }

    fn from_metadata(metadata: &Metadata) -> Option<Tree> {
        let resolve = metadata.resolve.as_ref()?;
        let linked = |kinds: &[cargo_metadata::DepKindInfo]| {
            kinds.is_empty() || kinds.iter().any(|info| info.kind == DependencyKind::Normal)
        };
        let edges = resolve
            .nodes
            .iter()
            .map(|node| {
                let deps = node.deps.iter().filter(|dep| linked(&dep.dep_kinds)).map(|dep| dep.pkg.repr.clone());
                (node.id.repr.clone(), deps.collect())
            })
            .collect();
        Some(Tree { edges, members: metadata.workspace_members.iter().map(|id| id.repr.clone()).collect() })
    }

    /// The shortest way from the package called `from` (or any member of the workspace) to the package id `to`, both
    /// included; `None` when there is no such way.
    pub(crate) fn way(&self, from: Option<&str>, to: &str) -> Option<Vec<String>> {
        let name = |id: &str| super::messages::name_and_version(id).0;
        let mut queue: VecDeque<&String> =
            self.members.iter().filter(|id| from.is_none_or(|from| name(id) == from || *id == from)).collect();
        let mut before: HashMap<&String, Option<&String>> = queue.iter().map(|id| (*id, None)).collect();
        while let Some(id) = queue.pop_front() {
            if id == to {
                let mut way = vec![name(id)];
                let mut at = id;
                while let Some(Some(previous)) = before.get(at) {
                    way.push(name(previous));
                    at = previous;
                }
                way.reverse();
                return Some(way);
            }
            for next in self.edges.get(id).into_iter().flatten() {
                if !before.contains_key(next) {
                    before.insert(next, Some(id));
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

/// The folder that a build with these arguments writes to; `None` when cargo cannot say.
pub(crate) fn target_directory(program: &Path, args: &[OsString]) -> Option<PathBuf> {
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
    Some(metadata(program, args, &["--no-deps".into()])?.target_directory.into_std_path_buf())
}

/// `cargo metadata`, offline, with the flags of the build that matter to it.
fn metadata(program: &Path, args: &[OsString], extra: &[OsString]) -> Option<Metadata> {
    let mut words: Vec<OsString> = ["metadata", "--format-version=1", "--offline"].map(OsString::from).into();
    if let Some(toolchain) = args.first().filter(|word| word.to_string_lossy().starts_with('+')) {
        words.insert(0, toolchain.clone());
    }
    words.extend_from_slice(extra);
    words.extend(tree_flags(args));
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
        let tree = Tree {
            edges: edges.iter().map(|(k, v)| (k.to_string(), v.iter().map(ToString::to_string).collect())).collect(),
            members: vec!["m#app@1.0.0".into()],
        };
        assert_eq!(tree.way(Some("app"), "r#z-sys@1.0.0").unwrap(), ["app", "a", "z-sys"]);
        assert_eq!(tree.way(Some("other"), "r#z-sys@1.0.0"), None);
        assert_eq!(tree.way(None, "r#nobody@1.0.0"), None);
    }
}
