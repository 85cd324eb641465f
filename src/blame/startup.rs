//! The start-up files a C compiler adds to every link.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::objects::{LinkInput, Owner};

/// Their names: the C library's and the compiler's own.
const NAMES: &[&str] =
    &["crt1.o", "Scrt1.o", "rcrt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtbeginT.o"];

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
