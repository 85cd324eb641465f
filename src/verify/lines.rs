//! What a slice needs of the machine itself: system, architecture, CPU, kernel, pages.

use super::machine::number;
use super::{Check, Line, Machine, listed};
use crate::facts::{Format, Os};
use crate::hosts::Version;
use crate::manifest::{Artifact, Slice, is_known};

/// The slice that the machine would run, with the line that says so; without one, the line says why.
pub fn fitting<'a>(artifact: &'a Artifact, machine: &Machine) -> (Option<&'a Slice>, Line) {
    let names: Vec<String> = artifact.slices.iter().map(platform).collect();
    let needed = if names.is_empty() { "something that runs".to_owned() } else { names.join(" or ") };
    let (Some(system), Some(arch)) = (&machine.system, &machine.arch) else {
        return (None, Line::unknown(Check::Platform, needed, "the machine's system and architecture are not known"));
    };
    let found = format!("{system} {arch}");
    let of_system = || artifact.slices.iter().filter(|slice| is_of(slice, system));
    if let Some(slice) = of_system().find(|slice| slice.arch == *arch) {
        return (Some(slice), Line::of(Check::Platform, needed, found, true));
    }
    let emulated = |wanted| of_system().find(|slice| emulates(&slice.arch, machine) == Some(wanted));
    if let Some(slice) = emulated(true) {
        return (Some(slice), Line::of(Check::Platform, needed, format!("{found}, which runs {}", slice.arch), true));
    }
    if let Some(slice) = emulated(false) {
        let found = format!("{found}, which runs {} from Windows {X64_ON_ARM} on", slice.arch);
        return (Some(slice), Line::of(Check::Platform, needed, found, false));
    }
    match of_system().find(|slice| may_run(&slice.arch, system, arch)) {
        Some(slice) => {
            let why = format!("{found}, which can be set up to run {}; whether it is, is not known", slice.arch);
            (Some(slice), Line::unknown(Check::Platform, needed, why))
        }
        None => (None, Line::of(Check::Platform, needed, found, false)),
    }
}

/// `linux x86_64`.
fn platform(slice: &Slice) -> String {
    format!("{} {}", system(slice.os), slice.arch)
}

/// The name of a system, as Rust and [`Machine::system`] have it.
fn system(os: Os) -> &'static str {
    match os {
        // An ELF file without a mark is taken for the system's own by every kernel.
        Os::Linux | Os::Unknown => "linux",
        Os::Android => "android",
        Os::FreeBsd => "freebsd",
        Os::NetBsd => "netbsd",
        Os::OpenBsd => "openbsd",
        Os::DragonFly => "dragonfly",
        Os::Solaris => "solaris",
        Os::MacOs => "macos",
        Os::OtherApple => "another Apple system",
        Os::Windows => "windows",
        Os::Efi => "UEFI",
    }
}

fn is_of(slice: &Slice, name: &str) -> bool {
    system(slice.os) == name || (slice.os == Os::Unknown && slice.format == Format::Elf)
}

/// Architectures that a machine of another one runs when it is set up for that.
fn may_run(program: &str, system: &str, machine: &str) -> bool {
    matches!(
        (system, program, machine),
        ("linux" | "windows", "i386", "x86_64")
            | ("linux", "arm", "aarch64")
            | ("macos" | "windows", "x86_64", "aarch64")
            | ("windows", "i386", "aarch64")
    )
}

/// Windows 11, whose first build is 22000.
const X64_ON_ARM: Version = Version::patch(10, 0, 22000);

/// Whether Windows on Arm runs programs for x64, which those of Windows 11 do (Microsoft, "Windows on Arm documentation"; those for
/// x86 run on Windows 10 too, except for images without WOW64); `None` for other machines, and where its version is not known.
fn emulates(program: &str, machine: &Machine) -> Option<bool> {
    let is_arm = machine.system.as_deref() == Some("windows") && machine.arch.as_deref() == Some("aarch64");
    let version = machine.windows.as_deref().and_then(number).filter(|_| is_arm && program == "x86_64")?;
    Some(version >= X64_ON_ARM)
}

/// Everything a slice that fits needs of the machine, beside its files.
pub fn needs(slice: &Slice, machine: &Machine) -> Vec<Line> {
    let floors = &slice.floors;
    let versions = [
        (Check::Kernel, "Linux", &floors.linux, &machine.kernel),
        (Check::Macos, "macOS", &floors.macos, &machine.macos),
        (Check::Windows, "Windows", &floors.windows, &machine.windows),
    ];
    let versions = versions.into_iter().filter_map(|(check, name, floor, has)| {
        floor.as_deref().map(|floor| version(check, name, floor, has.as_deref()))
    });
    cpu(slice, machine).into_iter().chain(versions).chain(page_size(slice, machine)).collect()
}

fn version(check: Check, name: &str, floor: &str, has: Option<&str>) -> Line {
    let needed = format!("{name} {floor} or newer");
    let Some(has) = has else { return Line::unknown(check, needed, format!("the machine's {name} is not known")) };
    match (floor.parse::<Version>(), number(has)) {
        (Ok(floor), Some(version)) => Line::of(check, needed, format!("{name} {has}"), version >= floor),
        (Err(()), _) => Line::unknown(check, needed, format!("`{floor}` is no version")),
        (_, None) => Line::unknown(check, needed, format!("`{has}` is no version")),
    }
}

fn cpu(slice: &Slice, machine: &Machine) -> Option<Line> {
    let cpu = &slice.cpu;
    let level = cpu.level.clone().or_else(|| (!cpu.features.is_empty()).then(|| cpu.features.join(" ")))?;
    let needed = match &cpu.setting {
        Some(setting) => format!("{level} ({setting})"),
        None => level.clone(),
    };
    if cpu.features.is_empty() {
        let known = is_known(&level);
        let found = if known { "what every CPU of the architecture has" } else { "what that level means is not known" };
        return Some(match known {
            true => Line::of(Check::Cpu, needed, found, true),
            false => Line::unknown(Check::Cpu, needed, found),
        });
    }
    let Some(has) = &machine.cpu_features else {
        return Some(Line::unknown(Check::Cpu, needed, "the machine's CPU is not known"));
    };
    let lacking: Vec<&str> = cpu.features.iter().filter(|&wanted| !has.contains(wanted)).map(String::as_str).collect();
    let found = if lacking.is_empty() { "all of it".to_owned() } else { format!("lacks {}", listed(&lacking)) };
    Some(Line::of(Check::Cpu, needed, found, lacking.is_empty()))
}

fn page_size(slice: &Slice, machine: &Machine) -> Option<Line> {
    let alignment = slice.page_alignment?;
    let needed = format!("pages of at most {}", bytes(alignment));
    Some(match machine.page_size {
        Some(size) => Line::of(Check::PageSize, needed, format!("pages of {}", bytes(size)), size <= alignment),
        None => Line::unknown(Check::PageSize, needed, "the machine's page size is not known"),
    })
}

/// `4 KiB`.
fn bytes(count: u64) -> String {
    match count {
        _ if count > 0 && count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count > 0 && count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(arch: &str, windows: Option<&str>) -> Machine {
        Machine {
            system: Some("windows".into()),
            arch: Some(arch.into()),
            windows: windows.map(str::to_owned),
            ..Machine::default()
        }
    }

    #[test]
    fn windows_on_arm_runs_programs_for_other_processors() {
        let x64 = |arch: &str, windows| emulates("x86_64", &machine(arch, windows));
        assert_eq!(x64("aarch64", Some("10.0.26100")), Some(true));
        assert_eq!(x64("aarch64", Some("10.0.19045")), Some(false), "Windows 10 runs x86 alone");
        assert_eq!(x64("aarch64", None), None);
        assert_eq!(x64("x86_64", Some("10.0.26100")), None);
        assert_eq!(emulates("i386", &machine("aarch64", Some("10.0.26100"))), None);
        assert!(may_run("i386", "windows", "aarch64") && !may_run("i386", "linux", "aarch64"));
    }
}
