//! This machine, as it says of itself. Nothing is run for it.

use std::path::Path;

use super::Machine;
use super::machine::MachineLoader;
use crate::hosts::{self, Root};

/// What this machine is; `root` is where the files of its system lie.
pub fn this_machine(root: &Path) -> Machine {
    let (arch, kernel) = system::names();
    Machine {
        system: Some(std::env::consts::OS.to_owned()),
        cpu_features: cpu::features(&arch),
        loaders: loaders(root, &arch),
        arch: Some(arch),
        kernel: kernel.filter(|_| cfg!(target_os = "linux")),
        page_size: system::page_size(),
        macos: macos(root),
        windows: system::windows(),
    }
}

/// Whether nothing in a directory may be run or mapped as code, because of how its file system is mounted; `None` where the
/// system does not say.
pub fn is_noexec(directory: &Path) -> Option<bool> {
    system::is_noexec(directory)
}

/// The loaders at their usual paths, those for the 32-bit programs of the architecture among them.
fn loaders(root: &Path, arch: &str) -> Option<Vec<MachineLoader>> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let narrow = hosts::narrow(arch);
    let mut found = Vec::new();
    for arch in std::iter::once(arch).chain(narrow) {
        let host = hosts::of_root("this machine", Root::new(root, arch).ok()?);
        let libc = |path: &str| host.root.as_ref()?.libc(path);
        found.extend(host.loaders.iter().map(|path| {
            let libc = libc(path);
            let version = libc.map(|libc| libc.version.to_string());
            MachineLoader { path: path.clone(), libc: libc.map(|libc| libc.family), version }
        }));
    }
    Some(found)
}

/// The version in the property list that `sw_vers` reads.
fn macos(root: &Path) -> Option<String> {
    const FILE: &str = "System/Library/CoreServices/SystemVersion.plist";
    let value = cfg!(target_os = "macos").then(|| plist::Value::from_file(root.join(FILE)).ok()).flatten()?;
    value.as_dictionary()?.get("ProductVersion")?.as_string().map(str::to_owned)
}

#[cfg(unix)]
mod system {
    use std::path::Path;

    /// Architecture in our words, and release of the kernel.
    pub(super) fn names() -> (String, Option<String>) {
        let uname = rustix::system::uname();
        let arch = match &*uname.machine().to_string_lossy() {
            "arm64" => "aarch64".to_owned(),
            "i486" | "i586" | "i686" => "i386".to_owned(),
            arm if arm.starts_with("armv") => "arm".to_owned(),
            other => other.to_owned(),
        };
        (arch, Some(uname.release().to_string_lossy().into_owned()))
    }

    pub(super) fn page_size() -> Option<u64> {
        u64::try_from(rustix::param::page_size()).ok()
    }

    pub(super) fn windows() -> Option<String> {
        None
    }

    #[cfg(target_os = "linux")]
    pub(super) fn is_noexec(directory: &Path) -> Option<bool> {
        let flags = rustix::fs::statvfs(directory).ok()?.f_flag;
        Some(flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
    }

    /// Other systems do not say it there.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn is_noexec(_directory: &Path) -> Option<bool> {
        None
    }
}

#[cfg(not(unix))]
mod system {
    use std::path::Path;

    pub(super) fn names() -> (String, Option<String>) {
        (crate::facts::OWN_ARCH.to_owned(), None)
    }

    pub(super) fn page_size() -> Option<u64> {
        None
    }

    #[cfg(windows)]
    pub(super) fn windows() -> Option<String> {
        let version = windows_version::OsVersion::current();
        Some(format!("{}.{}.{}", version.major, version.minor, version.build))
    }

    #[cfg(not(windows))]
    pub(super) fn windows() -> Option<String> {
        None
    }

    pub(super) fn is_noexec(_directory: &Path) -> Option<bool> {
        None
    }
}

mod cpu {
    /// Features beyond the baseline, in the words of `/proc/cpuinfo`; `None` when they cannot be told.
    pub(super) fn features(arch: &str) -> Option<Vec<String>> {
        match arch {
            "x86_64" | "i386" => x86(),
            _ => std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| of_cpuinfo(arch, &text)),
        }
    }

    /// What the CPU says of itself, as the programs' own checks ask it: features that the system does not save the registers
    /// of are left out.
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    #[expect(clippy::unnecessary_wraps, reason = "other architectures cannot tell")]
    fn x86() -> Option<Vec<String>> {
        macro_rules! detected {
            ($($word:literal = $name:tt),+ $(,)?) => {{
                let all = [$(($word, std::arch::is_x86_feature_detected!($name))),+];
                all.into_iter().filter(|(_, there)| *there).map(|(word, _)| word.to_owned()).collect()
            }};
        }
        let mut found: Vec<String> = detected![
            "abm" = "lzcnt",
            "adx" = "adx",
            "aes" = "aes",
            "avx" = "avx",
            "avx2" = "avx2",
            "avx512bw" = "avx512bw",
            "avx512cd" = "avx512cd",
            "avx512dq" = "avx512dq",
            "avx512f" = "avx512f",
            "avx512vl" = "avx512vl",
            "bmi1" = "bmi1",
            "bmi2" = "bmi2",
            "cx16" = "cmpxchg16b",
            "f16c" = "f16c",
            "fma" = "fma",
            "movbe" = "movbe",
            "pclmulqdq" = "pclmulqdq",
            "pni" = "sse3",
            "popcnt" = "popcnt",
            "rdrand" = "rdrand",
            "rdseed" = "rdseed",
            "sha_ni" = "sha",
            "sse2" = "sse2",
            "sse4_1" = "sse4.1",
            "sse4_2" = "sse4.2",
            "ssse3" = "ssse3",
            "xsave" = "xsave",
        ];
        // Rust does not ask for LAHF in 64-bit mode. Every CPU with SSE4.2 has it.
        if found.iter().any(|word| word == "sse4_2") {
            found.push("lahf_lm".to_owned());
        }
        found.sort_unstable();
        Some(found)
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
    fn x86() -> Option<Vec<String>> {
        None
    }

    /// The features in a `/proc/cpuinfo`; of several processors what all of them have.
    pub(super) fn of_cpuinfo(arch: &str, text: &str) -> Option<Vec<String>> {
        let values = |key: &'static str| {
            let line = move |line: &str| {
                let (name, value) = line.split_once(':')?;
                (name.trim() == key).then(|| value.trim().to_owned())
            };
            text.lines().filter_map(line).collect::<Vec<String>>()
        };
        let words = |value: &String| value.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        let of_each: Vec<Vec<String>> = match arch {
            "arm" | "aarch64" => {
                let levels = values("CPU architecture");
                let level = |at: usize| levels.get(at).map(|level| arm_levels(level)).unwrap_or_default();
                values("Features").iter().enumerate().map(|(at, line)| [words(line), level(at)].concat()).collect()
            }
            "riscv64" => values("isa").iter().map(|isa| riscv(isa)).collect(),
            "ppc64le" | "ppc64" => values("cpu").iter().map(|cpu| power(cpu)).collect(),
            _ => values("features").iter().map(words).collect(),
        };
        let mut each = of_each.into_iter();
        let mut common = each.next()?;
        for other in each {
            common.retain(|word| other.contains(word));
        }
        common.sort_unstable();
        common.dedup();
        Some(common)
    }

    /// `7` → armv5, armv6, armv7.
    fn arm_levels(level: &str) -> Vec<String> {
        let number = match level {
            "AArch64" => 8,
            _ => level.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().unwrap_or(0),
        };
        (5..=number).map(|level: u32| format!("armv{level}")).collect()
    }

    /// `rv64imafdcv_zba_zbb` → its single letters and its longer names.
    fn riscv(isa: &str) -> Vec<String> {
        let mut parts = isa.split('_');
        let letters = parts.next().unwrap_or_default().trim_start_matches("rv64").trim_start_matches("rv32");
        letters.chars().map(String::from).chain(parts.map(str::to_owned)).collect()
    }

    /// `POWER9 (raw), altivec supported` → power8, power9.
    fn power(cpu: &str) -> Vec<String> {
        let digits: String = cpu.trim_start_matches("POWER").chars().take_while(char::is_ascii_digit).collect();
        (8..=digits.parse().unwrap_or(0)).map(|level: u32| format!("power{level}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::cpu::of_cpuinfo;
    use super::*;

    #[test]
    fn this_machine_knows_what_it_is() {
        let machine = this_machine(Path::new("/"));
        assert_eq!(machine.system.as_deref(), Some(std::env::consts::OS));
        assert!(machine.arch.is_some_and(|arch| !arch.is_empty()));
        if cfg!(target_os = "linux") {
            assert!(machine.kernel.is_some() && machine.page_size.is_some_and(|size| size >= 4096));
            assert!(machine.cpu_features.is_some());
        }
    }

    #[test]
    fn processors_of_other_architectures_are_read_from_cpuinfo() {
        let of = |arch: &str, text: &str| of_cpuinfo(arch, text).map(|words| words.join(" "));
        let pi = "processor\t: 0\nFeatures\t: half vfp vfpv3 neon\nCPU architecture: 7\n\
                  processor\t: 1\nFeatures\t: half vfp vfpv3\nCPU architecture: 7\n";
        assert_eq!(of("arm", pi).as_deref(), Some("armv5 armv6 armv7 half vfp vfpv3"));
        assert_eq!(
            of("aarch64", "Features\t: fp asimd atomics\nCPU architecture: 8\n").as_deref(),
            Some("armv5 armv6 armv7 armv8 asimd atomics fp")
        );
        assert_eq!(of("riscv64", "isa\t\t: rv64imafdcv_zba_zbb\n").as_deref(), Some("a c d f i m v zba zbb"));
        assert_eq!(of("ppc64le", "cpu\t\t: POWER9 (raw), altivec supported\n").as_deref(), Some("power8 power9"));
        assert_eq!(of("arm", "nothing of the kind\n"), None);
    }
}
