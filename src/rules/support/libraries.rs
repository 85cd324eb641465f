//! Which libraries and loaders belong to a C library, by their names.
//!
//! Sources: glibc's `shlib-versions` files (`sysdeps/unix/sysv/linux/*`), musl's `INSTALL` and `configure`, Alpine's
//! `libc.musl-ARCH.so.1`.

use crate::facts::bytes::first;
use crate::facts::libc::{LibcFamily, is_stem_of_glibc};

/// Whether `soname` is one of glibc's own files, its loader included. musl's library is plain `libc.so`.
pub(in crate::rules) fn is_glibc(soname: &str) -> bool {
    let (stem, rest) = soname.split_at(soname.bytes().position(|byte| byte == b'.').unwrap_or(soname.len()));
    let is_service = || {
        let version = soname.strip_prefix("libnss_").and_then(|name| name.split_once(".so"));
        version.is_some_and(|(_, version)| version.starts_with('.'))
    };
    (rest.starts_with(".so.") && is_stem_of_glibc(stem)) || is_glibc_loader(soname) || is_service()
}

/// Whether `soname` is musl's library under one of its names.
pub(in crate::rules) fn is_musl(soname: &str) -> bool {
    soname == "libc.so" || soname.starts_with("libc.musl-") || is_musl_loader(soname)
}

/// Whether `soname` comes with the C library or the compiler: no program asks for it of its own accord.
pub(in crate::rules) fn is_runtime(soname: &str) -> bool {
    is_glibc(soname) || is_musl(soname) || soname.starts_with("libgcc_s.so") || soname.starts_with("libc.so")
}

/// Whether `soname` is one of the runtime libraries that GCC brings.
pub(in crate::rules) fn is_compiler_runtime(soname: &str) -> bool {
    ["libstdc++.so", "libgcc_s.so", "libatomic.so", "libgomp.so", "libgfortran.so", "libquadmath.so"]
        .iter()
        .any(|stem| soname.starts_with(stem))
}

/// Whether the path or soname is that of glibc's loader.
pub(in crate::rules) fn is_glibc_loader(path: &str) -> bool {
    let name = file_name(path);
    (name.starts_with("ld-linux") || name.starts_with("ld64.so") || name == "ld.so.1") && !name.contains("uClibc")
}

/// Whether the path or soname is that of musl's loader.
pub(in crate::rules) fn is_musl_loader(path: &str) -> bool {
    file_name(path).starts_with("ld-musl-")
}

/// A C library's name as a sentence says it.
pub(in crate::rules) fn family(family: LibcFamily) -> &'static str {
    family.name().unwrap_or(match family {
        LibcFamily::Bsd => "a BSD's C library",
        LibcFamily::Solaris => "Solaris' C library",
        LibcFamily::System => "the system's C library",
        LibcFamily::None => "no C library",
        _ => "an unknown C library",
    })
}

/// The evidence that a file asks for a library.
pub(in crate::rules) fn needs(name: &str) -> String {
    ["`DT_NEEDED` lists `", name, "`"].concat()
}

fn file_name(path: &str) -> &str {
    if first(b'/', path.as_bytes()).is_none() {
        return path;
    }
    // Not `rsplit`, which prepares for a long text.
    path.bytes().rposition(|byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_apart_by_name() {
        for glibc in [
            "libc.so.6",
            "libm.so.6",
            "ld-linux-x86-64.so.2",
            "libpthread.so.0",
            "libc.so.6.1",
            "ld64.so.2",
            "libnss_x.y.so.2",
        ] {
            assert!(is_glibc(glibc) && is_runtime(glibc) && !is_musl(glibc), "{glibc}");
        }
        for musl in ["libc.so", "libc.musl-x86_64.so.1", "ld-musl-aarch64.so.1"] {
            assert!(is_musl(musl) && is_runtime(musl) && !is_glibc(musl), "{musl}");
        }
        for other in [
            "libz.so.1",
            "libcrypt.so.1",
            "libstdc++.so.6",
            "libcurl.so.4",
            "libmvec_like.so.1",
            "libm-2.31.so",
            "libnss_x.so",
        ] {
            assert!(!is_runtime(other), "{other}");
        }
        assert!(is_glibc_loader("/lib64/ld-linux-x86-64.so.2") && is_musl_loader("/lib/ld-musl-x86_64.so.1"));
        assert!(!is_glibc_loader("/lib/ld64-uClibc.so.1"));
    }
}
