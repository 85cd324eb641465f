//! Calls of a linker that ask it something instead of making something.

use std::ffi::OsString;
use std::path::Path;

use super::LinkLine;

/// Flags with which a compiler driver or linker links nothing, or nothing that runs.
const NOTHING: &[&str] = &[
    "-c",
    "-E",
    "-S",
    "-M",
    "-MM",
    "-r",
    "-Ur",
    "-i",
    "--relocatable",
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
    "--print-search-dirs",
];

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

/// Whether the words say that nothing is linked.
pub(super) fn links_nothing(words: &[OsString]) -> bool {
    words.iter().any(|word| {
        let text = word.to_string_lossy();
        NOTHING.contains(&&*text) || text.starts_with("-print-") || text.starts_with("--print-")
    })
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
