//! What the sources of a crate say: `#[link(name = "…")]` for a library, the name of a symbol.
//!
//! Only files that the compiler read count, as its own list of them tells (`.d`, beside what it made).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::messages::{CrateFiles, ProgramFiles};
use crate::facts::{Source, archive};

/// Ends a string in rustc's metadata (`STR_SENTINEL` of `rustc_serialize`); its length, up to 127, goes before it.
const STRING_END: u8 = 0xc1;

/// Whether a `#[link]` of the crate asks for `library`: its sources say so, and so does what the compiler made of them, which
/// knows what `cfg` left out.
pub(super) fn crate_links(files: &CrateFiles, library: &str) -> bool {
    let made = files.rmeta.iter().chain(&files.rlibs);
    made.clone().any(|path| is_in_metadata(path, library))
        && sources(&files.source, files.rmeta.iter().chain(&files.rlibs))
            .iter()
            .any(|path| std::fs::read_to_string(path).is_ok_and(|text| has_attribute(&text, library)))
}

/// Whether that `#[link]` surely counted: no other of the crate asks for a static library. `all` says that flags gave the library to
/// every crate, so that the metadata of each has it and `cfg` may have left the attribute out.
pub(super) fn surely_links(files: &CrateFiles, library: &str, all: bool) -> bool {
    let sources = sources(&files.source, files.rmeta.iter().chain(&files.rlibs));
    let texts: Vec<String> = sources.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let is_static = |text: &String| text.split_whitespace().collect::<String>().contains("kind=\"static\"");
    !texts.iter().any(is_static)
        && (!all || texts.iter().any(|text| has_attribute(text, library) && is_unconditional(text)))
}

/// The same for what is no crate to others. No metadata tells what `cfg` left out there, so that a file with any counts for
/// nothing.
pub(super) fn program_links(files: &ProgramFiles, library: &str) -> bool {
    let says_so = |text: &str| has_attribute(text, library) && is_unconditional(text);
    let sources = sources(&files.source, files.files.iter());
    sources.iter().any(|path| std::fs::read_to_string(path).is_ok_and(|text| says_so(&text)))
}

/// Whether the code of a program mentions a symbol.
pub(super) fn mentions(files: &ProgramFiles, symbol: &str) -> bool {
    let sources = sources(&files.source, files.files.iter());
    sources.iter().any(|path| std::fs::read_to_string(path).is_ok_and(|text| has_word(&text, symbol)))
}

/// Whether the code of a program declares a symbol as a function of C, or names the declaration of the crate `libc`.
pub(super) fn declares(files: &ProgramFiles, symbol: &str) -> bool {
    let sources = sources(&files.source, files.files.iter());
    sources.iter().any(|path| std::fs::read_to_string(path).is_ok_and(|text| has_declaration(&text, symbol)))
}

fn has_declaration(text: &str, symbol: &str) -> bool {
    let declared = format!("fn {symbol}");
    let is_one = |line: &str| has_word(line, &declared) && line.contains(';');
    has_word(text, &format!("libc::{symbol}")) || (has_word(text, "extern") && text.lines().any(is_one))
}

fn is_unconditional(text: &str) -> bool {
    !text.replace("cfg(test)", "").contains("cfg")
}

/// Whether the metadata in an rlib, or on its own, has a string.
fn is_in_metadata(path: &Path, text: &str) -> bool {
    let mut wanted = vec![u8::try_from(text.len()).unwrap_or(0)];
    wanted.extend(text.as_bytes());
    wanted.push(STRING_END);
    let has = |source: &Source<'_>| {
        source.read(0, source.len(), "metadata").is_ok_and(|bytes| memchr::memmem::find(&bytes, &wanted).is_some())
    };
    let Ok(file) = std::fs::File::open(path) else { return false };
    let Ok(source) = Source::from_file(&file) else { return false };
    match archive::members(&source) {
        Ok(members) => {
            members.iter().filter(|member| member.name.ends_with(".rmeta")).any(|member| has(&member.content))
        }
        Err(_) => has(&source),
    }
}

/// The sources of a crate with this root file, from the compiler's own list beside one of the files it made; the root alone
/// where there is no such list.
fn sources<'f>(root: &Path, made: impl Iterator<Item = &'f PathBuf>) -> Vec<PathBuf> {
    let mut lists: Vec<PathBuf> = made.flat_map(|file| lists_beside(file)).collect();
    let written = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    lists.sort_by_key(|path| std::cmp::Reverse(written(path)));
    let read = |path: &PathBuf| dep_info_sources(&std::fs::read_to_string(path).ok()?, root);
    lists.iter().find_map(read).unwrap_or_else(|| vec![root.to_path_buf()])
}

/// The lists that may belong to a file: `deps/NAME-HASH.d`, also when cargo has put the file itself one folder up.
fn lists_beside(file: &Path) -> Vec<PathBuf> {
    let stem = file.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let name = stem.strip_prefix("lib").filter(|_| file.extension().is_some()).unwrap_or(stem).replace('-', "_");
    let Some(folder) = file.parent() else { return Vec::new() };
    // A list without a hash also has the sources of other crates of the workspace.
    let is_its = |path: &PathBuf| {
        let list = path.file_stem().and_then(OsStr::to_str).and_then(|list| list.rsplit_once('-'));
        path.extension().is_some_and(|ending| ending == "d")
            && list.is_some_and(|(start, _)| start.replace('-', "_") == name)
    };
    let is_of_crate = file.extension().is_some_and(|ending| ending == "rlib" || ending == "rmeta");
    // No name of a library has a dash: one before a hash shows that this is where the compiler put it.
    if is_of_crate && stem.contains('-') {
        return vec![file.with_file_name(stem.strip_prefix("lib").unwrap_or(stem)).with_extension("d")];
    }
    let entries = [folder.to_path_buf(), folder.join("deps")].into_iter().filter_map(|folder| folder.read_dir().ok());
    entries.flatten().flatten().map(|entry| entry.path()).filter(is_its).collect()
}

/// The prerequisites of the first rule of a makefile, when `root` is among them. Names are relative to where rustc ran.
fn dep_info_sources(text: &str, root: &Path) -> Option<Vec<PathBuf>> {
    let (_, names) = text.lines().next()?.split_once(": ")?;
    let names: Vec<PathBuf> =
        names.replace("\\ ", "\0").split(' ').map(|name| PathBuf::from(name.replace('\0', " "))).collect();
    let own = names.iter().find(|name| root.ends_with(name))?;
    // Of an absolute name nothing is left.
    let base = root.ancestors().nth(own.components().count()).unwrap_or(Path::new("")).to_path_buf();
    Some(names.iter().map(|name| base.join(name)).collect())
}

/// Whether a line of code, comments apart, has the word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
        let bytes = line.as_bytes();
        line.match_indices(word).any(|(at, _)| {
            !is_part(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(at + word.len()))
        })
    })
}

/// Whether `text` has a `#[link(…)]`, also inside `cfg_attr`, whose arguments name `library`, and that does not ask for a
/// static library. Lines that are comments do not count.
fn has_attribute(text: &str, library: &str) -> bool {
    let wanted = format!("name=\"{library}\"");
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.match_indices("link(").any(|(at, _)| {
        let before = code[..at].trim_end();
        let arguments = &code[at..];
        let end = arguments.find(')').unwrap_or(arguments.len());
        let arguments: String = arguments[..end].split_whitespace().collect();
        (before.ends_with('[') || before.ends_with(',') || before.ends_with("unsafe("))
            && arguments.contains(&wanted)
            && !arguments.contains("kind=\"static\"")
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{dep_info_sources, has_attribute, has_declaration, has_word, is_unconditional};

    #[test]
    fn relative_names_start_where_rustc_ran() {
        let text = "/t/debug/deps/app-12.d: src/main.rs src/a\\ b.rs /abs/c.rs\n\nsrc/main.rs:\n";
        let found = dep_info_sources(text, "/w/src/main.rs".as_ref());
        assert_eq!(found, Some(["/w/src/main.rs", "/w/src/a b.rs", "/abs/c.rs"].map(PathBuf::from).to_vec()));
        assert_eq!(dep_info_sources(text, "/w/src/lib.rs".as_ref()), None);
    }

    #[test]
    fn a_condition_other_than_tests_makes_an_attribute_unsure() {
        assert!(is_unconditional("#[link(name = \"z\")]\n#[cfg(test)]\nmod tests {}"));
        assert!(!is_unconditional("#[cfg(windows)]\n#[link(name = \"z\")]"));
        assert!(!is_unconditional("#[cfg_attr(windows, link(name = \"z\"))]"));
    }

    #[test]
    fn symbols_are_whole_words_of_code() {
        assert!(has_word("fn main() { unsafe { libc::stat64(p, q) } }", "stat64"));
        assert!(!has_word("fstat64(); stat64x(); lstat64_(); // no", "stat64"));
        assert!(!has_word("    // stat64", "stat64"));
    }

    #[test]
    fn a_declaration_is_told_from_a_function_of_the_same_name() {
        assert!(has_declaration("extern \"C\" { fn arc4random() -> u32; }", "arc4random"));
        assert!(has_declaration("let x = unsafe { libc::arc4random() };", "arc4random"));
        assert!(!has_declaration("extern crate x;\nfn log(text: &str) {\n}", "log"));
        assert!(!has_declaration("trait T {\n    fn log(&self);\n}", "log"));
    }

    #[test]
    fn attributes_and_what_only_looks_like_one() {
        let z = "z";
        assert!(has_attribute("#[link(name = \"z\")]\nextern \"C\" {}", z));
        assert!(has_attribute("#[link(kind = \"dylib\",\n  name = \"z\")]", z));
        assert!(has_attribute("#[cfg_attr(unix, link(name = \"z\"))]", z));
        assert!(!has_attribute("// #[link(name = \"z\")]", z));
        assert!(!has_attribute("#[link(name = \"z\", kind = \"static\")]", z));
        assert!(!has_attribute("#[link(name = \"zstd\")]", z));
        assert!(!has_attribute("fn unlink(name: &str) { hardlink(name=\"z\") }", z));
    }
}
