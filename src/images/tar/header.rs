//! One block that describes a member: the fields of POSIX `ustar` and of GNU tar.

use crate::images::{Access, Refused};

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// The fields that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) access: Access,
    pub(super) size: u64,
    pub(super) kind: u8,
    pub(super) link: Vec<u8>,
}

impl Header {
    /// Reads a block that is not all zeros.
    ///
    /// # Errors
    /// What is no header: its checksum is wrong, or a number is none.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Header, Refused> {
        let field = |at: usize, len: usize| block.get(at..at + len).unwrap_or_default();
        let sum = number(field(148, 8)).filter(|sum| checksums(block).contains(sum));
        if sum.is_none() {
            return Err(Refused("it is damaged: the checksum of a header is wrong".to_owned()));
        }
        let kind = field(156, 1).first().copied().unwrap_or(0);
        let mut name = text(field(0, 100)).to_vec();
        // Only POSIX has a prefix there; GNU keeps times in its place.
        if field(257, 6) == b"ustar\0" && !text(field(345, 155)).is_empty() {
            name = [text(field(345, 155)), &name].join(&b'/');
        }
        let Some(size) = number(field(124, 12)) else {
            return Err(Refused(format!("`{}` has a size that is no number", crate::images::shown(&name))));
        };
        let id = |at| number(field(at, 8)).unwrap_or(0) as u32;
        let access = Access { mode: id(100) as u16 & 0o7777, uid: id(108), gid: id(116) };
        Ok(Header { name, access, size, kind, link: text(field(157, 100)).to_vec() })
    }
}

/// The sum of all bytes with the checksum itself as spaces, as unsigned and, for old archives, as signed bytes.
fn checksums(block: &[u8; BLOCK]) -> [u64; 2] {
    let mut sums = [0_u64, 0];
    for (at, &byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { byte };
        sums[0] += u64::from(byte);
        sums[1] = sums[1].wrapping_add_signed(i64::from(byte as i8));
    }
    sums
}

/// A field up to its first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Octal digits between spaces and NULs, or base 256 where the highest bit is set. `None` for a negative number too.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [first, ..] if first & 0x80 != 0 => {
            let bytes = std::iter::once(first & 0x7f).chain(field.iter().skip(1).copied());
            bytes.into_iter().try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(byte)))
        }
        _ => {
            let digits = field.trim_ascii_start();
            let digits = digits.split(|&byte| byte == 0 || byte == b' ').next().unwrap_or_default();
            digits.iter().try_fold(0_u64, |sum, byte| match byte {
                b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
                _ => None,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_notation() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"  644 \0\0"), Some(0o644));
        assert_eq!(number(b"\0\0\0"), Some(0));
        assert_eq!(number(b"777777777777"), Some((8 << 33) - 1));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(2 << 32));
        // Negative, or beyond 64 bits.
        assert_eq!(number(&[0xff; 12]), None);
        assert_eq!(number(b"\x80\x01\0\0\0\0\0\0\0\0\0\0"), None);
        assert_eq!(number(b"12x"), None);
    }
}
