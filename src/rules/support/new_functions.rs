//! Functions that came with a release of glibc: to link against an older one does not help, as it has none.

use crate::facts::elf::VersionNeed;
use crate::hosts::{self, Answer, Host};
use crate::rules::Subject;

/// Functions that glibc 2.33 exports for the first time, and that any older one had in the part of it that is linked in
/// (`libc_nonshared.a`; release notes of glibc 2.33).
const ONCE_LINKED_IN: &[&str] = &["fstat", "fstatat", "lstat", "mknod", "mknodat", "stat"];

/// Whether a compiler or a header of glibc puts this name in the place of another, which the source says: `__memcpy_chk`,
/// `__isoc23_strtol`, `stat64`. Without that header, or with an older one, there is no need for it.
pub(crate) fn is_made_by_headers(name: &str) -> bool {
    name.starts_with("__") || name.ends_with("64") || ONCE_LINKED_IN.contains(&name)
}

/// What to do about those of the needed functions that `limit`, a release of glibc, has under no version, and whether there are
/// others beside them; `None` when there are none of these.
pub(in crate::rules) fn advice(subject: &Subject<'_>, needs: &[&VersionNeed], limit: &str) -> Option<(String, bool)> {
    let elf = subject.elf().filter(|elf| elf.undefined.are_read())?;
    let arch = &*subject.facts.arch;
    let host = |name: &str| hosts::find(name, arch).ok();
    // Rust brings musl 1.2.3 or newer since 1.71 (its release notes).
    let (floor, musl, newest) = (host(&format!("glibc:{limit}"))?, host("musl:1.2.3")?, host("musl:1.2.5")?);
    let lacks = |host: &Host, name: &str| {
        !host.libraries.is_empty()
            && host.libraries.iter().all(|library| library.exports.satisfies_glibc(name, None) == Answer::No)
    };
    let is_weak = |name: &str| elf.undefined.iter().any(|symbol| symbol.name == name && symbol.weak);
    let needed = needs.iter().flat_map(|need| need.symbols.iter().map(|name| (name, &*need.version)));
    let needed: Vec<(&str, &str)> = needed.filter(|(name, _)| !is_weak(name)).collect();
    let is_new = |name: &str| !is_made_by_headers(name) && lacks(&floor, name);
    let (new, others): (Vec<_>, Vec<_>) = needed.into_iter().partition(|(name, _)| is_new(name));
    let (first, version) = *new.first()?;
    let release = version.trim_start_matches("GLIBC_");
    let what = match new.len() {
        1 => format!("do without `{first}`, which came with glibc {release}"),
        more => format!("do without `{first}` and {} more, which glibc {limit} has not", more - 1),
    };
    let in_musl = if new.iter().all(|(name, _)| lacks(&newest, name)) {
        ", and which musl has not either"
    } else if new.iter().all(|(name, _)| !lacks(&musl, name)) {
        " (musl has it)"
    } else {
        ""
    };
    Some((format!("{what}{in_musl}"), !others.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::is_made_by_headers;

    #[test]
    fn names_that_headers_make() {
        for name in ["__memcpy_chk", "__isoc23_strtol", "stat64", "stat", "__libc_start_main"] {
            assert!(is_made_by_headers(name), "{name}");
        }
        for name in ["arc4random", "strlcpy", "pthread_create"] {
            assert!(!is_made_by_headers(name), "{name}");
        }
    }
}
