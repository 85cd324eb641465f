//! What the name of a target promises: a Rust triple (`aarch64-unknown-linux-musl`) or Go's `GOOS/GOARCH`.

use crate::facts::{Format, Os};

/// What a target's name promises about its binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) struct Target {
    /// Architecture in the words of [`crate::facts::Facts::arch`]; `None` when this table does not know it.
    pub arch: Option<&'static str>,
    /// The system.
    pub os: Option<Os>,
    /// The container format of that system.
    pub format: Option<Format>,
    /// Whether its C library is musl.
    pub musl: bool,
}

impl Target {
    /// Reads a target's name; `None` when it has neither form.
    pub(in crate::rules) fn parse(name: &str) -> Option<Target> {
        if let Some((goos, goarch)) = name.split_once('/') {
            let os = Os::named(goos);
            return Some(Target { arch: goarch_of(goarch), os, format: os.and_then(Os::format), musl: false });
        }
        let mut parts = name.split('-');
        let arch = triple_arch(parts.next()?);
        let rest: Vec<&str> = parts.collect();
        if rest.is_empty() {
            return None;
        }
        let os = if rest.iter().any(|part| part.starts_with("android")) {
            Some(Os::Android)
        } else {
            rest.iter().find_map(|part| Os::named(part))
        };
        let musl = rest.iter().any(|part| part.starts_with("musl")) || rest.contains(&"ohos");
        Some(Target { arch, os, format: os.and_then(Os::format), musl })
    }
}

/// First part of a triple; the families of `rustc --print target-list`.
fn triple_arch(part: &str) -> Option<&'static str> {
    Some(match part {
        "x86_64" | "x86_64h" => "x86_64",
        "aarch64" | "arm64" | "arm64e" => "aarch64",
        "i386" | "i486" | "i586" | "i686" => "i386",
        "powerpc64le" => "ppc64le",
        "powerpc64" => "ppc64",
        "powerpc" => "ppc",
        "s390x" => "s390x",
        "loongarch64" => "loongarch64",
        "mips" | "mipsisa32r6" => "mips",
        "mipsel" | "mipsisa32r6el" => "mipsel",
        "mips64" | "mipsisa64r6" => "mips64",
        "mips64el" | "mipsisa64r6el" => "mips64el",
        "sparc64" | "sparcv9" => "sparc64",
        _ if part.starts_with("riscv64") => "riscv64",
        _ if part.starts_with("riscv32") => "riscv32",
        _ if part.starts_with("armeb") || part.starts_with("arm64_32") => return None,
        _ if part.starts_with("arm") || part.starts_with("thumb") => "arm",
        _ => return None,
    })
}

/// Whether a machine runs programs of an architecture: its own, and x86_64 those of i386.
pub(in crate::rules) fn runs(machine: &str, program: &str) -> bool {
    machine == program || (machine, program) == ("x86_64", "i386")
}

/// `GOARCH`, from `go tool dist list`.
pub(crate) fn goarch_of(goarch: &str) -> Option<&'static str> {
    Some(match goarch {
        "amd64" => "x86_64",
        "386" => "i386",
        "arm64" => "aarch64",
        "arm" => "arm",
        "riscv64" => "riscv64",
        "ppc64" => "ppc64",
        "ppc64le" => "ppc64le",
        "s390x" => "s390x",
        "loong64" => "loongarch64",
        "mips" => "mips",
        "mipsle" => "mipsel",
        "mips64" => "mips64",
        "mips64le" => "mips64el",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_name_a_target_are_understood() {
        let musl = Target::parse("riscv64gc-unknown-linux-musl").expect("a triple");
        assert_eq!((musl.arch, musl.os, musl.musl), (Some("riscv64"), Some(Os::Linux), true));
        let go = Target::parse("darwin/arm64").expect("a pair");
        assert_eq!((go.arch, go.format, go.musl), (Some("aarch64"), Some(Format::MachO), false));
        let android = Target::parse("armv7-linux-androideabi").expect("a triple");
        assert_eq!((android.arch, android.os), (Some("arm"), Some(Os::Android)));
        let hard = Target::parse("armv7-unknown-linux-musleabihf").expect("a triple");
        assert_eq!((hard.arch, hard.musl), (Some("arm"), true));
        let zig = Target::parse("x86_64-unknown-linux-gnu.2.17").expect("a triple with a floor");
        assert_eq!((zig.arch, zig.os, zig.musl), (Some("x86_64"), Some(Os::Linux), false));
        assert_eq!(Target::parse("nonsense"), None);
    }
}
