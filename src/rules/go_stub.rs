//! A Go package was compiled without the C code that does its work.

use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::go_build_info::GoModule;
use crate::hosts::table::Table;
use crate::policy::{CgoPolicy, Level};

pub(super) static RULE: Rule = Rule {
    id: "go-stub",
    summary: "a Go package is linked in as a stub, without the C code that does its work",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The modules in Go's build information against those that are known to compile without cgo into stubs
(`data/go-stubs.tsv`), when the program was built with `CGO_ENABLED=0`.

## Why it matters
Some packages keep the build going without cgo: every function is there, and returns an error when it is called. A SQLite
driver like that passes the build and the unit tests that do not open a database, and fails at the first query.

## Example
```text
error[go-stub]: `dist/app` has only the stub of `github.com/mattn/go-sqlite3`, which does nothing without cgo
  = evidence: the build information lists `github.com/mattn/go-sqlite3 v1.14.53` and `CGO_ENABLED=0`
  = evidence: built without cgo, its calls return: Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub
  = policy: `go.cgo = "off"` (by default)
  = help: use `modernc.org/sqlite` or `github.com/ncruces/go-sqlite3`, written in Go, or build it with cgo: `go.cgo = "static"`, or see `seaworthy explain go-stub`
```

## How to fix
- Go: take a package that does the same in Go, or build with cgo: `go.cgo = "static"` in the policy links it statically.
- Cargo: not applicable.
"#,
};

static STUBS: Table = Table::new(include_str!("../../data/go-stubs.tsv"));

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(go) = &subject.facts.go else { return Verdict::NotApplicable("it is not a Go program") };
    match go.setting("CGO_ENABLED") {
        Some("0") => {}
        Some(_) => return Verdict::NotApplicable("it was built with cgo"),
        None => return Verdict::NotApplicable("its build information does not say whether cgo was used"),
    }
    let modules = go.deps.iter().chain(&go.module);
    let found: Vec<Violation> = modules
        .filter_map(|module| STUBS.rows(&module.path).next().map(|row| (module, row)))
        .map(|(module, row)| {
            let mut fields = row.split('\t');
            let says = fields.next().unwrap_or_default();
            let instead: Vec<&str> =
                fields.next().unwrap_or_default().split(", ").filter(|name| !name.is_empty()).collect();
            Violation {
                message: format!(
                    "`{{artifact}}` has only the stub of `{}`, which does nothing without cgo",
                    module.path
                ),
                evidence: vec![
                    format!("the build information lists `{} {}` and `CGO_ENABLED=0`", module.path, module.version),
                    format!("built without cgo, its calls return: {says}"),
                ],
                causes: vec![Cause::Module(module.path.clone())],
                policy: policy(subject),
                help: Some(help(&instead)),
                ..Violation::default()
            }
        })
        .collect();
    if !found.is_empty() {
        return Verdict::Violated(found);
    }
    // Another version of the same module is found above; a fork, or a copy in a directory, has what it has.
    let is_stub = |path: &str| STUBS.rows(path).next().is_some();
    let mut modules = go.deps.iter().chain(&go.module);
    match modules.find(|module| module.replaces.as_deref().is_some_and(is_stub)) {
        Some(GoModule { path, replaces, .. }) => Verdict::Inconclusive(format!(
            "`{path}` stands in for `{}`, which does nothing without cgo; whether this one does is not known",
            replaces.as_deref().unwrap_or_default()
        )),
        None => Verdict::Pass,
    }
}

/// The line of the policy that turned cgo off, if one did.
fn policy(subject: &Subject<'_>) -> Option<PolicySource> {
    let cgo = &subject.policy.policy.go.cgo;
    (cgo.value == CgoPolicy::Off).then(|| PolicySource { key: "go.cgo = \"off\"".into(), origin: cgo.origin.clone() })
}

fn help(instead: &[&str]) -> String {
    let with_cgo = "build it with cgo: `go.cgo = \"static\"`";
    match instead {
        [] => with_cgo.into(),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("use {}, written in Go, or {with_cgo}", names.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RULE, STUBS};
    use crate::facts::go_build_info::GoModule;
    use crate::rules::support::testing::Case;

    fn links(module: &str, cgo: &str) -> Case {
        let dep = GoModule { path: module.into(), version: "v1.14.53".into(), ..GoModule::default() };
        Case::elf().go(&[("CGO_ENABLED", cgo)]).with(|case| {
            let go = case.facts.go.as_mut().expect("a Go program");
            go.deps = vec![
                GoModule { path: "golang.org/x/sys".into(), version: "v0.30.0".into(), ..GoModule::default() },
                dep,
            ];
        })
    }

    #[test]
    fn the_table_is_sorted() {
        STUBS.assert_sorted();
    }

    #[test]
    fn a_stubbed_driver_violates() {
        links("github.com/mattn/go-sqlite3", "0").documented(&RULE);
    }

    #[test]
    fn what_stands_in_for_a_stubbed_driver_may_be_a_stub_too() {
        let fork = |cgo| {
            links("example.com/fork", cgo).with(|case| {
                let dep = case.facts.go.as_mut().and_then(|go| go.deps.last_mut()).expect("the driver");
                dep.replaces = Some("github.com/mattn/go-sqlite3".into());
            })
        };
        fork("0").inconclusive(&RULE);
        fork("1").not_applicable(&RULE);
    }

    #[test]
    fn with_cgo_or_without_the_driver_all_is_well() {
        links("github.com/mattn/go-sqlite3", "1").not_applicable(&RULE);
        links("modernc.org/sqlite", "0").passes(&RULE);
        Case::elf().not_applicable(&RULE);
        Case::elf().go(&[]).not_applicable(&RULE);
    }
}
