//! A Mach-O file needs a dylib that is not part of macOS.

use super::support::beside::Beside;
use super::support::{NOT_MACOS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::{Dylib, MachOFacts};
use crate::listing::with_commas;
use crate::policy::Level;

/// Places named at which a dylib was looked for; the rest is counted.
const PLACES_SHOWN: usize = 4;

pub(super) static RULE: Rule = Rule {
    id: "non-system-dylib",
    summary: "a Mach-O file needs a dylib that is not part of macOS",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The full path of every dylib the file loads. `/usr/lib` and `/System` are macOS; Homebrew, MacPorts, Nix and every other
directory are not. The name alone decides nothing: Homebrew's `libc++.1.dylib` is not the system's. Weakly linked dylibs may
be missing and pass, as do Swift's own libraries where `/usr/lib/swift` is among the run paths.

A path relative to the file (`@loader_path`, `@executable_path`, `@rpath` over each `LC_RPATH` in order) passes when a dylib
for the same architecture lies there at the time of the check; absolute run paths are the build machine's and never count.
What that dylib loads in turn is asked when it is checked itself. Where a library leaves the place to the program that loads
it (`@executable_path`, and `@rpath` beyond its own run paths), nobody can tell; in an application, `@executable_path` is
`Contents/MacOS`, and what is found from there passes.

## Why it matters
A Mac without Homebrew has no `/opt/homebrew`, an Intel Mac has another one, and dyld ends the program with "Library not
loaded".

## Example
```text
error[non-system-dylib]: `dist/app` needs `/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib`, which is not part of macOS
  = evidence: it loads `/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib` (Homebrew)
  = policy: `non-system-dylib` is `deny` (by default)
  = help: link it statically; or, if it is shipped with the program, say so in an `[[exception]]`, or see `seaworthy explain non-system-dylib`
```

## How to fix
- Go: link the library statically by its full path (`#cgo LDFLAGS: /opt/homebrew/lib/libfoo.a`), or use a package written in
  Go.
- Cargo: the feature of the `-sys` crate that builds the library from source (`vendored`, `bundled`, `static`).
- A dylib that is shipped with the program: lay it where the program looks for it (`-rpath @loader_path/../lib`) before the
  check. One that is installed in another way: an `[[exception]]` for this artifact.
"#,
};

static DYLIBS: &str = include_str!("../../data/macos-dylibs.tsv");

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else {
        return Verdict::NotApplicable(NOT_MACOS);
    };
    let mut found: Vec<(&Dylib, String)> = Vec::new();
    let mut unknown = None;
    for dylib in macho.dylibs.iter().filter(|dylib| dylib.kind != "weak" && !is_swift(macho, &dylib.name)) {
        if !dylib.name.starts_with('@') {
            found.extend(whose(&dylib.name).map(|whose| (dylib, whose)));
            continue;
        }
        match subject.dylib_beside(macho, &dylib.name) {
            Beside::Found(_) => {}
            Beside::Absent(places) => found.push((dylib, with_commas(&places, PLACES_SHOWN))),
            Beside::Unknown(why) => unknown = unknown.or(Some(why)),
        }
    }
    match (found.is_empty(), unknown) {
        (false, _) => Verdict::Violated(vec![violation(&found)]),
        (true, Some(why)) => Verdict::Inconclusive(why),
        (true, None) => Verdict::Pass,
    }
}

fn violation(found: &[(&Dylib, String)]) -> Violation {
    let names: Vec<String> = found.iter().map(|(dylib, _)| dylib.name.clone()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let (what, help) = if names.iter().all(|name| name.starts_with('@')) {
        (
            "neither part of macOS nor shipped where it is looked for",
            "ship it there before the check, or link it statically",
        )
    } else {
        ("not part of macOS", "link it statically; or, if it is shipped with the program, say so in an `[[exception]]`")
    };
    Violation {
        message: format!("`{{artifact}}` needs {}, which {verb} {what}", listed(&names, 3)),
        evidence: found.iter().map(|(dylib, why)| format!("it loads `{}` ({why})", dylib.name)).collect(),
        causes: names.into_iter().map(Cause::Library).collect(),
        help: Some(help.into()),
        ..Violation::default()
    }
}

/// Whose a dylib is that not every Mac has; `None` for the system's own.
pub(super) fn whose(name: &str) -> Option<String> {
    let rows = DYLIBS.lines().filter(|line| line.starts_with('/'));
    let matching = rows.filter_map(|line| line.split_once('\t')).filter(|(prefix, _)| name.starts_with(prefix));
    match matching.max_by_key(|(prefix, _)| prefix.len()).and_then(|(_, rest)| rest.split_once('\t')) {
        Some(("system", _)) if !name.split('/').any(|part| part == "..") => None,
        Some((_, whose)) => Some(whose.to_owned()),
        None if name.starts_with('/') => Some("a directory of the build machine".into()),
        None => Some("looked for in the current directory".into()),
    }
}

/// Whether a file asks for a dylib that is part of macOS, where none of that name may lie on disk.
pub(crate) fn system_dylib(macho: &MachOFacts, name: &str) -> bool {
    whose(name).is_none() || is_swift(macho, name)
}

/// Swift's libraries lie in `/usr/lib/swift` since macOS 10.14.4, and are found there through a run path.
fn is_swift(macho: &MachOFacts, name: &str) -> bool {
    name.starts_with("@rpath/libswift")
        && macho.rpaths.iter().any(|path| path.trim_end_matches('/') == "/usr/lib/swift")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::Dylib;
    use crate::facts::{Kind, Os};
    use crate::rules::support::testing::Case;

    fn loads(name: &str, kind: &str) -> Case {
        let dylib = |name: &str, kind: &str| Dylib {
            name: name.into(),
            kind: kind.into(),
            current: "1.0.0".into(),
            compat: "1.0.0".into(),
        };
        let dylibs = vec![dylib("/usr/lib/libSystem.B.dylib", "load"), dylib(name, kind)];
        Case::macho().edit_macho(|macho| macho.dylibs = dylibs)
    }

    #[test]
    fn a_dylib_of_homebrew_violates() {
        loads("/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib", "load").documented(&RULE);
    }

    #[test]
    fn the_whole_path_decides() {
        for name in ["/usr/local/lib/libc++.1.dylib", "libfoo.dylib", "/Users/ci/libz.1.dylib"] {
            loads(name, "load").violations(&RULE);
        }
        loads("/usr/lib/../local/lib/libz.1.dylib", "load").violations(&RULE);
        loads("/usr/lib/libcrypto.dylib", "load").violations(&RULE);
    }

    #[test]
    fn the_systems_own_and_what_may_be_missing_pass() {
        for name in ["/usr/lib/libc++.1.dylib", "/System/Library/Frameworks/Security.framework/Versions/A/Security"] {
            loads(name, "load").passes(&RULE);
        }
        loads("@rpath/libfoo.dylib", "weak").passes(&RULE);
        let swift = loads("@rpath/libswiftCore.dylib", "load");
        swift.edit_macho(|macho| macho.rpaths = vec!["/usr/lib/swift".into()]).passes(&RULE);
    }

    /// Evidence of the one violation, with these run paths.
    fn evidence(case: Case, rpaths: &[&str]) -> String {
        let rpaths = rpaths.iter().map(ToString::to_string).collect();
        case.edit_macho(|macho| macho.rpaths = rpaths).violations(&RULE).remove(0).evidence.remove(0)
    }

    #[test]
    fn a_dylib_that_lies_where_dyld_looks_passes() {
        loads("@loader_path/../lib/x.dylib", "load").beside("/app/lib/x.dylib", Case::dylib()).passes(&RULE);
        loads("@executable_path/x.dylib", "reexport").beside("/app/dist/x.dylib", Case::dylib()).passes(&RULE);
        let rpaths = ["/opt/homebrew/lib", "@loader_path/a", "@executable_path/../b/"].map(String::from);
        let by_run_path = || loads("@rpath/x.dylib", "load").edit_macho(|macho| macho.rpaths = rpaths.to_vec());
        by_run_path().beside("/app/b/x.dylib", Case::dylib()).passes(&RULE);
        // A file that does not fit is passed over.
        by_run_path().beside("/app/dist/a/x.dylib", Case::pe()).beside("/app/b/x.dylib", Case::dylib()).passes(&RULE);
    }

    #[test]
    fn one_that_does_not_lie_there_violates_and_the_places_are_told() {
        assert_eq!(
            evidence(loads("@rpath/x.dylib", "load"), &["@loader_path/../lib", "/opt/homebrew/lib"]),
            "it loads `@rpath/x.dylib` (`/app/lib/x.dylib` is not there, `/opt/homebrew/lib/x.dylib` is not shipped with it)"
        );
        assert!(evidence(loads("@rpath/x.dylib", "load"), &[]).contains("it has no run path"));
        loads("@executable_pathological/x.dylib", "load").violations(&RULE);
        let beside =
            |case: Case| evidence(loads("@loader_path/x.dylib", "load").beside("/app/dist/x.dylib", case), &[]);
        assert!(beside(Case::dylib().with(|case| case.facts.arch = "x86_64".into())).contains("is made for x86_64"));
        assert!(beside(Case::dylib().edit_macho(|macho| macho.cpu_subtype = 2)).contains("is made for aarch64"));
        assert!(beside(Case::macho()).contains("is no dylib"));
        assert!(beside(Case::pe()).contains("is no Mach-O file"));
        // An absolute run path is the build machine's, whatever lies there now.
        let case = loads("@rpath/x.dylib", "load").beside("/opt/homebrew/lib/x.dylib", Case::dylib());
        assert!(evidence(case, &["/opt/homebrew/lib"]).contains("is not shipped with it"));
    }

    #[test]
    fn what_hangs_on_the_loading_program_is_not_known() {
        let library = |name: &str| loads(name, "load").with(|case| case.facts.kind = Kind::SharedObject);
        library("@executable_path/x.dylib").beside("/app/dist/x.dylib", Case::dylib()).inconclusive(&RULE);
        library("@rpath/x.dylib").inconclusive(&RULE);
        library("@loader_path/x.dylib").violations(&RULE);
        let own = library("@rpath/x.dylib").edit_macho(|macho| macho.rpaths = vec!["@loader_path".into()]);
        own.beside("/app/dist/x.dylib", Case::dylib()).passes(&RULE);
    }

    #[test]
    fn in_an_application_programs_lie_in_contents_macos() {
        let library = |path: &str, name: &str| {
            let path = path.to_owned();
            loads(name, "load").with(move |case| {
                case.facts.kind = Kind::SharedObject;
                case.artifact.path = path.into();
            })
        };
        let name = "@executable_path/../Frameworks/libg.dylib";
        let there = |case: Case| case.beside("/app/A.app/Contents/Frameworks/libg.dylib", Case::dylib());
        there(library("A.app/Contents/Frameworks/libf.dylib", name)).passes(&RULE);
        there(library("A.app/Contents/Frameworks/F.framework/Versions/A/F", name)).passes(&RULE);
        let by_run_path = library("A.app/Contents/PlugIns/libf.dylib", "@rpath/libg.dylib");
        let rpath = vec!["@executable_path/../Frameworks".to_owned()];
        there(by_run_path.edit_macho(|macho| macho.rpaths = rpath)).passes(&RULE);
        // Another program may load it.
        library("A.app/Contents/Frameworks/libf.dylib", name).inconclusive(&RULE);
        there(library("A.app/Contents/Library/B.app/Contents/MacOS/libf.dylib", name)).inconclusive(&RULE);
        there(library("A.app/Frameworks/libf.dylib", name)).inconclusive(&RULE);
    }

    #[test]
    fn a_hostile_number_of_places_is_not_looked_at() {
        let many = loads("@rpath/x.dylib", "load");
        many.edit_macho(|macho| macho.rpaths = vec!["@loader_path".into(); 10_000]).inconclusive(&RULE);
    }

    #[test]
    fn other_systems_are_left_alone() {
        loads("@rpath/libfoo.dylib", "load").with(|case| case.facts.os = Os::OtherApple).not_applicable(&RULE);
    }
}
