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

/// Where `compiler` finds them. A linker that is no compiler driver does not answer, and has none.
pub(super) fn files(compiler: &OsStr) -> Vec<LinkInput> {
    NAMES.iter().filter_map(|name| of_compiler(compiler, name)).collect()
}

/// A compiler answers with the bare name when it has no such file.
fn of_compiler(compiler: &OsStr, name: &str) -> Option<LinkInput> {
    let question = format!("-print-file-name={name}");
    let answer = duct::cmd!(compiler, question).stderr_null().stdin_null().read().ok()?;
    let path = PathBuf::from(answer.trim());
    (path.is_absolute() && path.is_file()).then_some(LinkInput { path, owner: Owner::CStartup })
}
