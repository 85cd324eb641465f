//! Which C library a loader's path belongs to.

use super::LibcFamily;
use super::rows::{count, rows};
use crate::facts::Os;

/// The table, with its sources.
const TABLE: &str = include_str!("../../../data/loader-paths.tsv");

/// Its rows: path, C library, system, architecture and calling convention, of which the last two may be empty.
static ROWS: [[&str; 5]; count(TABLE)] = rows(TABLE);

/// What is known about a loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loader {
    /// The C library it comes with.
    pub family: LibcFamily,
    /// The system it belongs to.
    pub os: Os,
    /// The calling convention it serves, in the words of [`crate::facts::elf::ElfFacts::abi`].
    pub abi: Option<&'static str>,
    /// `false` when only its file name is known: a path such as `/nix/store/…/ld-linux-x86-64.so.2`.
    pub usual_path: bool,
}

/// The loader at this path for this architecture; `None` when neither its path nor its file name is known.
pub fn loader(path: &str, arch: &str) -> Option<Loader> {
    let name = path.rsplit('/').next().unwrap_or(path);
    // `ld.so` alone is no name to go by: five systems share it.
    let has_name = |known: &str| name.starts_with("ld-") && matches(known.rsplit('/').next().unwrap_or(known), name);
    let row = |is_it: &dyn Fn(&str) -> bool, usual_path| {
        let of_arch = |row: &&[&'static str; 5]| is_it(row[0]) && (row[3].is_empty() || row[3] == arch);
        ROWS.iter().find(of_arch).and_then(|row| of_row(row, usual_path))
    };
    row(&|known| matches(known, path), true).or_else(|| row(&has_name, false))
}

fn of_row(&[_, family, system, _, abi]: &[&'static str; 5], usual_path: bool) -> Option<Loader> {
    let abi = Some(abi).filter(|abi| !abi.is_empty());
    Some(Loader { family: LibcFamily::from_name(family)?, os: os(system)?, abi, usual_path })
}

fn os(name: &str) -> Option<Os> {
    Some(match name {
        "linux" => Os::Linux,
        "android" => Os::Android,
        "freebsd" => Os::FreeBsd,
        "dragonfly" => Os::DragonFly,
        "openbsd" => Os::OpenBsd,
        "netbsd" => Os::NetBsd,
        "solaris" => Os::Solaris,
        _ => return None,
    })
}

/// Whether a pattern with at most one star matches.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        assert!(ROWS.len() > 50);
        assert!(ROWS.iter().all(|row| row[0].starts_with('/') && of_row(row, true).is_some()));
    }

    #[test]
    fn paths_decide_with_the_architecture() {
        let family = |path, arch| loader(path, arch).map(|loader| loader.family);
        assert_eq!(family("/lib64/ld-linux-x86-64.so.2", "x86_64"), Some(LibcFamily::Glibc));
        assert_eq!(family("/lib/ld-musl-sh4.so.1", "sh4"), Some(LibcFamily::Musl));
        assert_eq!(family("/lib/klibc-abc.so", "x86_64"), Some(LibcFamily::Klibc));
        assert_eq!(family("/lib/ld64.so.1", "s390x"), Some(LibcFamily::Glibc));
        assert_eq!(family("/lib/ld64.so.1", "x86_64"), None, "ld's default, which no system has");
        assert_eq!(loader("/usr/libexec/ld.so", "aarch64").map(|loader| loader.os), Some(Os::OpenBsd));
    }

    #[test]
    fn a_known_name_elsewhere_is_told_apart() {
        let nix = loader("/nix/store/abc-glibc-2.40/lib/ld-linux-x86-64.so.2", "x86_64").unwrap();
        assert_eq!((nix.family, nix.usual_path), (LibcFamily::Glibc, false));
        assert_eq!(loader("/opt/ld.so.1", "x86_64"), None);
    }
}
