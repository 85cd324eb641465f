//! `/etc/ld.so.cache` (glibc `sysdeps/generic/dl-cache.h`): which path ldconfig found for each soname.

use std::collections::HashMap;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// Bytes of `struct cache_file_new` without its entries, and of one entry.
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// The paths of each soname, those without demands on the CPU first; empty when it is no cache. Entries for other machines
/// are among them: the loader looks at the files too.
pub(super) fn parse(bytes: &[u8]) -> HashMap<String, Vec<String>> {
    // Old files carry the old format in front of the new one.
    let Some(start) = bytes.windows(MAGIC.len()).position(|window| window == MAGIC) else { return HashMap::new() };
    let cache = &bytes[start..];
    let u32_at = |at: usize| {
        let bytes: [u8; 4] = cache.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    };
    let text = |offset: u32| {
        let bytes = cache.get(usize::try_from(offset).ok()?..)?;
        let end = bytes.iter().take(4096).position(|&byte| byte == 0)?;
        std::str::from_utf8(bytes.get(..end)?).ok()
    };
    let count = u32_at(MAGIC.len()).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let mut found: Vec<(bool, &str, &str)> = Vec::new();
    for index in 0..count.min(cache.len() / ENTRY) {
        let at = HEADER + index * ENTRY;
        let (Some(key), Some(value)) = (u32_at(at + 4).and_then(text), u32_at(at + 8).and_then(text)) else { break };
        let plain = u32_at(at + 16) == Some(0) && u32_at(at + 20) == Some(0);
        found.push((!plain, key, value));
    }
    found.sort_by_key(|(demanding, ..)| *demanding);
    let mut paths: HashMap<String, Vec<String>> = HashMap::new();
    for (_, key, value) in found {
        paths.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_caches_are_empty_or_short() {
        assert!(parse(b"").is_empty());
        assert!(parse(b"ld.so-1.7.0").is_empty());
        let mut cache = MAGIC.to_vec();
        cache.extend(u32::MAX.to_ne_bytes());
        cache.resize(HEADER + ENTRY, 0xff);
        assert!(parse(&cache).is_empty());
    }
}
