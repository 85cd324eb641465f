//! What an ELF file is, decided once: program or library, static or not.

use goblin::elf::header::{ET_CORE, ET_DYN, ET_EXEC, ET_REL};
use goblin::elf::program_header::PF_X;
use goblin::elf::section_header::SHT_NOBITS;

use super::dynamic::{Dynamic, Names};
use super::image::Image;
use crate::facts::{Kind, Linkage, Unreadable};

/// Refuses what is ELF and not linked: objects, core dumps, split-off debug information.
pub(super) fn linked(image: &Image<'_>) -> Result<(), Unreadable> {
    let refused = match image.header.e_type {
        ET_EXEC | ET_DYN if is_debug_file(image) => "a separate debug file: its code is not in it",
        ET_EXEC | ET_DYN => return Ok(()),
        ET_REL => "an object file (ET_REL)",
        ET_CORE => "a core dump (ET_CORE)",
        other => return Err(Unreadable::damaged("e_type", 16, format!("{other:#x} is no type of linked file"))),
    };
    Err(Unreadable::NotLinked(refused.into()))
}

/// `objcopy --only-keep-debug` leaves every section header but turns code into `SHT_NOBITS`.
fn is_debug_file(image: &Image<'_>) -> bool {
    image.section(".text").is_some_and(|text| text.header.sh_type == SHT_NOBITS && text.header.sh_size > 0)
}

/// What the file is.
pub(super) fn kind(image: &Image<'_>, dynamic: &Dynamic, names: &Names, interpreter: Option<&str>) -> Kind {
    let alone = interpreter.is_none() && names.needed.is_empty();
    if image.header.e_type == ET_EXEC {
        return if alone { Kind::Static } else { Kind::Exe };
    }
    let program = if alone { Kind::StaticPie } else { Kind::Pie };
    if dynamic.is_marked_pie() {
        return program;
    }
    match (interpreter, &names.soname) {
        (Some(_), Some(_)) => Kind::RunnableSharedObject,
        (Some(_), None) => Kind::Pie,
        (None, Some(_)) => Kind::SharedObject,
        // Linkers older than DF_1_PIE (binutils 2.26) still write DT_DEBUG into programs, and into nothing else. A file
        // without a dynamic section cannot be loaded as a library.
        (None, None) if starts(image) && (dynamic.is_marked_program() || !dynamic.present) => program,
        (None, None) => Kind::SharedObject,
    }
}

/// Whether the file stands alone. A library never does: something has to load it.
pub(super) fn linkage(kind: Kind) -> Linkage {
    if matches!(kind, Kind::Static | Kind::StaticPie) { Linkage::Static } else { Linkage::Dynamic }
}

/// Whether `e_entry` lies in executable memory.
pub(super) fn starts(image: &Image<'_>) -> bool {
    let entry = image.header.e_entry & !u64::from(image.header.e_machine == goblin::elf::header::EM_ARM);
    image.header.e_entry != 0
        && image
            .segments_of(goblin::elf::program_header::PT_LOAD)
            .any(|load| load.p_flags & PF_X != 0 && entry.checked_sub(load.p_vaddr).is_some_and(|at| at < load.p_memsz))
}
