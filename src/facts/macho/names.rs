//! Names of the numbers in Mach-O headers.

use std::borrow::Cow;

use goblin::mach::constants::cputype;
use goblin::mach::{header, load_command as lc};

use crate::facts::{Kind, Os, dotted};

/// The architecture in the words of [`crate::facts::Facts::arch`].
pub(super) fn arch(cpu_type: u32) -> Cow<'static, str> {
    let known = match cpu_type {
        cputype::CPU_TYPE_X86_64 => "x86_64",
        cputype::CPU_TYPE_I386 => "i386",
        cputype::CPU_TYPE_ARM64 => "aarch64",
        cputype::CPU_TYPE_ARM64_32 => "arm64_32",
        cputype::CPU_TYPE_ARM => "arm",
        cputype::CPU_TYPE_POWERPC => "ppc",
        cputype::CPU_TYPE_POWERPC64 => "ppc64",
        other => return format!("unknown-{other:#x}").into(),
    };
    known.into()
}

/// `filetype` and what it means for the phases that follow.
pub(super) fn file_type(file_type: u32) -> (String, Kind) {
    let (name, kind) = match file_type {
        header::MH_EXECUTE => ("execute", Kind::Execute),
        header::MH_FVMLIB => ("fvmlib", Kind::SharedObject),
        header::MH_PRELOAD => ("preload", Kind::Other),
        header::MH_DYLIB => ("dylib", Kind::SharedObject),
        header::MH_DYLINKER => ("dylinker", Kind::Other),
        header::MH_BUNDLE => ("bundle", Kind::Bundle),
        header::MH_DYLIB_STUB => ("dylib-stub", Kind::Other),
        header::MH_KEXT_BUNDLE => ("kext-bundle", Kind::Other),
        0xc => ("fileset", Kind::Other),
        other => return (format!("unknown-{other}"), Kind::Other),
    };
    (name.to_owned(), kind)
}

/// Why a file type is not a linked binary.
pub(super) fn not_linked(file_type: u32) -> Option<&'static str> {
    match file_type {
        header::MH_OBJECT => Some("Mach-O object file"),
        header::MH_CORE => Some("Mach-O core file"),
        header::MH_DSYM => Some("Mach-O debug symbols (dSYM)"),
        _ => None,
    }
}

/// The `flags` of `mach_header` by name, lowest bit first (`mach-o/loader.h`).
pub(super) fn flags(flags: u32) -> Vec<&'static str> {
    const NAMES: [&str; 32] = [
        "NOUNDEFS",
        "INCRLINK",
        "DYLDLINK",
        "BINDATLOAD",
        "PREBOUND",
        "SPLIT_SEGS",
        "LAZY_INIT",
        "TWOLEVEL",
        "FORCE_FLAT",
        "NOMULTIDEFS",
        "NOFIXPREBINDING",
        "PREBINDABLE",
        "ALLMODSBOUND",
        "SUBSECTIONS_VIA_SYMBOLS",
        "CANONICAL",
        "WEAK_DEFINES",
        "BINDS_TO_WEAK",
        "ALLOW_STACK_EXECUTION",
        "ROOT_SAFE",
        "SETUID_SAFE",
        "NO_REEXPORTED_DYLIBS",
        "PIE",
        "DEAD_STRIPPABLE_DYLIB",
        "HAS_TLV_DESCRIPTORS",
        "NO_HEAP_EXECUTION",
        "APP_EXTENSION_SAFE",
        "NLIST_OUTOFSYNC_WITH_DYLDINFO",
        "SIM_SUPPORT",
        "IMPLICIT_PAGEZERO",
        "BIT29",
        "BIT30",
        "DYLIB_IN_CACHE",
    ];
    (0..).zip(NAMES).filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| name).collect()
}

/// The name of a load command; those newer than goblin's list come from Xcode 26's `mach-o/loader.h`.
pub(super) fn command(cmd: u32) -> String {
    let newer = match cmd {
        0x36 => "LC_ATOM_INFO",
        0x37 => "LC_FUNCTION_VARIANTS",
        0x38 => "LC_FUNCTION_VARIANT_FIXUPS",
        0x39 => "LC_TARGET_TRIPLE",
        _ => match lc::cmd_to_str(cmd) {
            "LC_UNKNOWN" => return format!("{cmd:#x}"),
            known => known,
        },
    };
    newer.to_owned()
}

/// `platform` of `LC_BUILD_VERSION`.
pub(super) fn platform(platform: u32) -> String {
    let known = match platform {
        1 => "macos",
        2 => "ios",
        3 => "tvos",
        4 => "watchos",
        5 => "bridgeos",
        6 => "mac-catalyst",
        7 => "ios-simulator",
        8 => "tvos-simulator",
        9 => "watchos-simulator",
        10 => "driverkit",
        11 => "visionos",
        12 => "visionos-simulator",
        other => return format!("unknown-{other}"),
    };
    known.to_owned()
}

/// `tool` of `build_tool_version`.
pub(super) fn tool(tool: u32) -> String {
    let known = match tool {
        1 => "clang",
        2 => "swift",
        3 => "ld",
        4 => "lld",
        1024 => "metal",
        1025 => "airlld",
        1026 => "airnt",
        1027 => "airnt-plugin",
        1028 => "airpack",
        1031 => "gpuarchiver",
        1032 => "metal-framework",
        other => return format!("unknown-{other}"),
    };
    known.to_owned()
}

/// The system of a platform name: Mac Catalyst is a part of macOS. Files older than version commands are taken for macOS where only Macs had the CPU.
pub(super) fn os(platform: Option<&str>, cpu_type: u32) -> Os {
    match platform {
        Some("macos" | "mac-catalyst") => Os::MacOs,
        Some(name) if name.starts_with("unknown") => Os::Unknown,
        Some(_) => Os::OtherApple,
        None => match cpu_type {
            cputype::CPU_TYPE_ARM | cputype::CPU_TYPE_ARM64 | cputype::CPU_TYPE_ARM64_32 => Os::Unknown,
            _ => Os::MacOs,
        },
    }
}

/// A version packed as `xxxx.yy.zz`: `11.0`, `10.13.6`.
pub(super) fn short_version(packed: u32) -> String {
    let (major, minor, patch) = (packed >> 16, packed >> 8 & 0xff, packed & 0xff);
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

/// A version packed as `xxxx.yy.zz`, with all three parts: `1356.0.0`.
pub(super) fn long_version(packed: u32) -> String {
    format!("{}.{}.{}", packed >> 16, packed >> 8 & 0xff, packed & 0xff)
}

/// `LC_SOURCE_VERSION`, packed as `a24.b10.c10.d10.e10`; trailing zeros are left out, 0 is no version.
pub(super) fn source_version(packed: u64) -> Option<String> {
    let mut parts = vec![(packed >> 40) as u32];
    parts.extend([30, 20, 10, 0].map(|shift| (packed >> shift & 0x3ff) as u32));
    while parts.len() > 1 && parts.last() == Some(&0) {
        parts.pop();
    }
    (packed != 0).then(|| dotted(&parts))
}

/// A `vm_prot_t` as `rwx`.
pub(super) fn protection(bits: u32) -> String {
    [(1, 'r'), (2, 'w'), (4, 'x')].iter().map(|&(bit, letter)| if bits & bit != 0 { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_apple_writes_them() {
        assert_eq!(short_version(0x000b_0000), "11.0");
        assert_eq!(short_version(0x000a_0d06), "10.13.6");
        assert_eq!(long_version(0x054c_0000), "1356.0.0");
        assert_eq!(source_version(0), None);
        assert_eq!(source_version((1356 << 40) | (2 << 30) | (3 << 20)).as_deref(), Some("1356.2.3"));
    }

    #[test]
    fn flags_and_protections_are_named_by_their_bits() {
        assert_eq!(flags(0x0020_0085), ["NOUNDEFS", "DYLDLINK", "TWOLEVEL", "PIE"]);
        assert_eq!(protection(5), "r-x");
    }
}
