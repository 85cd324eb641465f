//! The oldest kernel a program works on, from what its runtime is known to need.

use super::Version;
use super::table::Table;
use crate::facts::libc::LibcFamily;
use crate::facts::{Details, Facts, Os};

static GO: Table = Table::new(include_str!("../../data/go-floors.tsv"));
static GO_PORTS: Table = Table::new(include_str!("../../data/go-kernels.tsv"));
static RUST: Table = Table::new(include_str!("../../data/rust-floors.tsv"));

/// The oldest kernel, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The version.
    pub version: Version,
    /// `go1.27.3`, `the ABI note of a static glibc` …
    pub because: String,
}

/// The oldest systems that a Go release supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoFloors {
    /// Linux kernel.
    pub linux: Version,
    /// macOS.
    pub macos: Version,
    /// Windows (`6.1` is 7, `10.0` is 10).
    pub windows: Version,
}

/// The floor of an ELF file for Linux: the highest of those its runtimes have. A dynamic glibc program has none of its own:
/// the host's libc decides, and the kernel in its ABI note is looked at by nobody (glibc 2.36 NEWS, `elf/dl-load.c`).
pub fn floor(facts: &Facts) -> Option<Floor> {
    let Details::Elf(elf) = &facts.details else { return None };
    if !matches!(facts.os, Os::Linux | Os::Unknown) {
        return None;
    }
    let mut floors = Vec::new();
    if facts.libc.linked_in && facts.libc.family == LibcFamily::Glibc {
        let version = elf.abi_tag_kernel.as_deref().and_then(|kernel| kernel.parse().ok());
        floors.extend(version.map(|version| Floor { version, because: "the ABI note of its static glibc".to_owned() }));
    }
    if let Some(release) = facts.go.as_ref().and_then(|go| go.version.as_deref()) {
        floors.extend(go(release).map(|go| go_on(release, go.linux, &facts.arch)));
    }
    if let Some(release) = facts.rust.as_ref().and_then(|rust| rust.version.as_deref()) {
        floors.extend(rust(release, &facts.arch));
    }
    floors.into_iter().max_by_key(|floor| floor.version)
}

/// The floors of a Go release such as `go1.27.3`; a release newer than the table is like its last row, one older has none.
pub fn go(release: &str) -> Option<GoFloors> {
    let number = release.strip_prefix("go")?;
    let number: String = number.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let wanted: Version = number.trim_end_matches('.').parse().ok()?;
    let wanted = Version::new(wanted.major(), wanted.minor());
    let row = |(release, row): (&'static str, &'static str)| Some((release.parse::<Version>().ok()?, row));
    let older =
        || GO.all().filter_map(row).filter(|(release, _)| *release <= wanted).max_by_key(|(release, _)| *release);
    let row = GO.rows(&wanted.to_string()).next().or_else(|| Some(older()?.1))?;
    let mut columns = row.split('\t').map(str::parse::<Version>);
    let mut next = || columns.next()?.ok();
    Some(GoFloors { linux: next()?, macos: next()?, windows: next()? })
}

/// The floor of a Go release on an architecture, whose port may ask for more.
fn go_on(release: &str, linux: Version, arch: &str) -> Floor {
    let port = GO_PORTS.rows(arch).next().and_then(|row| row.parse().ok());
    match port.filter(|port| *port > linux) {
        Some(version) => Floor { version, because: format!("{release} on {arch}") },
        None => Floor { version: linux, because: release.to_owned() },
    }
}

fn rust(release: &str, arch: &str) -> Option<Floor> {
    let number: String = release.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let version: Version = number.parse().ok()?;
    if version < Version::new(1, 64) {
        return Some(Floor { version: Version::patch(2, 6, 32), because: format!("Rust {release}") });
    }
    let row = RUST.rows(arch).next().or_else(|| RUST.rows("*").next())?;
    Some(Floor { version: row.parse().ok()?, because: format!("Rust {release}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_their_floors() {
        RUST.assert_sorted();
        GO.assert_sorted();
        let linux = |release| go(release).map(|floors| floors.linux);
        assert_eq!(linux("go1.23.4"), Some(Version::patch(2, 6, 32)));
        assert_eq!(linux("go1.24"), Some(Version::new(3, 2)));
        assert_eq!(linux("go1.99rc1"), Some(Version::new(3, 2)));
        assert_eq!(linux("go1.4"), None);
        GO_PORTS.assert_sorted();
        let on = |release, arch| go_on(release, linux(release).expect("a floor"), arch).version;
        assert_eq!(on("go1.23.4", "arm"), Version::new(3, 1));
        assert_eq!(on("go1.24", "arm"), Version::new(3, 2));
        assert_eq!(on("go1.24", "loongarch64"), Version::new(5, 19));
        assert_eq!(on("go1.24", "riscv64"), Version::new(4, 15));
        assert_eq!(on("go1.24", "x86_64"), Version::new(3, 2));
        assert_eq!(linux("devel +abc"), None);
        assert_eq!(rust("1.95.0", "aarch64").map(|floor| floor.version), Some(Version::new(4, 1)));
        assert_eq!(rust("1.63.0", "aarch64").map(|floor| floor.version), Some(Version::patch(2, 6, 32)));
        assert_eq!(rust("1.95.0", "x86_64").map(|floor| floor.version), Some(Version::new(3, 2)));
    }
}
