//! Bounded reads of a file that may be hostile, huge, or still being written.
//!
//! `pread` rather than a map: it is two to three times cheaper for the few small ranges an ordinary binary needs, it
//! scales over threads, and a linker that truncates the file meanwhile gives a short read instead of SIGBUS.

use std::borrow::Cow;
use std::fs::File;

use thiserror::Error;

/// Why a file, or a part of it, could not be read as a linked binary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Not a format this tool reads (a script, an object file, an archive …).
    #[error("not a linked binary: {0}")]
    NotLinked(String),
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
}

/// Bytes of the head of a file that are read at once: enough for the headers of nearly every binary.
const HEAD: usize = 16 * 1024;

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
    File { file: &'a File, head: std::sync::Arc<Vec<u8>> },
}

impl<'a> Source<'a> {
    /// Bytes that are in memory already.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Source { inner: Inner::Memory(bytes), base: 0, len: bytes.len() as u64 }
    }

    /// A regular file; its first 16 KiB are read at once.
    ///
    /// # Errors
    /// What `fstat` and `pread` say.
    pub fn from_file(file: &'a File) -> std::io::Result<Self> {
        Source::of_length(file, file.metadata()?.len())
    }

    /// A regular file whose length is known.
    pub(super) fn of_length(file: &'a File, len: u64) -> std::io::Result<Self> {
        let want = usize::try_from(len).unwrap_or(HEAD).min(HEAD);
        let mut head = vec![0; want];
        let got = read_at(file, &mut head, 0)?;
        head.truncate(got);
        Ok(Source { inner: Inner::File { file, head: head.into() }, base: 0, len })
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

    /// The bytes where they are in memory; an error where the range does not lie inside the source.
    fn held(&self, offset: u64, len: u64, what: &str) -> Result<Option<&[u8]>, Unreadable> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Unreadable::damaged(what, offset, format!("{len} bytes wanted, the file has {}", self.len)));
        }
        let held = match &self.inner {
            Inner::Memory(bytes) => bytes,
            Inner::File { head, .. } => head.as_slice(),
        };
        let start = usize::try_from(self.base + offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
        match (held.get(start..end), &self.inner) {
            (None, Inner::Memory(_)) => Err(Unreadable::damaged(what, offset, "out of range")),
            (bytes, _) => Ok(bytes),
        }
    }

    /// Reads a range of a file, all of it, in the place of what `buffer` held.
    fn fill(&self, offset: u64, len: u64, what: &str, buffer: &mut Vec<u8>) -> Result<(), Unreadable> {
        let Inner::File { file, .. } = &self.inner else { return Ok(()) };
        let len = usize::try_from(len).map_err(|_| Unreadable::damaged(what, offset, "too large for this machine"))?;
        buffer.resize(len, 0);
        let got = read_at(file, buffer, self.base + offset).map_err(|error| Unreadable::Io(error.to_string()))?;
        if got < len {
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

/// Fills `buffer` from `offset` as far as the file goes, without moving any cursor.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    use std::os::unix::fs::FileExt;
    fill(buffer, offset, |part, at| file.read_at(part, at))
}

/// Fills `buffer` from `offset` as far as the file goes.
#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    use std::os::windows::fs::FileExt;
    fill(buffer, offset, |part, at| file.seek_read(part, at))
}

fn fill(
    buffer: &mut [u8],
    offset: u64,
    mut read: impl FnMut(&mut [u8], u64) -> std::io::Result<usize>,
) -> std::io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
