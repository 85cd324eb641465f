//! musl as data: what its one library, which is the loader too, exports release by release.

use super::Version;
use super::exports::Answer;
use super::table::Table;

static SYMBOLS: Table = Table::new(include_str!("../../data/musl-symbols.tsv"));

/// The newest release the table describes.
const NEWEST: Version = Version::patch(1, 2, 6);
/// The oldest.
const OLDEST: Version = Version::patch(1, 1, 24);
/// The release whose loader learned `DT_RELR` and the aliases of the `64` names.
pub(super) const RELR: Version = Version::patch(1, 2, 4);

/// The release whose loader knows all of those names again.
const ALIASES: Version = Version::patch(1, 2, 6);
/// The one `64` name that is longer than the buffer in which loaders between the two looked for it (`get_lfs64`; seen with 1.2.5:
/// "symbol not found").
const TOO_LONG: &str = "posix_fallocate64";

/// Symbols of architectures whose tables were not measured: musl's `src/thread/i386/tls.s`,
/// `src/thread/s390x/__tls_get_offset.s`, `arch/riscv64` and `src/linux/cache.c`.
const OF_ONE_ARCHITECTURE: &[(&str, &str)] = &[
    ("___tls_get_addr", "i386"),
    ("__tls_get_offset", "s390x"),
    ("__riscv_flush_icache", "riscv64"),
    ("_flush_cache", "mips"),
    ("_flush_cache", "mipsel"),
    ("_flush_cache", "mips64"),
    ("_flush_cache", "mips64el"),
    ("cachectl", "mips"),
    ("cachectl", "mipsel"),
    ("cacheflush", "mips"),
    ("cacheflush", "mipsel"),
];

/// Whether the loader of that release finds `name` in libc, by itself or as one of the `64` names it maps at load time.
pub(super) fn defines(name: &str, release: Version, arch: &str) -> Answer {
    if OF_ONE_ARCHITECTURE.contains(&(name, arch)) {
        return Answer::Yes;
    }
    let Some(row) = SYMBOLS.rows(name).next() else {
        return if release > NEWEST { Answer::Unknown } else { Answer::No };
    };
    if name == TOO_LONG && release >= RELR && release < ALIASES {
        return Answer::No;
    }
    let mut columns = row.split('\t');
    let bound = columns.next().unwrap_or_default();
    let first = columns.next().and_then(|first| first.parse::<Version>().ok());
    let here = match bound {
        "" => true,
        "x86" => matches!(arch, "x86_64" | "i386"),
        "arm" => arch == "arm",
        _ => matches!(arch, "i386" | "arm" | "mips" | "mipsel" | "ppc" | "m68k" | "sh4"),
    };
    match first {
        _ if !here => Answer::No,
        Some(first) => Answer::of(release >= first),
        None if release < OLDEST => Answer::Unknown,
        None => Answer::Yes,
    }
}

/// Whether musl's loader takes a library of this name for itself (`ldso/dynlink.c`, `load_library`): `libc.so`,
/// `libpthread.so.0`, `libc.musl-x86_64.so.1` and their like are never looked for.
pub(super) fn is_own_name(name: &str) -> bool {
    const RESERVED: [&str; 7] = ["c", "pthread", "rt", "m", "dl", "util", "xnet"];
    name.strip_prefix("lib").and_then(|rest| rest.split_once('.')).is_some_and(|(stem, _)| RESERVED.contains(&stem))
}

/// The name a `64` name stands for at load time from [`RELR`] on (`ldso/dynlink.c`, `get_lfs64`); `release` is that of the loader,
/// where it is known.
pub(super) fn load_time_alias(name: &str, release: Option<Version>) -> Option<&str> {
    if name == TOO_LONG && release.is_none_or(|release| release < ALIASES) {
        return None;
    }
    if name == "readdir64_r" {
        return Some("readdir_r");
    }
    let plain = name.strip_suffix("64")?;
    SYMBOLS.rows(name).any(|row| row.ends_with("\t1.2.3")).then_some(plain)
}

/// Path of musl's loader (`configure`, `ARCH` and its sub-architectures).
pub(super) fn loader_path(arch: &str, abi: Option<&str>) -> Option<&'static str> {
    let soft = abi.is_some_and(|abi| abi.contains("soft"));
    Some(match arch {
        "x86_64" if abi == Some("x32") => "/lib/ld-musl-x32.so.1",
        "x86_64" => "/lib/ld-musl-x86_64.so.1",
        "i386" => "/lib/ld-musl-i386.so.1",
        "aarch64" => "/lib/ld-musl-aarch64.so.1",
        "arm" if soft => "/lib/ld-musl-arm.so.1",
        "arm" => "/lib/ld-musl-armhf.so.1",
        "ppc64le" => "/lib/ld-musl-powerpc64le.so.1",
        "ppc64" => "/lib/ld-musl-powerpc64.so.1",
        "s390x" => "/lib/ld-musl-s390x.so.1",
        "riscv64" => "/lib/ld-musl-riscv64.so.1",
        "loongarch64" => "/lib/ld-musl-loongarch64.so.1",
        "mips64el" => "/lib/ld-musl-mips64el.so.1",
        "mips64" => "/lib/ld-musl-mips64.so.1",
        "mipsel" => "/lib/ld-musl-mipsel.so.1",
        "mips" => "/lib/ld-musl-mips.so.1",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_and_stay_for_the_loader() {
        SYMBOLS.assert_sorted();
        let at = |patch| Version::patch(1, 2, patch);
        assert_eq!(defines("reallocarray", at(1), "x86_64"), Answer::No);
        assert_eq!(defines("reallocarray", at(2), "x86_64"), Answer::Yes);
        assert_eq!(defines("open64", at(5), "x86_64"), Answer::Yes);
        assert_eq!(defines("__memcpy_chk", at(5), "x86_64"), Answer::No);
        assert_eq!(defines("__time64", at(5), "x86_64"), Answer::No);
        assert_eq!(defines("__time64", at(5), "arm"), Answer::Yes);
        assert_eq!(load_time_alias("fopen64", None), Some("fopen"));
        assert_eq!(load_time_alias("strlen64", None), None);
        assert_eq!(
            [3, 5, 6].map(|patch| defines(TOO_LONG, at(patch), "x86_64")),
            [Answer::Yes, Answer::No, Answer::Yes]
        );
        assert_eq!([5, 6].map(|patch| load_time_alias(TOO_LONG, Some(at(patch)))), [None, Some("posix_fallocate")]);
    }

    #[test]
    fn its_own_names_are_never_looked_for() {
        for own in ["libc.so", "libc.so.6", "libpthread.so.0", "libm.so.6", "libc.musl-x86_64.so.1"] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["libcrypt.so.1", "libgcc_s.so.1", "libresolv.so.2", "ld-linux-x86-64.so.2", "libmvec.so.1"] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
