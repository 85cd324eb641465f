//! Names of the numbers in PE headers (Microsoft PE and COFF specification).

use std::borrow::Cow;

use crate::facts::Os;

/// The architecture in the words of [`crate::facts::Facts::arch`].
pub(super) fn arch(machine: u16) -> Cow<'static, str> {
    let known = match machine {
        0x014c => "i386",
        0x8664 => "x86_64",
        0x01c0 | 0x01c2 | 0x01c4 => "arm",
        0xaa64 => "aarch64",
        0xa641 => "arm64ec",
        0xa64e => "arm64x",
        0x0200 => "ia64",
        0x0ebc => "efi-bytecode",
        0x5032 => "riscv32",
        0x5064 => "riscv64",
        0x6232 => "loongarch32",
        0x6264 => "loongarch64",
        0x0166 | 0x0169 | 0x0266 | 0x0366 | 0x0466 => "mips",
        0x01f0 | 0x01f1 => "ppc",
        other => return format!("unknown-{other:#x}").into(),
    };
    known.into()
}

/// `Subsystem`.
pub(super) fn subsystem(subsystem: u16) -> String {
    let known = match subsystem {
        0 => "unknown",
        1 => "native",
        2 => "windows-gui",
        3 => "windows-cui",
        5 => "os2-cui",
        7 => "posix-cui",
        8 => "native-windows",
        9 => "windows-ce-gui",
        10 => "efi-application",
        11 => "efi-boot-service-driver",
        12 => "efi-runtime-driver",
        13 => "efi-rom",
        14 => "xbox",
        16 => "windows-boot-application",
        17 => "xbox-code-catalog",
        other => return format!("unknown-{other}"),
    };
    known.to_owned()
}

/// The system a subsystem belongs to.
pub(super) fn os(subsystem: u16) -> Os {
    match subsystem {
        10..=13 => Os::Efi,
        1..=3 | 7..=9 | 16 => Os::Windows,
        _ => Os::Unknown,
    }
}

/// `DllCharacteristics` by name, lowest bit first.
pub(super) fn dll_characteristics(bits: u16) -> Vec<&'static str> {
    const NAMES: [(u16, &str); 11] = [
        (0x0020, "HIGH_ENTROPY_VA"),
        (0x0040, "DYNAMIC_BASE"),
        (0x0080, "FORCE_INTEGRITY"),
        (0x0100, "NX_COMPAT"),
        (0x0200, "NO_ISOLATION"),
        (0x0400, "NO_SEH"),
        (0x0800, "NO_BIND"),
        (0x1000, "APPCONTAINER"),
        (0x2000, "WDM_DRIVER"),
        (0x4000, "GUARD_CF"),
        (0x8000, "TERMINAL_SERVER_AWARE"),
    ];
    NAMES.iter().filter(|&&(bit, _)| bits & bit != 0).map(|&(_, name)| name).collect()
}

/// Protection of a section, as `rwx`.
pub(super) fn protection(characteristics: u32) -> String {
    [(30, 'r'), (31, 'w'), (29, 'x')]
        .iter()
        .map(|&(bit, letter)| if characteristics >> bit & 1 == 1 { letter } else { '-' })
        .collect()
}
