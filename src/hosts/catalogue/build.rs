//! From a row of `data/hosts.tsv` to a [`Host`]: its C library, its libraries, what each exports.

use std::sync::LazyLock;

use super::super::exports::{Exports, Nodes};
use super::super::glibc::{self, GlibcLibrary};
use super::super::table::Table;
use super::super::{Confidence, Host, Libc, Library, System, Version, musl};
use crate::facts::libc::LibcFamily;

static LIBRARIES: Table = Table::new(include_str!("../../../data/host-libraries.tsv"));
static SYMBOLS: Table = Table::new(include_str!("../../../data/library-symbols.tsv"));

/// The rows of the symbols, which are few and so long that searching them where they lie takes longer.
static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    let list = |(soname, row): (&'static str, &'static str)| {
        let (releases, symbols) = row.split_once('\t')?;
        Some(List { soname, releases, symbols })
    };
    SYMBOLS.all().filter_map(list).collect()
});

struct List {
    soname: &'static str,
    releases: &'static str,
    symbols: &'static str,
}

/// A Linux host that provides nothing.
pub(in crate::hosts) fn empty(name: &str, arch: &str) -> Host {
    Host {
        name: name.to_owned(),
        listed_as: None,
        arch: arch.to_owned(),
        system: System::Linux,
        libc: None,
        loaders: Vec::new(),
        libraries: Vec::new(),
        complete: true,
        kernel: None,
        cpu: None,
        architectures: Vec::new(),
        eol: "",
        confidence: Confidence::Verified,
        source: String::new(),
        root: None,
    }
}

/// A host from its row of `data/hosts.tsv`, whose header names the columns.
pub(super) fn from_row(name: &str, row: &'static str, arch: &str) -> Host {
    let mut columns = row.split('\t').skip(1);
    let mut next = || columns.next().unwrap_or_default();
    let (libc, markers, gcc, stdcxx, zlib, libraries) = (next(), next(), next(), next(), next(), next());
    let (kernel, cpu, architectures, eol, confidence, source) = (next(), next(), next(), next(), next(), next());
    let mut host = empty(name, arch);
    host.kernel = kernel.parse().ok();
    host.cpu = (!cpu.is_empty() && arch == "x86_64").then_some(cpu);
    host.architectures = architectures.split_whitespace().collect();
    host.eol = eol;
    host.confidence = match confidence {
        "V" => Confidence::Verified,
        "K" => Confidence::Memory,
        _ => Confidence::Unsure,
    };
    source.clone_into(&mut host.source);
    if let Some((family, version)) = libc.split_once(' ')
        && let Ok(version) = version.parse::<Version>()
    {
        match family {
            "glibc" => add_glibc(&mut host, version, Some(&markers.split_whitespace().collect::<Vec<_>>())),
            "musl" => add_musl(&mut host, version),
            "windows" => host.system = System::Windows(version),
            _ => host.system = System::MacOs(version),
        }
    }
    if let Ok(major) = gcc.parse() {
        add_gcc(&mut host, major, false);
    }
    add_families(&mut host, stdcxx, zlib);
    for soname in libraries.split_whitespace() {
        add_further(&mut host, soname);
    }
    if arch == "arm" && host.architectures.contains(&"armel") {
        add_soft_float(&mut host);
    }
    host.libraries.sort_by(|a, b| a.soname.cmp(&b.soname));
    host.libraries.dedup_by(|a, b| a.soname == b.soname);
    host
}

/// glibc's loader and libraries.
pub(in crate::hosts) fn add_glibc(host: &mut Host, version: Version, markers: Option<&[&'static str]>) {
    host.libc = Some(Libc { family: LibcFamily::Glibc, version });
    host.loaders.extend(glibc::loader_path(&host.arch, None).map(str::to_owned));
    let all = GlibcLibrary::all(version, &host.arch, markers);
    host.libraries
        .extend(all.into_iter().map(|(soname, library)| Library { soname, exports: Exports::Glibc(library) }));
}

/// The loader of the same glibc for the soft-float ABI, for which there are images of their own.
fn add_soft_float(host: &mut Host) {
    let Some(path) = glibc::loader_path(&host.arch, Some("soft-float")) else { return };
    let soname = path.rsplit('/').next().unwrap_or_default().to_owned();
    let hard = host.libraries.iter().find(|library| library.soname.starts_with("ld-linux"));
    let Some(exports) = hard.map(|library| library.exports.clone()) else { return };
    host.loaders.push(path.to_owned());
    host.libraries.push(Library { soname, exports });
}

/// musl's loader, which is its library too.
pub(in crate::hosts) fn add_musl(host: &mut Host, version: Version) {
    host.libc = Some(Libc { family: LibcFamily::Musl, version });
    host.loaders.extend(musl::loader_path(&host.arch, None).map(str::to_owned));
    let exports = Exports::Musl(version, host.arch.clone());
    host.libraries.push(Library { soname: "libc.so".to_owned(), exports });
}

/// libgcc_s of a GCC release, or a newer one: its nodes are numbered by the release that brought them (`libgcc/libgcc-std.ver`).
pub(super) fn add_gcc(host: &mut Host, major: u32, may_be_newer: bool) {
    let newest = if major == 4 { Version::patch(4, 8, 0) } else { Version::patch(major, 99, 0) };
    push(
        host,
        "libgcc_s.so.1",
        Nodes {
            up_to: vec![("GCC", newest)],
            may_be_newer,
            // Where libc once had these functions, libgcc_s still answers for its node (libgcc/config/*/libgcc-glibc.ver).
            named: match host.arch.as_str() {
                "i386" => vec!["GLIBC_2.0"],
                "s390x" => vec!["GLIBC_2.2"],
                _ => Vec::new(),
            },
            symbols: symbols("libgcc_s.so.1", None),
            reserved_names: true,
            ..Nodes::default()
        },
    );
}

/// libstdc++ and libz by their newest nodes.
fn add_families(host: &mut Host, stdcxx: &str, zlib: &str) {
    if let Some((glibcxx, cxxabi)) = stdcxx.split_once('/')
        && let (Ok(glibcxx), Ok(cxxabi)) = (glibcxx.parse(), cxxabi.parse())
    {
        let up_to = vec![("GLIBCXX", glibcxx), ("CXXABI", cxxabi)];
        // Nodes without a plain number (libstdc++-v3/config/abi/pre/gnu.ver); the second since GCC 5.
        let named = match host.arch.as_str() {
            "arm" => vec!["CXXABI_TM_1", "CXXABI_ARM_1.3.3"],
            "x86_64" | "i386" if glibcxx >= Version::patch(3, 4, 21) => vec!["CXXABI_TM_1", "CXXABI_FLOAT128"],
            _ => vec!["CXXABI_TM_1"],
        };
        push(
            host,
            "libstdc++.so.6",
            Nodes { up_to, named, symbols: symbols("libstdc++.so.6", None), reserved_names: true, ..Nodes::default() },
        );
    }
    if let Ok(newest) = zlib.parse() {
        push(
            host,
            "libz.so.1",
            Nodes { up_to: vec![("ZLIB", newest)], symbols: symbols("libz.so.1", None), ..Nodes::default() },
        );
    }
}

/// One entry of the column of further libraries.
fn add_further(host: &mut Host, entry: &'static str) {
    if entry == "..." {
        host.complete = false;
    } else if let Some(of) = entry.strip_prefix('=') {
        for (soname, nodes) in LIBRARIES.rows(of).filter_map(|row| row.split_once('\t')) {
            if nodes == "?" {
                host.libraries.push(Library { soname: soname.to_owned(), exports: Exports::Unknown });
                continue;
            }
            let named: Vec<&'static str> = nodes.split(' ').filter(|node| *node != "-").collect();
            let symbols = symbols(soname, of.strip_prefix("debian:"));
            let symbols_complete = !symbols.is_empty();
            push(host, soname, Nodes { named, complete: true, symbols, symbols_complete, ..Nodes::default() });
        }
    } else if let Some(library) = host.glibc().and_then(|release| GlibcLibrary::apart(entry, release, &host.arch)) {
        host.libraries.push(Library { soname: entry.to_owned(), exports: Exports::Glibc(library) });
    } else if !host.libraries.iter().any(|library| library.soname == entry) {
        let symbols = symbols(entry, None);
        let nodes = Nodes { symbols, ..Nodes::default() };
        let exports = if nodes.symbols.is_empty() { Exports::Unknown } else { Exports::Nodes(nodes) };
        host.libraries.push(Library { soname: entry.to_owned(), exports });
    }
}

/// Lists of symbols of a library: all those of one Debian release, or else those that every release read has.
fn symbols(soname: &str, debian: Option<&str>) -> Vec<&'static str> {
    let from = LISTS.partition_point(|list| list.soname < soname);
    let of_library = || LISTS.iter().skip(from).take_while(|list| list.soname == soname);
    let most = of_library().map(|list| list.releases.len()).max().unwrap_or(0);
    let wanted = |releases: &str| match debian {
        Some(release) => releases.split(' ').any(|known| known == release),
        None => releases.len() == most,
    };
    of_library().filter(|list| wanted(list.releases)).map(|list| list.symbols).collect()
}

fn push(host: &mut Host, soname: &str, nodes: Nodes) {
    host.libraries.push(Library { soname: soname.to_owned(), exports: Exports::Nodes(nodes) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        LIBRARIES.assert_sorted();
        SYMBOLS.assert_sorted();
        for list in &*LISTS {
            assert!(list.symbols.split(' ').is_sorted(), "{} of {}", list.soname, list.releases);
        }
    }
}
