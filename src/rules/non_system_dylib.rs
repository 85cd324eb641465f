//! A Mach-O file needs a dylib that is not part of macOS.

use super::support::{NOT_MACOS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::{Dylib, MachOFacts};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "non-system-dylib",
    summary: "a Mach-O file needs a dylib that is not part of macOS",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The full path of every dylib the file loads. `/usr/lib` and `/System` are macOS; everything else is not: Homebrew, MacPorts,
Nix, and paths relative to the file (`@rpath`, `@loader_path`, `@executable_path`), which have to be shipped with it. The
name alone decides nothing: Homebrew's `libc++.1.dylib` is not the system's. Weakly linked dylibs may be missing and pass,
as do Swift's own libraries where `/usr/lib/swift` is among the run paths.

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
- A dylib that is shipped with the program on purpose (an app bundle): an `[[exception]]` for this artifact.
"#,
};

static DYLIBS: &str = include_str!("../../data/macos-dylibs.tsv");

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else {
        return Verdict::NotApplicable(NOT_MACOS);
    };
    let found: Vec<(&Dylib, String)> = macho
        .dylibs
        .iter()
        .filter(|dylib| dylib.kind != "weak" && !is_swift(macho, &dylib.name))
        .filter_map(|dylib| whose(&dylib.name).map(|whose| (dylib, whose)))
        .collect();
    if found.is_empty() {
        return Verdict::Pass;
    }
    let names: Vec<String> = found.iter().map(|(dylib, _)| dylib.name.clone()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` needs {}, which {verb} not part of macOS", listed(&names, 3)),
        evidence: found.iter().map(|(dylib, whose)| format!("it loads `{}` ({whose})", dylib.name)).collect(),
        causes: names.into_iter().map(Cause::Library).collect(),
        help: Some("link it statically; or, if it is shipped with the program, say so in an `[[exception]]`".into()),
        ..Violation::default()
    }])
}

/// Whose a dylib is that not every Mac has; `None` for the system's own.
pub(super) fn whose(name: &str) -> Option<String> {
    let rows = DYLIBS.lines().filter(|line| line.starts_with('/'));
    let matching = rows.filter_map(|line| line.split_once('\t')).filter(|(prefix, _)| name.starts_with(prefix));
    match matching.max_by_key(|(prefix, _)| prefix.len()).and_then(|(_, rest)| rest.split_once('\t')) {
        Some(("system", _)) if !name.split('/').any(|part| part == "..") => None,
        Some((_, whose)) => Some(whose.to_owned()),
        None if name.starts_with('@') => Some("has to be shipped with the file".into()),
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
    use crate::facts::Os;
    use crate::facts::macho::Dylib;
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
        for name in ["/usr/local/lib/libc++.1.dylib", "@rpath/libfoo.dylib", "libfoo.dylib", "/Users/ci/libz.1.dylib"] {
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

    #[test]
    fn other_systems_are_left_alone() {
        loads("@rpath/libfoo.dylib", "load").with(|case| case.facts.os = Os::OtherApple).not_applicable(&RULE);
    }
}
