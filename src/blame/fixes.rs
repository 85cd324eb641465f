//! The fix that works for one culprit: `data/crate-fixes.tsv`, `data/go-replacements.tsv`.

static CRATES: &str = include_str!("../../data/crate-fixes.tsv");
static GO: &str = include_str!("../../data/go-replacements.tsv");

/// What to do about the C library that `crate_name` brings.
pub(crate) fn of_crate(crate_name: &str) -> Option<&'static str> {
    rows(CRATES).find(|(name, _)| *name == crate_name).map(|(_, advice)| advice)
}

/// What does the same as a Go package, without cgo.
pub(crate) fn instead_of_package(import_path: &str) -> Option<&'static str> {
    let within = |module: &str| {
        import_path.strip_prefix(module).is_some_and(|rest| matches!(rest.chars().next(), None | Some('/')))
    };
    rows(GO).find(|(module, _)| within(module)).map(|(_, instead)| instead)
}

/// Name and advice of every row.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        Some((columns.next()?, columns.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_an_advice_and_a_source() {
        for line in CRATES.lines().chain(GO.lines()).filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').filter(|column| !column.is_empty()).count(), 3, "{line}");
        }
        assert!(of_crate("openssl-sys").is_some_and(|advice| advice.contains("vendored")));
        // Its features are about OpenSSL; its own source goes in unless that variable is set.
        assert!(of_crate("libssh2-sys").is_some_and(|advice| advice.contains("LIBSSH2_SYS_USE_PKG_CONFIG")));
        assert_eq!(of_crate("serde"), None);
        assert!(instead_of_package("github.com/confluentinc/confluent-kafka-go/v2/kafka").is_some());
        assert_eq!(instead_of_package("github.com/mattn/go-sqlite3x"), None);
    }
}
