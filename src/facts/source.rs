//! Bounded reads of a file that may be hostile, huge, or still being written.
//!
//! `pread` rather than a map: it is two to three times cheaper for the few small ranges an ordinary binary needs, it
//! scales over threads, and a linker that truncates the file meanwhile gives a short read instead of SIGBUS.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::sync::{Arc, OnceLock};

use thiserror::Error;

/// Why a file, or a part of it, could not be read as a linked binary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Not a format this tool reads (a script, an object file, an archive …).
    #[error("not a linked binary: {0}")]
    NotLinked(Cow<'static, str>),
    /// A format of linked binaries that this tool does not read.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A directory, FIFO, device or socket.
    #[error("not a file: {0}")]
    NotAFile(&'static str),
    /// A known format with a header that contradicts the file.
    #[error("damaged: {what} at offset {offset:#x}: {why}")]
    Damaged {
        /// The field or table, in the words of its specification.
        what: String,
        /// Offset in the file, in bytes.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system refused.
    #[error("{0}")]
    Io(String),
}

impl Unreadable {
    /// A [`Unreadable::Damaged`] in one call.
    pub fn damaged(what: impl Into<String>, offset: u64, why: impl Into<String>) -> Self {
        Unreadable::Damaged { what: what.into(), offset, why: why.into() }
    }

    /// What the operating system said, without its number.
    pub(crate) fn io(error: impl std::fmt::Display) -> Self {
        Unreadable::Io(crate::error::plain(error))
    }
}

/// Bytes of the head of a file that are read at once: enough for the headers of nearly every binary. To copy twice as many takes as
/// long as to ask for a piece more.
const HEAD: usize = 8 * 1024;
/// Bytes of its end that are read at once, if any of them are wanted: section headers and their names lie there, and in most
/// programs the dynamic section.
const TAIL: u64 = 8 * 1024;

/// A readable byte range: a whole file, a slice of a universal binary, or bytes in memory.
#[derive(Debug)]
pub struct Source<'a> {
    inner: Inner<'a>,
    base: u64,
    len: u64,
}

#[derive(Debug, Clone)]
enum Inner<'a> {
    Memory(&'a [u8]),
    File(Arc<Opened<'a>>),
}

/// A file of which both ends are kept.
#[derive(Debug)]
struct Opened<'a> {
    file: &'a File,
    len: u64,
    head: End,
    tail: OnceLock<End>,
}

/// The bytes of one end of a file.
#[derive(Debug)]
pub(super) struct End(Vec<u8>);

thread_local! {
    /// Memory that held an end of a file and takes one of the next: it is in the processor's cache still.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Most pieces of memory that are kept for the next file.
const MOST_SPARE: usize = 4;

impl End {
    /// The first bytes of a file, as many as it gives at once.
    ///
    /// # Errors
    /// What `pread` says.
    pub(super) fn head(file: &File) -> std::io::Result<End> {
        let mut head = End::empty();
        read_some(file, &mut head.0, 0)?;
        Ok(head)
    }

    /// None yet, with room for [`HEAD`] at least.
    fn empty() -> End {
        let mut bytes = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(HEAD));
        bytes.clear();
        End(bytes)
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Where the thread ends there is no next file.
        _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MOST_SPARE {
                spare.push(std::mem::take(&mut self.0));
            }
        });
    }
}

impl Opened<'_> {
    /// The bytes from `start`, counted from the file's own beginning, where they are kept.
    fn kept(&self, start: u64, len: u64) -> Option<&[u8]> {
        if let Some(bytes) = part(self.head.bytes(), start, len) {
            return Some(bytes);
        }
        let from = self.len.saturating_sub(TAIL);
        if start < from || start + len > self.len {
            return None;
        }
        // A tail that could not be read is no error of its own: the read for what is wanted of it says what is wrong.
        let tail = self.tail.get_or_init(|| {
            let mut tail = End::empty();
            _ = read_at(self.file, &mut tail.0, (self.len - from) as usize, from);
            tail
        });
        part(tail.bytes(), start - from, len)
    }
}

/// So many bytes from `start`, if they are all there.
pub(super) fn part(of: &[u8], start: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    of.get(start..start.checked_add(usize::try_from(len).ok()?)?)
}

impl<'a> Source<'a> {
    /// Bytes that are in memory already.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Source { inner: Inner::Memory(bytes), base: 0, len: bytes.len() as u64 }
    }

    /// A regular file; its first 8 KiB are read at once.
    ///
    /// # Errors
    /// What `fstat` and `pread` say.
    pub fn from_file(file: &'a File) -> std::io::Result<Self> {
        Source::of_length(file, file.metadata()?.len())
    }

    /// A regular file whose length is known.
    pub(super) fn of_length(file: &'a File, len: u64) -> std::io::Result<Self> {
        Source::with_head(file, len, End::empty())
    }

    /// A regular file whose length is known, and its head, or a part of that.
    ///
    /// # Errors
    /// What `pread` says.
    pub(super) fn with_head(file: &'a File, len: u64, mut head: End) -> std::io::Result<Self> {
        let wanted = usize::try_from(len).unwrap_or(HEAD).min(HEAD);
        if head.0.len() < wanted {
            read_at(file, &mut head.0, wanted, 0)?;
        }
        head.0.truncate(wanted);
        Ok(Source { inner: Inner::File(Arc::new(Opened { file, len, head, tail: OnceLock::new() })), base: 0, len })
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Exactly `len` bytes from `offset`, borrowed where they are in memory already.
    ///
    /// Never allocates more than the file is long.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`], naming `what`, when the range does not lie inside the source.
    pub fn read(&self, offset: u64, len: u64, what: &str) -> Result<Cow<'_, [u8]>, Unreadable> {
        match self.held(offset, len, what)? {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => {
                let mut bytes = Vec::new();
                self.fill(offset, len, what, &mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// Like [`Source::read`], into `buffer` what is not in memory already: for whoever goes through a lot of bytes and needs
    /// no piece of them for long.
    ///
    /// # Errors
    /// As for [`Source::read`].
    pub(super) fn read_into<'b>(
        &'b self,
        offset: u64,
        len: u64,
        what: &str,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Unreadable> {
        if let Some(bytes) = self.held(offset, len, what)? {
            return Ok(bytes);
        }
        self.fill(offset, len, what, buffer)?;
        Ok(buffer)
    }

    /// The bytes where they are in memory already; `None` where they are not, or do not lie inside the source.
    pub(super) fn at_hand(&self, offset: u64, len: u64) -> Option<&[u8]> {
        offset.checked_add(len).filter(|&end| end <= self.len)?;
        match &self.inner {
            Inner::File(opened) => part(opened.head.bytes(), self.base + offset, len),
            Inner::Memory(bytes) => part(bytes, self.base + offset, len),
        }
    }

    /// The bytes where they are in memory; an error where the range does not lie inside the source.
    fn held(&self, offset: u64, len: u64, what: &str) -> Result<Option<&[u8]>, Unreadable> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Unreadable::damaged(what, offset, format!("{len} bytes wanted, the file has {}", self.len)));
        }
        match &self.inner {
            Inner::File(opened) => Ok(opened.kept(self.base + offset, len)),
            Inner::Memory(bytes) => {
                let bytes = part(bytes, self.base + offset, len);
                bytes.map(Some).ok_or_else(|| Unreadable::damaged(what, offset, "out of range"))
            }
        }
    }

    /// Reads a range of a file, all of it, in the place of what `buffer` held.
    fn fill(&self, offset: u64, len: u64, what: &str, buffer: &mut Vec<u8>) -> Result<(), Unreadable> {
        let Inner::File(opened) = &self.inner else { return Ok(()) };
        let len = usize::try_from(len).map_err(|_| Unreadable::damaged(what, offset, "too large for this machine"))?;
        let read = read_at(opened.file, buffer, len, self.base + offset);
        read.map_err(Unreadable::io)?;
        if buffer.len() < len {
            return Err(Unreadable::damaged(what, offset, "the file became shorter while it was read"));
        }
        Ok(())
    }

    /// Up to `len` bytes from `offset`: what lies inside the source, possibly nothing.
    ///
    /// # Errors
    /// Only what the operating system says.
    pub fn read_up_to(&self, offset: u64, len: u64, what: &str) -> Result<Cow<'_, [u8]>, Unreadable> {
        let len = len.min(self.len.saturating_sub(offset));
        if len == 0 {
            return Ok(Cow::Borrowed(&[]));
        }
        self.read(offset, len, what)
    }

    /// The part of this source that starts at `offset` and is `len` bytes long, as a source of its own.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when the range does not lie inside this source.
    pub fn slice(&self, offset: u64, len: u64, what: &str) -> Result<Source<'a>, Unreadable> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Unreadable::damaged(what, offset, format!("{len} bytes wanted, the file has {}", self.len)));
        }
        Ok(Source { inner: self.inner.clone(), base: self.base + offset, len })
    }
}

/// Puts up to `len` bytes from `offset` into `buffer`, as far as the file goes, in the place of what it held. No cursor moves.
fn read_at(file: &File, buffer: &mut Vec<u8>, len: usize, offset: u64) -> std::io::Result<()> {
    buffer.clear();
    buffer.reserve_exact(len);
    while buffer.len() < len && read_some(file, buffer, offset)? > 0 {}
    buffer.truncate(len);
    Ok(())
}

/// Puts behind the bytes of a file from `offset` on that are in `buffer` what the system gives at once of those that follow and that
/// there is room for. Nothing is written to the room before: that would take longer than to read.
#[cfg(unix)]
fn read_some(file: &File, buffer: &mut Vec<u8>, offset: u64) -> std::io::Result<usize> {
    use rustix::buffer::spare_capacity;
    use rustix::io::pread;
    let at = offset + buffer.len() as u64;
    Ok(rustix::io::retry_on_intr(|| pread(file, spare_capacity(buffer), at))?)
}

/// Puts behind the bytes of a file from `offset` on that are in `buffer` what the system gives at once of those that follow and that
/// there is room for.
#[cfg(windows)]
fn read_some(file: &File, buffer: &mut Vec<u8>, offset: u64) -> std::io::Result<usize> {
    use std::io::ErrorKind;
    use std::os::windows::fs::FileExt;
    let done = buffer.len();
    buffer.resize(buffer.capacity(), 0);
    let read = loop {
        match file.seek_read(&mut buffer[done..], offset + done as u64) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    buffer.truncate(done + read.as_ref().copied().unwrap_or(0));
    read
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file_of(length: usize) -> (tempfile::NamedTempFile, Vec<u8>) {
        let bytes: Vec<u8> = (0..length).map(|at| (at / 7 + at * 31) as u8).collect();
        let mut file = tempfile::NamedTempFile::new().expect("a temporary directory is writable");
        file.write_all(&bytes).expect("there is room");
        (file, bytes)
    }

    #[test]
    fn a_file_reads_alike_at_its_ends_and_between_them() {
        for length in [0, 1, HEAD - 1, HEAD, HEAD + 1, HEAD + TAIL as usize, 3 * HEAD] {
            let (file, bytes) = file_of(length);
            let source = Source::from_file(file.as_file()).unwrap();
            let (head, tail) = (HEAD.min(length), length.saturating_sub(TAIL as usize));
            for start in [0, 1, head, head.saturating_sub(1), tail, tail.saturating_sub(1), length / 2, length] {
                for end in [start, start + 1, head, tail, tail + 1, length, length + 1] {
                    let Some(wanted) = end.checked_sub(start) else { continue };
                    let read = source.read(start as u64, wanted as u64, "bytes");
                    assert_eq!(read.ok().as_deref(), bytes.get(start..end), "{start}..{end} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_file_that_became_shorter_is_said_to_be_so() {
        let (file, bytes) = file_of(4 * HEAD);
        let source = Source::from_file(file.as_file()).unwrap();
        file.as_file().set_len(2 * HEAD as u64).unwrap();
        for at in [4 * HEAD - 16, 3 * HEAD] {
            let why = source.read(at as u64, 16, "a table").unwrap_err().to_string();
            assert!(why.ends_with("the file became shorter while it was read"), "{why}");
        }
        let between = source.read(HEAD as u64, 16, "a table").unwrap();
        assert_eq!(between, &bytes[HEAD..HEAD + 16]);
    }
}
