//! After a failed Go build without cgo: which packages lost files that the build needs.
//!
//! Go says "build constraints exclude all Go files in …", or that something is undefined; what happened is that files with
//! `import "C"` are left out under `CGO_ENABLED=0`.

use std::collections::HashMap;

use super::packages::{self, Package};
use crate::plan::Plan;

/// A package without its cgo files, and the words for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The package, as it is with cgo.
    pub(crate) package: Package,
    /// How it is imported from the program, both ends included.
    pub(crate) way: Vec<String>,
    /// Nothing of it is left.
    pub(crate) is_empty: bool,
}

/// The packages of third parties that fail the build because their cgo files are left out. Everything that can be compiled
/// has been: go is asked for the compiler's words again, and takes the rest from its cache.
pub(crate) fn of(plan: &Plan) -> Vec<LeftOut> {
    let without = packages::ask_more(plan, Some("-export"), &[]).unwrap_or_default();
    if without.iter().all(|package| package.error.is_none()) {
        return Vec::new();
    }
    let with = packages::ask_more(plan, None, &[("CGO_ENABLED", "1")]).unwrap_or_default();
    let cgo = with.into_iter().filter(|package| !package.standard && !package.cgo_files.is_empty());
    let cgo: HashMap<String, Package> = cgo.map(|package| (package.import_path.clone(), package)).collect();
    let mut found: Vec<LeftOut> = Vec::new();
    for path in without.iter().flat_map(|package| missing_in(package, &cgo)) {
        if let Some(package) = cgo.get(&path).filter(|_| found.iter().all(|known| known.package.import_path != path)) {
            let is_empty = without.iter().any(|package| package.import_path == path && package.go_files.is_empty());
            let ways = packages::ways(&without, None);
            let way = ways.as_ref().and_then(|ways| ways.to(&path)).unwrap_or_default();
            let way = way.into_iter().map(str::to_owned).collect();
            found.push(LeftOut { package: package.clone(), way, is_empty });
        }
    }
    found
}

/// Import paths of cgo packages that a broken package misses something of.
fn missing_in(package: &Package, cgo: &HashMap<String, Package>) -> Vec<String> {
    let Some(error) = &package.error else { return Vec::new() };
    let is_cgo = cgo.contains_key(&package.import_path);
    let undefined = || error.err.lines().filter_map(|line| Some(line.split_once(": undefined: ")?.1.trim()));
    if is_cgo && package.go_files.is_empty() {
        return vec![package.import_path.clone()];
    }
    let has = |path: &str, name: &str| cgo.get(path).is_some_and(|package| has_in_cgo_files(package, name));
    if is_cgo && undefined().any(|name| has(&package.import_path, name)) {
        return vec![package.import_path.clone()];
    }
    let names_it = |path: &&String| {
        let of_it = |name: &str| {
            let (qualifier, name) = name.split_once('.')?;
            let is_it = cgo.get(*path).is_some_and(|imported| imported.name == qualifier);
            Some(is_it && has(path, name))
        };
        undefined().filter_map(of_it).any(|is_missing| is_missing)
    };
    package.imports.iter().filter(names_it).cloned().collect()
}

/// Whether a name occurs in the files of a package that use cgo: what is nowhere was not left out.
fn has_in_cgo_files(package: &Package, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let has = |file: &String| {
        let text = std::fs::read_to_string(package.dir.join(file)).unwrap_or_default();
        text.split(|c| !is_part(c)).any(|word| word == name)
    };
    package.cgo_files.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::super::packages::PackageError;
    use super::*;

    #[test]
    fn only_what_the_error_is_about_is_missing() {
        let broken = |error: &str| Package {
            import_path: "x/app".into(),
            go_files: vec!["app.go".into()],
            imports: vec!["x/jieba".into(), "x/other".into()],
            error: Some(PackageError { err: error.into() }),
            ..Package::default()
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("c.go"), "package jieba\nimport \"C\"\nfunc New() int { return 1 }\n")
            .unwrap();
        let package = |path: &str, name: &str| Package {
            import_path: path.into(),
            name: name.into(),
            dir: folder.path().into(),
            cgo_files: vec!["c.go".into()],
            ..Package::default()
        };
        let cgo: HashMap<_, _> = [package("x/jieba", "jieba"), package("x/other", "other")]
            .map(|package| (package.import_path.clone(), package))
            .into();
        assert_eq!(missing_in(&broken("# x/app\na.go:7:19: undefined: jieba.New\n"), &cgo), ["x/jieba"]);
        assert!(missing_in(&broken("# x/app\na.go:7:19: syntax error\n"), &cgo).is_empty());
        assert!(missing_in(&broken("# x/app\na.go:7:19: undefined: jieba.Nwe\n"), &cgo).is_empty());
        let empty = Package { go_files: vec![], import_path: "x/jieba".into(), ..broken("build constraints exclude") };
        assert_eq!(missing_in(&empty, &cgo), ["x/jieba"]);
    }
}
