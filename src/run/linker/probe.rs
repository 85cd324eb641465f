//! Calls of a linker that ask it something instead of making something.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::LinkLine;

/// Flags with which a compiler driver links nothing.
const OF_COMPILERS: &[&str] = &[
    "-c",
    "-E",
    "-S",
    "-M",
    "-MM",
    "-r",
    "--compile",
    "--preprocess",
    "--assemble",
    "--dependencies",
    "--user-dependencies",
    "-fsyntax-only",
    "--analyze",
    "-emit-ast",
    "--precompile",
    "-cc1",
    "-cc1as",
    "--emit-static-lib",
    "-fdriver-only",
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

/// Flags with which a compiler driver links nothing, and which go on.
const OF_COMPILERS_WITH_MORE: &[&str] = &["-print-", "--print-", "--help=", "-ccc-print-", "-fmodule-header"];

/// Flags with which a linker makes nothing. With `-V` it tells its version and links all the same (ld(1)), and what else compilers
/// know means something of its own: `-E` exports every symbol, `-S` strips, `-M` prints a map.
const OF_LINKERS: &[&str] = &["--version", "--help", "--target-help", "--print-output-format", "--print-sysroot"];

/// Flags with which a linker makes nothing that runs.
const PARTIAL: &[&str] = &["-r", "-Ur", "-i", "--relocatable"];

/// Throw-away programs that build systems link to learn about a compiler: their names, and a folder they lie in, where the
/// build system has one for the purpose. A program of that name elsewhere is the user's own. `*` stands for anything; else a
/// name ends there, or goes on with a dot, an underscore or a digit. All of it is from their own sources:
///
/// cargo: build scripts; autoconf: `AC_LANG_CONFTEST`, also in autosetup's `cc.tcl`; CMake: `cmCoreTryCompile.cxx`,
/// `CMakeDetermineCompilerId.cmake`, `CheckIPOSupported.cmake`; Meson: sanity checks, `links`; Go: `linkerFlagSupported` in
/// `cmd/link`; SCons: `CONFIGUREDIR`; waf: `run_build` in `Configure.py`; nginx: `auto/init`; distutils: `command/config.py`.
const PROBES: &[(&str, Option<&str>)] = &[
    ("build_script_*", Some("build")),
    ("conftest", None),
    ("cmTC_*", None),
    ("a", Some("CompilerId")),
    ("*", Some("CMakeScratch")),
    ("*", Some("_CMakeLTOTest-")),
    ("sanitycheck*", Some("meson-private")),
    ("output", Some("meson-private")),
    ("trivial", Some("go-link-")),
    ("*", Some(".sconf_temp")),
    ("*", Some(".conf_check_")),
    ("testprog", Some("conf_check_")),
    ("autotest", Some("objs")),
    ("_configtest", None),
];

/// What a program of BFD's is that no loader knows (`objcopy --info`).
const RAW_FORMATS: &[&str] = &["binary", "ihex", "srec", "symbolsrec", "tekhex", "verilog"];

/// Endings by which compilers take an input for a header, and make a precompiled one of it (gcc(1), "Overall Options").
const HEADERS: &[&str] = &["h", "hh", "H", "hp", "hxx", "hpp", "HPP", "h++", "tcc"];

/// Compilers and linkers whose words tell what they make, and companions that link nothing, by the last part of their names.
const KNOWN: &[&str] = &[
    "cc", "gcc", "g++", "c++", "c99", "clang", "clang++", "clang-cl", "cl", "icx", "icpx", "tcc", "nvcc", "gfortran",
    "ld", "ld64", "lld", "mold", "gold", "wild", "link", "ar", "ranlib", "as", "nm", "strip", "objcopy", "objdump",
];

/// Whether a word says that nothing is linked that runs: one for the linker, or one for a compiler.
pub(super) fn is_question(word: &str, to_linker: bool) -> bool {
    if to_linker {
        let raw = || word.strip_prefix("--oformat=").is_some_and(is_no_program);
        return OF_LINKERS.contains(&word) || PARTIAL.contains(&word) || raw();
    }
    let is_header = || word.starts_with("-x") && word.ends_with("-header");
    OF_COMPILERS.contains(&word) || OF_COMPILERS_WITH_MORE.iter().any(|start| word.starts_with(start)) || is_header()
}

/// Whether the output is in a format that no loader knows.
pub(super) fn is_no_program(format: &str) -> bool {
    RAW_FORMATS.contains(&format)
}

/// Whether there are headers alone.
pub(super) fn are_headers(files: &[PathBuf]) -> bool {
    let is_header = |path: &PathBuf| path.extension().is_some_and(|ending| HEADERS.iter().any(|one| ending == *one));
    !files.is_empty() && files.iter().all(is_header)
}

/// Whether a program is a linker, and no compiler driver: `ld`, `aarch64-linux-gnu-ld.bfd`, `ld64.lld`, `ld.lld-15`, `mold`.
pub(super) fn is_linker(program: &OsStr) -> bool {
    matches!(&*name(program), "ld" | "ld64" | "lld" | "mold" | "gold" | "wild")
}

/// Whether a program is known to be a compiler or linker, or to be neither.
pub fn is_known(program: &OsStr) -> bool {
    KNOWN.contains(&&*name(program))
}

/// What a program is by its name: without a target in front, a version or another ending behind, in lower case.
pub(super) fn name(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".exe");
    let name = match name.rsplit_once('-') {
        Some((start, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => start,
        _ => name,
    };
    let (_, last) = name.rsplit_once('-').unwrap_or(("", name));
    last.split_once('.').map_or(last, |(start, _)| start).to_owned()
}

/// Whether a link in `directory` makes a program that its maker throws away.
pub(super) fn is_probe(line: &LinkLine, directory: &Path) -> bool {
    if line.output.as_os_str() == "/dev/null" || line.output.as_os_str().eq_ignore_ascii_case("nul") {
        return true;
    }
    // A line that names no output makes `a.out` of a source that tells.
    std::iter::once(&line.output).chain(&line.files).any(|path| is_throw_away(&directory.join(path)))
}

fn is_throw_away(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folders = || path.parent().into_iter().flat_map(Path::components);
    PROBES.iter().any(|(pattern, folder)| {
        is_named(&name, pattern)
            && folder.is_none_or(|folder| folders().any(|part| part.as_os_str().to_string_lossy().starts_with(folder)))
    })
}

fn is_named(name: &str, pattern: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return name.starts_with(start);
    }
    let goes_on = |rest: &str| rest.starts_with(|next: char| next == '.' || next == '_' || next.is_ascii_digit());
    name.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || goes_on(rest))
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
            "conftest2.c",
            "conftest__.o",
            "/b/.sconf_temp/conftest_5a105e8b9d40e1329780d62ea2265d8a_0",
            "/b/CMakeFiles/3.25.1/CompilerIdC/a.out",
            "/b/CMakeFiles/_CMakeLTOTest-C/bin/boo",
            "/b/build/.conf_check_5a105e8b/testbuild/testprog",
            "/src/nginx/objs/autotest",
            "/src/_configtest.o",
            "/t/debug/build/libm-0123456789abcdef/build_script_build-0123456789abcdef",
        ] {
            assert!(is_throw_away(path.as_ref()), "{path}");
        }
        for path in [
            "trivial.c",
            "conftester",
            "conftest-cli",
            "sanitycheck",
            "output.exe",
            "app",
            "autotest",
            "testprog",
            "objs/nginx",
            "CMakeFiles/app.dir/main.c.o",
            "/b/CompilerIdC/app",
        ] {
            assert!(!is_throw_away(path.as_ref()), "{path}");
        }
    }
}
