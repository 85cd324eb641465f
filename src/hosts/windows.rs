//! The oldest Windows that has what an image imports, where that is known.

use super::Version;
use super::table::Table;
use crate::facts::pe::PeFacts;

static FUNCTIONS: Table = Table::new(include_str!("../../data/windows-functions.tsv"));

/// When a function came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// The first Windows that has it.
    pub version: Version,
    /// From this version on an update may have brought it.
    pub updated: Option<Version>,
    /// Whether that was read in Microsoft's documentation.
    pub is_verified: bool,
}

impl Came {
    /// When `function` came, if that is known and later than Windows 7.
    pub fn of(function: &str) -> Option<Came> {
        let mut columns = FUNCTIONS.rows(&function.to_ascii_lowercase()).next()?.split('\t');
        Some(Came {
            version: columns.next()?.parse().ok()?,
            is_verified: columns.next() == Some("V"),
            updated: columns.next().and_then(|updated| updated.parse().ok()),
        })
    }
}

/// The oldest Windows that can have every function the loader looks for, one that came with an update included; functions of
/// delay-loaded DLLs do not count.
pub fn floor(pe: &PeFacts) -> Option<Version> {
    let functions = pe.imports.iter().flat_map(|import| &import.functions);
    functions.filter_map(|function| Came::of(function)).map(|came| came.updated.unwrap_or(came.version)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::pe::DllImport;

    #[test]
    fn the_table_is_sorted() {
        FUNCTIONS.assert_sorted();
    }

    #[test]
    fn the_newest_function_decides() {
        let floor = |functions: &[&str]| {
            let functions = functions.iter().map(|name| (*name).to_owned()).collect();
            let imports = vec![DllImport { dll: "kernel32.dll".into(), functions }];
            floor(&PeFacts { imports, ..PeFacts::default() }).map(|version| version.to_string())
        };
        assert_eq!(floor(&["ExitProcess"]), None);
        assert_eq!(floor(&["CreateFile2", "ProcessPrng", "ExitProcess"]).as_deref(), Some("10.0"));
        assert_eq!(floor(&["GetTempPath2W"]).as_deref(), Some("10.0.14393"));
    }
}
