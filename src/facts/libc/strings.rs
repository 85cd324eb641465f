//! What read-only data of a static program says: clusters of strings, tunable names, hints at a version.
//!
//! Strings never decide alone: a program may embed another one. They say "probably" where no structure is known, and date
//! a library that structure has named.

use std::ops::ControlFlow;

use memchr::memmem::Finder;

use crate::facts::Unreadable;
use crate::facts::bytes::until_nul;
use crate::facts::elf::image::Image;
use crate::facts::patterns::Patterns;

/// Bytes read at once: few enough that the memory for them is the same for every file, and in the cache.
const CHUNK: u64 = 64 * 1024;
/// Bytes a match may look at beyond its needle; also how much two chunks share.
pub(super) const MARGIN: usize = 128;

/// As many strings are looked for one by one before all at once.
const FEW: usize = 3;

/// A string that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needle {
    /// What it shows.
    pub(super) means: Means,
    text: &'static str,
    /// How many of its bytes are left out of what is looked for.
    left_out: usize,
    /// A NUL stands before it.
    starts: bool,
    /// A NUL stands after it.
    ends: bool,
}

/// What a string shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// Member of glibc's cluster, by its number.
    Glibc(u8),
    /// Member of musl's cluster, by its number.
    Musl(u8),
    /// Some tunable's name, which follows.
    Tunable,
    /// glibc's banner, with the exact version.
    Banner,
    /// Name service switch modules are opened by name.
    Nss,
    /// `iconv()` itself, beside the converters that every static glibc carries.
    Iconv,
    /// `dlopen()`'s own message; every static glibc carries it, so only its place is of use.
    Dlopen,
    /// musl is of this release or newer.
    MuslSince(&'static str),
}

const fn needle(means: Means, text: &'static str, starts: bool, ends: bool) -> Needle {
    Needle { means, text, left_out: 0, starts, ends }
}

impl Needle {
    /// Without its beginning it is looked for, by the four bytes that come then. Other text has them hardly ever, so that hardly a
    /// place has to be compared; words such as `Name` or `glibc` stand everywhere.
    const fn without(self, beginning: &str) -> Needle {
        Needle { left_out: beginning.len(), ..self }
    }
}

/// The cluster, the hints at musl's version and the parts that load others; `data/static-libc-entries.tsv` is what decides.
static NEEDLES: &[Needle] = &[
    needle(Means::Glibc(0), "GLIBC_TUNABLES", true, true).without("GLIBC"),
    needle(Means::Glibc(1), "GCONV_PATH", true, true).without("GCON"),
    needle(Means::Glibc(2), "ANSI_X3.4-1968", false, false).without("ANSI"),
    needle(Means::Glibc(3), "relocation processing: %s%s", false, false).without("relocation processin"),
    needle(Means::Glibc(4), "cxa_atexit.c", true, true).without("cxa"),
    needle(Means::Tunable, "glibc.", true, false).without("gl"),
    needle(Means::Banner, "GNU C Library (", false, false).without("GNU "),
    needle(Means::Nss, "libnss_", true, false).without("lib"),
    needle(Means::Iconv, "!\"Nothing like this should happen\"", true, true),
    needle(Means::Dlopen, "invalid mode parameter", true, true).without("invalid "),
    // "No error information" stands before "Illegal byte sequence" from 1.2.1 on.
    needle(Means::MuslSince("1.2.1"), "No error information\0Illegal byte sequence", true, true),
    needle(Means::Musl(0), "Illegal byte sequence\0Domain error", false, true).without("Illegal byte sequence"),
    needle(Means::Musl(1), "No error information", true, true),
    needle(Means::Musl(2), "-+   0X0x", true, true).without("-+   "),
    needle(Means::Musl(3), "Name does not resolve", true, true).without("Name does not r"),
    needle(Means::MuslSince("1.2.3"), "Key has been revoked", true, true),
    needle(Means::MuslSince("1.2.4"), "Name has no usable address", true, true).without("Name has no "),
    needle(Means::MuslSince("1.2.6"), "Data consistency error", true, true),
];

/// One occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) means: Means,
    /// Address in memory, if a segment gives it one.
    pub(super) address: u64,
    /// The text from the needle to the next NUL, at most [`MARGIN`] bytes.
    pub(super) text: Vec<u8>,
}

/// Every occurrence among the constants, in order, until `visit` breaks.
///
/// # Errors
/// What reading gives.
pub(super) fn search(
    image: &Image<'_>,
    wanted: fn(Means) -> bool,
    visit: impl FnMut(Found) -> ControlFlow<()>,
) -> Result<(), Unreadable> {
    // Names of tunables stand in a table that is filled at the start; all else is text from the beginning.
    let has_tunables = NEEDLES.iter().any(|needle| needle.means == Means::Tunable && wanted(needle.means));
    let tables = has_tunables.then(|| image.relocated_constants());
    search_in(image, image.constants().chain(tables.into_iter().flatten()), wanted, visit)
}

/// As [`search`], in these ranges: address, offset and length in the file.
///
/// # Errors
/// What reading gives.
pub(super) fn search_in(
    image: &Image<'_>,
    ranges: impl IntoIterator<Item = (u64, u64, u64)>,
    wanted: fn(Means) -> bool,
    mut visit: impl FnMut(Found) -> ControlFlow<()>,
) -> Result<(), Unreadable> {
    let needles: Vec<Needle> = NEEDLES.iter().copied().filter(|needle| wanted(needle.means)).collect();
    let patterns: Vec<&str> = needles.iter().map(Needle::pattern).collect();
    let Some(all) = Patterns::new(&patterns) else { return Ok(()) };
    // Looking for one string is so much faster that it pays to do it for each of a few, since hardly a piece has any.
    let few: Vec<Finder<'_>> = patterns.iter().take(FEW + 1).map(|pattern| Finder::new(*pattern)).collect();
    let may_have_any = |chunk: &[u8]| few.len() > FEW || few.iter().any(|one| one.find(chunk).is_some());
    let mut buffer = Vec::new();
    for (base, offset, size) in ranges {
        let mut at = 0;
        while at < size {
            let wanted = (size - at).min(CHUNK + 2 * MARGIN as u64);
            let chunk = image.source.read_into(offset + at, wanted, "read-only segment", &mut buffer)?;
            let is_last = at + wanted >= size;
            // A match that starts in the margin belongs to the next chunk, where its surroundings are whole.
            let end = if is_last { chunk.len() } else { chunk.len() - MARGIN };
            let first = if at == 0 { 0 } else { MARGIN };
            let mut from = if may_have_any(chunk) { 0 } else { chunk.len() };
            while let Some((which, found)) = all.find(chunk, from) {
                from = found + 1;
                let needle = &needles[which];
                let start = needle.start(chunk, found).filter(|start| (first..end).contains(start));
                let Some(start) = start else { continue };
                let tail = &chunk[start..(start + MARGIN).min(chunk.len())];
                let address = base.wrapping_add(at + start as u64);
                if visit(Found { means: needle.means, address, text: until_nul(tail).to_vec() }).is_break() {
                    return Ok(());
                }
            }
            if is_last {
                break;
            }
            at += chunk.len() as u64 - 2 * MARGIN as u64;
        }
    }
    Ok(())
}

impl Needle {
    /// What is looked for.
    fn pattern(&self) -> &'static str {
        &self.text[self.left_out..]
    }

    /// Where the string starts whose pattern was found at this place, if all of it stands there, with a NUL before it and behind it
    /// where one has to be.
    fn start(&self, chunk: &[u8], found: usize) -> Option<usize> {
        let start = found.checked_sub(self.left_out)?;
        let after = chunk.get(start..)?.strip_prefix(self.text.as_bytes())?;
        let nul_before = start.checked_sub(1).and_then(|at| chunk.get(at)).is_none_or(|&byte| byte == 0);
        let nul_after = after.first().is_none_or(|&byte| byte == 0);
        ((!self.starts || nul_before) && (!self.ends || nul_after)).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_found_by_its_pattern() {
        for needle in NEEDLES {
            let pattern = needle.pattern().as_bytes();
            assert!(pattern.len() >= 4, "{needle:?}: a shorter one stands everywhere");
            for (before, after, stands) in [("\0", "\0", true), ("x", "\0", !needle.starts), ("\0", "x", !needle.ends)]
            {
                let chunk = [before, needle.text, after].concat().into_bytes();
                let found = 1 + needle.left_out;
                assert_eq!(&chunk[found..found + pattern.len()], pattern);
                assert_eq!(needle.start(&chunk, found), stands.then_some(1), "{needle:?} in {before:?} and {after:?}");
            }
        }
    }
}
