//! Of [`RULE`](super::RULE) what holds for Windows: which DLLs the named images have, and which programs they run.

use super::super::support::hosts::first_of;
use super::super::support::listed;
use super::super::support::windows::{OnImage, on_image, shown};
use super::super::{Cause, Subject, Verdict, Violation};
use crate::facts::pe::{DllImport, PeFacts};
use crate::hosts::{Host, System};

/// DLLs that the named images of Windows lack, and programs that they cannot run; where nobody publishes a list, nobody knows.
pub(super) fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.pe() else { return Verdict::NotApplicable("it is not a PE image") };
    let mut violations = Vec::new();
    let mut unknown = Vec::new();
    let hosts: Vec<_> = subject.hosts.iter().filter(|host| matches!(host.system, System::Windows(_))).collect();
    for host in &hosts {
        let mut open = Vec::new();
        match runs_32_bit(subject, pe, host) {
            Some(true) => {}
            Some(false) => {
                violations.push(wrong_width(subject, host));
                continue;
            }
            None => open.push(format!("whether `{}` runs 32-bit programs hangs on features added to it", host.name)),
        }
        open.extend(unpublished(subject, host));
        let before = violations.len();
        let mut absent = Vec::new();
        // The loader looks for the others when they are called.
        for import in &pe.imports {
            match on_image(import, host.listed_as.unwrap_or(&host.name)) {
                OnImage::Present => {}
                OnImage::NoDll => absent.push(import),
                OnImage::NoFunction(function) => violations.push(without_function(subject, host, import, function)),
                OnImage::Unknown => open.push(format!("whether `{}` has `{}` is not known", host.name, import.dll)),
            }
        }
        if !absent.is_empty() {
            violations.push(without(subject, host, &absent));
        }
        if violations.len() == before {
            unknown.extend(open);
        }
    }
    if hosts.is_empty() {
        return Verdict::NotApplicable("the policy names no Windows host in `runs-on`");
    }
    Verdict::of(violations, first_of(&unknown))
}

/// Whether the image can run it as far as its width goes. Nano Server has no WoW64; from 2025 on it can be added. .NET code
/// for any machine has the header of a 32-bit image.
fn runs_32_bit(subject: &Subject<'_>, pe: &PeFacts, host: &Host) -> Option<bool> {
    let image = host.listed_as.unwrap_or(&host.name);
    if subject.facts.bits != 32 || pe.is_clr || !image.contains("nanoserver") {
        return Some(true);
    }
    (!image.ends_with("ltsc2025")).then_some(false)
}

/// That nobody knows of such a Windows for this machine. Images are published for x86-64 (microsoft/Windows-Containers#195), Server
/// Core 2022 for arm64 as well (microsoft/windows-host-process-containers-base-image#12); of 32-bit ARM few systems are left.
fn unpublished(subject: &Subject<'_>, host: &Host) -> Option<String> {
    let arch: &str = &subject.facts.arch;
    let name = host.listed_as.unwrap_or(&host.name);
    let is_image = ["nanoserver", "servercore"].iter().any(|kind| name.contains(kind));
    let is_published = match arch {
        "x86_64" | "i386" => true,
        "aarch64" => !is_image || name == "windows:servercore-ltsc2022",
        _ => false,
    };
    (!is_published).then(|| format!("whether there is a `{}` for {arch} is not known", host.name))
}

fn wrong_width(subject: &Subject<'_>, host: &Host) -> Violation {
    Violation {
        message: format!("`{{artifact}}` is a 32-bit image, and `{}` runs 64-bit programs only", host.name),
        evidence: vec![format!("its machine is {}", subject.facts.arch)],
        host: Some(host.name.clone()),
        policy: Some(subject.listed(&host.name)),
        help: Some("build for a 64-bit target, or choose a Server Core image, as `windows:servercore-ltsc2022`".into()),
        ..Violation::default()
    }
}

fn without(subject: &Subject<'_>, host: &Host, absent: &[&DllImport]) -> Violation {
    let names: Vec<String> = absent.iter().map(|import| import.dll.clone()).collect();
    Violation {
        message: format!("`{{artifact}}` needs {}, which `{}` does not have", listed(&names, 3), host.name),
        evidence: absent.iter().map(|import| shown(import, "imports")).collect(),
        causes: names.into_iter().map(Cause::Library).collect(),
        host: Some(host.name.clone()),
        policy: Some(subject.listed(&host.name)),
        help: Some("choose a Server Core image, as `windows:servercore-ltsc2022`, or leave out what needs it".into()),
        ..Violation::default()
    }
}

fn without_function(subject: &Subject<'_>, host: &Host, import: &DllImport, function: &str) -> Violation {
    let dll = &import.dll;
    Violation {
        message: format!("`{{artifact}}` imports `{function}`, which `{dll}` of `{}` does not have", host.name),
        evidence: vec![format!("it imports {function} of `{dll}`")],
        causes: vec![Cause::Symbol(function.to_owned())],
        host: Some(host.name.clone()),
        policy: Some(subject.listed(&host.name)),
        help: Some("update what imports it, or choose a Server Core image, as `windows:servercore-ltsc2022`".into()),
        ..Violation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::facts::pe::DllImport;
    use crate::rules::support::testing::Case;

    #[test]
    fn nano_server_has_what_dotnet_core_needs_and_little_more() {
        let import = |dll: &str| DllImport { dll: dll.into(), functions: vec!["Function".into()] };
        let case = |dll: &str, host: &str| {
            Case::pe().edit_pe(|pe| pe.imports = vec![import("kernel32.dll"), import(dll)]).runs_on(&[host])
        };
        case("netapi32.dll", "windows:nanoserver-ltsc2022").violations(&RULE);
        case("netapi32.dll", "windows:servercore-ltsc2022").passes(&RULE);
        for dll in ["advapi32.dll", "ole32.dll", "user32.dll", "api-ms-win-crt-heap-l1-1-0.dll"] {
            case(dll, "windows:nanoserver-ltsc2022").passes(&RULE);
        }
        for dll in ["gdi32.dll", "shell32.dll", "api-ms-win-shcore-obsolete-l1-1-0.dll"] {
            case(dll, "windows:nanoserver-ltsc2022").inconclusive(&RULE);
        }
        Case::pe().runs_on(&["windows:11"]).passes(&RULE);
    }

    #[test]
    fn what_is_not_known_of_one_image_is_said_beside_what_another_lacks() {
        let needs = |dll: &str| DllImport { dll: dll.into(), functions: Vec::new() };
        let case = Case::pe().edit_pe(|pe| pe.imports = vec![needs("netapi32.dll"), needs("combase.dll")]);
        let hosts = ["windows:nanoserver-ltsc2022", "windows:servercore-ltsc2022"];
        let (_, open) = case.runs_on(&hosts).partly_open(&RULE);
        assert_eq!(open, "whether `windows:servercore-ltsc2022` has `combase.dll` is not known");
    }

    #[test]
    fn a_windows_for_another_machine_is_not_known() {
        let of = |arch: &'static str| Case::pe().with(move |case| case.facts.arch = arch.into());
        of("aarch64").runs_on(&["windows:nanoserver-ltsc2022"]).inconclusive(&RULE);
        of("arm").runs_on(&["windows:11"]).inconclusive(&RULE);
        of("aarch64").runs_on(&["windows:servercore-ltsc2022", "windows:11"]).passes(&RULE);
    }

    #[test]
    fn nano_server_has_what_programs_of_rust_go_and_mingw_import() {
        let import = |dll: &str| DllImport { dll: dll.into(), functions: Vec::new() };
        let rust = ["kernel32.dll", "ntdll.dll", "userenv.dll", "ws2_32.dll", "bcryptprimitives.dll"];
        let all =
            rust.into_iter().chain(["api-ms-win-core-synch-l1-2-0.dll", "msvcrt.dll", "version.dll", "winmm.dll"]);
        let case = Case::pe().edit_pe(|pe| pe.imports = all.map(import).collect());
        case.runs_on(&["windows:nanoserver-ltsc2019", "windows:nanoserver-ltsc2025"]).passes(&RULE);
    }

    #[test]
    fn a_function_that_nano_server_lacks_violates() {
        let numa = DllImport { dll: "kernel32.dll".into(), functions: vec!["GetNumaProcessorNode".into()] };
        let case = |host: &str| Case::pe().edit_pe(|pe| pe.imports = vec![numa.clone()]).runs_on(&[host]);
        let violations = case("windows:nanoserver-ltsc2022").violations(&RULE);
        assert!(
            violations[0].message.contains("imports `GetNumaProcessorNode`, which `kernel32.dll` of"),
            "{violations:?}"
        );
        case("windows:servercore-ltsc2022").passes(&RULE);
    }

    #[test]
    fn what_is_loaded_when_it_is_called_is_not_missing_at_the_start() {
        let late = DllImport { dll: "netapi32.dll".into(), functions: Vec::new() };
        let case = Case::pe().edit_pe(|pe| pe.delay_imports = vec![late]);
        case.runs_on(&["windows:nanoserver-ltsc2022"]).passes(&RULE);
    }

    #[test]
    fn nano_server_runs_64_bit_programs() {
        let narrow = || Case::pe().with(|case| (case.facts.arch, case.facts.bits) = ("i386".into(), 32));
        narrow().runs_on(&["windows:nanoserver-ltsc2022"]).violations(&RULE);
        narrow().runs_on(&["windows/nanoserver:ltsc2019"]).violations(&RULE);
        narrow().runs_on(&["windows:nanoserver-ltsc2025"]).inconclusive(&RULE);
        narrow().runs_on(&["windows:servercore-ltsc2022", "windows:11"]).passes(&RULE);
        narrow().edit_pe(|pe| pe.is_clr = true).runs_on(&["windows:nanoserver-ltsc2022"]).passes(&RULE);
    }
}
