//! The fields of a header or table: bytes together with the order they are written in.

use super::Endian;
use super::bytes::{Order, text, until_nul};

/// Bytes of a header or table. Every access is checked: a field that does not lie inside is `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    data: &'a [u8],
    order: Order,
}

impl<'a> Fields<'a> {
    pub(super) fn new(data: &'a [u8], endian: Endian, bits: u8) -> Self {
        Fields { data, order: Order { big: endian == Endian::Big, wide: bits == 64 } }
    }

    /// Little-endian fields of a file whose addresses have 32 bits, or where this does not matter.
    pub(super) fn little(data: &'a [u8]) -> Self {
        Fields { data, order: Order { big: false, wide: false } }
    }

    /// Big-endian fields.
    pub(super) fn big(data: &'a [u8]) -> Self {
        Fields { data, order: Order { big: true, wide: false } }
    }

    /// Other bytes in the same order.
    pub(super) fn with(self, data: &'a [u8]) -> Self {
        Fields { data, ..self }
    }

    /// All the bytes.
    pub(super) fn data(self) -> &'a [u8] {
        self.data
    }

    /// Number of bytes.
    pub(super) fn len(self) -> usize {
        self.data.len()
    }

    /// `len` bytes from `at`.
    pub(super) fn slice(self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.data.get(at..at.checked_add(len)?)
    }

    /// Everything from `at` on.
    pub(super) fn from(self, at: usize) -> Option<Self> {
        Some(self.with(self.data.get(at..)?))
    }

    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.order.u16(self.data, at)
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.order.u32(self.data, at)
    }

    pub(super) fn u64(self, at: usize) -> Option<u64> {
        self.order.u64(self.data, at)
    }

    /// A field as wide as an address of the file.
    pub(super) fn word(self, at: usize) -> Option<u64> {
        self.order.word(self.data, at)
    }

    /// Length of such a field, in bytes.
    pub(super) fn word_size(self) -> usize {
        self.order.word_size()
    }

    /// The text from `at` up to a NUL or the end; bytes that are not UTF-8 are replaced.
    pub(super) fn text(self, at: usize) -> Option<String> {
        Some(text(until_nul(self.data.get(at..)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_beyond_the_end_are_none() {
        let fields = Fields::little(&[b'a', b'b', 0]);
        assert_eq!(fields.u16(1), Some(0x0062));
        assert_eq!(fields.u16(2), None);
        assert_eq!(fields.u32(usize::MAX), None);
        assert_eq!(fields.text(0).as_deref(), Some("ab"));
        assert_eq!(fields.text(4), None);
        assert_eq!(Fields::big(&[1, 2, 3]).u16(1), Some(0x0203));
    }
}
