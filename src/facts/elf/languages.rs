//! What the toolchains of Go and Rust, and a packer, leave in an ELF file.

use goblin::elf::program_header::{PF_W, PF_X, PT_LOAD};

use super::ElfFacts;
use super::image::Image;
use super::layout;
use crate::facts::go_build_info::{self, GoBuild, Places};
use crate::facts::rust_build_info::{self, RustBuild};
use crate::facts::{Unreadable, Wanted};

/// Sections that the Go linker writes and nothing else does.
const GO_SECTIONS: [&str; 5] = [".gopclntab", ".go.buildinfo", ".go.module", ".typelink", ".note.go.buildid"];
/// Bytes of the packer's header that are looked at: UPX puts its marks at the start of the first segment.
const PACKER_HEAD: u64 = 4096;
/// Bytes of `.dep-v0` that are read.
const LONGEST_LIST: u64 = 4 << 20;

/// The packer, when the program was packed by one that is known.
///
/// # Errors
/// What reading gives.
pub(super) fn packer(image: &Image<'_>) -> Result<Option<String>, Unreadable> {
    // AppImage specification, "Image format": `AI` and the type at offset 8, of both types. The runtime alone has them as well.
    let ident = image.source.read_up_to(0, 16, "ELF header")?;
    if matches!(ident.get(8..11), Some([b'A', b'I', 1 | 2])) && layout::appended(image) > 0 {
        return Ok(Some("AppImage, whose programs `--appimage-extract` lays into `squashfs-root`".to_owned()));
    }
    if is_of_py_installer(image)? {
        return Ok(Some("PyInstaller, whose libraries it unpacks when it starts".to_owned()));
    }
    // UPX leaves neither section headers nor a dynamic section's contents, and its mark behind the program headers.
    if !image.section_headers().is_empty() {
        return Ok(None);
    }
    let head = image.source.read_up_to(0, PACKER_HEAD, "ELF header")?;
    let tail_at = image.source.len().saturating_sub(64);
    let tail = image.source.read_up_to(tail_at, 64, "end of the file")?;
    let has_mark = |bytes: &[u8]| bytes.windows(4).any(|window| window == b"UPX!");
    let loads = image.segments_of(PT_LOAD).count();
    Ok((has_mark(&head) && (has_mark(&tail) || loads <= 3)).then(|| "UPX".to_owned()))
}

/// Whether the archive of PyInstaller is a section of the file, which it names so and ends with its cookie: a magic, four numbers
/// and the name of the Python library in 64 bytes (PyInstaller's `bootloader/src/pyi_archive.h`).
fn is_of_py_installer(image: &Image<'_>) -> Result<bool, Unreadable> {
    const MAGIC: &[u8] = b"MEI\x0c\x0b\x0a\x0b\x0e";
    const COOKIE: u64 = 8 + 4 * 4 + 64;
    let Some(archive) = image.section("pydata").map(|section| section.header) else { return Ok(false) };
    let Some(at) = archive.sh_size.checked_sub(COOKIE).and_then(|last| archive.sh_offset.checked_add(last)) else {
        return Ok(false);
    };
    Ok(*image.source.read_up_to(at, MAGIC.len() as u64, "end of `pydata`")? == *MAGIC)
}

/// Go build information, or what shows that Go made this file.
///
/// # Errors
/// What reading gives.
pub(super) fn go(image: &Image<'_>, elf: &ElfFacts, wanted: Wanted) -> Result<Option<GoBuild>, Unreadable> {
    let section = image.section(".go.buildinfo");
    let mut traces: Vec<String> = GO_SECTIONS
        .iter()
        .filter(|name| image.section(name).is_some())
        .map(|name| ["section ", name].concat())
        .collect();
    if elf.go_build_id.is_some() {
        traces.push("note of the Go linker's build id".to_owned());
    }
    // Searching the data of every C program would cost more than all else together; without sections nothing else tells.
    let mut ranges: Vec<(u64, u64)> =
        section.map(|section| (section.header.sh_offset, section.header.sh_size)).into_iter().collect();
    if !traces.is_empty() || !elf.has_section_headers || wanted.detail {
        ranges.extend(segments(image, |flags| flags & (PF_X | PF_W) == PF_W));
    }
    let locate = |address| image.offset_of(address);
    if let Some(mut build) = go_build_info::find(image.source, &Places { ranges, locate: &locate })? {
        build.traces = traces;
        return Ok(Some(build));
    }
    let table = match image.section(".gopclntab") {
        Some(section) => {
            let place = (section.header.sh_offset, section.header.sh_size);
            go_build_info::pclntab_at(image.source, image.order, place)?
        }
        None if !elf.has_section_headers => {
            let read_only: Vec<(u64, u64)> = segments(image, |flags| flags & PF_W == 0).collect();
            go_build_info::find_pclntab(image.source, image.order, &read_only)?
        }
        None => None,
    };
    Ok(GoBuild::of_traces(traces, table))
}

/// What shows that Rust made this file.
///
/// # Errors
/// What reading gives.
pub(super) fn rust(image: &Image<'_>, elf: &ElfFacts, wanted: Wanted) -> Result<Option<RustBuild>, Unreadable> {
    let mut build = RustBuild { version: rust_build_info::version(&elf.producers), ..RustBuild::default() };
    let list = image.section(".dep-v0");
    if wanted.detail {
        if let Some(section) = list {
            let bytes = image.section_data(section, LONGEST_LIST)?;
            build.packages = rust_build_info::packages(&bytes).unwrap_or_default();
        }
        let constants: Vec<(u64, u64)> = image.constants().map(|(_, offset, size)| (offset, size)).collect();
        rust_build_info::search(image.source, &constants, &mut build)?;
    }
    Ok((list.is_some() || build.is_shown()).then_some(build))
}

/// Loadable segments with these flags, as offset and length in the file.
fn segments(image: &Image<'_>, has: impl Fn(u32) -> bool) -> impl Iterator<Item = (u64, u64)> {
    image.segments_of(PT_LOAD).filter(move |load| has(load.p_flags)).map(|load| (load.p_offset, load.p_filesz))
}
