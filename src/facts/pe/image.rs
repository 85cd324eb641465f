//! The image as the loader lays it out: from relative virtual addresses to bytes of the file.

use super::header::{Directory, Headers};
use crate::facts::fields::Fields;
use crate::facts::tables::Tables;
use crate::facts::{Endian, Source, Unreadable};

/// Zeros beyond the file's part of a section that a table may reach into; a claim of gigabytes is not allocated.
const MOST_ZEROS: u64 = 4096;

/// A mapped range of the file.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    address: u32,
    /// Bytes in memory.
    size: u32,
    file_offset: u32,
    /// Bytes in the file; what lies beyond is zero.
    file_size: u32,
}

/// An image whose tables are read by their RVA.
#[derive(Debug)]
pub(super) struct Image<'s> {
    pub(super) tables: Tables<'s>,
    pub(super) headers: &'s Headers,
    /// Sorted by address.
    mappings: Vec<Mapping>,
}

impl<'s> Image<'s> {
    pub(super) fn new(source: &'s Source<'s>, headers: &'s Headers) -> Self {
        let head = headers.headers_size;
        let mut mappings = vec![Mapping { address: 0, size: head, file_offset: 0, file_size: head }];
        mappings.extend(headers.sections.iter().map(|section| Mapping {
            address: section.virtual_address,
            size: section.virtual_size.max(section.file_size),
            file_offset: section.file_offset,
            file_size: section.file_size,
        }));
        mappings.sort_by_key(|mapping| mapping.address);
        Image { tables: Tables::new(source), headers, mappings }
    }

    pub(super) fn directory(&self, index: usize) -> Directory {
        self.headers.directory(index)
    }

    /// Little-endian fields with this image's address width.
    pub(super) fn fields<'b>(&self, data: &'b [u8]) -> Fields<'b> {
        Fields::new(data, Endian::Little, self.headers.bits)
    }

    /// Where an RVA lies in the file, and how many bytes from there are in it.
    pub(super) fn place(&self, rva: u32) -> Option<(u64, u64)> {
        let after = self.mappings.partition_point(|mapping| mapping.address <= rva);
        let mapping = self.mappings[..after].last().filter(|mapping| rva - mapping.address < mapping.size)?;
        let within = rva - mapping.address;
        let rest = mapping.file_size.saturating_sub(within);
        Some((u64::from(mapping.file_offset) + u64::from(within), rest.into()))
    }

    /// Exactly `len` bytes at an RVA; zeros where a section is longer in memory than in the file.
    pub(super) fn bytes(&self, rva: u32, len: u64, what: &str) -> Result<Vec<u8>, Unreadable> {
        let (offset, in_file) = self.place(rva).ok_or_else(|| no_section(rva, what))?;
        let present = len.min(in_file);
        let missing = len - present;
        if missing > MOST_ZEROS {
            return Err(Unreadable::damaged(what, offset, format!("{len} bytes wanted, the section has {in_file}")));
        }
        let mut bytes = if present == 0 { Vec::new() } else { self.tables.bytes(offset, present, what)? };
        bytes.resize(bytes.len() + missing as usize, 0);
        Ok(bytes)
    }

    /// The NUL-terminated text at an RVA.
    pub(super) fn text(&self, rva: u32, what: &str) -> Result<String, Unreadable> {
        let (offset, in_file) = self.place(rva).ok_or_else(|| no_section(rva, what))?;
        if in_file == 0 { Ok(String::new()) } else { self.tables.text(offset, what) }
    }
}

fn no_section(rva: u32, what: &str) -> Unreadable {
    Unreadable::damaged(what, rva.into(), "this relative address is in no section")
}
