//! The header of a library, in the order in which glibc's `open_verify` (`elf/dl-load.c`) and musl's `map_library`
//! (`ldso/dynlink.c`) look at it. Both look before they know whether the rest of the file makes sense.

use super::accept::Accepted;
use crate::facts::elf::{ElfFacts, Head};
use crate::facts::{Endian, Facts};
use crate::hosts::{Host, Version};

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

/// What a loader for programs like this one wants to see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    wide: bool,
    big: bool,
    machine: u16,
    host: &'a Host,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(facts: &Facts, elf: &ElfFacts, host: &'a Host) -> Self {
        Wanted { wide: facts.bits == 64, big: facts.endian == Endian::Big, machine: elf.e_machine, host }
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
        let is_other = head.e_machine(self.big) != self.machine;
        let other = || Some(Accepted::PassedOver("it is made for another machine".to_owned()));
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
        } else if is_strict && abi > OLD_ABI && self.host.glibc().is_none_or(|glibc| glibc < KNOWS_ABI) {
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
