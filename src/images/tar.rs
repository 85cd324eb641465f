//! The tar format as a stream: `ustar`, GNU's long names and PAX records, each with a bound.
//!
//! Read here rather than by a library because what comes is hostile: an extended header is never longer than
//! [`limits::EXTENSION`] in memory, records may hold line feeds (`security.capability` does), and headers that contradict
//! each other are refused instead of guessed at. Where formats leave a choice it is that of Go's `archive/tar`, which every
//! container runtime reads layers with.

mod header;
mod pax;

use std::io::{self, Read};

use super::{Access, Refused, limits, shown};
use header::{BLOCK, Header};
use pax::Pax;

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    /// Bytes of content; 0 for anything but a file.
    pub(super) size: u64,
    /// Permission bits and owner.
    pub(super) access: Access,
    /// Where a link leads.
    pub(super) link: Vec<u8>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    HardLink,
    Symlink,
    Directory,
    /// A device or a FIFO.
    Special,
}

/// A stream whose bytes can be passed over.
pub(super) trait Input: Read {
    /// Passes over `count` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when there are fewer.
    fn skip(&mut self, count: u64) -> io::Result<()>
    where
        Self: Sized,
    {
        let passed = io::copy(&mut self.by_ref().take(count), &mut io::sink())?;
        if passed < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Where the next byte lies, where that means anything.
    fn position(&mut self) -> io::Result<u64> {
        Ok(0)
    }
}

/// Reads members one after the other.
pub(super) struct Members<R> {
    input: R,
    /// Bytes of the current member that were not read, and those that fill up its last block.
    left: u64,
    padding: u64,
    /// The current member, for messages.
    name: Vec<u8>,
    headers: u64,
}

impl<R: Input> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Members { input, left: 0, padding: 0, name: Vec::new(), headers: 0 }
    }

    /// The next member; its content is what [`Read`] gives until the next call.
    ///
    /// # Errors
    /// [`Refused`], with the name of the member where it has one.
    pub(super) fn next(&mut self) -> Result<Option<Member>, Refused> {
        self.input.skip(self.left).map_err(|error| self.failed(&error))?;
        self.left = 0;
        match self.input.skip(std::mem::take(&mut self.padding)) {
            // Some tools (umoci) stop right behind the last byte, and all runtimes accept that.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result.map_err(|error| self.failed(&error))?,
        }
        let mut extra = Extra::default();
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            match header.kind {
                b'L' => extra.name = Some(until_nul(self.extension(header.size)?)),
                b'K' => extra.link = Some(until_nul(self.extension(header.size)?)),
                b'x' => extra.pax = Pax::parse(&self.extension(header.size)?)?,
                // Global records: times and comments (`git archive`), nothing that names a file.
                b'g' => drop(self.extension(header.size)?),
                _ => return self.member(header, extra).map(Some),
            }
        }
    }

    /// Where the content of the current member starts.
    pub(super) fn position(&mut self) -> Result<u64, Refused> {
        Ok(self.input.position()?)
    }

    /// What the members were read from.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// A header; `None` at the end, which is two blocks of zeros or the end of the stream.
    fn header(&mut self) -> Result<Option<Header>, Refused> {
        let Some(block) = self.block()? else { return Ok(None) };
        if block.iter().all(|&byte| byte == 0) {
            return match self.block()? {
                Some(block) if block.iter().any(|&byte| byte != 0) => {
                    Err(Refused("something follows a block of zeros, which ends an archive".to_owned()))
                }
                _ => Ok(None),
            };
        }
        self.headers += 1;
        if self.headers > limits::MEMBERS {
            return Err(Refused(format!("it has more than {} members", limits::MEMBERS)));
        }
        Header::parse(&block).map(Some)
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Refused> {
        let mut block = [0; BLOCK];
        let mut got = 0;
        while let Some(rest) = block.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) if got == 0 => return Ok(None),
                Ok(0) => return Err(self.failed(&io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => got += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok(Some(block))
    }

    /// The content of an extended header.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Refused> {
        if size > limits::EXTENSION {
            return Err(Refused(format!("an extended header has {size} bytes, more than {}", limits::EXTENSION)));
        }
        let mut bytes = Vec::new();
        self.input.by_ref().take(size).read_to_end(&mut bytes).map_err(|error| self.failed(&error))?;
        if (bytes.len() as u64) < size {
            return Err(self.failed(&io::ErrorKind::UnexpectedEof.into()));
        }
        self.input.skip(padding(size)).map_err(|error| self.failed(&error))?;
        Ok(bytes)
    }

    fn member(&mut self, header: Header, extra: Extra) -> Result<Member, Refused> {
        let Extra { name, link, pax } = extra;
        let name = name.or(pax.name).unwrap_or(header.name);
        let link = link.or(pax.link).unwrap_or(header.link);
        let refused = |why: &str| Err(Refused(format!("`{}` {why}", shown(&name))));
        let kind = match header.kind {
            b'0' | b'7' => Kind::File,
            // Before POSIX a slash at the end told directories.
            0 if name.ends_with(b"/") => Kind::Directory,
            0 => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' | b'6' => Kind::Special,
            b'5' => Kind::Directory,
            b'S' => return refused("is a sparse file, which no image holds"),
            _ => return refused("is of a kind that is not known"),
        };
        if pax.is_sparse {
            return refused("is a sparse file, which no image holds");
        }
        let size = if kind == Kind::File { pax.size.unwrap_or(header.size) } else { 0 };
        if size > limits::UNPACKED {
            return refused(&format!("claims to have {size} bytes, more than a whole image may"));
        }
        (self.left, self.padding) = (size, padding(size));
        self.name.clone_from(&name);
        let Access { mode, uid, gid } = header.access;
        let access = Access { mode, uid: pax.uid.unwrap_or(uid), gid: pax.gid.unwrap_or(gid) };
        Ok(Member { name, kind, size, access, link })
    }

    /// What went wrong while the current member was read or passed over.
    fn failed(&self, error: &io::Error) -> Refused {
        let why = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => crate::error::plain(error),
        };
        match self.name.as_slice() {
            [] => Refused(why),
            name => Refused(format!("{why}, at `{}`", shown(name))),
        }
    }
}

/// The content of the current member.
impl<R: Input> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let result = match self.input.read(buffer.get_mut(..most).unwrap_or_default()) {
            Ok(0) if most > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            result => result,
        };
        // Whoever copies the content does not know whose it is.
        let read = result.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(self.failed(&error).to_string()),
        })?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// What extended headers say of the member that follows.
#[derive(Default)]
struct Extra {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Pax,
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    bytes
}

#[cfg(test)]
mod tests;
