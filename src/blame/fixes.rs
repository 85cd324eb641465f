//! The fix that works for one crate: `data/crate-fixes.tsv`.

static TABLE: &str = include_str!("../../data/crate-fixes.tsv");

/// What to do about the C library that `crate_name` brings.
pub(crate) fn of_crate(crate_name: &str) -> Option<&'static str> {
    rows().find(|(name, _)| *name == crate_name).map(|(_, advice)| advice)
}

/// Crate and advice of every row.
pub(crate) fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        Some((columns.next()?, columns.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_crate_an_advice_and_a_source() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').filter(|column| !column.is_empty()).count(), 3, "{line}");
        }
        assert!(of_crate("openssl-sys").is_some_and(|advice| advice.contains("vendored")));
        assert_eq!(of_crate("serde"), None);
    }
}
