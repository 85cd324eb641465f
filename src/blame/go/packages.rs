//! The packages of a Go build as `go list -deps -json` tells them, with the build's own flags and environment.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

use crate::blame::ways::Ways;
use crate::plan::Plan;

/// The fields asked for; `go list` computes only what is named.
const FIELDS: &str = "-json=ImportPath,Name,Dir,Standard,CgoFiles,CXXFiles,SysoFiles,Export,Imports,CgoLDFLAGS,CgoPkgConfig,Module,GoFiles,IgnoredGoFiles,Error";
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
    /// The folder of its files.
    pub(crate) dir: PathBuf,
    /// Part of Go itself.
    pub(crate) standard: bool,
    /// Go files that use cgo under this environment.
    pub(crate) cgo_files: Vec<String>,
    /// C++ files beside them.
    #[serde(rename = "CXXFiles")]
    pub(crate) cxx_files: Vec<String>,
    /// Objects that lie beside its sources and are linked in as they are.
    pub(crate) syso_files: Vec<String>,
    /// Its archive in go's cache, when go was asked with `-export`.
    pub(crate) export: String,
    /// Go files that are compiled under this environment.
    pub(crate) go_files: Vec<String>,
    /// Go files that build constraints leave out.
    pub(crate) ignored_go_files: Vec<String>,
    /// What is wrong with it.
    pub(crate) error: Option<PackageError>,
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

/// What go says against a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PackageError {
    /// Its words; those of the compiler, when it was asked to compile.
    pub(crate) err: String,
}

/// The module of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Module {
    /// Module path.
    pub(crate) path: String,
    /// Version; empty for the main module.
    pub(crate) version: String,
    /// What `replace` puts in its place.
    pub(crate) replace: Option<Box<Module>>,
}

impl Module {
    /// `M v1.0.0`, and `=> ../m` behind it where it is replaced, as `go list -m` writes it.
    pub(crate) fn in_words(&self) -> String {
        let own = format!("{} {}", self.path, self.version);
        match &self.replace {
            Some(other) => format!("{} => {}", own.trim_end(), other.in_words()),
            None => own.trim_end().to_owned(),
        }
    }
}

/// Asks go; `None` when it cannot say.
pub(crate) fn ask(plan: &Plan) -> Option<Vec<Package>> {
    ask_more(plan, None, &[])
}

/// Asks go, with one more flag and other variables.
pub(crate) fn ask_more(plan: &Plan, flag: Option<&str>, variables: &[(&str, &str)]) -> Option<Vec<Package>> {
    let mut command = duct::cmd(&plan.program, list_args(&plan.args, flag)?);
    // duct keeps the value that was set first.
    for (name, value) in variables {
        command = command.env(name, value);
    }
    for (name, value) in &plan.env {
        command = command.env(name, value);
    }
    let output = command.stderr_null().stdin_null().stdout_capture().unchecked().run().ok()?;
    let packages: Vec<Package> = serde_json::Deserializer::from_slice(&output.stdout).into_iter().flatten().collect();
    (!packages.is_empty()).then_some(packages)
}

/// The arguments of the build with `list` for their verb.
fn list_args(args: &[OsString], flag: Option<&str>) -> Option<Vec<OsString>> {
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
    words.extend(flag.map(OsString::from));
    words.extend(kept);
    Some(words)
}

/// The ways of imports from the program `main` (any program, when it is none of the packages) to everything in it.
pub(crate) fn ways(packages: &[Package], main: Option<&str>) -> Option<Ways> {
    let by_path: HashMap<&str, &Package> =
        packages.iter().map(|package| (package.import_path.as_str(), package)).collect();
    let main = main.filter(|path| by_path.contains_key(path));
    let programs = packages.iter().filter(|package| package.name == "main" && !package.standard);
    let starts = programs.map(|package| package.import_path.as_str());
    let starts = starts.filter(|path| main.is_none_or(|main| *path == main));
    Ways::find(starts, |path, _| by_path.get(path).into_iter().flat_map(|package| &package.imports))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &[&str]) -> Vec<String> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        list_args(&args, None).unwrap().into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_build_becomes_a_list() {
        assert_eq!(
            words(&["build", "-C", "d", "-debug-actiongraph=/t/g", "-o", "out/", "-tags", "a,b", "./..."]),
            ["list", "-C", "d", "-e", "-deps", FIELDS, "-tags", "a,b", "./..."]
        );
        assert_eq!(words(&["-C", "d", "install", "--o=x"]), ["-C", "d", "list", "-e", "-deps", FIELDS]);
        assert_eq!(list_args(&["version".into()], None), None);
    }

    #[test]
    fn a_replaced_module_is_told_with_what_took_its_place() {
        let json = r#"{"Path":"x.test/r","Version":"v1.4.0","Replace":{"Path":"../repl"}}"#;
        let module: Module = serde_json::from_str(json).unwrap();
        assert_eq!(module.in_words(), "x.test/r v1.4.0 => ../repl");
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
            package("n", "main", &[]),
        ];
        let all = ways(&packages, None).unwrap();
        assert_eq!(all.to("net").unwrap(), ["m", "b", "net"]);
        assert_eq!(all.to("os/user"), None);
        assert!(!ways(&packages, Some("n")).unwrap().lead_to("net"));
    }
}
