//! Files that are damaged on purpose, and what reading them must come to.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

/// A file of some megabytes may take this long, in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

/// Numbers that break sums, signs and loops.
pub(crate) const EXTREME_WORDS: [u32; 7] = [0, 1, 7, 0x7fff_ffff, 0x8000_0000, u32::MAX, u32::MAX - 7];

/// Puts `new` at an offset; what would go past the end is left out.
pub(crate) fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    let end = (at + new.len()).min(bytes.len());
    bytes[at..end].copy_from_slice(&new[..end - at]);
}

/// Reads; whatever comes out is fine, as long as something does, and soon.
#[track_caller]
pub(crate) fn read_soon<T, E: Display>(read: impl FnOnce() -> Result<T, E>) {
    let start = Instant::now();
    if let Err(error) = read() {
        assert!(!error.to_string().is_empty());
    }
    assert!(start.elapsed() < LIMIT, "took {:?}", start.elapsed());
}

/// A file with `lie` at an offset is refused, with words that contain `expected`.
#[track_caller]
pub(crate) fn lie_is_named<T: Debug, E: Display>(
    file: &[u8],
    (at, lie, expected): (usize, &[u8], &str),
    read: impl FnOnce(&[u8]) -> Result<T, E>,
) {
    let mut damaged = file.to_vec();
    damaged[at..at + lie.len()].copy_from_slice(lie);
    let error = read(&damaged).map_err(|error| error.to_string()).expect_err(expected);
    assert!(error.contains(expected), "{error}");
}
