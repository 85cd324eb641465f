//! Machine, operating system and calling convention: `e_machine`, `EI_OSABI`, `e_flags`.

use std::borrow::Cow;

use goblin::elf::header::*;

use super::Asks;
use super::image::Image;
use super::notes::Notes;
use crate::facts::Os;

/// The architecture in the words of Debian and LLVM; `unknown-0x1234` for a machine without a name here.
pub(super) fn arch(image: &Image<'_>) -> Cow<'static, str> {
    let big = image.order.big;
    let wide = image.order.wide;
    let pick = |little: &'static str, other: &'static str| if big { other } else { little };
    let name = match image.header.e_machine {
        EM_X86_64 => "x86_64",
        EM_386 => "i386",
        EM_AARCH64 => pick("aarch64", "aarch64_be"),
        EM_ARM => pick("arm", "armeb"),
        EM_RISCV if wide => "riscv64",
        EM_RISCV => "riscv32",
        EM_PPC64 => pick("ppc64le", "ppc64"),
        EM_PPC => pick("ppcle", "ppc"),
        EM_S390 if wide => "s390x",
        EM_S390 => "s390",
        EM_MIPS | EM_MIPS_RS3_LE if is_mips64(image) => pick("mips64el", "mips64"),
        EM_MIPS | EM_MIPS_RS3_LE => pick("mipsel", "mips"),
        EM_ALPHA | EM_ALPHA_IN_USE => "alpha",
        EM_LOONGARCH if wide => "loongarch64",
        EM_LOONGARCH => "loongarch32",
        EM_SPARC | EM_SPARC32PLUS => "sparc",
        EM_SPARCV9 => "sparc64",
        EM_PARISC => "hppa",
        EM_68K => "m68k",
        EM_SH => pick("sh4", "sh4eb"),
        EM_IA_64 => "ia64",
        EM_ARC_COMPACT | EM_ARC_COMPACT2 => "arc",
        EM_XTENSA => "xtensa",
        EM_CSKY => "csky",
        EM_OPENRISC => "or1k",
        EM_MICROBLAZE => "microblaze",
        EM_ALTERA_NIOS2 => "nios2",
        EM_QDSP6 => "hexagon",
        EM_BPF => "bpf",
        EM_AVR => "avr",
        EM_MSP430 => "msp430",
        EM_AMDGPU => "amdgpu",
        EM_CUDA => "cuda",
        other => return format!("unknown-{other:#x}").into(),
    };
    name.into()
}

/// Assigned to Alpha by the gABI.
const EM_ALPHA: u16 = 41;
/// What Alpha's Linux and its binutils really write, beside the official 41 (Linux's `elf-em.h`).
pub(super) const EM_ALPHA_IN_USE: u16 = 0x9026;

const EF_MIPS_ABI2: u32 = 0x20;
const EF_MIPS_ABI: u32 = 0xf000;
const EF_MIPS_ARCH: u32 = 0xf000_0000;

/// n64 and n32 files run on 64-bit processors only; o32 ones may carry a 64-bit ISA and still be 32-bit code.
fn is_mips64(image: &Image<'_>) -> bool {
    image.order.wide || image.header.e_flags & EF_MIPS_ABI2 != 0
}

/// `EI_OSABI` in readelf's words.
pub(super) fn osabi(image: &Image<'_>) -> Cow<'static, str> {
    let name = match image.header.e_ident[EI_OSABI] {
        0 => "UNIX - System V",
        1 => "UNIX - HP-UX",
        2 => "UNIX - NetBSD",
        3 => "UNIX - GNU",
        6 => "UNIX - Solaris",
        7 => "UNIX - AIX",
        8 => "UNIX - IRIX",
        9 => "UNIX - FreeBSD",
        10 => "UNIX - TRU64",
        11 => "Novell - Modesto",
        12 => "UNIX - OpenBSD",
        13 => "VMS - OpenVMS",
        14 => "HP - Non-Stop Kernel",
        15 => "AROS",
        16 => "FenixOS",
        17 => "Nuxi CloudABI",
        18 => "Stratus Technologies OpenVOS",
        97 => "ARM",
        255 => "Standalone App",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}

/// The calling convention and float ABI, where the machine has several; `None` where `e_flags` tells nothing.
pub(super) fn abi(image: &Image<'_>) -> Option<String> {
    let flags = image.header.e_flags;
    let name = match image.header.e_machine {
        EM_X86_64 if !image.order.wide => "x32",
        EM_ARM => match flags & 0x600 {
            // ELF for the Arm Architecture, 5.2: EF_ARM_ABI_FLOAT_HARD and _SOFT, since EABI 5.
            0x400 => "hard-float",
            0x200 => "soft-float",
            _ if flags >> 24 != 0 => return Some(format!("eabi{}", flags >> 24)),
            _ => "oabi",
        },
        EM_MIPS | EM_MIPS_RS3_LE => match flags & EF_MIPS_ABI {
            0x1000 => "o32",
            0x2000 => "o64",
            0x3000 => "eabi32",
            0x4000 => "eabi64",
            _ if flags & EF_MIPS_ABI2 != 0 => "n32",
            _ if image.order.wide => "n64",
            _ => "o32",
        },
        EM_PPC64 => match flags & 3 {
            2 => "elfv2",
            1 => "elfv1",
            // Version 0 is unspecified: ELFv1 by the old supplement.
            _ if image.order.big => "elfv1",
            _ => "elfv2",
        },
        EM_RISCV => return Some(riscv(image.order.wide, flags)),
        EM_LOONGARCH => match flags & 7 {
            1 => "soft-float",
            2 => "single-float",
            3 => "double-float",
            _ => return None,
        },
        _ => return None,
    };
    Some(name.to_owned())
}

/// RISC-V psABI, "File header": the float ABI in bits 1 and 2, RVE in bit 3.
fn riscv(wide: bool, flags: u32) -> String {
    let base = if wide { "lp64" } else { "ilp32" };
    let float = match flags >> 1 & 3 {
        0 => "",
        1 => "f",
        2 => "d",
        _ => "q",
    };
    let embedded = if flags & 8 != 0 { "e" } else { "" };
    format!("{base}{embedded}{float}")
}

/// Names of the bits of `e_flags` that say which processors run the code.
pub(super) fn flag_names(image: &Image<'_>) -> Vec<String> {
    let flags = image.header.e_flags;
    let mut names = Vec::new();
    let mut add = |set: bool, name: &str| {
        if set {
            names.push(name.to_owned())
        }
    };
    match image.header.e_machine {
        EM_ARM => {
            if flags >> 24 != 0 {
                add(true, &format!("EABI{}", flags >> 24));
            }
            add(flags & 0x0080_0000 != 0, "BE8");
        }
        EM_MIPS | EM_MIPS_RS3_LE => {
            let arch = [
                "mips1", "mips2", "mips3", "mips4", "mips5", "mips32", "mips64", "mips32r2", "mips64r2", "mips32r6",
                "mips64r6",
            ];
            let arch = arch.get(((flags & EF_MIPS_ARCH) >> 28) as usize).copied();
            add(arch.is_some(), arch.unwrap_or_default());
            add(flags & 1 != 0, "noreorder");
            add(flags & 2 != 0, "pic");
            add(flags & 4 != 0, "cpic");
            add(flags & 0x400 != 0, "nan2008");
            add(flags & 0x200 != 0, "fp64");
        }
        EM_RISCV => {
            add(flags & 1 != 0, "RVC");
            add(flags & 8 != 0, "RVE");
            add(flags & 16 != 0, "TSO");
        }
        EM_S390 => add(flags & 1 != 0, "highgprs"),
        EM_LOONGARCH => add(flags & 0xc0 == 0x40, "OBJ-v1"),
        _ => {}
    }
    names
}

/// The system a file is made for: by `EI_OSABI`, the notes, the loader it asks for, and what it needs.
pub(super) fn os(image: &Image<'_>, notes: &Notes, asks: &Asks<'_>) -> Os {
    if let Some(os) = notes.system() {
        return os;
    }
    match image.header.e_ident[EI_OSABI] {
        2 => return Os::NetBsd,
        3 => return Os::Linux,
        6 => return Os::Solaris,
        9 => return Os::FreeBsd,
        12 => return Os::OpenBsd,
        _ => {}
    }
    if let Some(tag) = &notes.abi_tag {
        match &*tag.system {
            "Linux" => return Os::Linux,
            "Solaris" => return Os::Solaris,
            _ => {}
        }
    }
    match asks.interpreter {
        Some(path) => crate::facts::libc::loader(path, &arch(image)).map_or(Os::Unknown, |loader| loader.os),
        None => by_needs(asks),
    }
}

/// The system whose C library a shared object needs: linkers mark none of FreeBSD's and DragonFly's where no start file brings the
/// note. Their versions are `FBSD_1.0` (FreeBSD `lib/libc/Versions.def`) and `DF402.0` (DragonFly, likewise), and no other system has a
/// `libc.so.7` or `libc.so.8`.
fn by_needs(asks: &Asks<'_>) -> Os {
    let needs = |start: &str| asks.version_needs.iter().any(|need| need.version.as_str().starts_with(start));
    let asks_for = |name: &str| asks.needed.iter().any(|known| known == name);
    match () {
        () if needs("FBSD_") || asks_for("libc.so.7") => Os::FreeBsd,
        () if needs("DF4") || asks_for("libc.so.8") => Os::DragonFly,
        () => Os::Unknown,
    }
}
