//! Numbers of a file's own byte order and width, read from bytes that may be too short.

/// Byte order and address width of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// Most significant byte first.
    pub(crate) big: bool,
    /// Addresses have 64 bits rather than 32.
    pub(crate) wide: bool,
}

// Inlined: a release is built for size, and there each of these would be a call.
impl Order {
    /// Two bytes at `at`.
    #[inline(always)]
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        array(bytes, at).map(|raw| self.u16_of(raw))
    }

    /// These two bytes.
    #[inline(always)]
    pub(crate) fn u16_of(self, raw: [u8; 2]) -> u16 {
        if self.big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }
    }

    /// Four bytes at `at`.
    #[inline(always)]
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let raw = array(bytes, at)?;
        Some(if self.big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }

    /// Eight bytes at `at`.
    #[inline(always)]
    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let raw = array(bytes, at)?;
        Some(if self.big { u64::from_be_bytes(raw) } else { u64::from_le_bytes(raw) })
    }

    /// One address at `at`.
    pub(crate) fn word(self, bytes: &[u8], at: usize) -> Option<u64> {
        if self.wide { self.u64(bytes, at) } else { self.u32(bytes, at).map(u64::from) }
    }

    /// Length of an address, in bytes.
    pub(crate) fn word_size(self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

#[inline(always)]
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Bytes as text; what is not UTF-8 becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Like [`text`], without a copy where the bytes are UTF-8.
pub(crate) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| text(error.as_bytes()))
}

/// The bytes before the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..nul(bytes).unwrap_or(bytes.len())]
}

/// Where the first NUL is.
pub(crate) fn nul(bytes: &[u8]) -> Option<usize> {
    first(0, bytes)
}

/// Where a byte is first, which is near for most: names have twenty bytes. Not with the crate memchr, which finds out about the
/// processor before its first search: in a virtual machine that takes as long as to read a file.
pub(crate) fn first(wanted: u8, bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let everywhere = ONES * u64::from(wanted);
    let (words, rest) = bytes.as_chunks::<8>();
    for (word, at) in words.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word) ^ everywhere;
        // The highest bit of each byte that is zero, and of none below the first of them.
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| byte == wanted).map(|at| words.len() * 8 + at)
}

/// Puts the bytes before the first NUL behind what is in `out`, all of them without one; whether there is one.
pub(crate) fn append_until_nul(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let end = nul(bytes);
    out.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
    end.is_some()
}

/// Numbers of a version with dots between them: of most files one is told.
pub(crate) fn dotted(numbers: &[u32]) -> String {
    let mut out = String::with_capacity(numbers.len() * 4);
    for (at, &number) in numbers.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        // What formats numbers of every kind takes ten times as long as to write the one digit that they have here.
        match number {
            0..=9 => out.push(char::from(b'0' + number as u8)),
            _ => out.push_str(&number.to_string()),
        }
    }
    out
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = vec![0; bytes.len() * 2];
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    into_text(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nul_is_found_wherever_it_stands() {
        for length in 0..40 {
            let bytes = vec![0x80; length];
            assert_eq!(nul(&bytes), None);
            for at in 0..length {
                let mut bytes = bytes.clone();
                // What follows it, a borrow of the arithmetic among it, does not matter.
                bytes[at..].copy_from_slice(&[0, 1, 0, 0xff].repeat(10)[..length - at]);
                assert_eq!(nul(&bytes), Some(at), "{bytes:?}");
                bytes.iter_mut().for_each(|byte| *byte ^= b'`');
                assert_eq!(first(b'`', &bytes), Some(at), "{bytes:?}");
            }
        }
    }

    #[test]
    fn numbers_follow_the_order_and_stop_at_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        let little = Order { big: false, wide: false };
        let big = Order { big: true, wide: true };
        assert_eq!(little.u16(&bytes, 0), Some(0x0201));
        assert_eq!(big.u16(&bytes, 0), Some(0x0102));
        assert_eq!(little.word(&bytes, 4), Some(0x0807_0605));
        assert_eq!(big.word(&bytes, 0), Some(0x0102_0304_0506_0708));
        assert_eq!(little.u32(&bytes, 5), None);
        assert_eq!(little.u16(&bytes, usize::MAX), None);
    }

    #[test]
    fn hex_and_text() {
        assert_eq!(hex(&[0, 0xab]), "00ab");
        assert_eq!(dotted(&[2, 6, 0, 32, u32::MAX]), "2.6.0.32.4294967295");
        assert_eq!(until_nul(b"ab\0c"), b"ab");
        assert_eq!(text(b"a\xff"), "a\u{fffd}");
    }
}
