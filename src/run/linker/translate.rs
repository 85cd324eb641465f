//! A line written for `ld` in the words of `cc`, and the other way round.
//!
//! rustc goes by the linker's name: under one that ends in `-ld` it writes the line for `ld` (`infer_linker_hints` in
//! `rustc_codegen_ssa`), while the arguments that crates and their users add are written for the `cc` of every other build.

use std::ffi::OsString;
use std::path::Path;

use super::WITH_VALUE;
use super::parts::arguments;

/// The words for `cc` of a line written for `ld`; `None` when it brings a C library's own start-up files, as compilers write
/// it, and so must go to `ld` itself, or is written for `cc` already.
pub(super) fn for_compiler(args: &[OsString]) -> Option<Vec<OsString>> {
    let texts: Vec<_> = args.iter().map(|word| word.to_string_lossy()).collect();
    let startup = || texts.iter().filter(|word| is_startup(word));
    if !is_for_ld(args) || startup().any(|word| !is_self_contained(word)) {
        return None;
    }
    let line = Line {
        of_rustc: texts.iter().any(|word| word.contains("rustlib")),
        is_pie: texts.iter().any(|word| word == "-pie"),
        is_static: texts.iter().any(|word| word == "-static"),
        is_shared: texts.iter().any(|word| word == "-shared"),
    };
    let mut words = Vec::with_capacity(args.len());
    let mut rest = args.iter().zip(&texts);
    while let Some((word, text)) = rest.next() {
        if line.says_otherwise(text) {
            continue;
        }
        let with_value = WITH_VALUE.contains(&&**text);
        match is_for_cc(text) || is_for_both(text) {
            true => words.push(word.clone()),
            false => words.extend(["-Xlinker".into(), word.clone()]),
        }
        if with_value {
            let (value, _) = rest.next()?;
            words.extend((!is_for_cc(text)).then(|| "-Xlinker".into()));
            words.push(value.clone());
        }
    }
    words.extend(line.kind().map(OsString::from));
    if startup().next().is_some() {
        words.push("-nostartfiles".into());
    }
    if line.of_rustc {
        // rustc names every library by itself, and says so to a compiler.
        words.push("-nodefaultlibs".into());
    }
    Some(words)
}

/// What a line for `ld` says of the kind of output.
struct Line {
    of_rustc: bool,
    is_pie: bool,
    is_static: bool,
    is_shared: bool,
}

impl Line {
    fn is_static_pie(&self) -> bool {
        self.of_rustc && self.is_static && self.is_pie
    }

    /// `-static -pie --no-dynamic-linker` is one word for a compiler, which makes something else of the first two alone.
    fn says_otherwise(&self, word: &str) -> bool {
        self.is_static_pie() && ["-static", "-pie", "--no-dynamic-linker"].contains(&word)
    }

    /// The kind of program in the words of a compiler. A linker makes no PIE without being told, most compilers do.
    fn kind(&self) -> Option<&'static str> {
        match self.of_rustc {
            true if self.is_static_pie() => Some("-static-pie"),
            true if !self.is_pie && !self.is_shared => Some("-no-pie"),
            _ => None,
        }
    }
}

/// The words for `ld` of a line written for it, in which the arguments that a crate or its user adds are written for `cc`.
pub(super) fn for_linker(args: &[OsString]) -> Vec<OsString> {
    let is_for_cc = |word: &OsString| {
        let text = word.to_string_lossy();
        text.starts_with("-fuse-ld=")
            || ["-pthread", "-nostartfiles", "-nodefaultlibs", "-static-libgcc"].contains(&&*text)
    };
    let arguments = arguments(args).into_iter().filter(|(word, is_handed_on)| *is_handed_on || !is_for_cc(word));
    arguments.map(|(word, _)| word).collect()
}

/// Words that start so are for a compiler driver alone: `ld` would refuse them or take them for something else.
const STARTS_FOR_CC: &[&str] = &[
    "-W",
    "-f",
    "-march=",
    "-mtune=",
    "-mcpu=",
    "-mabi=",
    "-mcmodel=",
    "-mfpu=",
    "-mfloat-abi=",
    "-static-",
    "-specs=",
    "--specs=",
    "--target=",
    "-stdlib=",
    "-rtlib=",
    "-unwindlib=",
    "--rtlib=",
    "--unwindlib=",
    "--ld-path=",
];

/// Words that are for a compiler driver alone.
const FOR_CC: &[&str] = &[
    "-pthread",
    "-nostartfiles",
    "-nodefaultlibs",
    "-nostdlib",
    "-nolibc",
    "-rdynamic",
    "-m32",
    "-m64",
    "-pg",
    "--coverage",
    "-coverage",
    "-Xlinker",
    "-target",
    "-B",
];

/// What `ld` means by a word that starts like one of a compiler (ld(1)).
const FOR_LD: &[&str] = &["-f", "-flavor"];

/// Whether a word is for a compiler driver alone. `-B` stands before a folder; `ld` has words of its own that start so.
fn is_for_cc(word: &str) -> bool {
    let starts = || STARTS_FOR_CC.iter().any(|start| word.starts_with(start));
    let of_ld = || FOR_LD.contains(&word) || word.starts_with("-fini=");
    FOR_CC.contains(&word)
        || (starts() && !of_ld())
        || word.strip_prefix("-B").is_some_and(|folder| folder.contains(['/', '\\']) || folder.starts_with('.'))
}

/// Whether a word means the same to a compiler driver and to `ld`.
fn is_for_both(word: &str) -> bool {
    !word.starts_with('-')
        || ["-o", "-l", "-L", "-pie", "-no-pie", "-static", "-shared"].iter().any(|flag| word.starts_with(flag))
}

/// Whether the words are options of a linker that a compiler driver would refuse.
pub(super) fn is_for_ld(args: &[OsString]) -> bool {
    ["--as-needed", "--eh-frame-hdr", "--gc-sections", "-z"].iter().any(|flag| args.iter().any(|word| word == flag))
}

fn is_startup(word: &str) -> bool {
    let name = Path::new(word).file_name().unwrap_or_default();
    ["crt1.o", "Scrt1.o", "rcrt1.o", "gcrt1.o"].iter().any(|startup| name == *startup)
}

/// Start-up files that come with Rust's own musl, in a folder of that name.
fn is_self_contained(word: &str) -> bool {
    Path::new(word).parent().is_some_and(|folder| folder.ends_with("self-contained"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &[&str]) -> Option<Vec<String>> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let words = for_compiler(&args)?;
        Some(words.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn a_line_for_ld_is_translated_for_cc() {
        assert_eq!(
            words(&["a.o", "--as-needed", "-lc", "-z", "now", "-o", "h", "-pie"]).unwrap(),
            ["a.o", "-Xlinker", "--as-needed", "-lc", "-Xlinker", "-z", "-Xlinker", "now", "-o", "h", "-pie"]
        );
        assert_eq!(
            words(&["a.o", "--as-needed", "-Wl,-z,now", "-fuse-ld=lld"]).unwrap(),
            ["a.o", "-Xlinker", "--as-needed", "-Wl,-z,now", "-fuse-ld=lld"]
        );
        assert_eq!(words(&["/x/rcrt1.o", "a.o", "--as-needed"]), None);
        assert_eq!(words(&["a.o", "-Wl,--as-needed"]), None);
    }

    #[test]
    fn what_users_add_for_cc_stays_as_it_is() {
        let added = ["-rdynamic", "-march=native", "-B/x", "-fopenmp", "-Xlinker", "-E", "-nostdlib", "-static-libgcc"];
        assert_eq!(words(&[&["--gc-sections"][..], &added].concat()).unwrap()[2..], added);
        let of_ld = words(&["--gc-sections", "-Bstatic", "-fini=x", "-O1"]).unwrap();
        assert_eq!(of_ld[2..], ["-Xlinker", "-Bstatic", "-Xlinker", "-fini=x", "-Xlinker", "-O1"]);
    }

    #[test]
    fn the_kind_of_program_that_rustc_means_is_said_to_cc() {
        let of_rustc = |kind: &[&str]| {
            let line = [&["--gc-sections", "-L", "/x/rustlib/t/lib"][..], kind].concat();
            words(&line).unwrap().split_off(4)
        };
        assert_eq!(of_rustc(&["-pie"]), ["-pie", "-nodefaultlibs"]);
        assert_eq!(of_rustc(&["-shared"]), ["-shared", "-nodefaultlibs"]);
        assert_eq!(of_rustc(&[]), ["-no-pie", "-nodefaultlibs"]);
        assert_eq!(of_rustc(&["-static"]), ["-static", "-no-pie", "-nodefaultlibs"]);
        assert_eq!(of_rustc(&["-static", "-pie", "--no-dynamic-linker"]), ["-static-pie", "-nodefaultlibs"]);
        let startup = "/x/rustlib/t/lib/self-contained/rcrt1.o";
        assert_eq!(of_rustc(&[startup, "-pie"]), [startup, "-pie", "-nostartfiles", "-nodefaultlibs"]);
    }

    #[test]
    fn what_is_written_for_cc_is_translated_for_ld() {
        let args =
            ["rcrt1.o", "-pie", "-Wl,-z,now", "-Xlinker", "-E", "-fuse-ld=lld", "-pthread", "-lc"].map(OsString::from);
        assert_eq!(for_linker(&args), ["rcrt1.o", "-pie", "-z", "now", "-E", "-lc"].map(OsString::from));
    }
}
