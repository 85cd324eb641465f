//! Which C library a dynamic file asks for, by what it needs. Used where no loader is named: in shared objects.

use super::{LibcFamily, is_glibc_file};
use crate::facts::Os;
use crate::facts::elf::ElfFacts;

/// The library, and what shows it; `None` when nothing does.
pub(super) fn by_needs(elf: &ElfFacts, os: Os) -> Option<(LibcFamily, String)> {
    let by_system = match os {
        Os::Android => Some((LibcFamily::Bionic, "the file is marked for Android")),
        Os::FreeBsd | Os::NetBsd | Os::OpenBsd | Os::DragonFly => {
            Some((LibcFamily::Bsd, "the file is marked for a BSD, which has one C library"))
        }
        Os::Solaris => Some((LibcFamily::Solaris, "the file is marked for Solaris")),
        _ => None,
    };
    if let Some((family, evidence)) = by_system {
        return Some((family, evidence.to_owned()));
    }
    let by_version = elf.version_needs.iter().find_map(|need| {
        let family = match need.version.as_str() {
            version if version.starts_with("GLIBC_") && is_glibc_file(&need.file) => LibcFamily::Glibc,
            "LIBC" | "LIBC_N" | "LIBC_O" | "LIBC_P" | "LIBC_Q" | "LIBC_R" => LibcFamily::Bionic,
            // Libraries of OpenJDK have versions of Sun's on every system.
            version if is_of_sun(version) && need.file.starts_with("libc.so.") => LibcFamily::Solaris,
            version if version.starts_with("FBSD_") => LibcFamily::Bsd,
            _ => return None,
        };
        Some((family, ["needs ", &need.version, " of ", &need.file].concat()))
    });
    by_version.or_else(|| {
        elf.needed.iter().find_map(|name| by_name(name).map(|family| (family, ["DT_NEEDED has ", name].concat())))
    })
}

fn is_of_sun(version: &str) -> bool {
    version.starts_with("SUNW") || version.starts_with("ILLUMOS_")
}

fn by_name(name: &str) -> Option<LibcFamily> {
    Some(match name {
        "libc.so.6" | "libc.so.6.1" | "libc.so.0.1" | "libc.so.0.3" | "libm.so.6" | "libm.so.6.1" | "libdl.so.2" => {
            LibcFamily::Glibc
        }
        // musl's own name; bionic has it too, and marks its files.
        "libc.so" => LibcFamily::Musl,
        "libc.so.0" | "libc.so.1" => LibcFamily::Uclibc,
        "libc.so.7" | "libc.so.8" | "libc.so.12" => LibcFamily::Bsd,
        _ if name.starts_with("libc.musl-") || name.starts_with("ld-musl-") => LibcFamily::Musl,
        _ if name.starts_with("ld-linux") || name.starts_with("ld64.so") => LibcFamily::Glibc,
        _ if name.starts_with("klibc-") => LibcFamily::Klibc,
        _ if name.starts_with("libuClibc") => LibcFamily::Uclibc,
        _ if is_openbsd_name(name) => LibcFamily::Bsd,
        _ => return None,
    })
}

/// OpenBSD's libraries have two numbers: `libc.so.97.1`.
fn is_openbsd_name(name: &str) -> bool {
    name.strip_prefix("libc.so.").and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| {
        major.len() >= 2 && [major, minor].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::elf::VersionNeed;

    fn needs(needed: &[&str], versions: &[(&str, &str)]) -> Option<LibcFamily> {
        let need = |&(file, version): &(&str, &str)| VersionNeed {
            file: file.into(),
            version: version.into(),
            weak: false,
            symbols: [].into(),
        };
        let elf = ElfFacts {
            needed: needed.iter().map(|name| (*name).to_owned()).collect(),
            version_needs: versions.iter().map(need).collect(),
            ..ElfFacts::default()
        };
        by_needs(&elf, Os::Unknown).map(|(family, _)| family)
    }

    #[test]
    fn names_and_versions() {
        assert_eq!(needs(&["libc.so.6"], &[]), Some(LibcFamily::Glibc));
        assert_eq!(needs(&["libgcc_s.so.1", "libc.so"], &[("libgcc_s.so.1", "GLIBC_2.0")]), Some(LibcFamily::Musl));
        assert_eq!(needs(&["libc.so"], &[("libc.so", "LIBC")]), Some(LibcFamily::Bionic));
        assert_eq!(needs(&["libc.so.97.1"], &[]), Some(LibcFamily::Bsd));
        assert_eq!(needs(&["libc.so.1"], &[("libc.so.1", "SUNW_1.22")]), Some(LibcFamily::Solaris));
        let jdk = [("libjvm.so", "SUNWprivate_1.1"), ("libc.so.6", "GLIBC_2.2.5")];
        assert_eq!(needs(&["libjvm.so", "libc.so.6"], &jdk), Some(LibcFamily::Glibc));
        assert_eq!(needs(&["libc.musl-x86_64.so.1"], &[]), Some(LibcFamily::Musl));
        assert_eq!(needs(&["libfoo.so"], &[]), None);
    }
}
