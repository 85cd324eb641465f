//! The file needs a newer Windows than it will find.

use super::support::NOT_WINDOWS;
use super::support::hosts::first_of;
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::pe::{DllImport, PeFacts};
use crate::facts::{Format, Os};
use crate::hosts::windows::{Came, is_own};
use crate::hosts::{System, Version, kernel};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-windows",
    summary: "the file needs a newer Windows than the policy allows",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Against `[windows] min` and the Windows hosts of `runs-on`: the subsystem version of a program, each imported DLL of Windows
that is known to have come later (`icu.dll`) and does not lie beside the file, each such function of Windows' own DLLs
(`data/windows-functions.tsv`), and what the Go release or Rust's std in the file supports. Delay-loaded DLLs do not count: a
program can ask for them before it calls them. What an update brought to an older Windows, as the Universal C Runtime to
Windows 7, is not known to be there.

## Why it matters
Windows refuses a program whose subsystem version is newer than the system, and an image whose function is not there: "the
procedure entry point could not be located". On the build machine both are.

## Example
```text
error[newer-windows]: `dist/app.exe` needs Windows 10.0.22000, but `windows:servercore-ltsc2019` is 10.0.17763
  = evidence: `GetMachineTypeAttributes` of `kernel32.dll` came with Windows 10.0.22000
  = policy: `runs-on` lists `windows:servercore-ltsc2019` (seaworthy.toml:1)
  = help: build with the last release of the toolchain for that Windows, or look newer functions up at run time, or see `seaworthy explain newer-windows`
```

## How to fix
- Go: Go 1.20 is the last release for Windows 7 and 8.
- Cargo: Rust 1.77 is the last whose std runs on Windows 7; after it there are the `*-win7-windows-*` targets.
- C: set `_WIN32_WINNT` to the oldest Windows, link the C runtime statically (`/MT`), and ask for newer functions with `GetProcAddress`.
"#,
};

/// What needs a version, and what brought it in.
#[derive(Default)]
struct Need {
    version: Version,
    /// From this version on an update may have brought it.
    updated: Option<Version>,
    evidence: String,
    cause: Option<Cause>,
}

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.pe().filter(|_| subject.facts.os == Os::Windows) else {
        return Verdict::NotApplicable(NOT_WINDOWS);
    };
    let mut limits: Vec<(Version, Option<String>, PolicySource)> = Vec::new();
    if let Some(min) = &subject.policy.policy.windows.min {
        let Ok(version) = min.value.parse() else {
            return Verdict::Inconclusive(format!("`[windows] min = \"{}\"` is no version", min.value));
        };
        let key = format!("[windows] min = \"{}\"", min.value);
        limits.push((version, None, PolicySource { key: key.into(), origin: min.origin.clone() }));
    }
    for host in subject.hosts {
        if let System::Windows(version) = host.system {
            limits.push((version, Some(host.name.clone()), subject.listed(&host.name)));
        }
    }
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no Windows");
    }
    let needs = needs(subject, pe);
    let (mut violations, mut doubts) = (Vec::new(), Vec::new());
    for limit in limits {
        let doubt = doubt(&needs, limit.0);
        match violation(&needs, limit) {
            Some(violation) => violations.push(violation),
            None => doubts.extend(doubt),
        }
    }
    Verdict::of(violations, first_of(&doubts))
}

impl Need {
    fn is_newer_than(&self, has: Version) -> bool {
        self.version > has && !self.hangs_on_updates(has)
    }

    fn hangs_on_updates(&self, has: Version) -> bool {
        self.version > has && self.updated.is_some_and(|updated| updated <= has)
    }
}

fn doubt(needs: &[Need], has: Version) -> Option<String> {
    let need = needs.iter().find(|need| need.hangs_on_updates(has))?;
    Some(format!("{}, and to Windows {has} by an update", need.evidence))
}

fn violation(needs: &[Need], (has, host, policy): (Version, Option<String>, PolicySource)) -> Option<Violation> {
    let newer: Vec<&Need> = needs.iter().filter(|need| need.is_newer_than(has)).collect();
    let highest = newer.iter().map(|need| need.version).max()?;
    Some(Violation {
        message: match &host {
            Some(host) => format!("`{{artifact}}` needs Windows {highest}, but `{host}` is {has}"),
            None => format!("`{{artifact}}` needs Windows {highest}, but has to run on {has}"),
        },
        evidence: newer.iter().map(|need| need.evidence.clone()).collect(),
        causes: newer.iter().filter_map(|need| need.cause.clone()).collect(),
        has: host.is_some().then_some(has),
        host,
        policy: Some(policy),
        help: Some(
            "build with the last release of the toolchain for that Windows, or look newer functions up at run time"
                .into(),
        ),
    })
}

fn needs(subject: &Subject<'_>, pe: &PeFacts) -> Vec<Need> {
    let mut needs = Vec::new();
    // `CreateProcess` asks for it (`BasepIsImageVersionOk` in ReactOS's kernel32), the loader of DLLs does not.
    if let Ok(version) = pe.subsystem_version.parse()
        && subject.is_program()
    {
        let evidence = format!("its subsystem version is {}", pe.subsystem_version);
        needs.push(Need { version, evidence, ..Need::default() });
    }
    for import in pe.imports.iter().filter(|import| is_own(&import.dll)) {
        for function in &import.functions {
            needs.extend(came(function, &import.dll));
        }
        let dll = dll_came(subject, import);
        needs.extend(dll.filter(|dll| needs.iter().all(|need: &Need| need.evidence != dll.evidence)));
    }
    if let Some(release) = subject.facts.go.as_ref().and_then(|go| go.version.as_deref()) {
        needs.extend(kernel::go(release).map(|floors| Need {
            version: floors.windows,
            evidence: format!("{release} supports Windows {} and newer", floors.windows),
            ..Need::default()
        }));
    }
    if let Some(release) = subject.facts.rust.as_ref().and_then(|rust| rust.version.as_deref())
        && release.parse::<Version>().is_ok_and(|version| version >= Version::new(1, 78))
    {
        let evidence = format!("the std of Rust {release} supports Windows 10 and newer");
        needs.push(Need { version: Version::new(10, 0), evidence, ..Need::default() });
    }
    needs
}

/// When a function came, where that is known.
fn came(function: &str, dll: &str) -> Option<Need> {
    let Came { version, updated, is_verified } = Came::of(function)?;
    let doubt = if is_verified { "" } else { " (unverified)" };
    Some(Need {
        version,
        updated,
        evidence: format!("`{function}` of `{dll}` came with Windows {version}{doubt}"),
        cause: Some(Cause::Symbol(function.to_owned())),
    })
}

/// When a DLL came, where that is known and none lies beside the image.
fn dll_came(subject: &Subject<'_>, import: &DllImport) -> Option<Need> {
    let (name, Came { version, updated, is_verified }) = Came::of_dll(&import.dll)?;
    if subject.without_dll_beside(std::iter::once((import, "imports"))).is_empty() {
        return None;
    }
    let doubt = if is_verified { "" } else { " (unverified)" };
    Some(Need {
        version,
        updated,
        evidence: format!("`{name}` came with Windows {version}{doubt}"),
        cause: Some(Cause::Library(import.dll.clone())),
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Kind;
    use crate::facts::pe::DllImport;
    use crate::rules::support::testing::{Case, from_file};

    fn importing(function: &str) -> Case {
        let import = DllImport { dll: "kernel32.dll".into(), functions: vec!["ExitProcess".into(), function.into()] };
        Case::pe().edit_pe(|pe| {
            pe.subsystem_version = "6.0".into();
            pe.imports = vec![import];
        })
    }

    #[test]
    fn a_newer_function_violates() {
        importing("GetMachineTypeAttributes").runs_on(&["windows:servercore-ltsc2019", "windows:11"]).documented(&RULE);
    }

    #[test]
    fn the_subsystem_version_of_a_dll_is_not_asked_for() {
        let newer = || importing("Sleep").edit_pe(|pe| pe.subsystem_version = "10.0".into());
        newer().runs_on(&["windows:6.1"]).violations(&RULE);
        newer().with(|case| case.facts.kind = Kind::SharedObject).runs_on(&["windows:6.1"]).passes(&RULE);
    }

    #[test]
    fn what_the_system_has_passes() {
        importing("GetTempPath2W").runs_on(&["windows:11"]).passes(&RULE);
        importing("CreatePseudoConsole").runs_on(&["windows:servercore-ltsc2019"]).passes(&RULE);
        importing("GetTempPath2W").not_applicable(&RULE);
    }

    #[test]
    fn functions_that_programs_import_are_known() {
        let violates = |function: &str, host: &str| {
            let found = importing(function).runs_on(&[host]).violations(&RULE);
            assert!(found[0].evidence[0].starts_with(&format!("`{function}` of")), "{found:?}");
        };
        for function in ["NotifyNetworkConnectivityHintChange", "ProcessSocketNotifications", "CreateFile3"] {
            violates(function, "windows:servercore-ltsc2019");
        }
        for function in ["ReleasePseudoConsole", "SetProcessDefaultCpuSetMasks", "GetUserDefaultGeoName"] {
            violates(function, "windows:10");
        }
        for function in ["GetHostNameW", "GetAddrInfoExCancel", "SetProcessMitigationPolicy", "RoGetActivationFactory"]
        {
            violates(function, "windows:6.1");
        }
        importing("CreateFile3").runs_on(&["windows:servercore-ltsc2025"]).passes(&RULE);
        importing("SetDefaultDllDirectories").runs_on(&["windows:6.1"]).inconclusive(&RULE);
    }

    /// What the std of Rust imports by name.
    #[test]
    fn the_std_of_rust_runs_on_windows_10() {
        for function in
            ["ProcessPrng", "WaitOnAddress", "WakeByAddressAll", "GetSystemTimePreciseAsFileTime", "GetHostNameW"]
        {
            importing(function).rust().runs_on(&["windows:10"]).passes(&RULE);
        }
    }

    #[test]
    fn a_function_of_somebody_elses_dll_is_theirs() {
        let import = DllImport { dll: "conpty.dll".into(), functions: vec!["CreatePseudoConsole".into()] };
        Case::pe().edit_pe(|pe| pe.imports = vec![import]).runs_on(&["windows:10"]).passes(&RULE);
    }

    #[test]
    fn what_an_update_may_have_brought_is_not_known() {
        importing("GetTempPath2W").runs_on(&["windows:servercore-ltsc2019", "windows:11"]).inconclusive(&RULE);
        importing("GetTempPath2W").runs_on(&["windows:10"]).violations(&RULE);
        let both = importing("GetTempPath2W").runs_on(&["windows:10", "windows:servercore-ltsc2019", "windows:11"]);
        let (violations, open) = both.partly_open(&RULE);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert!(open.ends_with("and to Windows 10.0.17763 by an update"), "{open}");
    }

    #[test]
    fn a_dll_that_came_later_violates() {
        let case = |dll: &str| {
            let import = DllImport { dll: dll.into(), functions: vec!["Function".into()] };
            Case::pe().edit_pe(|pe| pe.imports = vec![import])
        };
        case("icu.dll").runs_on(&["windows:10", "windows:11"]).violations(&RULE);
        case("icu.dll").runs_on(&["windows:servercore-ltsc2022"]).passes(&RULE);
        case("icu.dll").beside("/app/dist/icu.dll", Case::pe()).runs_on(&["windows:10"]).passes(&RULE);
        case("api-ms-win-crt-heap-l1-1-0.dll").runs_on(&["windows:6.1"]).inconclusive(&RULE);
        case("ucrtbase.dll").runs_on(&["windows:6.3"]).inconclusive(&RULE);
        case("ucrtbase.dll").runs_on(&["windows:10"]).passes(&RULE);
        // The first is the one that Python 3.9 ended Windows 7 with; that has the second, and not all of what came after it.
        case("api-ms-win-core-path-l1-1-0.dll").runs_on(&["windows:6.1"]).violations(&RULE);
        case("api-ms-win-core-file-l1-1-0.dll").runs_on(&["windows:6.1"]).passes(&RULE);
        case("api-ms-win-core-file-l1-2-0.dll").runs_on(&["windows:6.1"]).inconclusive(&RULE);
        case("api-ms-win-core-file-l1-2-0.dll").runs_on(&["windows:6.2"]).passes(&RULE);
        importing("GetSystemMetricsForDpi").runs_on(&["windows:10"]).violations(&RULE);
    }

    #[test]
    fn releases_of_toolchains_have_floors() {
        let min = |case: Case| case.with(|case| case.policy.windows.min = Some(from_file("6.1".to_owned())));
        min(importing("Sleep").go(&[])).violations(&RULE);
        min(importing("Sleep").rust()).violations(&RULE);
        min(importing("Sleep")).passes(&RULE);
    }
}
