//! A dylib's install name is a path of the build machine.

use super::support::NOT_MACOS;
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "build-path-install-name",
    summary: "the install name of a dylib is a path that only the build machine has",
    default: Level::Warn,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The install name (`LC_ID_DYLIB`) of dylibs. Names relative to the program (`@rpath`, `@executable_path`, `@loader_path`) and
absolute ones in places for libraries (`/usr/local`, `/usr/lib`, `/opt`, `/Library`, `/System`) pass; relative names and
other absolute ones violate.

## Why it matters
Whoever links against the dylib copies its install name, and dyld then looks for the library at that very path: the
directory of a build that is long gone, in the home of somebody else. Linkers write the path of the output by default.

## Example
```text
warning[build-path-install-name]: `dist/app` tells its users to load `/Users/ci/project/target/release/deps/libapp.dylib`
  = evidence: `LC_ID_DYLIB` is `/Users/ci/project/target/release/deps/libapp.dylib`
  = policy: `build-path-install-name` is `warn` (by default)
  = help: link with `-Wl,-install_name,@rpath/libapp.dylib`, or `install_name_tool -id @rpath/libapp.dylib FILE`, or see `seaworthy explain build-path-install-name`
```

## How to fix
- Go: `-ldflags='-extldflags=-Wl,-install_name,@rpath/libapp.dylib'` with `-buildmode=c-shared`.
- Cargo: `cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libapp.dylib` in the build script. `install_name_tool -id
  @rpath/libapp.dylib FILE` mends a file that is there already; sign it again afterwards.
"#,
};

/// Where libraries are installed on Macs.
const PLACES: &[&str] =
    &["@rpath/", "@executable_path/", "@loader_path/", "/usr/local/", "/usr/lib/", "/opt/", "/Library/", "/System/"];

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    let Some(id) = &macho.id else { return Verdict::NotApplicable("it is no dylib") };
    if PLACES.iter().any(|place| id.name.starts_with(place)) {
        return Verdict::Pass;
    }
    let file = id.name.rsplit('/').next().unwrap_or(&id.name);
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` tells its users to load `{}`", id.name),
        evidence: vec![format!("`LC_ID_DYLIB` is `{}`", id.name)],
        help: Some(format!(
            "link with `-Wl,-install_name,@rpath/{file}`, or `install_name_tool -id @rpath/{file} FILE`"
        )),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, dylib};

    fn named(name: &str) -> Case {
        let id = dylib(name, "id");
        Case::macho().edit_macho(|macho| macho.id = Some(id))
    }

    #[test]
    fn a_path_of_the_build_machine_violates() {
        named("/Users/ci/project/target/release/deps/libapp.dylib").documented(&RULE);
        named("target/libapp.dylib").violations(&RULE);
        named("libapp.dylib").violations(&RULE);
    }

    #[test]
    fn places_for_libraries_pass() {
        for name in ["@rpath/libapp.dylib", "/usr/local/lib/libapp.dylib", "/opt/app/libapp.dylib"] {
            named(name).passes(&RULE);
        }
    }

    #[test]
    fn programs_are_left_alone() {
        Case::macho().not_applicable(&RULE);
    }
}
