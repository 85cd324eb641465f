//! Which C library a loader's path belongs to.

use super::LibcFamily;
use crate::facts::Os;

/// The table, with its sources.
static TABLE: &str = include_str!("../../../data/loader-paths.tsv");

/// Its rows, without what stands before them, which is as long as ten of them.
static ROWS: &str = {
    let bytes = TABLE.as_bytes();
    let mut at = 1;
    while bytes[at - 1] != b'\n' || bytes[at] != b'/' {
        at += 1;
    }
    TABLE.split_at(at).1
};

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
    let row = |is_it: &dyn Fn(&str) -> bool| rows_of(is_it).find(|row| row.serves(arch));
    row(&|known| matches(known, path)).map(|row| row.loader(true)).or_else(|| {
        // `ld.so` alone is no name to go by: five systems share it.
        let is_it = |known: &str| name.starts_with("ld-") && matches(known.rsplit('/').next().unwrap_or(known), name);
        row(&is_it).map(|row| row.loader(false))
    })
}

struct Row {
    family: LibcFamily,
    os: Os,
    arch: &'static str,
    abi: Option<&'static str>,
}

impl Row {
    fn serves(&self, arch: &str) -> bool {
        self.arch.is_empty() || self.arch == arch
    }

    fn loader(&self, usual_path: bool) -> Loader {
        Loader { family: self.family, os: self.os, abi: self.abi, usual_path }
    }
}

/// The rows whose path this says to be the one; of the others nothing else is looked at.
fn rows_of(is_it: &dyn Fn(&str) -> bool) -> impl Iterator<Item = Row> {
    ROWS.lines().filter_map(move |line| {
        let (_, rest) = line.split_once('\t').filter(|(path, _)| is_it(path))?;
        let mut fields = rest.split('\t');
        Some(Row {
            family: LibcFamily::from_name(fields.next()?)?,
            os: os(fields.next()?)?,
            arch: fields.next()?,
            abi: fields.next().filter(|abi| !abi.is_empty()),
        })
    })
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
        let lines = TABLE.lines().filter(|line| line.starts_with('/')).count();
        assert_eq!(ROWS.lines().count(), lines);
        assert!(lines > 50);
        assert_eq!(rows_of(&|_| true).count(), lines);
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
