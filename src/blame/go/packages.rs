//! The packages of a Go build as `go list -deps -json` tells them, with the build's own flags and environment.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;

use serde::Deserialize;

use crate::plan::Plan;

/// The fields asked for; `go list` computes only what is named.
const FIELDS: &str =
    "-json=ImportPath,Name,Standard,CgoFiles,Imports,CgoLDFLAGS,CgoPkgConfig,Module,GoFiles,IgnoredGoFiles,Error";
/// Flags of `go build` that `go list` does not take, with a value.
const NOT_FOR_LIST: &[&str] = &["o", "debug-actiongraph"];

/// One package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Package {
    /// Import path.
    pub(crate) import_path: String,
    /// `main` for programs.
    pub(crate) name: String,
    /// Part of Go itself.
    pub(crate) standard: bool,
    /// Go files that use cgo under this environment.
    pub(crate) cgo_files: Vec<String>,
    /// Go files that are compiled under this environment.
    pub(crate) go_files: Vec<String>,
    /// Go files that build constraints leave out.
    pub(crate) ignored_go_files: Vec<String>,
    /// What is wrong with it.
    pub(crate) error: Option<serde_json::Value>,
    /// Packages it imports.
    pub(crate) imports: Vec<String>,
    /// `#cgo LDFLAGS`.
    #[serde(rename = "CgoLDFLAGS")]
    pub(crate) cgo_ldflags: Vec<String>,
    /// `#cgo pkg-config`.
    pub(crate) cgo_pkg_config: Vec<String>,
    /// The module it is part of.
    pub(crate) module: Option<Module>,
}

impl Package {
    /// Whether go cannot build it.
    pub(crate) fn is_broken(&self) -> bool {
        self.error.is_some()
    }
}

/// The module of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Module {
    /// Module path.
    pub(crate) path: String,
    /// Version; empty for the main module.
    pub(crate) version: String,
}

/// Asks go; `None` when it cannot say.
pub(crate) fn ask(plan: &Plan) -> Option<Vec<Package>> {
    let mut command = duct::cmd(&plan.program, list_args(&plan.args)?);
    for (name, value) in &plan.env {
        command = command.env(name, value);
    }
    let output = command.stderr_null().stdin_null().stdout_capture().unchecked().run().ok()?;
    let packages: Vec<Package> = serde_json::Deserializer::from_slice(&output.stdout).into_iter().flatten().collect();
    (!packages.is_empty()).then_some(packages)
}

/// The arguments of the build with `list` for their verb.
fn list_args(args: &[OsString]) -> Option<Vec<OsString>> {
    let verb = args.iter().position(|word| word == "build" || word == "install")?;
    let mut words: Vec<OsString> = args[..verb].to_vec();
    words.push("list".into());
    let mut rest = args[verb + 1..].iter();
    let mut kept = Vec::new();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let flag = text.trim_start_matches('-');
        let name = flag.split('=').next().unwrap_or(flag);
        if text.starts_with('-') && NOT_FOR_LIST.contains(&name) {
            if !flag.contains('=') {
                rest.next();
            }
            continue;
        }
        kept.push(word.clone());
    }
    // `-C dir` must stay the first flag after the verb (cmd/go, "go help build").
    let chdir = match kept.first().map(|word| word.to_string_lossy().into_owned()) {
        Some(first) if first == "-C" || first == "--C" => 2,
        Some(first) if first.starts_with("-C=") || first.starts_with("--C=") => 1,
        _ => 0,
    };
    let chdir = chdir.min(kept.len());
    words.extend(kept.drain(..chdir));
    words.extend(["-e".into(), "-deps".into(), FIELDS.into()]);
    words.extend(kept);
    Some(words)
}

/// The shortest way of imports from any `main` package to `to`, both included.
pub(crate) fn way(packages: &[Package], to: &str) -> Option<Vec<String>> {
    let by_path: HashMap<&str, &Package> =
        packages.iter().map(|package| (package.import_path.as_str(), package)).collect();
    let mut queue: VecDeque<&str> = packages
        .iter()
        .filter(|package| package.name == "main" && !package.standard)
        .map(|package| package.import_path.as_str())
        .collect();
    let mut before: HashMap<&str, Option<&str>> = queue.iter().map(|path| (*path, None)).collect();
    while let Some(path) = queue.pop_front() {
        if path == to {
            let mut way = vec![path.to_owned()];
            let mut at = path;
            while let Some(Some(previous)) = before.get(at) {
                way.push((*previous).to_owned());
                at = previous;
            }
            way.reverse();
            return Some(way);
        }
        for next in by_path.get(path).into_iter().flat_map(|package| &package.imports) {
            if !before.contains_key(next.as_str()) {
                before.insert(next, Some(path));
                queue.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &[&str]) -> Vec<String> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        list_args(&args).unwrap().into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_build_becomes_a_list() {
        assert_eq!(
            words(&["build", "-C", "d", "-debug-actiongraph=/t/g", "-o", "out/", "-tags", "a,b", "./..."]),
            ["list", "-C", "d", "-e", "-deps", FIELDS, "-tags", "a,b", "./..."]
        );
        assert_eq!(words(&["-C", "d", "install", "--o=x"]), ["-C", "d", "list", "-e", "-deps", FIELDS]);
        assert_eq!(list_args(&["version".into()]), None);
    }

    #[test]
    fn the_shortest_way_is_told() {
        let package = |path: &str, name: &str, imports: &[&str]| Package {
            import_path: path.into(),
            name: name.into(),
            imports: imports.iter().map(ToString::to_string).collect(),
            ..Package::default()
        };
        let packages = [
            package("m", "main", &["a", "b"]),
            package("a", "a", &["b"]),
            package("b", "b", &["net"]),
            package("net", "net", &[]),
        ];
        assert_eq!(way(&packages, "net").unwrap(), ["m", "b", "net"]);
        assert_eq!(way(&packages, "os/user"), None);
    }
}
