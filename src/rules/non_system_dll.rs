//! A Windows image needs a DLL that is not part of Windows.

use super::support::windows::{Dll, comes_with_loading_program, dll, imports};
use super::support::{NOT_WINDOWS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "non-system-dll",
    summary: "a Windows image needs a DLL that is not part of Windows",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Imported and delay-loaded DLLs against the list of those that come with Windows 10 and later (`data/windows-dlls.tsv`).
API sets (`api-ms-win-*`) are resolved by the loader and pass. Runtimes of compilers are left to `dynamic-c-runtime`. In an
extension, the program that loads it (`node.exe`, `python312.dll`, `jvm.dll`) passes, and so does a DLL that lies in the same directory
at the time of the check, for the same architecture and in whatever case its name is written: the loader looks there first.
What that DLL needs in turn is asked when it is checked itself.

## Why it matters
A DLL that is not part of Windows has to lie beside the program or on the `PATH` of every host. On the build machine it
does, put there by vcpkg, MSYS2 or an installer.

## Example
```text
error[non-system-dll]: `dist/app.exe` needs `libssl-3-x64.dll`, which is not known to be part of Windows
  = evidence: it imports `SSL_new` and `#12` of `libssl-3-x64.dll`, and `/app/dist/libssl-3-x64.dll` is not there
  = policy: `non-system-dll` is `deny` (by default)
  = help: link it statically, or lay it beside the program before the check, or see `seaworthy explain non-system-dll`
```

## How to fix
- Go: link the library statically (`#cgo LDFLAGS: -l:libz.a`), or use a package written in Go.
- Cargo: the feature of the `-sys` crate that builds the library from source (`vendored`, `bundled`, `static`), or vcpkg's
  `x64-windows-static` triplet with `VCPKGRS_DYNAMIC` unset.
- A DLL that is shipped beside the program: lay it there before the check. One that is installed in another way: an
  `[[exception]]` for this artifact, with that reason.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else {
        return Verdict::NotApplicable(NOT_WINDOWS);
    };
    let is_program = subject.is_program();
    let foreign = imports(pe)
        .filter(|(import, _)| dll(&import.dll) == Dll::Foreign)
        .filter(|(import, _)| is_program || !comes_with_loading_program(&import.dll));
    let found = subject.without_dll_beside(foreign);
    if found.is_empty() {
        return Verdict::Pass;
    }
    let names: Vec<String> = found.iter().map(|(import, _)| import.dll.clone()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` needs {}, which {verb} not known to be part of Windows", listed(&names, 3)),
        evidence: found.into_iter().map(|(_, evidence)| evidence).collect(),
        causes: names.into_iter().map(Cause::Library).collect(),
        help: Some("link it statically, or lay it beside the program before the check".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::pe::DllImport;
    use crate::facts::{Kind, Os};
    use crate::rules::support::testing::Case;

    fn needs(dlls: &[&str]) -> Case {
        let import = |dll: &&str| DllImport { dll: dll.to_string(), functions: vec!["SSL_new".into(), "#12".into()] };
        let imports = dlls.iter().map(import).collect();
        Case::pe().edit_pe(|pe| pe.imports = imports)
    }

    #[test]
    fn a_third_partys_dll_violates() {
        needs(&["kernel32.dll", "libssl-3-x64.dll"]).documented(&RULE);
    }

    #[test]
    fn delay_loaded_dlls_count() {
        let import = DllImport { dll: "zlib1.dll".into(), functions: Vec::new() };
        Case::pe().edit_pe(|pe| pe.delay_imports = vec![import]).violations(&RULE);
    }

    #[test]
    fn windows_and_runtimes_pass() {
        needs(&["kernel32.dll", "ws2_32.dll", "api-ms-win-core-synch-l1-2-0.dll", "vcruntime140.dll"]).passes(&RULE);
    }

    #[test]
    fn the_loading_program_passes_in_an_extension_only() {
        needs(&["node.exe", "python3.dll", "jawt.dll"]).with(|case| case.facts.kind = Kind::SharedObject).passes(&RULE);
        needs(&["python3.dll"]).violations(&RULE);
    }

    #[test]
    fn a_dll_beside_the_program_passes() {
        let beside = |case: Case| needs(&["libssl-3-x64.dll"]).beside("/app/dist/LibSSL-3-x64.DLL", case);
        beside(Case::pe()).passes(&RULE);
        let evidence = |case: Case| case.violations(&RULE).remove(0).evidence.remove(0);
        let other = beside(Case::pe().with(|case| case.facts.arch = "i386".into()));
        assert!(evidence(other).ends_with("and `/app/dist/libssl-3-x64.dll` is made for i386"));
        assert!(evidence(beside(Case::macho())).ends_with("is no PE file"));
        needs(&["libssl-3-x64"]).beside("/app/dist/libssl-3-x64.dll", Case::pe()).passes(&RULE);
        needs(&["lib/ssl.dll"]).beside("/app/dist/lib/ssl.dll", Case::pe()).violations(&RULE);
    }

    #[test]
    fn firmware_is_left_alone() {
        Case::pe().with(|case| case.facts.os = Os::Efi).not_applicable(&RULE);
    }
}
