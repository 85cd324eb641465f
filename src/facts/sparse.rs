//! One large table of strings, of which some are wanted: a few far apart, or all of them in no order.

use std::cell::RefCell;
use std::hint::black_box;

use super::bytes::append_until_nul;
use super::{Source, Unreadable};

/// Bytes read at once: what is wanted may lie far apart.
const PIECE: usize = 1024;

/// A table of strings that is read piece by piece, each when it is first looked at, and none twice.
#[derive(Debug)]
pub(crate) struct SparseTable<'s> {
    source: &'s Source<'s>,
    start: u64,
    size: usize,
    /// The pieces that were looked at.
    pieces: RefCell<Vec<Option<Box<[u8]>>>>,
}

impl<'s> SparseTable<'s> {
    /// The table of `size` bytes at `start`; what of it lies outside the source is left out.
    pub(crate) fn new(source: &'s Source<'s>, start: u64, size: u64) -> Self {
        let size = size.min(source.len().saturating_sub(start)) as usize;
        let pieces = std::iter::repeat_with(|| None).take(size.div_ceil(PIECE)).collect();
        SparseTable { source, start, size, pieces: RefCell::new(pieces) }
    }

    /// Puts the bytes from `offset` in the source up to the next NUL behind what is in `out`. The NUL must come before `end`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when it does not, or the file became shorter; `out` then ends with a part of the
    /// string.
    pub(crate) fn append_c_string(
        &self,
        offset: u64,
        end: u64,
        what: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let no_end = || Unreadable::damaged(what, offset, "the string has no end");
        let place = |offset: u64| usize::try_from(offset.checked_sub(self.start)?).ok();
        let mut at = place(offset).ok_or_else(no_end)?;
        let end = place(end).unwrap_or(usize::MAX).min(self.size);
        let mut pieces = self.pieces.borrow_mut();
        while at < end {
            let first = at / PIECE * PIECE;
            let piece = match &mut pieces[at / PIECE] {
                Some(piece) => piece,
                unread => {
                    let length = PIECE.min(self.size - first) as u64;
                    let bytes = self.source.read(self.start + first as u64, length, what)?.into_owned();
                    unread.insert(bytes.into_boxed_slice())
                }
            };
            let part = &piece[at - first..piece.len().min(end - first)];
            if append_until_nul(part, out) {
                return Ok(());
            }
            at += part.len();
        }
        Err(no_end())
    }

    /// Brings what lies at these offsets in the source into the processor's cache, as far as it was read: to wait for many places at
    /// once takes hardly longer than for one, and a large table does not stay there.
    pub(crate) fn fetch(&self, offsets: impl Iterator<Item = u64>) {
        let pieces = self.pieces.borrow();
        let byte = |offset: u64| {
            let at = usize::try_from(offset.checked_sub(self.start)?).ok()?;
            pieces.get(at / PIECE)?.as_ref()?.get(at % PIECE).copied()
        };
        // Whatever the bytes are, they have to be looked at.
        black_box(offsets.filter_map(byte).fold(0, |all, byte| all ^ byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(table: &SparseTable<'_>, offset: u64, end: u64) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        table.append_c_string(offset, end, "a name", &mut out).ok().map(|()| out)
    }

    #[test]
    fn strings_cross_pieces_and_end_with_the_table() {
        let mut bytes = vec![b'a'; 3 * PIECE];
        let nul_at = 2 * PIECE + 3;
        bytes[nul_at] = 0;
        let source = Source::from_bytes(&bytes);
        let table = SparseTable::new(&source, 10, u64::MAX);
        let whole = Some(vec![b'a'; nul_at - 20]);
        assert_eq!(string(&table, 20, u64::MAX), whole);
        assert_eq!(string(&table, 20, nul_at as u64 + 1), whole);
        assert_eq!(string(&table, 20, nul_at as u64), None, "the NUL lies past the end");
        assert_eq!(string(&table, nul_at as u64 + 1, u64::MAX), None, "no NUL comes");
        assert_eq!(string(&table, 9, u64::MAX), None, "before the table");
        assert_eq!(string(&table, 4 * PIECE as u64, u64::MAX), None, "behind it");
        assert_eq!(string(&SparseTable::new(&source, 1 << 40, 5), 1 << 40, u64::MAX), None);
    }

    #[test]
    fn only_what_is_looked_at_is_read() {
        let bytes = vec![0; 5 * PIECE];
        let source = Source::from_bytes(&bytes);
        let table = SparseTable::new(&source, 0, source.len());
        for at in [4 * PIECE, 0, 4 * PIECE + 1] {
            assert_eq!(string(&table, at as u64, u64::MAX), Some(Vec::new()));
        }
        // Nothing is read ahead.
        table.fetch([PIECE as u64, u64::MAX].into_iter());
        let was_read: Vec<bool> = table.pieces.borrow().iter().map(Option::is_some).collect();
        assert_eq!(was_read, [true, false, false, false, true]);
    }
}
