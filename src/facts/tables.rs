//! Tables that point at names, read under a budget.

use std::cell::Cell;

use super::bytes::text;
use super::window::Window;
use super::{Source, Unreadable};

/// Longest name that is believed, in bytes; the longest decorated C++ name of Microsoft's compiler has 4,096.
const LONGEST_NAME: u64 = 16 * 1024;

/// A source whose tables are read in small pieces.
///
/// The bytes handed out in all are limited to a small multiple of the file's length, so that a million entries that
/// point at one long name cost no more than the file is worth.
#[derive(Debug)]
pub(super) struct Tables<'s> {
    window: Window<'s>,
    len: u64,
    budget: Budget,
}

impl<'s> Tables<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Tables { window: Window::new(source), len: source.len(), budget: Budget::for_file(source.len()) }
    }

    /// Exactly `len` bytes from `offset`.
    pub(super) fn bytes(&self, offset: u64, len: u64, what: &str) -> Result<Vec<u8>, Unreadable> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Unreadable::damaged(what, offset, format!("{len} bytes wanted, the file has {}", self.len)));
        }
        self.budget.spend(len, offset, what)?;
        let mut out = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        self.window.fill(offset, &mut out, what)?;
        Ok(out)
    }

    /// The text from `offset` up to its NUL.
    pub(super) fn text(&self, offset: u64, what: &str) -> Result<String, Unreadable> {
        let name = self.window.c_string(offset, offset.saturating_add(LONGEST_NAME), what)?;
        self.budget.spend(name.len() as u64 + 1, offset, what)?;
        Ok(text(&name))
    }
}

/// Bytes of names that may still be handed out.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    /// Twice the length of a file: names are shared, but not without end.
    pub(super) fn for_file(len: u64) -> Self {
        Budget(Cell::new(len.saturating_mul(2).saturating_add(64 * 1024)))
    }

    /// Takes bytes off; `what` is read at `offset`.
    pub(super) fn spend(&self, bytes: u64, offset: u64, what: &str) -> Result<(), Unreadable> {
        let left = self.0.get().checked_sub(bytes);
        let left = left.ok_or_else(|| Unreadable::damaged(what, offset, "the tables overlap without end"))?;
        self.0.set(left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_end_or_are_read_again_and_again_are_refused() {
        let data = [b'x'; 64];
        let source = Source::from_bytes(&data);
        assert!(Tables::new(&source).text(0, "name").is_err());
        let data = [[b'x'; 999].as_slice(), &[0]].concat();
        let source = Source::from_bytes(&data);
        let pages = Tables::new(&source);
        let tries = (0..10_000).take_while(|_| pages.text(0, "name").is_ok()).count();
        assert!((2..100).contains(&tries), "{tries} reads of one name");
    }
}
