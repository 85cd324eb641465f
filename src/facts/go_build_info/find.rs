//! Where the build information lies, and its two encodings (Go `debug/buildinfo`).
//!
//! A blob of 32 bytes, aligned to 16, starts with a magic. Up to Go 1.17 it points at two Go strings; from 1.18 on the
//! strings follow it, each after its length as a varint.

use super::GoBuild;
use super::modinfo;
use crate::facts::bytes::{Order, text};
use crate::facts::ranges::bounded;
use crate::facts::window::Window;
use crate::facts::{Source, Unreadable};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGN: usize = 16;
const HEADER: u64 = 32;
/// Flags of the blob's byte 15.
const BIG_ENDIAN: u8 = 1;
const INLINE_STRINGS: u8 = 2;
/// Longest string that is believed, in bytes: module lists of large programs have some hundred KiB.
const LONGEST: u64 = 16 << 20;
/// Bytes of the longest varint (Go `binary.MaxVarintLen64`).
const LONGEST_VARINT: u64 = 10;
/// What errors say that is read.
const WHAT: &str = "Go build information";
/// Bytes searched at once.
const CHUNK: u64 = 64 * 1024;

/// Where a format keeps what is looked for.
pub(in crate::facts) struct Places<'p> {
    /// File ranges as offset and length, the likeliest first: the section of its own, then writable data.
    pub(in crate::facts) ranges: Vec<(u64, u64)>,
    /// Address to file offset, with the number of bytes that follow in the same segment.
    pub(in crate::facts) locate: &'p dyn Fn(u64) -> Option<(u64, u64)>,
}

/// The build information; `None` when no range has it, or what it points at does not lie in the file.
///
/// # Errors
/// What reading gives.
pub(in crate::facts) fn find(source: &Source<'_>, places: &Places<'_>) -> Result<Option<GoBuild>, Unreadable> {
    for (offset, size) in bounded(source.len(), places.ranges.iter().copied()) {
        if let Some(at) = search(source, offset, size)?
            && let Some(raw) = decode(&Window::new(source), source, places, at)?
        {
            let mut build = modinfo::parse(&raw.modules);
            build.version = Some(text(&raw.version)).filter(|version| !version.is_empty());
            return Ok(Some(build));
        }
    }
    Ok(None)
}

/// Offset of the blob in a range.
fn search(source: &Source<'_>, offset: u64, size: u64) -> Result<Option<u64>, Unreadable> {
    let mut at = 0;
    while at + HEADER <= size {
        // The magic is no longer than what it is aligned to, so it lies in one chunk.
        let chunk = source.read_up_to(offset + at, CHUNK.min(size - at), WHAT)?;
        if let Some(found) = chunk.chunks(ALIGN).position(|part| part.starts_with(MAGIC)) {
            let found = at + (found * ALIGN) as u64;
            return Ok((found + HEADER <= size).then_some(offset + found));
        }
        at += CHUNK;
    }
    Ok(None)
}

/// The two strings of the blob.
struct Raw {
    version: Vec<u8>,
    modules: Vec<u8>,
}

fn decode(window: &Window<'_>, source: &Source<'_>, places: &Places<'_>, at: u64) -> Result<Option<Raw>, Unreadable> {
    let header: [u8; HEADER as usize] = window.bytes(at, WHAT)?;
    let (pointer_size, flags) = (header[14], header[15]);
    if flags & INLINE_STRINGS != 0 {
        let Some((version, next)) = inline(window, source.len(), at + HEADER)? else { return Ok(None) };
        let modules = inline(window, source.len(), next)?.map(|(modules, _)| modules);
        return Ok(Some(Raw { version, modules: modules.unwrap_or_default() }));
    }
    let wide = match pointer_size {
        4 => false,
        8 => true,
        _ => return Ok(None),
    };
    let order = Order { big: flags & BIG_ENDIAN != 0, wide };
    let string = |field: usize| -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(pointer) = order.word(&header, 16 + field * order.word_size()) else { return Ok(None) };
        string_at(source, places, order, pointer)
    };
    let Some(version) = string(0)? else { return Ok(None) };
    Ok(Some(Raw { version, modules: string(1)?.unwrap_or_default() }))
}

/// A string after its length, and where the next one starts.
fn inline(window: &Window<'_>, end_of_file: u64, at: u64) -> Result<Option<(Vec<u8>, u64)>, Unreadable> {
    let mut head = vec![0; end_of_file.saturating_sub(at).min(LONGEST_VARINT) as usize];
    window.fill(at, &mut head, WHAT)?;
    let Some((length, used)) = varint(&head) else { return Ok(None) };
    let start = at + used;
    if length > LONGEST || start.checked_add(length).is_none_or(|end| end > end_of_file) {
        return Ok(None);
    }
    let mut string = vec![0; length as usize];
    window.fill(start, &mut string, WHAT)?;
    Ok(Some((string, start + length)))
}

/// An unsigned varint (Go `encoding/binary`), and its length.
fn varint(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index as u64 + 1));
        }
    }
    None
}

/// The Go string (pointer and length) at an address.
fn string_at(
    source: &Source<'_>,
    places: &Places<'_>,
    order: Order,
    pointer: u64,
) -> Result<Option<Vec<u8>>, Unreadable> {
    let size = order.word_size() as u64;
    let Some((offset, _)) = (places.locate)(pointer).filter(|&(_, left)| left >= 2 * size) else { return Ok(None) };
    let header = source.read(offset, 2 * size, WHAT)?;
    let (Some(data), Some(length)) = (order.word(&header, 0), order.word(&header, size as usize)) else {
        return Ok(None);
    };
    if length == 0 {
        return Ok(Some(Vec::new()));
    }
    let Some((offset, _)) = (places.locate)(data).filter(|&(_, left)| left >= length && length <= LONGEST) else {
        return Ok(None);
    };
    Ok(Some(source.read(offset, length, WHAT)?.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &[u8; 16] = b"0123456789abcdef";

    fn modules(text: &str) -> Vec<u8> {
        [SENTINEL, text.as_bytes(), SENTINEL].concat()
    }

    fn inline_blob(version: &str, modules: &[u8]) -> Vec<u8> {
        let mut blob = [MAGIC, &[8, INLINE_STRINGS], &[0; 16]].concat();
        for part in [version.as_bytes(), modules] {
            assert!(part.len() < 0x4000);
            blob.extend([part.len() as u8 & 0x7f | 0x80, (part.len() >> 7) as u8]);
            blob.extend(part);
        }
        blob
    }

    /// A blob with pointers at address 0x1000 + file offset.
    fn pointer_blob(order: Order, version: &str, modules: &[u8]) -> Vec<u8> {
        let word = |value: u64| -> Vec<u8> {
            let all = if order.big { value.to_be_bytes() } else { value.to_le_bytes() };
            match (order.wide, order.big) {
                (true, _) => all.to_vec(),
                (false, true) => all[4..].to_vec(),
                (false, false) => all[..4].to_vec(),
            }
        };
        let size = order.word_size() as u64;
        let mut blob = [MAGIC, &[size as u8, u8::from(order.big)]].concat();
        blob.extend([word(0x1000 + 48), word(0x1000 + 80)].concat());
        blob.resize(48, 0);
        blob.extend([word(0x1000 + 112), word(version.len() as u64)].concat());
        blob.resize(80, 0);
        blob.extend([word(0x1000 + 112 + version.len() as u64), word(modules.len() as u64)].concat());
        blob.resize(112, 0);
        blob.extend(version.as_bytes());
        blob.extend(modules);
        blob
    }

    fn read(blob: &[u8], ranges: Vec<(u64, u64)>) -> Option<GoBuild> {
        let source = Source::from_bytes(blob);
        let length = blob.len() as u64;
        let locate =
            move |address: u64| address.checked_sub(0x1000).filter(|&at| at < length).map(|at| (at, length - at));
        find(&source, &Places { ranges, locate: &locate }).unwrap()
    }

    #[test]
    fn both_encodings_in_both_orders_and_widths() {
        let text = modules("path\texample.com/x\nbuild\tCGO_ENABLED=0\n");
        let mut blobs = vec![inline_blob("go1.27.3", &text)];
        for (big, wide) in [(false, false), (false, true), (true, false), (true, true)] {
            blobs.push(pointer_blob(Order { big, wide }, "go1.27.3", &text));
        }
        for blob in blobs {
            let build = read(&blob, vec![(0, blob.len() as u64)]).unwrap();
            assert_eq!(build.version.as_deref(), Some("go1.27.3"));
            assert_eq!(build.path.as_deref(), Some("example.com/x"));
            assert_eq!(build.setting("CGO_ENABLED"), Some("0"));
        }
    }

    #[test]
    fn the_blob_is_found_across_chunks_and_only_when_aligned() {
        let blob = inline_blob("go1.20", b"");
        let mut file = vec![0; CHUNK as usize - 8];
        file.extend(&blob);
        assert_eq!(read(&file, vec![(0, file.len() as u64)]), None, "not aligned");
        let mut file = vec![0; CHUNK as usize - 16];
        file.extend(MAGIC[..4].iter());
        file.resize(CHUNK as usize, 0);
        file.extend(&blob);
        let build = read(&file, vec![(0, 16), (0, file.len() as u64)]).unwrap();
        assert_eq!(build.version.as_deref(), Some("go1.20"));
        assert!(build.settings.is_empty());
    }

    #[test]
    fn lies_about_lengths_find_nothing() {
        let mut blob = inline_blob("go1.20", b"");
        blob[32] = 0xff;
        blob[33] = 0xff;
        assert_eq!(read(&blob, vec![(0, blob.len() as u64)]), None);
        let order = Order { big: false, wide: true };
        let mut blob = pointer_blob(order, "go1.16", b"");
        blob[16..24].fill(0xff);
        assert_eq!(read(&blob, vec![(0, blob.len() as u64)]), None);
        for end in 0..blob.len() {
            read(&blob[..end], vec![(0, u64::MAX)]);
        }
    }
}
