//! What a Rust compiler and cargo-auditable leave in a file.

use std::collections::BTreeMap;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::ranges::bounded;
use super::{Source, Unreadable};

/// What shows that Rust made a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RustBuild {
    /// `rustc` version from `.comment`, where it is left: `1.100.0`.
    pub version: Option<String>,
    /// Commit of the compiler, from the paths of the standard library; the one that most paths name.
    pub commit: Option<String>,
    /// Packages of cargo-auditable's `.dep-v0`, as `name version`; unpacked only when
    /// [`Wanted::detail`](super::Wanted) is set.
    pub packages: Vec<String>,
    /// What else shows Rust: strings of the standard library.
    pub traces: Vec<String>,
}

/// Bytes searched at once, and what two chunks share.
const CHUNK: u64 = 256 * 1024;
const MARGIN: u64 = 64;
/// Longest list of packages that is unpacked, in bytes: lists of large workspaces have some hundred KiB.
const LONGEST_LIST: usize = 8 << 20;
/// Different commits that are counted.
const MOST_COMMITS: usize = 64;
/// Strings that every program with Rust's standard library has: the variable it reads when it panics, and its paths.
const TRACES: [&str; 2] = ["RUST_BACKTRACE", "library/std/src"];

/// The version in a producer such as `rustc version 1.100.0 (0ef1bc386 2026-11-09)`.
pub(super) fn version(producers: &[String]) -> Option<String> {
    let version = producers.iter().find_map(|producer| producer.strip_prefix("rustc version "))?;
    version.split(' ').next().map(str::to_owned)
}

/// Strings of the standard library in ranges (offset and length) of read-only data.
///
/// # Errors
/// What reading gives.
pub(super) fn search(source: &Source<'_>, ranges: &[(u64, u64)], build: &mut RustBuild) -> Result<(), Unreadable> {
    let paths = Finder::new("/rustc/");
    let traces = TRACES.map(Finder::new);
    let mut seen = [false; TRACES.len()];
    let mut commits: BTreeMap<String, u32> = BTreeMap::new();
    for (offset, size) in bounded(source.len(), ranges.iter().copied()) {
        let mut at = 0;
        while at < size {
            let chunk = source.read_up_to(offset + at, (CHUNK + MARGIN).min(size - at), "read-only data")?;
            for found in paths.find_iter(&chunk).filter(|&found| (found as u64) < CHUNK) {
                if let Some(commit) = commit(&chunk[found + 7..])
                    && (commits.len() < MOST_COMMITS || commits.contains_key(commit))
                {
                    *commits.entry(commit.to_owned()).or_default() += 1;
                }
            }
            for (seen, trace) in seen.iter_mut().zip(&traces) {
                *seen = *seen || trace.find(&chunk).is_some();
            }
            at += CHUNK;
        }
    }
    build.commit = commits.into_iter().max_by_key(|(_, count)| *count).map(|(commit, _)| commit);
    build.traces = TRACES.iter().zip(seen).filter(|(_, seen)| *seen).map(|(trace, _)| (*trace).to_owned()).collect();
    Ok(())
}

/// The 40 hexadecimal digits of a commit at the start.
fn commit(bytes: &[u8]) -> Option<&str> {
    let digits = bytes.get(..40)?;
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.iter().all(is_hex) && bytes.get(40) == Some(&b'/')).then(|| std::str::from_utf8(digits).ok()).flatten()
}

/// The packages of `.dep-v0`: JSON under zlib (format of cargo-auditable). `None` when it is something else.
pub(super) fn packages(section: &[u8]) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct List {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let json = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(section, LONGEST_LIST).ok()?;
    let list: List = serde_json::from_slice(&json).ok()?;
    Some(list.packages.into_iter().map(|package| format!("{} {}", package.name, package.version)).collect())
}

impl RustBuild {
    /// Whether anything was found. A commit or the traces alone may come from data that another Rust program left.
    pub(super) fn is_shown(&self) -> bool {
        self.version.is_some()
            || self.commit.is_some()
            || !self.packages.is_empty()
            || self.traces.len() == TRACES.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_producers() {
        let producers = ["GCC: (GNU) 8".to_owned(), "rustc version 1.100.0 (0ef1bc386 2026-11-09)".to_owned()];
        assert_eq!(version(&producers).as_deref(), Some("1.100.0"));
        assert_eq!(version(&producers[..1]), None);
    }

    #[test]
    fn commits_are_counted_over_chunks() {
        let (one, two) = ("a".repeat(40), "b".repeat(40));
        let mut file = vec![b' '; CHUNK as usize - 20];
        file.extend(format!("/rustc/{one}/library /rustc/{two}/x /rustc/{two}/y /rustc/xyz").bytes());
        let source = Source::from_bytes(&file);
        let mut build = RustBuild::default();
        search(&source, &[(0, file.len() as u64)], &mut build).unwrap();
        assert_eq!(build.commit, Some(two));
        assert!(build.is_shown());
    }

    #[test]
    fn package_lists_are_unpacked_and_bounded() {
        let json = r#"{"packages":[{"name":"a","version":"1.0.0","source":"registry"}]}"#;
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 6);
        assert_eq!(packages(&packed), Some(vec!["a 1.0.0".to_owned()]));
        assert_eq!(packages(b"junk"), None);
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; LONGEST_LIST + 1], 9);
        assert_eq!(packages(&bomb), None);
    }
}
