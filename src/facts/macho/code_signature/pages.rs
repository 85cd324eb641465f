//! The pages of a slice against the hashes its CodeDirectory holds, streamed.

use serde::Serialize;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Digest, Sha256, Sha384};

use super::directory::CodeDirectory;
use crate::facts::{Source, Unreadable};

/// Bytes read at once.
const BUFFER: u64 = 256 * 1024;

/// Numbers of bad pages that are kept.
const MOST_NAMED: usize = 16;

/// What recomputing the page hashes showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PageHashes {
    /// Pages that were hashed.
    pub checked: u64,
    /// Pages whose bytes do not give the hash in the CodeDirectory.
    pub bad: u64,
    /// Numbers of the first bad pages, counted from 0.
    pub first_bad: Vec<u64>,
    /// Whether there is one hash for every page up to the code limit, all of them inside the blob, and the code limit
    /// inside the slice.
    pub complete: bool,
}

impl PageHashes {
    /// Every page is there and right.
    pub fn sound(&self) -> bool {
        self.complete && self.bad == 0
    }

    pub(super) fn describe(&self) -> String {
        match (self.complete, self.first_bad.first()) {
            (_, Some(first)) => {
                format!("does not match {} of {} pages, the first is page {first}", self.bad, self.checked)
            }
            _ => format!("has hashes for {} pages, which is not all of the code", self.checked),
        }
    }
}

/// Hashes every page of the code.
///
/// # Errors
/// Only what reading the file says.
pub(super) fn check(slice: &Source<'_>, directory: &CodeDirectory, blob: &[u8]) -> Result<PageHashes, Unreadable> {
    let mut result = PageHashes::default();
    let Some(mut hasher) = hasher(&directory.hash_type) else { return Ok(result) };
    let size = usize::from(directory.hash_size);
    let limit = directory.code_limit.min(slice.len());
    let page = if directory.page_size == 0 { limit.max(1) } else { directory.page_size };
    let stored = blob.get(directory.hash_offset as usize..).unwrap_or_default();
    // The kernel takes no other size for a type of hash; `sha256-truncated` keeps 20 bytes.
    let right_size = if directory.hash_type == "sha256-truncated" { size == 20 } else { size == hasher.output_size() };
    let expected: Vec<&[u8]> =
        if right_size { stored.chunks_exact(size).take(directory.code_slots as usize).collect() } else { Vec::new() };
    let pages = limit.div_ceil(page);
    result.complete = directory.code_limit <= slice.len()
        && pages == u64::from(directory.code_slots)
        && expected.len() as u64 == pages;
    let mut stream = Stream { slice, buffer: Vec::new(), start: 0 };
    for (number, expected) in (0..pages).zip(expected) {
        let end = (number + 1).saturating_mul(page).min(limit);
        stream.feed(number * page, end, hasher.as_mut())?;
        let digest = hasher.finalize_reset();
        result.checked += 1;
        if digest.get(..size) != Some(expected) {
            result.bad += 1;
            if result.first_bad.len() < MOST_NAMED {
                result.first_bad.push(number);
            }
        }
    }
    Ok(result)
}

fn hasher(hash_type: &str) -> Option<Box<dyn DynDigest>> {
    match hash_type {
        "sha1" => Some(Box::new(Sha1::new())),
        "sha256" | "sha256-truncated" => Some(Box::new(Sha256::new())),
        "sha384" => Some(Box::new(Sha384::new())),
        _ => None,
    }
}

/// Reads the slice front to back through one buffer.
struct Stream<'s, 'a> {
    slice: &'s Source<'a>,
    buffer: Vec<u8>,
    start: u64,
}

impl Stream<'_, '_> {
    fn feed(&mut self, from: u64, to: u64, hasher: &mut dyn DynDigest) -> Result<(), Unreadable> {
        let mut at = from;
        while at < to {
            if at < self.start || at >= self.start + self.buffer.len() as u64 {
                self.buffer = self.slice.read_up_to(at, BUFFER, "signed code")?.into_owned();
                self.start = at;
            }
            let within = (at - self.start) as usize;
            let take = (self.buffer.len() - within).min((to - at) as usize);
            if take == 0 {
                return Err(Unreadable::damaged("signed code", at, "the file became shorter while it was read"));
            }
            hasher.update(&self.buffer[within..within + take]);
            at += take as u64;
        }
        Ok(())
    }
}
