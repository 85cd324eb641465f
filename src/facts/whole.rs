//! A whole file in one number: its SHA-256.

use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::bytes::hex;
use super::{Unreadable, open};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// Length and digest of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// SHA-256, in hex.
    pub sha256: String,
    /// Length, in bytes.
    pub size: u64,
}

/// Reads a regular file from its beginning to its end.
///
/// # Errors
/// What opening and reading say.
pub fn digest(path: &Path) -> Result<Digest, Unreadable> {
    let mut file = open(path)?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest { sha256: hex(&hash.finalize()), size }),
            Ok(read) => {
                hash.update(&buffer[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Unreadable::io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_digested_whole_and_nothing_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert_eq!(digest(&path), Ok(Digest { sha256, size: 3 }));
        assert!(matches!(digest(directory.path()), Err(Unreadable::NotAFile(_))));
    }
}
