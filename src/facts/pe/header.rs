//! The headers of an image: COFF, optional, data directories, sections.

use super::{PeFacts, Section, names};
use crate::facts::bytes::{text, until_nul};
use crate::facts::fields::Fields;
use crate::facts::{Endian, Source, Unreadable};

/// Length of `IMAGE_FILE_HEADER` with the signature before it.
const COFF: u64 = 24;

/// Bytes behind the DOS header that are looked at for the mark of a linker; real ones have some hundred.
const LONGEST_STUB: u64 = 4096;

/// Length of one section header.
const SECTION: usize = 40;

/// The data directories by their index.
pub(super) mod directory {
    pub(in super::super) const EXPORT: usize = 0;
    pub(in super::super) const IMPORT: usize = 1;
    pub(in super::super) const RESOURCE: usize = 2;
    pub(in super::super) const CERTIFICATE: usize = 4;
    pub(in super::super) const BASE_RELOCATION: usize = 5;
    pub(in super::super) const DEBUG: usize = 6;
    pub(in super::super) const TLS: usize = 9;
    pub(in super::super) const LOAD_CONFIG: usize = 10;
    pub(in super::super) const BOUND_IMPORT: usize = 11;
    pub(in super::super) const DELAY_IMPORT: usize = 13;
    pub(in super::super) const CLR: usize = 14;
}

/// One data directory: an RVA (a file offset for certificates) and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Directory {
    pub(super) at: u32,
    pub(super) size: u32,
}

/// The headers, as read.
#[derive(Debug)]
pub(super) struct Headers {
    pub(super) machine: u16,
    pub(super) characteristics: u16,
    pub(super) timestamp: u32,
    pub(super) coff_symbols: u32,
    /// The mark of Microsoft's linker between the DOS stub and the COFF header.
    pub(super) has_rich_header: bool,
    pub(super) bits: u8,
    pub(super) linker_version: (u8, u8),
    pub(super) entry_point: u32,
    pub(super) image_base: u64,
    pub(super) os_version: (u16, u16),
    pub(super) subsystem_version: (u16, u16),
    pub(super) headers_size: u32,
    pub(super) subsystem: u16,
    pub(super) dll_characteristics: u16,
    /// Offset in the file of the optional header's checksum, which the Authenticode digest leaves out.
    pub(super) checksum_at: u64,
    /// Offset in the file of the data directories.
    pub(super) directories_at: u64,
    pub(super) directories: Vec<Directory>,
    pub(super) sections: Vec<Section>,
}

impl Headers {
    /// Reads everything up to the end of the section table.
    pub(super) fn read(source: &Source<'_>) -> Result<Headers, Unreadable> {
        let dos = source.read(0, 64, "DOS header")?;
        let pe = u64::from(Fields::little(&dos).u32(0x3c).unwrap_or(0));
        let coff = source.read(pe, COFF, "COFF header")?;
        if !coff.starts_with(b"PE\0\0") {
            return Err(Unreadable::damaged("PE signature", pe, "not `PE`"));
        }
        let coff = Fields::little(&coff);
        let optional_size = coff.u16(20).unwrap_or(0);
        let optional = source.read(pe + COFF, optional_size.into(), "optional header")?;
        let bits = match Fields::little(&optional).u16(0) {
            Some(0x010b) => 32,
            Some(0x020b) => 64,
            Some(other) => return Err(Unreadable::damaged("optional header magic", pe + COFF, format!("{other:#x}"))),
            None => return Err(Unreadable::NotLinked("a COFF file without an optional header".into())),
        };
        let optional = Fields::new(&optional, Endian::Little, bits);
        let mut headers = Headers::from_optional(optional, bits, pe + COFF).ok_or_else(|| {
            Unreadable::damaged("SizeOfOptionalHeader", pe + 20, format!("{optional_size} bytes are too few"))
        })?;
        headers.has_rich_header =
            has_rich_header(&source.read_up_to(64, pe.saturating_sub(64).min(LONGEST_STUB), "DOS stub")?);
        headers.machine = coff.u16(4).unwrap_or(0);
        headers.timestamp = coff.u32(8).unwrap_or(0);
        headers.coff_symbols = coff.u32(16).unwrap_or(0);
        headers.characteristics = coff.u16(22).unwrap_or(0);
        let strings = string_table(coff.u32(12).unwrap_or(0), headers.coff_symbols);
        let count = usize::from(coff.u16(6).unwrap_or(0));
        headers.sections = sections(source, pe + COFF + u64::from(optional_size), count, strings)?;
        headers.sections.iter().try_for_each(|section| check_section(section, source.len()))?;
        Ok(headers)
    }

    /// The fields of the optional header; `None` when it is too short for the fixed ones.
    fn from_optional(optional: Fields<'_>, bits: u8, offset: u64) -> Option<Headers> {
        let wide = bits == 64;
        // The two forms differ in one 32-bit field before ImageBase and in the width of ImageBase and four sizes.
        let directories_at = if wide { 112 } else { 96 };
        let count = optional.u32(directories_at - 4)? as usize;
        let directory = |index: usize| {
            let at = directories_at + index * 8;
            Some(Directory { at: optional.u32(at)?, size: optional.u32(at + 4)? })
        };
        Some(Headers {
            machine: 0,
            characteristics: 0,
            timestamp: 0,
            coff_symbols: 0,
            has_rich_header: false,
            bits,
            linker_version: (optional.u8(2)?, optional.u8(3)?),
            entry_point: optional.u32(16)?,
            image_base: optional.word(if wide { 24 } else { 28 })?,
            os_version: (optional.u16(40)?, optional.u16(42)?),
            subsystem_version: (optional.u16(48)?, optional.u16(50)?),
            headers_size: optional.u32(60)?,
            subsystem: optional.u16(68)?,
            dll_characteristics: optional.u16(70)?,
            checksum_at: offset + 64,
            directories_at: offset + directories_at as u64,
            directories: (0..count.min(16)).map_while(directory).collect(),
            sections: Vec::new(),
        })
    }

    /// A data directory; all zero when it is not there.
    pub(super) fn directory(&self, index: usize) -> Directory {
        self.directories.get(index).copied().unwrap_or_default()
    }

    /// The facts that lie in the headers alone.
    pub(super) fn facts(&self) -> PeFacts {
        let writable_code = self.sections.iter().filter(|section| section.protection.ends_with("wx"));
        PeFacts {
            machine: self.machine,
            characteristics: self.characteristics,
            large_address_aware: self.characteristics & 0x20 != 0,
            relocations_stripped: self.characteristics & 1 != 0,
            has_relocations: self.directory(directory::BASE_RELOCATION) != Directory::default(),
            subsystem: names::subsystem(self.subsystem),
            subsystem_version: version(self.subsystem_version),
            os_version: version(self.os_version),
            linker_version: version((self.linker_version.0.into(), self.linker_version.1.into())),
            timestamp: self.timestamp,
            entry_point: self.entry_point,
            image_base: self.image_base,
            dll_characteristics: self.dll_characteristics,
            dll_characteristic_names: names::dll_characteristics(self.dll_characteristics),
            coff_symbols: self.coff_symbols,
            writable_code: writable_code.map(|section| section.name.clone()).collect(),
            sections: self.sections.clone(),
            ..PeFacts::default()
        }
    }
}

/// Whether the "Rich" header is there, which no document describes: `DanS`, a list of the tools that made the objects, `Rich`, and the
/// key that all before `Rich` is combined with.
fn has_rich_header(stub: &[u8]) -> bool {
    let mut words = stub.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let before: Vec<u32> = words.by_ref().take_while(|&word| word != u32::from_le_bytes(*b"Rich")).collect();
    words.next().is_some_and(|key| before.contains(&(u32::from_le_bytes(*b"DanS") ^ key)))
}

fn version((major, minor): (u16, u16)) -> String {
    format!("{major}.{minor}")
}

/// Offset of the COFF string table, which follows the symbols; 0 when there is none.
fn string_table(symbols_at: u32, count: u32) -> u64 {
    if symbols_at == 0 { 0 } else { u64::from(symbols_at) + u64::from(count) * 18 }
}

fn sections(source: &Source<'_>, at: u64, count: usize, strings: u64) -> Result<Vec<Section>, Unreadable> {
    let table = source.read(at, (count * SECTION) as u64, "section table")?;
    table.chunks_exact(SECTION).map(|entry| section(source, Fields::little(entry), strings)).collect()
}

fn section(source: &Source<'_>, entry: Fields<'_>, strings: u64) -> Result<Section, Unreadable> {
    let field = |at| entry.u32(at).unwrap_or(0);
    let short = until_nul(entry.slice(0, 8).unwrap_or_default());
    Ok(Section {
        name: long_name(source, short, strings)?.unwrap_or_else(|| text(short)),
        virtual_size: field(8),
        virtual_address: field(12),
        file_size: field(16),
        file_offset: field(20),
        protection: names::protection(field(36)),
    })
}

/// Bytes that the end of the last section may lack: linkers that do not fill up the file to its alignment exist.
const SECTOR: u64 = 512;

/// Refuses sections that do not lie in the file, as the loader does: a cut-off copy is no image.
fn check_section(section: &Section, file: u64) -> Result<(), Unreadable> {
    let end = u64::from(section.file_offset) + u64::from(section.file_size);
    if section.file_size == 0 || end <= file.next_multiple_of(SECTOR) {
        return Ok(());
    }
    let what = format!("section {}", section.name);
    let why = format!("{} bytes wanted, the file has {file}", section.file_size);
    Err(Unreadable::damaged(what, section.file_offset.into(), why))
}

/// The name behind `/4`, where the file still has its string table.
fn long_name(source: &Source<'_>, short: &[u8], strings: u64) -> Result<Option<String>, Unreadable> {
    let digits = short.strip_prefix(b"/").and_then(|digits| std::str::from_utf8(digits).ok());
    let Some(offset) = digits.and_then(|digits| digits.parse::<u64>().ok()).filter(|_| strings != 0) else {
        return Ok(None);
    };
    let name = source.read_up_to(strings.saturating_add(offset), 256, "COFF string table")?;
    let name = until_nul(&name);
    Ok((!name.is_empty()).then(|| text(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_microsofts_linker_is_told_from_text() {
        let key = 0x1234_5678_u32;
        let words = |words: [u32; 5]| words.map(u32::to_le_bytes).concat();
        let (start, end) = (u32::from_le_bytes(*b"DanS"), u32::from_le_bytes(*b"Rich"));
        assert!(has_rich_header(&words([0, start ^ key, key, end, key])));
        assert!(!has_rich_header(&words([0, start, key, end, key])));
        assert!(!has_rich_header(&words([0, 0, 0, start ^ key, end])));
        assert!(!has_rich_header(b"This program cannot be run in DOS mode."));
    }
}
