//! A Mach-O file names the same dylib or run path twice.

use std::collections::BTreeSet;

use super::support::{NOT_MACOS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::{Version, macos};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-dylib",
    summary: "a Mach-O file names the same dylib or run path twice",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That no `LC_RPATH` is there twice, and that no dylib is named by two load commands in a file that is linked with the SDK of
macOS 15 or newer, or with one that is not stated.

## Why it matters
dyld refuses a file with a repeated `LC_RPATH` since macOS 15.4 ("duplicate LC_RPATH"), and one with a repeated dylib when it
was linked with the SDK of macOS 15 or newer (dyld, `enforceNoDuplicateDylibs`). The build machine, a version behind, starts it.

## Example
```text
error[duplicate-dylib]: `dist/app` names `@loader_path/lib` twice
  = evidence: more than one `LC_RPATH` is `@loader_path/lib`
  = policy: `duplicate-dylib` is `deny` (by default)
  = help: give each library and each `-rpath` to the linker once, or see `seaworthy explain duplicate-dylib`
```

## How to fix
- Go: `#cgo LDFLAGS` of several packages add up; name each `-rpath` and each framework once.
- Cargo: the same for `cargo:rustc-link-arg` of build scripts. `install_name_tool -delete_rpath` removes one of the two.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    // dyld asks the SDK, so that what ran before keeps running.
    let sdk = macos::sdk(macho);
    let mut dylibs = repeated(macho.dylibs.iter().map(|dylib| dylib.name.as_str()));
    if sdk.is_some_and(|sdk| sdk < Version::new(15, 0)) {
        dylibs.clear();
    }
    let rpaths = repeated(macho.rpaths.iter().map(String::as_str));
    if dylibs.is_empty() && rpaths.is_empty() {
        return Verdict::Pass;
    }
    let mut evidence: Vec<String> = dylibs.iter().map(|name| format!("more than one command loads `{name}`")).collect();
    evidence.extend(rpaths.iter().map(|path| format!("more than one `LC_RPATH` is `{path}`")));
    let names: Vec<String> = dylibs.iter().chain(&rpaths).map(|name| (*name).to_owned()).collect();
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` names {} twice", listed(&names, 3)),
        evidence,
        causes: dylibs.iter().map(|name| Cause::Library((*name).to_owned())).collect(),
        help: Some("give each library and each `-rpath` to the linker once".into()),
        ..Violation::default()
    }])
}

/// What is there more than once, sorted.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let again: BTreeSet<&str> = names.filter(|name| !seen.insert(*name)).collect();
    again.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, dylib};

    #[test]
    fn a_repeated_run_path_violates() {
        let twice = vec!["@loader_path/lib".to_owned(); 2];
        Case::macho().edit_macho(|macho| macho.rpaths = twice).documented(&RULE);
    }

    #[test]
    fn a_repeated_dylib_violates() {
        let twice = vec![dylib("/usr/lib/libz.1.dylib", "load"), dylib("/usr/lib/libz.1.dylib", "weak")];
        let linked_with = |sdk: Option<&str>| {
            let (twice, sdk) = (twice.clone(), sdk.map(str::to_owned));
            Case::macho().edit_macho(|macho| (macho.dylibs, macho.sdk) = (twice, sdk))
        };
        linked_with(None).violations(&RULE);
        linked_with(Some("15.0")).violations(&RULE);
        linked_with(Some("14.5")).passes(&RULE);
        let again = vec!["@loader_path/lib".to_owned(); 2];
        linked_with(Some("14.5")).edit_macho(|macho| macho.rpaths = again).violations(&RULE);
    }

    #[test]
    fn different_names_pass() {
        let both = vec![dylib("/usr/lib/libz.1.dylib", "load"), dylib("/usr/lib/libc++.1.dylib", "load")];
        Case::macho().edit_macho(|macho| macho.dylibs = both).passes(&RULE);
    }
}
