//! GNU libc as data: its libraries, their version nodes and symbols, release by release.

mod symbols;

use super::Version;
use super::exports::Answer;
use super::table::Table;

pub(super) use symbols::Span;

static NODES: Table = Table::new(include_str!("../../data/glibc-nodes.tsv"));
static MARKERS: Table = Table::new(include_str!("../../data/glibc-abi-markers.tsv"));

/// The newest release the tables describe.
pub(super) const NEWEST: Version = Version::new(2, 44);

/// Libraries that glibc installs, as the tables call them, with their sonames (`shlib-versions`) and the release that
/// brought them. The loader's soname is that of [`loader_path`].
const LIBRARIES: &[(&str, &str, Version)] = &[
    ("libBrokenLocale", "libBrokenLocale.so.1", Version::new(2, 0)),
    ("libanl", "libanl.so.1", Version::new(2, 2)),
    ("libc", "libc.so.6", Version::new(2, 0)),
    ("libdl", "libdl.so.2", Version::new(2, 0)),
    ("libm", "libm.so.6", Version::new(2, 0)),
    ("libpthread", "libpthread.so.0", Version::new(2, 0)),
    ("libresolv", "libresolv.so.2", Version::new(2, 0)),
    ("librt", "librt.so.1", Version::new(2, 1)),
    ("libutil", "libutil.so.1", Version::new(2, 0)),
];

/// The release that took libpthread and others into libc (glibc 2.34 NEWS).
const ALL_IN_LIBC: Version = Version::new(2, 34);

/// The node of what glibc's libraries keep for each other.
const PRIVATE: &str = "GLIBC_PRIVATE";

/// Libraries of glibc's source that distributions package apart; a host has them only when its row says so.
const APART: &[(&str, &str)] = &[("libcrypt", "libcrypt.so.1"), ("libnsl", "libnsl.so.1")];

/// One library of one release on one architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct GlibcLibrary {
    library: &'static str,
    letter: Option<char>,
    base: &'static str,
    release: Version,
    /// Nodes this host has beyond its release: markers and backports; `None` when only the release is known.
    extra: Option<Vec<&'static str>>,
}

impl GlibcLibrary {
    /// The sonames of a release on an architecture, with what each exports; `extra` are the markers the host has and nodes
    /// beyond the release, as `LIB:NODE`, those of `libc` without the library; `None` when the host is a release and no more.
    pub(super) fn all(release: Version, arch: &str, extra: Option<&[&'static str]>) -> Vec<(String, GlibcLibrary)> {
        let loader = loader_path(arch, None).and_then(|path| path.rsplit('/').next());
        let mut names: Vec<(&'static str, String)> = Vec::new();
        names.extend(loader.map(|soname| ("ld", soname.to_owned())));
        names.extend(LIBRARIES.iter().filter(|(.., since)| *since <= release).map(|row| (row.0, row.1.to_owned())));
        let vectors = match arch {
            "x86_64" => Some(Version::new(2, 22)),
            "aarch64" => Some(Version::new(2, 38)),
            _ => None,
        };
        if vectors.is_some_and(|since| since <= release) {
            names.push(("libmvec", "libmvec.so.1".to_owned()));
        }
        names.into_iter().map(|(library, soname)| (soname, Self::one(library, release, arch, extra))).collect()
    }

    /// A library that distributions package apart, by soname.
    pub(super) fn apart(soname: &str, release: Version, arch: &str) -> Option<GlibcLibrary> {
        let (library, _) = APART.iter().find(|(_, name)| *name == soname)?;
        Some(Self::one(library, release, arch, None))
    }

    fn one(library: &'static str, release: Version, arch: &str, extra: Option<&[&'static str]>) -> GlibcLibrary {
        let (letter, base) = letter(arch).map_or((None, ""), |(letter, base)| (Some(letter), base));
        let own = |node: &&'static str| match node.split_once(':') {
            Some((of, node)) => (of == library).then_some(node),
            None => (library == "libc").then_some(*node),
        };
        let extra = extra.map(|extra| extra.iter().filter_map(own).collect());
        GlibcLibrary { library, letter, base, release, extra }
    }

    /// The libraries that it asks for itself, the loader aside (`readelf -d` of those of 2.31 and 2.36).
    pub(super) fn needs(&self) -> &'static [&'static str] {
        match self.library {
            "ld" | "libc" => &[],
            "librt" | "libanl" if self.release < ALL_IN_LIBC => &["libpthread.so.0", "libc.so.6"],
            "libmvec" => &["libm.so.6", "libc.so.6"],
            _ => &["libc.so.6"],
        }
    }

    /// Its nodes in a few words.
    pub(super) fn in_words(&self) -> String {
        let extra = self.extra.iter().flatten().map(|node| format!(", {node}"));
        format!("up to GLIBC_{}{}", self.release, extra.collect::<String>())
    }

    /// Whether the library defines the version node.
    pub(super) fn node(&self, node: &str) -> Answer {
        if node == PRIVATE {
            // Every library of glibc but a few has it (elf/Versions and its like); which symbols it holds is another matter.
            return Answer::Yes;
        }
        if self.has_extra(node) {
            return Answer::Yes;
        }
        if node.starts_with("GLIBC_ABI_") {
            return if self.library != "libc" || self.extra.is_some() { Answer::No } else { self.marker(node) };
        }
        if let Some(row) = NODES.rows(&format!("{}\t{node}", self.library)).next() {
            let Some(letter) = self.letter else { return self.by_number(node) };
            let here = row.split(' ').find_map(|entry| {
                let (arches, first) = entry.split_once('+').map_or((entry, None), |(a, first)| (a, Some(first)));
                (arches == "*" || arches.contains(letter)).then_some(first)
            });
            return match here {
                Some(first) => {
                    let first = first.and_then(|first| first.parse().ok()).or_else(|| node_version(node));
                    first.map_or(Answer::Unknown, |first| self.released(first))
                }
                None => self.by_number(node),
            };
        }
        self.by_number(node)
    }

    fn has_extra(&self, node: &str) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.contains(&node))
    }

    /// Whether a release as such has a marker: certain before the first backport and from the first release on.
    fn marker(&self, node: &str) -> Answer {
        let Some(row) = MARKERS.rows(node).next() else { return Answer::Unknown };
        let mut columns = row.split('\t');
        let arches = columns.next().unwrap_or_default();
        if arches != "*" && !self.letter.is_some_and(|letter| arches.contains(letter)) {
            return Answer::No;
        }
        let mut release = || columns.next().and_then(|text| text.parse::<Version>().ok());
        match (release(), release()) {
            (Some(first), _) if self.release >= first => Answer::Yes,
            (_, Some(backport)) if self.release >= backport => Answer::Unknown,
            _ => Answer::No,
        }
    }

    /// A node the tables do not have for this library: too new for certain, or not known.
    fn by_number(&self, node: &str) -> Answer {
        match node_version(node) {
            Some(number) if number > self.release => self.released(number),
            _ => Answer::Unknown,
        }
    }

    /// Whether something of that release is there; past the tables' end nobody knows.
    fn released(&self, first: Version) -> Answer {
        if first <= self.release {
            Answer::Yes
        } else if self.release > NEWEST {
            Answer::Unknown
        } else {
            Answer::No
        }
    }
}

/// `2.34` of `GLIBC_2.34`.
pub(super) fn node_version(node: &str) -> Option<Version> {
    node.strip_prefix("GLIBC_")?.parse().ok()
}

/// The number of a node such as `3.4.30` or OpenSSL's `1_1_0`.
pub(super) fn number(text: &str) -> Option<Version> {
    text.parse().ok().or_else(|| text.replace('_', ".").parse().ok())
}

/// The letter of an architecture in the tables, and its oldest node.
fn letter(arch: &str) -> Option<(char, &'static str)> {
    Some(match arch {
        "x86_64" => ('x', "2.2.5"),
        "aarch64" => ('a', "2.17"),
        "arm" => ('h', "2.4"),
        "i386" => ('i', "2.0"),
        "riscv64" => ('r', "2.27"),
        "ppc64le" => ('p', "2.17"),
        "s390x" => ('s', "2.2"),
        "loongarch64" => ('l', "2.36"),
        _ => return None,
    })
}

/// Path of glibc's loader (`sysdeps/unix/sysv/linux/ARCH/shlib-versions` and `ldconfig.h`); `abi` as in the facts of the
/// program, since some architectures have several.
pub(super) fn loader_path(arch: &str, abi: Option<&str>) -> Option<&'static str> {
    let soft = abi.is_some_and(|abi| abi.contains("soft"));
    Some(match arch {
        "x86_64" if abi == Some("x32") => "/libx32/ld-linux-x32.so.2",
        "x86_64" => "/lib64/ld-linux-x86-64.so.2",
        "i386" => "/lib/ld-linux.so.2",
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        "arm" if soft => "/lib/ld-linux.so.3",
        "arm" => "/lib/ld-linux-armhf.so.3",
        "ppc64le" => "/lib64/ld64.so.2",
        "ppc64" => "/lib64/ld64.so.1",
        "s390x" => "/lib/ld64.so.1",
        "riscv64" if soft => "/lib/ld-linux-riscv64-lp64.so.1",
        "riscv64" => "/lib/ld-linux-riscv64-lp64d.so.1",
        "loongarch64" => "/lib64/ld-linux-loongarch-lp64d.so.1",
        "mips64" | "mips64el" => "/lib64/ld.so.1",
        "mips" | "mipsel" => "/lib/ld.so.1",
        _ => return None,
    })
}

/// The multiarch triplet in Debian's directories of libraries.
pub(super) fn triplet(arch: &str) -> Option<&'static str> {
    Some(match arch {
        "x86_64" => "x86_64-linux-gnu",
        "aarch64" => "aarch64-linux-gnu",
        "arm" => "arm-linux-gnueabihf",
        "i386" => "i386-linux-gnu",
        "ppc64le" => "powerpc64le-linux-gnu",
        "riscv64" => "riscv64-linux-gnu",
        "s390x" => "s390x-linux-gnu",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::symbols::{Entry, SYMBOLS};
    use super::*;

    fn library(name: &'static str, release: (u32, u32), arch: &str) -> GlibcLibrary {
        GlibcLibrary::one(name, Version::new(release.0, release.1), arch, None)
    }

    #[test]
    fn tables_are_sorted() {
        SYMBOLS.assert_sorted_by_all_columns();
        NODES.assert_sorted_by_all_columns();
        MARKERS.assert_sorted();
    }

    #[test]
    fn symbols_come_move_and_go() {
        let libc = |minor| library("libc", (2, minor), "x86_64");
        assert_eq!(libc(31).symbol("stat", Some("GLIBC_2.33")), Answer::No);
        assert_eq!(libc(33).symbol("stat", Some("GLIBC_2.33")), Answer::Yes);
        assert_eq!(libc(17).symbol("memcpy", Some("GLIBC_2.14")), Answer::Yes);
        assert_eq!(libc(17).symbol("memcpy", Some("GLIBC_2.15")), Answer::No);
        assert_eq!(libc(33).symbol("pthread_create", Some("GLIBC_2.2.5")), Answer::No);
        assert_eq!(libc(34).symbol("pthread_create", Some("GLIBC_2.2.5")), Answer::Yes);
        assert_eq!(library("libpthread", (2, 33), "x86_64").symbol("pthread_create", None), Answer::Yes);
        assert_eq!(library("libpthread", (2, 34), "x86_64").symbol("pthread_create", None), Answer::No);
        assert_eq!(library("libc", (2, 17), "aarch64").symbol("memcpy", Some("GLIBC_2.17")), Answer::Yes);
        assert_eq!(libc(60).symbol("invented_in_the_future", None), Answer::Unknown);
        assert_eq!(library("libc", (2, 31), "mips").symbol("memcpy", None), Answer::Unknown);
    }

    #[test]
    fn a_release_has_its_markers_and_maybe_backports() {
        let marker = |minor, node| library("libc", (2, minor), "x86_64").node(node);
        assert_eq!(marker(35, "GLIBC_ABI_DT_RELR"), Answer::No);
        assert_eq!(marker(36, "GLIBC_ABI_DT_RELR"), Answer::Yes);
        assert_eq!(marker(41, "GLIBC_ABI_GNU2_TLS"), Answer::Unknown);
        assert_eq!(marker(43, "GLIBC_ABI_GNU2_TLS"), Answer::Yes);
        assert_eq!(library("libm", (2, 43), "x86_64").node("GLIBC_ABI_DT_RELR"), Answer::No);
    }

    #[test]
    fn the_span_of_every_symbol_is_where_it_is() {
        for (name, row) in SYMBOLS.all() {
            let (of, entries) = row.split_once('\t').expect("symbol, library, entries");
            let Some((of, ..)) = LIBRARIES.iter().find(|(library, ..)| *library == of) else { continue };
            let (letter, base) = letter("x86_64").expect("a known architecture");
            for entry in entries.split(' ').filter_map(|entry| Entry::parse(entry, letter, base)) {
                let node = entry.node.strip_prefix('=').map_or(format!("GLIBC_{}", entry.node), str::to_owned);
                for minor in [17, 23, 31, 33, 34, 36, 42, 60] {
                    let library = library(of, (2, minor), "x86_64");
                    let all = library.has_all(&library.span([name], &node), &node);
                    let one = library.symbol(name, Some(&node)) == Answer::Yes;
                    assert_eq!(all, one, "{name} {node} of {of} in 2.{minor}");
                }
            }
        }
    }

    #[test]
    fn the_span_of_several_symbols_is_where_all_of_them_are() {
        let has = |of, minor, names: &[&str], node| {
            let library = library(of, (2, minor), "x86_64");
            library.has_all(&library.span(names.iter().copied(), node), node)
        };
        let threads = ["pthread_create", "pthread_join"];
        assert_eq!([33, 34].map(|minor| has("libpthread", minor, &threads, "GLIBC_2.2.5")), [true, false]);
        assert_eq!([33, 34].map(|minor| has("libc", minor, &threads, "GLIBC_2.2.5")), [false, true]);
        assert!(!has("libc", 35, &["__libc_early_init"], PRIVATE));
        assert!(!has("libc", 35, &["puts", "invented"], "GLIBC_2.2.5"));
        assert!(!has("libc", 35, &["puts"], "GLIBC_2.99"));
    }

    /// The table of nodes is drawn from the table of symbols; neither may drift.
    #[test]
    fn every_node_with_symbols_is_in_the_table_of_nodes() {
        for (_, row) in SYMBOLS.all() {
            let (library, entries) = row.split_once('\t').expect("symbol, library, entries");
            for entry in entries.split(' ') {
                for arch in ["x86_64", "aarch64", "arm", "i386", "riscv64", "ppc64le", "s390x", "loongarch64"] {
                    let (letter, base) = letter(arch).expect("a known architecture");
                    let Some(entry) = Entry::parse(entry, letter, base) else { continue };
                    let first = entry.first.expect("a release");
                    let node = entry.node.strip_prefix('=').map_or(format!("GLIBC_{}", entry.node), str::to_owned);
                    let names = LIBRARIES.iter().chain([&("ld", "", NEWEST), &("libmvec", "", NEWEST)]);
                    let Some((library, ..)) = names.into_iter().find(|(name, ..)| *name == library) else { continue };
                    let release = first.max(Version::new(2, 17));
                    let there = GlibcLibrary::one(library, release, arch, None).node(&node);
                    assert_eq!(there, Answer::Yes, "{library} {node} on {arch} in {release}");
                }
            }
        }
    }
}
