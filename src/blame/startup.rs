//! The start-up files a C compiler adds to every link.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::objects::{LinkInput, Owner};
use crate::facts::Kind;

/// Their names: the C library's and the compiler's own.
const NAMES: &[&str] =
    &["crt1.o", "Scrt1.o", "rcrt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtbeginT.o"];

/// Whether a file can be part of a program of that kind: only one of glibc's and musl's `crt1.o`, `Scrt1.o` (PIE) and
/// `rcrt1.o` (static PIE) is. Anything else can be.
pub(super) fn is_linked(file: &Path, kind: Option<Kind>) -> bool {
    let wanted = match kind {
        Some(Kind::Pie) => "Scrt1.o",
        Some(Kind::StaticPie) => "rcrt1.o",
        Some(Kind::Exe | Kind::Static) => "crt1.o",
        _ => return true,
    };
    let name = file.file_name().unwrap_or_default();
    name == wanted || !["crt1.o", "Scrt1.o", "rcrt1.o"].iter().any(|other| name == *other)
}

/// Those that `compiler` links with these arguments, as it says itself when asked for the commands it would run. A linker
/// that is no compiler driver does not answer, and has none.
pub(super) fn files<'w>(compiler: &OsStr, args: impl IntoIterator<Item = &'w OsStr>) -> Vec<LinkInput> {
    let words = args.into_iter().chain([OsStr::new("-###")]);
    let answer = duct::cmd(compiler, words).stdin_null().stdout_null().stderr_capture().unchecked().run();
    let text = answer.map(|answer| String::from_utf8_lossy(&answer.stderr).into_owned()).unwrap_or_default();
    let paths = text.split_whitespace().map(|word| PathBuf::from(word.trim_matches('"')));
    let is_one = |path: &PathBuf| NAMES.iter().any(|name| path.file_name().is_some_and(|file| file == *name));
    let found = paths.filter(|path| is_one(path) && path.is_file());
    found.map(|path| LinkInput { path, owner: Owner::CStartup }).collect()
}

/// Those of a program of that kind.
pub(super) fn of_kind(compiler: &OsStr, kind: Option<Kind>) -> Vec<LinkInput> {
    let flag = match kind {
        Some(Kind::Pie) => "-pie",
        Some(Kind::StaticPie) => "-static-pie",
        Some(Kind::Exe) => "-no-pie",
        Some(Kind::Static) => "-static",
        _ => "-shared",
    };
    files(compiler, [OsStr::new(flag), OsStr::new("/dev/null")])
}
