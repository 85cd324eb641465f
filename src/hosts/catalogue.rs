//! Hosts by name: the rows of `data/hosts.tsv`, and the families `glibc:2.N`, `musl:1.N`, `linux:K`, `macos:N.N`, `windows:10.0.N`.

mod build;

use super::table::Table;
use super::{Confidence, Host, System, Version, glibc};

use build::{add_gcc, from_row};
pub(super) use build::{add_glibc, add_musl, empty};

static HOSTS: Table = Table::new(include_str!("../../data/hosts.tsv"));

/// How many close names an unknown name gets.
const CLOSE: usize = 5;

/// The host of that name, for programs of `arch` (as in [`crate::facts::Facts::arch`]).
///
/// Other spellings are understood: code names (`debian:bookworm`), image paths (`gcr.io/distroless/cc-debian12`),
/// variants and point releases (`debian:12-slim`, `alpine:3.20.3`, `rhel:8.10`). Releases of macOS and Windows differ in what they
/// run, and are taken as they are.
///
/// # Errors
/// Names that are close to an unknown one.
pub fn find(name: &str, arch: &str) -> Result<Host, Vec<String>> {
    let wanted = normal(name);
    if let Some((family, version)) = family(&wanted) {
        return Ok(of_family(&wanted, family, version, arch));
    }
    let Some((listed, row)) = row(&wanted) else { return Err(close_names(name)) };
    let mut host = from_row(listed, row, arch);
    if listed != name {
        name.clone_into(&mut host.name);
        host.listed_as = Some(listed);
    }
    Ok(host)
}

/// Whether [`find`] knows the name, for whatever architecture.
pub fn is_known(name: &str) -> bool {
    let wanted = normal(name);
    family(&wanted).is_some() || row(&wanted).is_some()
}

/// Every name of the catalogue, sorted, with the families as `glibc:2.N`.
pub fn known_names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = HOSTS.all().map(|(name, _)| name).collect();
    names.extend(["glibc:2.N", "linux:K", "macos:N.N", "musl:1.N", "windows:10.0.N"]);
    names.sort_unstable();
    names
}

/// Names of the catalogue that are close to `name`, the closest first; of several that are as close, what is mostly the newest.
pub fn close_names(name: &str) -> Vec<String> {
    let wanted = normal(name);
    let family = wanted.split(':').next().unwrap_or_default();
    let mut scored: Vec<(f64, &str)> = known_names()
        .into_iter()
        .map(|known| {
            let same_family = known.split(':').next() == Some(family);
            (strsim::jaro_winkler(known, &wanted) + f64::from(u8::from(same_family)), known)
        })
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(a.1)));
    scored.into_iter().take(CLOSE).map(|(_, name)| name.to_owned()).collect()
}

/// The name in lower case, without a registry in front and without `library/`.
fn normal(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let name = match name.split_once('/') {
        Some((registry, rest)) if registry.contains('.') && !registry.contains(':') => rest,
        _ => name.as_str(),
    };
    name.strip_prefix("library/").unwrap_or(name).to_owned()
}

/// The name itself, then shorter forms of its tag: without a variant, then without the last numbers.
fn candidates(name: &str) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    let Some((image, tag)) = name.split_once(':') else { return all };
    if image.contains("distroless/") || image.starts_with("chainguard/") {
        all.push(image.to_owned());
    }
    let mut tag = tag;
    while let Some((shorter, _)) = tag.rsplit_once('-') {
        tag = shorter;
        all.push(format!("{image}:{tag}"));
    }
    while let Some((shorter, _)) = tag.rsplit_once('.') {
        tag = shorter;
        all.push(format!("{image}:{tag}"));
    }
    all
}

/// The row that a name means: of all its forms, the first that is a name or an alias.
fn row(wanted: &str) -> Option<(&'static str, &'static str)> {
    candidates(wanted).iter().find_map(|name| {
        let found = HOSTS.first(name).or_else(|| HOSTS.all().find(|(_, row)| has_alias(row, name)))?;
        (name == wanted || is_variant(found.1, wanted.strip_prefix(name.as_str()))).then_some(found)
    })
}

/// Whether what a name adds to a known one only says which variant of that system it is. A later Windows or macOS is another
/// system; images of Windows are also tagged with the processor or the update.
fn is_variant(row: &str, more: Option<&str>) -> bool {
    let system = row.split('\t').nth(1).unwrap_or_default();
    if !system.starts_with("windows ") && !system.starts_with("macos ") {
        return true;
    }
    let update = |more: &str| more.strip_prefix("-kb").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    more.is_some_and(|more| more == "-amd64" || update(more))
}

fn has_alias(row: &str, name: &str) -> bool {
    // Most rows have no alias, and no name is empty.
    !name.is_empty() && row.split('\t').next().is_some_and(|aliases| aliases.split(' ').any(|alias| alias == name))
}

/// Hosts whose name says all.
#[derive(Debug, Clone, Copy)]
enum Family {
    Glibc,
    Musl,
    Linux,
    MacOs,
    Windows,
}

/// A version of a C library, a kernel, macOS, or Windows as it numbers itself.
fn family(name: &str) -> Option<(Family, Version)> {
    let (family, number) = name.split_once(':')?;
    let version: Version = number.parse().ok()?;
    let family = match family {
        "glibc" if version.major() == 2 => Family::Glibc,
        "musl" if version.major() == 1 => Family::Musl,
        "linux" => Family::Linux,
        "macos" if number.contains('.') && version >= Version::new(10, 0) => Family::MacOs,
        "windows" if matches!(number, "6.0" | "6.1" | "6.2" | "6.3" | "10.0") => Family::Windows,
        "windows" if number.starts_with("10.0.") => Family::Windows,
        _ => return None,
    };
    Some((family, version))
}

/// The oldest GCC of a system here that has this glibc, or a newer one.
fn oldest_gcc(glibc: Version) -> u32 {
    let gcc = |(_, row): (&str, &str)| {
        let mut columns = row.split('\t').skip(1);
        let libc: Version = columns.next()?.strip_prefix("glibc ")?.parse().ok()?;
        let gcc = columns.nth(1)?.parse().ok()?;
        (libc >= glibc).then_some(gcc)
    };
    HOSTS.all().filter_map(gcc).min().unwrap_or(4)
}

fn of_family(name: &str, family: Family, version: Version, arch: &str) -> Host {
    let mut host = empty(name, arch);
    host.complete = false;
    match family {
        Family::Glibc => {
            "the symbol tables of glibc".clone_into(&mut host.source);
            host.confidence = if version > glibc::NEWEST { Confidence::Unsure } else { Confidence::Verified };
            add_glibc(&mut host, version, None);
            // Every distribution has it, if not every image, and nobody says how new it is.
            add_gcc(&mut host, oldest_gcc(version), true);
        }
        Family::Musl => {
            "the symbol table of musl".clone_into(&mut host.source);
            // `musl:1.2` promises no more than the first release of the series.
            add_musl(&mut host, version);
        }
        Family::Linux => {
            "the name".clone_into(&mut host.source);
            host.kernel = Some(version);
        }
        Family::MacOs | Family::Windows => {
            "the name".clone_into(&mut host.source);
            let is_macos = matches!(family, Family::MacOs);
            host.system = if is_macos { System::MacOs(version) } else { System::Windows(version) };
        }
    }
    host.libraries.sort_by(|a, b| a.soname.cmp(&b.soname));
    host
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Answer;

    fn host(name: &str) -> Host {
        find(name, "x86_64").unwrap_or_else(|close| panic!("`{name}` is unknown, close: {close:?}"))
    }

    #[test]
    fn tables_are_sorted_and_every_row_makes_a_host() {
        HOSTS.assert_sorted();
        for (name, row) in HOSTS.all() {
            assert_eq!(row.split('\t').count(), 13, "columns of {name}");
            let host = host(name);
            let is_limited = host.system == System::Linux && name != "scratch";
            assert_eq!(host.architectures.contains(&"x86_64"), is_limited, "{name}");
            assert!(!host.source.is_empty() && !host.eol.is_empty(), "{name}");
            assert_eq!(host.libc.is_some(), !host.loaders.is_empty(), "{name}");
            assert_eq!(host.library("libc.so.6").is_some(), host.glibc().is_some(), "{name}");
            assert_eq!(host.listed_as, None, "{name} is an alias too");
            let aliases = row.split('\t').next().unwrap_or_default().split(' ');
            for alias in aliases.filter(|alias| !alias.is_empty()) {
                assert_eq!(super::find(alias, "x86_64").map(|host| host.listed_as), Ok(Some(name)), "{alias}");
            }
        }
    }

    #[test]
    fn other_spellings_name_the_same_host() {
        for (spelling, name) in [
            ("debian:bookworm-slim", "debian:12"),
            ("debian:12.5", "debian:12"),
            ("docker.io/library/alpine:3.20.3", "alpine:3.20"),
            ("gcr.io/distroless/cc-debian12:nonroot", "distroless:cc-debian12"),
            ("distroless/static", "distroless:static-debian12"),
            ("rhel:8.10", "rhel:8"),
            ("Ubuntu:22.04", "ubuntu:22.04"),
            ("mcr.microsoft.com/windows/nanoserver:ltsc2022", "windows:nanoserver-ltsc2022"),
        ] {
            let host = host(spelling);
            assert_eq!((host.name.as_str(), host.listed_as), (spelling, Some(name)));
        }
    }

    #[test]
    fn libgcc_of_a_glibc_is_as_old_as_systems_have_it_and_may_be_newer() {
        let node = |name: &str, node: &str| host(name).has_node("libgcc_s.so.1", node);
        assert_eq!(node("glibc:2.17", "GCC_4.8.0"), Answer::Yes);
        assert_eq!(node("glibc:2.17", "GCC_7.0.0"), Answer::Unknown);
        assert_eq!(node("glibc:2.28", "GCC_7.0.0"), Answer::Yes);
        assert_eq!(node("glibc:2.43", "GCC_14.0.0"), Answer::Yes);
        assert_eq!(node("debian:11", "GCC_14.0.0"), Answer::No);
    }

    #[test]
    fn a_symbol_of_a_node_that_grows_is_looked_for_by_name() {
        let has = |name: &str, library: &str, symbol: &str, node: &str| {
            host(name).library(library).expect("it is listed").exports.satisfies_glibc(symbol, Some(node))
        };
        let kdf = |name: &str| has(name, "libgcrypt.so.20", "gcry_kdf_close", "GCRYPT_1.6");
        assert_eq!((kdf("debian:11"), kdf("debian:12")), (Answer::No, Answer::Yes));
        let balloon = |name: &str| has(name, "libnettle.so.8", "nettle_balloon", "NETTLE_8");
        assert_eq!((balloon("debian:12"), balloon("debian:13")), (Answer::No, Answer::Yes));
        // Without any versions glibc takes what has the name.
        let pcre = |symbol: &str| has("debian:13", "libpcre2-8.so.0", symbol, "PCRE2_10.47");
        assert_eq!((pcre("pcre2_config_8"), pcre("pcre2_nothing_8")), (Answer::Yes, Answer::No));
    }

    #[test]
    fn unknown_names_get_close_ones() {
        for (wrong, close) in [("debain:12", "debian:12"), ("alpine:3.2", "alpine:3.20"), ("scrach", "scratch")] {
            let names = find(wrong, "x86_64").expect_err("the name is wrong");
            assert!(names.iter().any(|name| name == close), "{wrong}: {names:?}");
        }
        assert!(find("alpine:latest", "x86_64").is_err(), "a moving tag names no host");
        assert_eq!(close_names("debian").first().map(String::as_str), Some("debian:13"), "the newest first");
        for (known, name) in [
            (false, "alpine:latest"),
            (false, "glibc:x"),
            (true, "glibc:2.17"),
            (true, "debian:12-slim"),
            (false, ""),
            (false, " "),
            (false, "library/"),
        ] {
            assert_eq!((find(name, "x86_64").is_ok(), is_known(name)), (known, known), "{name}");
        }
    }

    #[test]
    fn releases_of_macos_and_windows_are_themselves() {
        for (name, system) in [
            ("macos:14.5", System::MacOs(Version::new(14, 5))),
            ("macos:10.15", System::MacOs(Version::new(10, 15))),
            ("windows:10.0.17763", System::Windows(Version::patch(10, 0, 17763))),
            ("windows:6.1", System::Windows(Version::new(6, 1))),
            ("windows/nanoserver:ltsc2022-amd64", System::Windows(Version::patch(10, 0, 20348))),
            ("windows/servercore:ltsc2019-KB5005030", System::Windows(Version::patch(10, 0, 17763))),
        ] {
            assert_eq!(host(name).system, system, "{name}");
        }
        for other in
            ["windows:10-22h2", "windows:10.1", "windows:6.5", "windows:11.0", "macos:14-intel", "macos:9.2", "macos:7"]
        {
            assert!(find(other, "x86_64").is_err_and(|close| !close.is_empty()) && !is_known(other), "{other}");
        }
    }

    #[test]
    fn a_host_is_its_nodes_not_its_number() {
        let rhel = host("rhel:9");
        assert_eq!(rhel.has_node("libc.so.6", "GLIBC_2.34"), Answer::Yes);
        assert_eq!(rhel.has_node("libc.so.6", "GLIBC_2.35"), Answer::No);
        assert_eq!(rhel.has_node("ld-linux-x86-64.so.2", "GLIBC_2.35"), Answer::Yes);
        assert_eq!(host("debian:11").has_node("libc.so.6", "GLIBC_ABI_DT_RELR"), Answer::No);
        assert_eq!(host("debian:12").has_node("libc.so.6", "GLIBC_ABI_DT_RELR"), Answer::Yes);
        assert_eq!(host("debian:11").has_node("libstdc++.so.6", "GLIBCXX_3.4.29"), Answer::No);
        assert_eq!(host("ubuntu:18.04").has_node("libgcc_s.so.1", "GCC_7.0.0"), Answer::Yes);
    }

    #[test]
    fn a_host_shows_what_its_libraries_export() {
        let shown = serde_json::to_value(host("rhel:9")).expect("a host has a JSON form");
        let libraries = shown["libraries"].as_array().expect("a list");
        let exports =
            |name: &str| libraries.iter().find(|library| library["soname"] == name).map(|one| &one["exports"]);
        assert_eq!(exports("ld-linux-x86-64.so.2"), Some(&"up to GLIBC_2.34, GLIBC_2.35".into()));
        assert!(exports("libstdc++.so.6").is_some_and(|text| text.to_string().contains("up to GLIBCXX_3.4.29")));
    }

    #[test]
    fn families_take_any_version() {
        assert_eq!(host("glibc:2.17").glibc(), Some(Version::new(2, 17)));
        assert_eq!(host("glibc:2.17").has_node("libc.so.6", "GLIBC_2.18"), Answer::No);
        assert_eq!(host("musl:1.2.5").musl(), Some(Version::patch(1, 2, 5)));
        assert_eq!(host("linux:3.10").kernel, Some(Version::new(3, 10)));
        assert!(host("glibc:2.99").is_unverified());
    }
}
