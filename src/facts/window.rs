//! Random small reads of one [`Source`], a chunk at a time: symbol names, version entries, hash tables.
//!
//! A string table may have 100 MB, of which a few names are wanted. Chunks that were read stay until their sum passes
//! [`KEPT`]; the reader never holds more, whatever the file says. See [`sparse`](super::sparse) for one large table.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::bytes::append_until_nul;
use super::source::part;
use super::{Source, Unreadable};

/// Bytes read at once: the head of a source then serves the first chunks without a copy.
const CHUNK: u64 = 4 * 1024;
/// Bytes kept at most.
const KEPT: usize = 4 * 1024 * 1024;

/// Bytes of one chunk, borrowed where the source has them in memory.
type Chunk<'s> = Rc<Cow<'s, [u8]>>;

/// A reader of small pieces.
#[derive(Debug)]
pub(crate) struct Window<'s> {
    source: &'s Source<'s>,
    chunks: RefCell<BTreeMap<u64, Chunk<'s>>>,
    /// The chunk asked for last, which is asked for next nearly always.
    last: RefCell<Option<(u64, Chunk<'s>)>>,
}

impl<'s> Window<'s> {
    pub(crate) fn new(source: &'s Source<'s>) -> Self {
        Window { source, chunks: RefCell::default(), last: RefCell::default() }
    }

    /// Exactly `N` bytes at `offset`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when they do not lie inside the source.
    pub(crate) fn bytes<const N: usize>(&self, offset: u64, what: &str) -> Result<[u8; N], Unreadable> {
        // Most tables lie in the head of the file, which is at hand.
        if let Some(Ok(bytes)) = self.source.at_hand(offset, N as u64).map(TryInto::try_into) {
            return Ok(bytes);
        }
        if let Some((first, chunk)) = &*self.last.borrow()
            && let Some(Ok(bytes)) = part(chunk, offset.wrapping_sub(*first), N as u64).map(TryInto::try_into)
        {
            return Ok(bytes);
        }
        let mut out = [0; N];
        self.fill(offset, &mut out, what)?;
        Ok(out)
    }

    /// Fills `out` from `offset`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when the bytes do not lie inside the source.
    pub(crate) fn fill(&self, offset: u64, out: &mut [u8], what: &str) -> Result<(), Unreadable> {
        let mut done = 0;
        while done < out.len() {
            let at = offset.checked_add(done as u64).filter(|&at| at < self.source.len());
            let at =
                at.ok_or_else(|| Unreadable::damaged(what, offset, format!("{} bytes wanted at the end", out.len())))?;
            let (chunk, start) = self.chunk(at, what)?;
            let part = &chunk[start..];
            let n = part.len().min(out.len() - done);
            out[done..done + n].copy_from_slice(&part[..n]);
            done += n;
        }
        Ok(())
    }

    /// The bytes from `offset` up to the next NUL, which must come before `end`.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when there is no NUL before `end` or the end of the source.
    pub(crate) fn c_string(&self, offset: u64, end: u64, what: &str) -> Result<Vec<u8>, Unreadable> {
        let mut out = Vec::new();
        self.append_c_string(offset, end, what, &mut out)?;
        Ok(out)
    }

    /// As [`Window::c_string`], behind what is in `out` already.
    ///
    /// # Errors
    /// The same; `out` then ends with a part of the string.
    pub(crate) fn append_c_string(
        &self,
        offset: u64,
        end: u64,
        what: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let end = end.min(self.source.len());
        let mut at = offset;
        while at < end {
            let (chunk, start) = self.chunk(at, what)?;
            let room = usize::try_from(end - at).unwrap_or(usize::MAX);
            let part = &chunk[start..];
            let part = &part[..part.len().min(room)];
            if append_until_nul(part, out) {
                return Ok(());
            }
            at += part.len() as u64;
        }
        Err(Unreadable::damaged(what, offset, "the string has no end"))
    }

    /// The chunk that holds `at`, which lies inside the source, and where in it `at` is.
    fn chunk(&self, at: u64, what: &str) -> Result<(Chunk<'s>, usize), Unreadable> {
        let first = at - at % CHUNK;
        let start = (at - first) as usize;
        if let Some((_, chunk)) =
            self.last.borrow().as_ref().filter(|(kept, chunk)| *kept == first && start < chunk.len())
        {
            return Ok((Rc::clone(chunk), start));
        }
        let chunk = self.chunk_from(first, what)?;
        if start >= chunk.len() {
            return Err(Unreadable::damaged(what, at, "the file ends before it"));
        }
        self.last.replace(Some((first, Rc::clone(&chunk))));
        Ok((chunk, start))
    }

    fn chunk_from(&self, first: u64, what: &str) -> Result<Chunk<'s>, Unreadable> {
        if let Some(chunk) = self.chunks.borrow().get(&first) {
            return Ok(Rc::clone(chunk));
        }
        let chunk = Rc::new(self.source.read_up_to(first, CHUNK, what)?);
        let mut chunks = self.chunks.borrow_mut();
        if chunks.len() * CHUNK as usize >= KEPT {
            chunks.clear();
        }
        chunks.insert(first, Rc::clone(&chunk));
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cross_chunks_and_end_with_the_file() {
        let mut bytes = vec![b'a'; CHUNK as usize + 10];
        bytes[CHUNK as usize + 4] = 0;
        let source = Source::from_bytes(&bytes);
        let window = Window::new(&source);
        assert_eq!(window.bytes::<4>(CHUNK - 2, "x").unwrap(), *b"aaaa");
        assert_eq!(window.c_string(CHUNK - 2, u64::MAX, "x").unwrap(), b"aaaaaa");
        assert!(window.c_string(CHUNK - 2, CHUNK + 4, "x").is_err(), "the NUL lies past the table");
        assert!(window.bytes::<4>(CHUNK + 8, "x").is_err());
        assert!(window.bytes::<4>(u64::MAX, "x").is_err());
        assert!(window.c_string(CHUNK + 5, u64::MAX, "x").is_err());
    }
}
