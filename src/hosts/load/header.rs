//! The header of a library, in the order in which glibc's `open_verify` (`elf/dl-load.c`) and musl's `map_library`
//! (`ldso/dynlink.c`) look at it. Both look before they know whether the rest of the file makes sense.

use super::accept::Accepted;
use super::loader::Loader;
use crate::facts::elf::{ElfFacts, Head};
use crate::facts::{Endian, Facts};
use crate::hosts::{FloatAbi, Version};

/// `ET_EXEC` and `ET_DYN`.
const LINKED: [u16; 2] = [2, 3];
/// `EM_386`, `EM_X86_64` and `EM_AARCH64`, whose glibc knows no system but `ELFOSABI_NONE` and `ELFOSABI_GNU`
/// (`sysdeps/gnu/ldsodefs.h`).
const STRICT_MACHINES: [u16; 3] = [3, 62, 183];
const GNU: u8 = 3;
/// The `EI_ABIVERSION` that every glibc knows (unique symbols), and the newest one of those seen, 2.31 to 2.43.
const OLD_ABI: u8 = 1;
const NEWEST_ABI: u8 = 3;
/// The oldest release seen to know the newest.
const KNOWS_ABI: Version = Version::new(2, 31);

/// Machines that have several calling conventions, as `e_flags` says.
const EM_PPC64: u16 = 21;
const EM_ARM: u16 = 40;
const EM_RISCV: u16 = 243;
/// The version of Arm's ABI in `e_flags`, and the one that all files of today have.
const EF_ARM_EABIMASK: u32 = 0xff00_0000;
const EF_ARM_EABI_VER5: u32 = 0x0500_0000;

/// What a loader for programs like this one wants to see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    wide: bool,
    big: bool,
    machine: u16,
    loader: &'a Loader,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(facts: &Facts, elf: &ElfFacts, loader: &'a Loader) -> Self {
        Wanted { wide: facts.bits == 64, big: facts.endian == Endian::Big, machine: elf.e_machine, loader }
    }

    /// What glibc refuses; `None` when it reads on.
    pub(super) fn by_glibc(self, head: &Head, why: Option<&str>) -> Option<Accepted> {
        let unusable = |why: &str| Some(Accepted::Unusable(why.to_owned()));
        if !head.has_magic() || !head.is_whole(self.wide) {
            return unusable(why.unwrap_or("it is not an ELF file"));
        }
        if head.byte(4) != if self.wide { 2 } else { 1 } {
            return Some(Accepted::PassedOver(format!("it is not made for {} bits", if self.wide { 64 } else { 32 })));
        }
        let is_other_machine = head.e_machine(self.big) != self.machine;
        let is_other = is_other_machine || self.is_of_other_convention(head);
        let what = if is_other_machine { "machine" } else { "calling convention (`e_flags`)" };
        let other = || Some(Accepted::PassedOver(format!("it is made for another {what}")));
        match self.ident(head) {
            // Seen with 2.31 to 2.43: of a file for another machine nothing else in `e_ident` counts.
            Some(_) if is_other => return other(),
            Some(refused) => return Some(refused),
            None => {}
        }
        if head.e_version(self.big) != 1 {
            return unusable("its `e_version` is not 1");
        }
        if is_other {
            return other();
        }
        if !LINKED.contains(&head.e_type(self.big)) {
            return unusable("it is neither a program nor a library (`e_type`)");
        }
        (!head.has_program_headers(self.big, self.wide))
            .then(|| Accepted::Unusable("its program headers cannot be read".to_owned()))
    }

    /// Whether its flags say another calling convention than the loader's, which is like another machine to glibc. Seen with 2.36 of
    /// Debian 12 (`ld-linux-armhf.so.3`) and 2.41 of Debian 13 (`lp64d`) and files with each of the flags.
    fn is_of_other_convention(self, head: &Head) -> bool {
        let flags = head.e_flags(self.big, self.wide);
        match (self.machine, FloatAbi::of_loader(&self.loader.path)) {
            // EF_ARM_ABI_FLOAT_SOFT and _HARD, which count since EABI 5 (ELF for the Arm Architecture, 5.2).
            (EM_ARM, Some(FloatAbi::Hard)) => flags & EF_ARM_EABIMASK == EF_ARM_EABI_VER5 && flags & 0x200 != 0,
            (EM_ARM, Some(FloatAbi::Soft)) => flags & EF_ARM_EABIMASK == EF_ARM_EABI_VER5 && flags & 0x400 != 0,
            // EF_RISCV_FLOAT_ABI (RISC-V ELF psABI, "File Header").
            (EM_RISCV, Some(FloatAbi::Hard)) => flags & 6 != 4,
            (EM_RISCV, Some(FloatAbi::Soft)) => flags & 6 != 0,
            // EF_PPC64_ABI (64-Bit ELF V2 ABI, 4.1): zero is no version in particular.
            (EM_PPC64, _) if !self.big => !matches!(flags & 3, 0 | 2),
            _ => false,
        }
    }

    /// What is wrong behind the magic and the width.
    fn ident(self, head: &Head) -> Option<Accepted> {
        let unusable = |why: &str| Some(Accepted::Unusable(why.to_owned()));
        let (system, abi) = (head.byte(7), head.byte(8));
        let is_strict = STRICT_MACHINES.contains(&self.machine);
        if head.byte(5) != if self.big { 2 } else { 1 } {
            unusable("its bytes are in another order (`EI_DATA`)")
        } else if head.byte(6) != 1 {
            unusable("its `EI_VERSION` is not 1")
        } else if is_strict && !matches!(system, 0 | GNU) {
            unusable("its `EI_OSABI` is that of another system")
        } else if is_strict && abi > if system == GNU { NEWEST_ABI } else { 0 } {
            unusable("its `EI_ABIVERSION` is one that glibc does not know")
        } else if is_strict && abi > OLD_ABI && self.loader.glibc.is_none_or(|glibc| glibc < KNOWS_ABI) {
            Some(Accepted::Doubtful(format!("its `EI_ABIVERSION` is {abi}")))
        } else if (9..16).any(|at| head.byte(at) != 0) {
            unusable("its `e_ident` does not end in zeros")
        } else {
            None
        }
    }

    /// What musl refuses. It looks at neither the magic, the width nor the machine, so what a file for another one comes to hangs
    /// on what its bytes happen to mean.
    pub(super) fn by_musl(self, head: &Head, why: Option<&str>) -> Option<Accepted> {
        let linked = LINKED.contains(&head.e_type(self.big));
        if !head.is_whole(self.wide) || !linked || !head.has_program_headers(self.big, self.wide) {
            return Some(Accepted::Unusable(why.unwrap_or("it is no library of this machine's").to_owned()));
        }
        let is_other = head.e_machine(self.big) != self.machine || head.byte(4) != if self.wide { 2 } else { 1 };
        is_other.then(|| Accepted::Doubtful("it is made for another machine, at which musl does not look".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Source;

    /// Whether glibc's loader of Debian 12 or 13 takes a file with these flags for one of its own.
    fn takes(machine: u16, loader: &str, flags: u32) -> bool {
        let loader = Loader { path: loader.to_owned(), ..Loader::default() };
        let wide = machine != EM_ARM;
        let mut header = vec![0; if wide { 64 } else { 52 }];
        let at = if wide { 48 } else { 36 };
        header[at..at + 4].copy_from_slice(&flags.to_le_bytes());
        let head = Head::read(&Source::from_bytes(&header)).expect("it is in memory");
        !Wanted { wide, big: false, machine, loader: &loader }.is_of_other_convention(&head)
    }

    #[test]
    fn flags_that_loaders_refused_are_refused() {
        let (armhf, armel) = ("/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.3");
        for (flags, by_armhf, by_armel) in [
            (0x500_0000, true, true),
            (0x500_0200, false, true),
            (0x500_0400, true, false),
            (0x500_0600, false, false),
            (0x400_0200, true, true),
        ] {
            assert_eq!(takes(EM_ARM, armhf, flags), by_armhf, "{flags:#x}");
            assert_eq!(takes(EM_ARM, armel, flags), by_armel, "{flags:#x}");
        }
        let lp64d = |flags| takes(EM_RISCV, "/lib/ld-linux-riscv64-lp64d.so.1", flags);
        assert_eq!([1, 3, 5, 7].map(lp64d), [false, false, true, false]);
        let v2 = |flags| takes(EM_PPC64, "/lib64/ld64.so.2", flags);
        assert_eq!([0, 1, 2, 3].map(v2), [true, false, true, false]);
    }
}
