//! Content that outlives the stream: ELF files, each as a numbered file in a private directory that goes with it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Refused, limits};

/// The private directory.
#[derive(Debug, Default)]
pub(super) struct Spool {
    /// Made when there is something to keep.
    directory: Option<TempDir>,
    files: u32,
    bytes: u64,
}

impl Spool {
    /// Keeps `head` and what follows it in `rest`; gives its number.
    ///
    /// # Errors
    /// Too much of it, a full disk, or whatever is wrong with the stream.
    pub(super) fn keep(&mut self, head: &[u8], rest: &mut dyn Read, size: u64) -> Result<u32, Refused> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > limits::KEPT {
            return Err(Refused(format!("its programs and libraries have more than {} bytes", limits::KEPT)));
        }
        if self.directory.is_none() {
            let directory = tempfile::Builder::new().prefix(".seaworthy-image-").tempdir().map_err(full)?;
            self.directory = Some(directory);
        }
        let number = self.files;
        self.files += 1;
        let mut file = File::create_new(self.path(number)).map_err(full)?;
        file.write_all(head).map_err(full)?;
        let mut chunk = [0; 32 << 10];
        loop {
            match rest.read(&mut chunk) {
                Ok(0) => return Ok(number),
                Ok(read) => file.write_all(chunk.get(..read).unwrap_or_default()).map_err(full)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Where the content of that number lies.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        let directory = self.directory.as_ref().map(TempDir::path).unwrap_or(Path::new("/nonexistent"));
        directory.join(number.to_string())
    }

    /// Content that nothing leads to any more.
    pub(super) fn drop(&self, number: u32) {
        let _ = std::fs::remove_file(self.path(number));
    }
}

/// What the temporary directory did not take.
pub(super) fn full(error: io::Error) -> Refused {
    let directory = std::env::temp_dir();
    let why = crate::error::plain(error);
    Refused(format!(
        "the temporary directory `{}` does not take its content: {why}; set TMPDIR to a directory with more room",
        directory.display()
    ))
}
