//! Versions with dots, compared number by number.

/// `2.17` as `[2, 17]`; `None` when a part is no number.
pub(in crate::rules) fn parse(text: &str) -> Option<Vec<u32>> {
    let text = text.trim();
    if text.is_empty() { None } else { text.split('.').map(|part| part.parse().ok()).collect() }
}

/// Number of a version node: `GLIBC_2.2.5` with the prefix `GLIBC_` is `[2, 2, 5]`; markers and `GLIBC_PRIVATE` have none.
pub(in crate::rules) fn node(version: &str, prefix: &str) -> Option<Vec<u32>> {
    version.strip_prefix(prefix).and_then(parse)
}

/// Whether `needed` is newer than `offered`; a missing part counts as zero (`11` equals `11.0`).
pub(in crate::rules) fn is_newer(needed: &[u32], offered: &[u32]) -> bool {
    let length = needed.len().max(offered.len());
    let padded = |version: &[u32]| (0..length).map(|i| version.get(i).copied().unwrap_or(0)).collect::<Vec<_>>();
    padded(needed) > padded(offered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text| parse(text).expect("a version");
        assert!(is_newer(&version("2.34"), &version("2.9")));
        assert!(!is_newer(&version("11.0"), &version("11")));
        assert!(is_newer(&version("2.2.5"), &version("2.2")));
        assert_eq!(node("GLIBC_2.2.5", "GLIBC_"), Some(vec![2, 2, 5]));
        assert_eq!(node("GLIBC_ABI_DT_RELR", "GLIBC_"), None);
        assert_eq!((parse(""), parse("2.x"), parse("99999999999")), (None, None, None));
    }
}
