//! Which DLLs are Windows' own, and the oldest Windows that has what an image imports, where that is known.

use super::Version;
use super::table::Table;
use crate::facts::pe::PeFacts;

static DLLS: Table = Table::new(include_str!("../../data/windows-dlls.tsv"));
static FUNCTIONS: Table = Table::new(include_str!("../../data/windows-functions.tsv"));

/// Families of API sets that the tables have one row for, longer names before what they start with.
const FAMILIES: [&str; 4] = ["api-ms-win-core-*", "api-ms-win-crt-*", "api-ms-win-*", "ext-ms-*"];

/// What `data/windows-dlls.tsv` says of a DLL: its own row, or that of its family. Its name in lower case.
pub(crate) fn dll_row(name: &str) -> Option<&'static str> {
    DLLS.rows(name).next().or_else(|| families(name).find_map(|family| DLLS.rows(family).next()))
}

/// What the same table says of one function of a DLL, where images differ. The DLL's name in lower case.
pub(crate) fn function_row(dll: &str, function: &str) -> Option<&'static str> {
    DLLS.rows(&format!("{dll}!{}", function.to_ascii_lowercase())).next()
}

/// The families that a DLL is of, the narrowest first.
fn families(name: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    FAMILIES.into_iter().filter(|family| name.starts_with(family.trim_end_matches('*')))
}

/// Whether a DLL is Windows' own: what another one calls by the name of a function of Windows is that one's.
pub(crate) fn is_own(dll: &str) -> bool {
    dll_row(dll).is_some_and(|row| matches!(row.split('\t').next(), Some("system" | "optional")))
}

/// When a function or a DLL came.
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
        Came::read(FUNCTIONS.rows(&function.to_ascii_lowercase()).next()?)
    }

    /// When a DLL of Windows came, if that is known and later than Windows 7, and the name it is known by: its own, or that of
    /// its family.
    pub fn of_dll(dll: &str) -> Option<(&str, Came)> {
        fn found(name: &str) -> Option<(&str, Came)> {
            Some((name, Came::read(FUNCTIONS.rows(name).next()?)?))
        }
        found(dll).or_else(|| families(dll).find_map(found))
    }

    fn read(row: &str) -> Option<Came> {
        let mut columns = row.split('\t');
        Some(Came {
            version: columns.next()?.parse().ok()?,
            is_verified: columns.next() == Some("V"),
            updated: columns.next().and_then(|updated| updated.parse().ok()),
        })
    }
}

/// The oldest Windows that can have every DLL and function the loader looks for, one that came with an update included;
/// delay-loaded DLLs do not count, and neither do functions of DLLs that are not Windows' own.
pub fn floor(pe: &PeFacts) -> Option<Version> {
    let own = || pe.imports.iter().filter(|import| is_own(&import.dll));
    let functions = own().flat_map(|import| &import.functions).filter_map(|function| Came::of(function));
    let dlls = own().filter_map(|import| Came::of_dll(&import.dll)).map(|(_, came)| came);
    functions.chain(dlls).map(|came| came.updated.unwrap_or(came.version)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::pe::DllImport;

    #[test]
    fn the_table_is_sorted() {
        FUNCTIONS.assert_sorted();
        DLLS.assert_sorted();
    }

    #[test]
    fn the_newest_function_decides() {
        let of = |dll: &str, functions: &[&str]| {
            let functions = functions.iter().map(|name| (*name).to_owned()).collect();
            let imports = vec![DllImport { dll: dll.into(), functions }];
            floor(&PeFacts { imports, ..PeFacts::default() }).map(|version| version.to_string())
        };
        let floor = |functions: &[&str]| of("kernel32.dll", functions);
        let dll = |name: &str| of(name, &["Function"]);
        assert_eq!(dll("icu.dll").as_deref(), Some("10.0.18362"));
        assert_eq!(dll("api-ms-win-crt-heap-l1-1-0.dll").as_deref(), Some("6.0"));
        assert_eq!(of("conpty.dll", &["CreatePseudoConsole"]), None);
        assert_eq!(floor(&["ExitProcess"]), None);
        assert_eq!(floor(&["CreateFile2", "ProcessPrng", "ExitProcess"]).as_deref(), Some("10.0"));
        assert_eq!(floor(&["GetTempPath2W"]).as_deref(), Some("10.0.14393"));
    }
}
