//! The link line of a C compiler or linker: what it makes, from what; read without modelling the tool's options.
//!
//! Works for `cc`, `clang`, `ld`, `lld`, `mold`, `zig cc` and `link.exe`. Anything unsure is treated as a call that links
//! nothing, and passes through untouched.

mod languages;
mod parts;
mod probe;
mod real;
pub(crate) mod response;
mod translate;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

pub(crate) use parts::{Part, parts};
pub use probe::is_known;
pub use real::{Call, LINKER, Linker, call, hand_over, run};

/// What a link line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkLine {
    /// Where the output goes.
    pub output: PathBuf,
    /// The line says so; without, it goes where such tools put it by themselves, if this is one of them.
    pub names_output: bool,
    /// A shared object or DLL is made on purpose.
    pub shared: bool,
    /// Objects, archives and shared libraries named by path, in order.
    pub files: Vec<PathBuf>,
    /// Names behind `-l`, in order.
    pub libraries: Vec<String>,
    /// Folders behind `-L`, in order.
    pub directories: Vec<PathBuf>,
    /// The loader the program is to ask for, when one is named.
    pub loader: Option<String>,
    /// A static program is asked for.
    pub is_static: bool,
    /// The words are those of rustc, which knows no `-static`.
    pub of_rustc: bool,
}

/// Options that take their value as the next word, and whose value could be taken for an input.
const WITH_VALUE: &[&str] = &[
    "-z",
    "-m",
    "-T",
    "-u",
    "-e",
    "-h",
    "-flavor",
    "-soname",
    "--soname",
    "-rpath",
    "--rpath",
    "-rpath-link",
    "-I",
    "-isystem",
    "-include",
    "-D",
    "-U",
    "-x",
    "-target",
    "--target",
    "-arch",
    "-Xlinker",
    "-Xassembler",
    "-Xpreprocessor",
    "-Xclang",
    "-MF",
    "-MT",
    "-MQ",
    "-framework",
    "-isysroot",
    "-syslibroot",
    "-install_name",
    "-undefined",
    "-exported_symbols_list",
    "--version-script",
    "-plugin",
    "-mllvm",
    "-F",
    "-B",
    "-platform_version",
    "-wrap",
    "--wrap",
    "--defsym",
    "-y",
    "--param",
];

/// The link that a call makes, or `None` for one that links nothing (compiles, probes, prints).
///
/// `args` are the words after the program's name; response files (`@file`) are read relative to `directory`.
pub fn link_line(program: &OsStr, args: &[OsString], directory: &Path) -> Option<LinkLine> {
    let words = response::expand(args, directory);
    let line = match probe::name(program).as_str() {
        "rustc" => languages::rustc(&words),
        "zig" => zig(program, &words, directory),
        _ if is_msvc(program) => msvc(&words),
        _ => unix(program, &words, directory),
    }?;
    (!probe::is_probe(&line, directory)).then_some(line)
}

/// Whether a call makes what none of its words tells: `zig build`, or a script alone.
pub fn tells_nothing(program: &OsStr, args: &[OsString]) -> bool {
    match args.first() {
        None => !probe::is_known(program),
        Some(command) => command == "build" && probe::name(program) == "zig",
    }
}

/// `link.exe`, `lld-link` and their like take `/OUT:`; Git's own `link` is none of them but has no such option either.
fn is_msvc(program: &OsStr) -> bool {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    matches!(name.as_str(), "link" | "lld-link" | "rust-lld-link")
}

/// `zig` by its command: a compiler driver like others, one of its own, or something that links nothing we know of.
fn zig(program: &OsStr, words: &[OsString], directory: &Path) -> Option<LinkLine> {
    let (command, words) = words.split_first()?;
    match command.to_str()? {
        "cc" | "c++" => unix(program, words, directory),
        "build-exe" => languages::zig(words, false),
        "build-lib" => languages::zig(words, true),
        _ => None,
    }
}

fn unix(program: &OsStr, words: &[OsString], directory: &Path) -> Option<LinkLine> {
    let is_linker = probe::is_linker(program);
    let (own, handed) = if is_linker { (Vec::new(), words.to_vec()) } else { apart(words, directory) };
    let mut line = LinkLine { output: PathBuf::from("a.out"), ..LinkLine::default() };
    // What a compiler hands on comes behind its own `-o` on the linker's line.
    let own = own.iter().map(|word| (word, false));
    let mut rest = own.chain(handed.iter().map(|word| (word, true)));
    while let Some((word, to_linker)) = rest.next() {
        let text = word.to_string_lossy();
        let mut value = || Some(rest.next()?.0);
        match &*text {
            "-o" | "--output" => line.set_output(value()?),
            "-L" | "--library-path" => line.directories.push(PathBuf::from(value()?)),
            "-l" | "--library" => line.libraries.push(value()?.to_string_lossy().into_owned()),
            "-shared" | "--shared" | "-dylib" | "-dynamiclib" | "-bundle" | "-Bshareable" => line.shared = true,
            "-static" | "--static" | "-static-pie" => line.is_static = true,
            "-dynamic-linker" | "--dynamic-linker" => line.loader = Some(value()?.to_string_lossy().into_owned()),
            "--oformat" if to_linker && probe::is_no_program(&value()?.to_string_lossy()) => return None,
            "-x" if to_linker => {}
            "-x" if value()?.to_string_lossy().ends_with("-header") => return None,
            "--oformat" | "-x" => {}
            flag if WITH_VALUE.contains(&flag) => drop(value()),
            flag if probe::is_question(flag, to_linker) => return None,
            // What else a compiler hands on is not read so closely: it may be a value.
            flag if to_linker && !is_linker && !flag.starts_with('-') => {}
            _ => joined(&mut line, word, &text),
        }
    }
    let links = !line.files.is_empty() || !line.libraries.is_empty();
    (links && (is_linker || !probe::are_headers(&line.files))).then_some(line)
}

/// The words for the compiler itself, and those that it hands to the linker; the latter may name response files in `directory`.
fn apart(words: &[OsString], directory: &Path) -> (Vec<OsString>, Vec<OsString>) {
    let (handed, own): (Vec<_>, Vec<_>) =
        parts::arguments(words).into_iter().partition(|(_, is_handed_on)| *is_handed_on);
    let words = |arguments: Vec<(OsString, bool)>| arguments.into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    (words(own), response::expand(&words(handed), directory))
}

impl LinkLine {
    fn set_output(&mut self, path: impl Into<PathBuf>) {
        self.output = path.into();
        self.names_output = true;
    }
}

/// A word that carries its value with it, or an input.
fn joined(line: &mut LinkLine, word: &OsStr, text: &str) {
    if let Some(path) =
        text.strip_prefix("--output=").or_else(|| text.strip_prefix("-o").filter(|path| !path.is_empty()))
    {
        line.set_output(path);
    } else if let Some(path) = text.strip_prefix("-L") {
        line.directories.push(PathBuf::from(path));
    } else if let Some(name) = text.strip_prefix("-l") {
        line.libraries.push(name.to_owned());
    } else if !text.starts_with('-') || text == "-" {
        // A dash alone is what standard input holds.
        line.files.push(PathBuf::from(word));
    }
}

fn msvc(words: &[OsString]) -> Option<LinkLine> {
    let mut line = LinkLine::default();
    for word in words {
        let text = word.to_string_lossy();
        let Some(option) = text.strip_prefix(['/', '-']) else {
            line.files.push(PathBuf::from(word));
            continue;
        };
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        match name.to_ascii_uppercase().as_str() {
            "OUT" => line.set_output(value),
            "DLL" => line.shared = true,
            "LIBPATH" => line.directories.push(PathBuf::from(value)),
            "LIB" | "DUMP" | "?" | "HELP" => return None,
            // An absolute path on Unix starts like an option of link.exe.
            _ if Path::new(word).is_absolute() => line.files.push(PathBuf::from(word)),
            _ => {}
        }
    }
    if line.output.as_os_str().is_empty() {
        line.output = line.files.first()?.with_extension(if line.shared { "dll" } else { "exe" });
    }
    (!line.files.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(program: &str, args: &[&str]) -> Option<LinkLine> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        link_line(program.as_ref(), &args, Path::new("/nowhere"))
    }

    #[test]
    fn the_output_is_found_wherever_it_stands() {
        for args in [&["-o", "app", "a.o"][..], &["a.o", "-oapp"], &["a.o", "--output=app", "-lz"]] {
            assert_eq!(line("cc", args).unwrap().output, Path::new("app"), "{args:?}");
        }
        assert_eq!(line("cc", &["a.o"]).unwrap().output, Path::new("a.out"));
        assert_eq!(line("link.exe", &["/OUT:x.exe", "a.obj"]).unwrap().output, Path::new("x.exe"));
        assert_eq!(line("lld-link", &["/dll", "a.obj"]).unwrap().output, Path::new("a.dll"));
    }

    #[test]
    fn inputs_libraries_and_folders() {
        let line =
            line("clang", &["-L/x", "-L", "y", "a.o", "b.a", "-lz", "-l", "m", "-z", "now", "-Wl,-shared"]).unwrap();
        assert_eq!(line.files, ["a.o", "b.a"].map(PathBuf::from));
        assert_eq!(line.libraries, ["z", "m"]);
        assert_eq!(line.directories, ["/x", "y"].map(PathBuf::from));
        assert!(line.shared);
    }

    #[test]
    fn calls_that_link_nothing() {
        for args in [
            &["-v"][..],
            &["--version"],
            &["-c", "a.c"],
            &["-E", "a.c"],
            &["-r", "a.o", "-o", "b.o"],
            &[],
            &["-print-file-name=x"],
            &["-o", "/dev/null", "a.c"],
            &["conftest.c", "-o", "conftest"],
            &["-Wl,-r", "a.o"],
            &["-Xlinker", "--relocatable", "a.o"],
            &["all.h", "-o", "all.h.gch"],
            &["-x", "c-header", "h", "-o", "h.pch"],
            &["-xc++-header", "h", "-o", "h.pch"],
            &["--compile", "a.c", "-o", "a.o"],
            &["--analyze", "a.c", "-o", "x.plist"],
            &["-cc1", "-o", "a.o", "a.c"],
            &["--emit-static-lib", "a.c", "-o", "a.a"],
            &["-Wl,--version", "a.c", "-o", "app"],
            &["-ccc-print-phases", "a.c", "-o", "app"],
            &["-Wl,--oformat=binary", "a.o", "-o", "boot.bin"],
            &["-Wl,--oformat,binary", "a.o", "-o", "boot.bin"],
            &["-Xlinker", "--oformat", "-Xlinker", "ihex", "a.o"],
        ] {
            assert_eq!(line("cc", args), None, "{args:?}");
        }
        for args in [&["-r", "a.o", "-o", "b.o"][..], &["--version"], &["-V"], &["--oformat", "binary", "a.o"]] {
            assert_eq!(line("/usr/bin/x86_64-linux-gnu-ld.bfd", args), None, "{args:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_question_links() {
        for args in [
            &["-x", "c", "-o", "p", "-"][..],
            &["-Xlinker", "-E", "-o", "p", "a.o"],
            &["-Xlinker", "-M", "-o", "p", "a.o"],
            &["-Wl,-E,-S", "-o", "p", "a.o"],
            &["-u", "-c", "-o", "p", "a.o"],
            &["a.o", "-Wl,-o,p"],
            &["a.o", "-Xlinker", "-o", "-Xlinker", "p", "-o", "q"],
            &["-Wl,--oformat=elf64-x86-64", "-include", "all.h", "a.c", "-o", "p"],
        ] {
            assert_eq!(line("gcc", args).unwrap().output, Path::new("p"), "{args:?}");
        }
        for flag in ["-E", "-S", "-M", "-V", "-c", "--print-map", "--print-gc-sections"] {
            for linker in ["ld", "ld.lld", "ld.lld-15", "/usr/bin/aarch64-linux-gnu-ld", "mold", "ld64.lld"] {
                assert_eq!(line(linker, &[flag, "-o", "p", "a.o"]).unwrap().output, Path::new("p"), "{linker} {flag}");
            }
        }
    }
}
