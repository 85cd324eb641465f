//! A Windows image that needs a side-by-side assembly which its manifest does not name, or which nobody ships.

use super::support::advice::Maker;
use super::support::{NOT_WINDOWS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::pe::{DllImport, Manifest, PeFacts};
use crate::hosts::load::{Files, Opened};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-assembly",
    summary: "a Windows program imports from a side-by-side assembly that its manifest does not name",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Functions that only version 6 of `comctl32.dll` has, `TaskDialogIndirect`, `LoadIconMetric` and `GetWindowSubclass` by name
among them: the manifest of the program has to depend on `Microsoft.Windows.Common-Controls` 6.0.0.0. The manifest is the one
in the image, or, without that, `app.exe.manifest` beside `app.exe`. What a DLL imports hangs on the program that loads it,
unless the DLL has a manifest of its own with the resource number 2. Delay-loaded functions do not count. Other assemblies
than those of Windows (`Microsoft.Windows.*`) are looked for beside the image; whether they are installed is not known.

## Why it matters
Windows loads version 5.82 of that DLL unless a manifest asks for version 6, on every release up to Windows 11. The
program then does not start: "the procedure entry point TaskDialogIndirect could not be located", exit code 0xc0000139.

## Example
```text
error[missing-assembly]: `dist/app.exe` needs version 6 of `comctl32.dll`, and its manifest does not ask for it
  = evidence: it imports `TaskDialogIndirect`, which version 5.82 does not have
  = evidence: it carries no application manifest, and none lies beside it
  = policy: `missing-assembly` is `deny` (by default)
  = help: embed a manifest that depends on `Microsoft.Windows.Common-Controls` 6.0.0.0, with the crate `embed-manifest` in the build script, or see `seaworthy explain missing-assembly`
```

## How to fix
- Go: a `.syso` file beside `main.go`, made by `go-winres` or `rsrc` from a manifest with that dependency.
- Cargo: the crate `embed-manifest` in the build script, whose `new_manifest` has it; or `winresource`, `embed-resource` with a
  manifest of your own. Leave out what calls the function: `rfd` without its feature `common-controls-v6`.
- C: a resource script with `1 24 "app.manifest"`, or `/MANIFESTDEPENDENCY` of the linker.
"#,
};

/// What version 6 alone exports (Geoff Chappell, "COMCTL32 6.0/6.10 Named Exports"; those that need a manifest on Windows 10 and 11
/// in the tests of terrafx.interop.windows; `GetWindowSubclass` has an ordinal in 5.82 and no name, microsoft/win32metadata#734).
const VERSION_6: [&str; 10] = [
    "DrawShadowText",
    "GetWindowSubclass",
    "HIMAGELIST_QueryInterface",
    "ImageList_CoCreateInstance",
    "ImageList_ReadEx",
    "ImageList_WriteEx",
    "LoadIconMetric",
    "LoadIconWithScaleDown",
    "TaskDialog",
    "TaskDialogIndirect",
];

/// The same by ordinal, as Microsoft's import library asks for them ("COMCTL32 6.10 Ordinal-Only Exports").
const BY_ORDINAL: [(&str, &str); 4] = [
    ("#344", "TaskDialog"),
    ("#345", "TaskDialogIndirect"),
    ("#380", "LoadIconMetric"),
    ("#381", "LoadIconWithScaleDown"),
];

const CONTROLS: &str = "Microsoft.Windows.Common-Controls";

/// Assemblies whose names start so come with Windows.
const OF_WINDOWS: &str = "microsoft.windows.";

/// Bytes of the largest manifest beside an image that is read.
const LARGEST: u64 = 1 << 20;

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    let external = external(subject, pe);
    let manifest = pe.manifest.as_ref().or(external.as_ref());
    let functions = version_6(pe);
    if let Some(problem) = manifest.and_then(|manifest| manifest.problem.as_ref()).filter(|_| !functions.is_empty()) {
        return Verdict::Inconclusive(format!("its manifest could not be read: {problem}"));
    }
    if !functions.is_empty() && !manifest.is_some_and(|manifest| holds(subject, manifest) && names_controls(manifest)) {
        return without_controls(subject, pe, &functions);
    }
    let strange = manifest.into_iter().flat_map(|manifest| &manifest.dependencies);
    let absent: Vec<String> = strange.filter(|assembly| !is_there(subject, assembly)).cloned().collect();
    match absent.first() {
        None => Verdict::Pass,
        Some(_) => Verdict::Inconclusive(format!(
            "its manifest depends on {}, which does not lie beside it; whether it is installed is not known",
            listed(&absent, 3)
        )),
    }
}

/// The manifest beside a program that has none inside; from Windows Vista on the one inside wins (Microsoft, "Answers to Several
/// Application Manifest Mysteries and Questions").
fn external(subject: &Subject<'_>, pe: &PeFacts) -> Option<Manifest> {
    let (home, files) = subject.loads.beside().filter(|_| pe.manifest.is_none())?;
    let name = subject.artifact.path.file_name()?.to_str()?;
    manifest(files, home, name).map(|text| Manifest::parse(&text))
}

/// The text of a manifest of this name in a directory; `None` where there is none that can be read.
fn manifest(files: &dyn Files, directory: &str, name: &str) -> Option<Vec<u8>> {
    files.read(&files.in_any_case(directory, &format!("{name}.manifest"))?, LARGEST).ok()?
}

/// Functions of version 6 that the loader looks for, in their own names.
fn version_6(pe: &PeFacts) -> Vec<String> {
    let imports = pe.imports.iter().filter(|import| import.dll == "comctl32.dll");
    let named = |function: &String| {
        let by_ordinal = BY_ORDINAL.iter().find(|(ordinal, _)| ordinal == function).map(|(_, name)| *name);
        let by_name = VERSION_6.iter().find(|name| *name == function).copied();
        by_name.or(by_ordinal).map(str::to_owned)
    };
    imports.flat_map(|import: &DllImport| &import.functions).filter_map(named).collect()
}

/// Whether a manifest counts for what the image imports: a program's by the numbers 1 and 2, a DLL's by 2 alone.
fn holds(subject: &Subject<'_>, manifest: &Manifest) -> bool {
    match manifest.resource_id {
        Some(1) => subject.is_program(),
        Some(number) => number == 2,
        None => subject.is_program(),
    }
}

fn names_controls(manifest: &Manifest) -> bool {
    manifest.dependencies.iter().any(|assembly| {
        let (name, version) = assembly.split_once(' ').unwrap_or((assembly, ""));
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        name.eq_ignore_ascii_case(CONTROLS) && major.is_some_and(|major| major >= 6)
    })
}

fn without_controls(subject: &Subject<'_>, pe: &PeFacts, functions: &[String]) -> Verdict {
    let functions = listed(functions, 3);
    if !subject.is_program() {
        let whose = "whether there is depends on the manifest of the program that loads it";
        return Verdict::Inconclusive(format!("it imports {functions} of version 6 of `comctl32.dll`; {whose}"));
    }
    let imports = pe.imports.iter().filter(|import| import.dll == "comctl32.dll").map(|import| (import, "imports"));
    if subject.without_dll_beside(imports).is_empty() {
        return Verdict::Inconclusive("what the `comctl32.dll` beside it has is not known".into());
    }
    let manifest = match &pe.manifest {
        None => "it carries no application manifest, and none lies beside it".to_owned(),
        Some(manifest) if !holds(subject, manifest) => {
            "its manifest has another resource number than 1, by which the process gets it".to_owned()
        }
        Some(_) => format!("its manifest does not depend on `{CONTROLS}` 6.0.0.0"),
    };
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` needs version 6 of `comctl32.dll`, and its manifest does not ask for it".into(),
        evidence: vec![format!("it imports {functions}, which version 5.82 does not have"), manifest],
        causes: version_6(pe).into_iter().map(Cause::Symbol).collect(),
        help: Some(help(subject.maker())),
        ..Violation::default()
    }])
}

/// What embeds the manifest, in the words of the tool.
fn help(maker: Maker) -> String {
    let how = match maker {
        Maker::Go => "with a `.syso` file that `go-winres` or `rsrc` makes",
        Maker::Rust => "with the crate `embed-manifest` in the build script",
        Maker::Other => "by a resource script with `1 24 \"app.manifest\"`",
    };
    format!("embed a manifest that depends on `{CONTROLS}` 6.0.0.0, {how}")
}

/// Whether an assembly comes with Windows, or lies where private ones are looked for (Microsoft, "Assembly Searching Sequence").
fn is_there(subject: &Subject<'_>, assembly: &str) -> bool {
    let name = assembly.split(' ').next().unwrap_or(assembly);
    if name.to_ascii_lowercase().starts_with(OF_WINDOWS) || name.contains(['/', '\\']) {
        return true;
    }
    let Some((home, files)) = subject.loads.beside() else { return false };
    let directories = [home.to_owned(), format!("{home}/{name}")];
    directories.iter().any(|directory| {
        let dll = files.open_in_any_case(directory, &format!("{name}.dll"));
        !matches!(dll, Opened::Absent) || manifest(files, directory, name).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::{CONTROLS, RULE};
    use crate::facts::Kind;
    use crate::facts::pe::{DllImport, Manifest};
    use crate::rules::support::testing::Case;

    fn importing(functions: &[&str]) -> Case {
        let functions = functions.iter().map(ToString::to_string).collect();
        Case::pe().edit_pe(|pe| pe.imports = vec![DllImport { dll: "comctl32.dll".into(), functions }])
    }

    fn manifest(case: Case, id: u32, dependencies: &[&str]) -> Case {
        let dependencies = dependencies.iter().map(ToString::to_string).collect();
        case.edit_pe(|pe| pe.manifest = Some(Manifest { resource_id: Some(id), dependencies, ..Manifest::default() }))
    }

    #[test]
    fn a_function_of_version_6_without_a_manifest_violates() {
        importing(&["InitCommonControlsEx", "TaskDialogIndirect"]).rust().documented(&RULE);
        let evidence = |case: Case| case.violations(&RULE).remove(0).evidence;
        assert!(evidence(importing(&["#380"]))[0].contains("`LoadIconMetric`"));
        let old = format!("{CONTROLS} 5.82.0.0");
        assert!(evidence(manifest(importing(&["TaskDialog"]), 1, &[&old]))[1].contains("does not depend on"));
        let version_6 = format!("{CONTROLS} 6.0.0.0");
        assert!(evidence(manifest(importing(&["TaskDialog"]), 3, &[&version_6]))[1].contains("resource number"));
    }

    #[test]
    fn a_manifest_that_asks_for_it_passes() {
        let version_6 = format!("{} 6.0.0.0", CONTROLS.to_lowercase());
        manifest(importing(&["TaskDialogIndirect"]), 1, &[&version_6]).passes(&RULE);
        importing(&["InitCommonControlsEx", "SetWindowSubclass", "#411"]).passes(&RULE);
    }

    #[test]
    fn a_manifest_beside_a_program_without_one_counts() {
        let text = format!(
            "<assembly><dependency><dependentAssembly><assemblyIdentity name='{CONTROLS}' version='6.0.0.0'/>\
             </dependentAssembly></dependency></assembly>"
        );
        let beside = |case: Case| case.beside_data("/app/dist/App.exe.manifest", &text);
        beside(importing(&["TaskDialog"])).passes(&RULE);
        beside(manifest(importing(&["TaskDialog"]), 1, &[])).violations(&RULE);
        importing(&["TaskDialog"]).beside_data("/app/dist/app.exe.manifest", "<assembly></b>").inconclusive(&RULE);
    }

    #[test]
    fn what_a_dll_gets_is_the_programs_matter() {
        let dll = |case: Case| case.with(|case| case.facts.kind = Kind::SharedObject);
        let version_6 = format!("{CONTROLS} 6.0.0.0");
        dll(importing(&["TaskDialog"])).inconclusive(&RULE);
        dll(manifest(importing(&["TaskDialog"]), 1, &[&version_6])).inconclusive(&RULE);
        dll(manifest(importing(&["TaskDialog"]), 2, &[&version_6])).passes(&RULE);
    }

    #[test]
    fn an_assembly_that_nobody_ships_cannot_be_judged() {
        let needs =
            || manifest(Case::pe(), 1, &["Microsoft.VC90.CRT 9.0.21022.8", "Microsoft.Windows.GdiPlus 1.0.0.0"]);
        needs().inconclusive(&RULE);
        needs().beside_data("/app/dist/Microsoft.VC90.CRT/Microsoft.VC90.CRT.manifest", "<assembly/>").passes(&RULE);
        needs().beside("/app/dist/microsoft.vc90.crt.dll", Case::pe()).passes(&RULE);
    }

    #[test]
    fn a_comctl32_beside_the_program_cannot_be_judged() {
        importing(&["TaskDialog"]).beside("/app/dist/comctl32.dll", Case::pe()).inconclusive(&RULE);
    }
}
