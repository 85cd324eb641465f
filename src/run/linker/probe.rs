//! Calls of a linker that ask it something instead of making something.

use std::ffi::OsStr;
use std::path::Path;

use super::LinkLine;

/// Flags with which a compiler driver links nothing.
const OF_COMPILERS: &[&str] = &[
    "-c",
    "-E",
    "-S",
    "-M",
    "-MM",
    "-r",
    "-fsyntax-only",
    "-###",
    "--version",
    "-V",
    "--help",
    "--target-help",
    "-dumpversion",
    "-dumpmachine",
    "-dumpspecs",
    "-dumpfullversion",
];

/// Flags with which a linker makes nothing. With `-V` it tells its version and links all the same (ld(1)), and what else compilers
/// know means something of its own: `-E` exports every symbol, `-S` strips, `-M` prints a map.
const OF_LINKERS: &[&str] = &["--version", "--help", "--target-help", "--print-output-format", "--print-sysroot"];

/// Flags with which a linker makes nothing that runs.
const PARTIAL: &[&str] = &["-r", "-Ur", "-i", "--relocatable"];

/// Throw-away programs that build systems link to learn about a linker: how the file's name starts, and a folder it lies
/// in, where the build system has one for the purpose. A program of that name elsewhere is the user's own.
///
/// cargo: build scripts; autoconf: `AC_LANG_CONFTEST`; CMake: `try_compile`; Meson: sanity checks, `links`; Go: `linkerFlagSupported` in `cmd/link`.
const PROBES: &[(&str, Option<&str>)] = &[
    ("build_script_", Some("build")),
    ("conftest.", None),
    ("cmTC_", None),
    ("sanitycheck", Some("meson-private")),
    ("output.", Some("meson-private")),
    ("trivial.c", Some("go-link-")),
];

/// Whether a word says that nothing is linked, for this program.
pub(super) fn questions_of(program: &OsStr) -> fn(&str) -> bool {
    if is_linker(program) {
        return |word| OF_LINKERS.contains(&word) || makes_no_program(word);
    }
    |word| OF_COMPILERS.contains(&word) || word.starts_with("-print-") || word.starts_with("--print-")
}

/// Whether a word for a linker says that what it makes is linked again.
pub(super) fn makes_no_program(word: &str) -> bool {
    PARTIAL.contains(&word)
}

/// Whether a program is a linker, and no compiler driver: `ld`, `aarch64-linux-gnu-ld.bfd`, `ld64.lld`, `mold`.
pub(super) fn is_linker(program: &OsStr) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".exe");
    let (_, last) = name.rsplit_once('-').unwrap_or(("", name));
    let last = last.split_once('.').map_or(last, |(start, _)| start);
    matches!(last, "ld" | "ld64" | "lld" | "mold" | "gold" | "wild")
}

/// Whether a link in `directory` makes a program that its maker throws away.
pub(super) fn is_probe(line: &LinkLine, directory: &Path) -> bool {
    if line.output.as_os_str() == "/dev/null" || line.output.as_os_str().eq_ignore_ascii_case("nul") {
        return true;
    }
    std::iter::once(&line.output)
        .chain(line.files.first().filter(|_| line.files.len() == 1))
        .any(|path| is_throw_away(&directory.join(path)))
}

fn is_throw_away(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folders = || path.parent().into_iter().flat_map(Path::components);
    PROBES.iter().any(|(start, folder)| {
        (name.starts_with(start) || name == start.trim_end_matches('.'))
            && folder.is_none_or(|folder| folders().any(|part| part.as_os_str().to_string_lossy().starts_with(folder)))
    })
}

#[cfg(test)]
mod tests {
    use super::is_throw_away;

    #[test]
    fn throw_away_programs_and_programs_that_are_only_called_so() {
        for path in [
            "conftest",
            "conftest.exe",
            "x/cmTC_1a2b3",
            "/tmp/go-link-1234/trivial.c",
            "b/meson-private/sanitycheckc.exe",
            "b/meson-private/tmp1a2b/output.exe",
        ] {
            assert!(is_throw_away(path.as_ref()), "{path}");
        }
        for path in ["trivial.c", "conftester", "sanitycheck", "output.exe", "app"] {
            assert!(!is_throw_away(path.as_ref()), "{path}");
        }
    }
}
