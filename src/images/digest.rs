//! Digests of content: `sha256:…`, and readers that compute them on the way.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::Refused;
use crate::facts::hex;

/// A SHA-256 digest as images write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Reads `sha256:` and 64 lower-case hexadecimal digits, which no path can hide in.
    pub(super) fn parse(text: &str) -> Result<Digest, Refused> {
        let bad = || Refused(format!("`{text}` is no sha256 digest, the only kind that is read"));
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64).ok_or_else(bad)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let digit =
                |at: usize| pair.get(at).and_then(|digit| b"0123456789abcdef".iter().position(|hex| hex == digit));
            let (high, low) = digit(0).zip(digit(1)).ok_or_else(bad)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Digest(bytes))
    }

    /// Where an OCI layout keeps the content.
    pub(super) fn blob(&self) -> String {
        format!("blobs/sha256/{}", self.hex())
    }

    /// The digits, without what kind they are.
    pub(super) fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Refuses content whose digest is another one.
    pub(super) fn compare(&self, found: Digest, what: &str) -> Result<(), Refused> {
        if *self == found { Ok(()) } else { Err(Refused(format!("{what} is not {self}, but {found}"))) }
    }

    /// The digest of bytes in memory.
    pub(super) fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// A reader that hashes and counts what passes.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
    /// Bytes that have passed.
    pub(super) count: u64,
    /// Bytes from which on it fails.
    limit: u64,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Hashing { inner, hash: Sha256::new(), count: 0, limit }
    }

    /// What it reads from.
    pub(super) fn inner(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The digest of everything up to the end, and how long it was.
    pub(super) fn finish(&mut self) -> io::Result<(Digest, u64)> {
        io::copy(self, &mut io::sink())?;
        Ok((Digest(std::mem::take(&mut self.hash).finalize().into()), self.count))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        if self.count > self.limit {
            return Err(io::Error::other(format!("it unpacks to more than {} bytes", self.limit)));
        }
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_strictly() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::parse(empty).map(|digest| digest.to_string()).as_deref(), Ok(empty));
        assert_eq!(Digest::of(b"").to_string(), empty);
        for bad in ["", "sha256:", "sha512:00", "sha256:../../../../etc/passwd", &empty.to_uppercase(), &empty[..70]] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_passes_is_counted_and_bounded() {
        let mut reader = Hashing::new(&b"hello"[..], 5);
        assert_eq!(reader.finish().expect("five bytes"), (Digest::of(b"hello"), 5));
        assert!(Hashing::new(&b"hello!"[..], 5).finish().is_err());
    }
}
