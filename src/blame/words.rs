//! Words of a link line, and which of them asks for a library.

use std::path::{Path, PathBuf};

use crate::facts::{self, Details, Facts, Wanted};
use crate::run::linker::parts;

/// A linker script is no longer than this.
const LONGEST_SCRIPT: u64 = 64 << 10;

/// What `-l` and the paths on a link line ask for, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LinkWords {
    words: Vec<Word>,
    /// The folders behind `-L`.
    directories: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// As it was written.
    text: String,
    asks_for: Asked,
    /// Behind `-Bstatic`.
    is_static: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// `-l NAME`.
    Name(String),
    /// `-l:FILE`, or a path.
    File(PathBuf),
}

impl LinkWords {
    /// Reads words for a C compiler or a linker.
    pub(super) fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut found = LinkWords::default();
        let mut is_static = false;
        let mut parts = parts(words).into_iter().map(|part| part.text);
        while let Some(word) = parts.next() {
            let mut add = |text: String, asks_for| found.words.push(Word { text, asks_for, is_static });
            match word {
                "-Bstatic" | "-dn" | "-non_shared" | "-static" => is_static = true,
                "-Bdynamic" | "-dy" | "-call_shared" => is_static = false,
                "-L" => found.directories.extend(parts.next().map(PathBuf::from)),
                "-l" => drop(parts.next().map(|name| add(format!("-l {name}"), Asked::of_flag(name)))),
                _ => match (word.strip_prefix("-L"), word.strip_prefix("-l")) {
                    (Some(directory), _) => found.directories.push(directory.into()),
                    (_, Some(name)) => add(word.to_owned(), Asked::of_flag(name)),
                    _ if word.starts_with('-') => {}
                    _ => add(word.to_owned(), Asked::File(word.into())),
                },
            }
        }
        found
    }

    /// The word that asks for the library which a file needs as `wanted`, by its name or by what it stands for.
    pub(super) fn asking_for(&self, wanted: &str) -> Option<&str> {
        self.names(wanted).or_else(|| self.stands_for(wanted))
    }

    /// The word that names the library.
    pub(super) fn names(&self, wanted: &str) -> Option<&str> {
        let names = |word: &&Word| match &word.asks_for {
            Asked::Name(name) => name == link_name(wanted),
            Asked::File(file) => link_name(&file.to_string_lossy()) == link_name(wanted),
        };
        self.shared().find(names).map(|word| word.text.as_str())
    }

    /// The word behind which the linker finds it under another name: a `DT_SONAME`, a linker script. Runs the C compiler.
    pub(super) fn stands_for(&self, wanted: &str) -> Option<&str> {
        let is_behind = |word: &&Word| match &word.asks_for {
            Asked::Name(name) => self.shared_object(name).is_some_and(|file| provides(&file, wanted)),
            Asked::File(file) => provides(file, wanted),
        };
        self.shared().find(is_behind).map(|word| word.text.as_str())
    }

    /// Whether a shared library is asked for that is not part of every C program.
    pub(super) fn has_own(&self) -> bool {
        self.shared().any(|word| match &word.asks_for {
            Asked::Name(name) => !is_of_every_program(name),
            Asked::File(_) => true,
        })
    }

    /// The objects and static archives that are linked in: named by path, or behind `-l` in the folders of `-L`.
    pub(super) fn code(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let is_archive = |path: &Path| path.extension().is_some_and(|ending| ending == "a");
        self.words.iter().filter_map(move |word| match &word.asks_for {
            Asked::Name(name) => {
                // A shared object in the same folder goes before the archive.
                let endings: &[&str] = if word.is_static { &["a"] } else { &["so", "a"] };
                let files = |folder: &'_ PathBuf| {
                    endings.iter().map(|ending| folder.join(format!("lib{name}.{ending}"))).collect()
                };
                let found = self.directories.iter().flat_map::<Vec<PathBuf>, _>(files).find(|path| path.is_file());
                found.filter(|path| is_archive(path))
            }
            Asked::File(file) if word.text.starts_with("-l") => {
                let own = self.directories.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
                own.or_else(|| of_compiler(&file.to_string_lossy())).filter(|path| is_archive(path))
            }
            Asked::File(file) => {
                Some(file.clone()).filter(|path| is_archive(path) || path.extension() == Some("o".as_ref()))
            }
        })
    }

    fn shared(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(|word| match &word.asks_for {
            Asked::Name(_) => !word.is_static,
            Asked::File(file) => is_shared(file),
        })
    }

    /// The file that `-l NAME` finds: in the folders of the line, else where the C compiler looks.
    fn shared_object(&self, name: &str) -> Option<PathBuf> {
        let file = format!("lib{name}.so");
        let own = self.directories.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
        own.or_else(|| of_compiler(&file))
    }
}

/// The file of that name where the C compiler looks.
pub(super) fn of_compiler(file: &str) -> Option<PathBuf> {
    let words = [format!("-print-file-name={file}")];
    let answer = duct::cmd(super::helper("cc")?, words).stdin_null().stderr_null().unchecked().read().ok()?;
    Some(PathBuf::from(answer.trim())).filter(|path| path.is_absolute())
}

impl Asked {
    /// What stands behind `-l`.
    fn of_flag(name: &str) -> Self {
        match name.strip_prefix(':') {
            Some(file) => Asked::File(file.into()),
            None => Asked::Name(name.to_owned()),
        }
    }
}

fn is_shared(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    [".so", ".dylib", ".dll", ".tbd"].iter().any(|ending| name.ends_with(ending)) || name.contains(".so.")
}

/// Whether a program linked against the shared object, or the linker script, at `path` needs `wanted`.
fn provides(path: &Path, wanted: &str) -> bool {
    if let Ok(facts) = facts::read_file(path, Wanted::default()) {
        let soname = |slice: &Facts| match &slice.details {
            Details::Elf(elf) => elf.soname.clone(),
            _ => None,
        };
        return facts.slices.iter().filter_map(soname).any(|soname| soname == wanted);
    }
    let is_short = std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= LONGEST_SCRIPT);
    let text = if is_short { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let mut words = text.split([' ', '\t', '\n', '(', ')', ',']);
    words.any(|word| word.rsplit('/').next() == Some(wanted) || word.strip_prefix("-l") == Some(link_name(wanted)))
}

/// The name behind `-l` of a library file: `z` for `libz.so.1`, `libz.1.dylib` and `z.dll`.
pub(crate) fn link_name(library: &str) -> &str {
    let file = library.rsplit(['/', '\\']).next().unwrap_or(library);
    let stem = match file.find(".so") {
        Some(at) => &file[..at],
        None => file.split(".dylib").next().unwrap_or(file).split('.').next().unwrap_or(file),
    };
    stem.strip_prefix("lib").unwrap_or(stem)
}

/// Libraries of glibc and of gcc that every C program may need, whoever asked for them.
pub(super) fn is_of_every_program(name: &str) -> bool {
    matches!(name, "c" | "m" | "pthread" | "dl" | "rt" | "util" | "resolv" | "gcc_s" | "gcc")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(words: &[&str], wanted: &str) -> Option<String> {
        LinkWords::read(words.iter().copied()).asking_for(wanted).map(str::to_owned)
    }

    #[test]
    fn the_word_that_asks_is_told_as_it_was_written() {
        assert_eq!(asking(&["-L.", "-lz"], "libz.so.1").as_deref(), Some("-lz"));
        assert_eq!(asking(&["-l", "z"], "libz.so.1").as_deref(), Some("-l z"));
        assert_eq!(asking(&["-Wl,--as-needed,-lz"], "libz.so.1").as_deref(), Some("-lz"));
        assert_eq!(asking(&["-l:libz.so.1"], "libz.so.1").as_deref(), Some("-l:libz.so.1"));
        assert_eq!(asking(&["/opt/libz.so"], "libz.so.1").as_deref(), Some("/opt/libz.so"));
        assert_eq!(asking(&["-lzstd", "/opt/libz.a", "z.o"], "libz.so.1"), None);
    }

    #[test]
    fn what_is_asked_for_statically_is_not_shared() {
        assert_eq!(asking(&["-Wl,-Bstatic", "-lz", "-Wl,-Bdynamic", "-lx"], "libz.so.1"), None);
        assert_eq!(asking(&["-Wl,-Bstatic", "-lz", "-Wl,-Bdynamic", "-lx"], "libx.so").as_deref(), Some("-lx"));
    }

    #[test]
    fn a_linker_script_stands_for_what_it_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("libcurses.so"), "INPUT(libncurses.so.6 -ltinfo)\n").unwrap();
        let search = format!("-L{}", folder.path().display());
        for needed in ["libncurses.so.6", "libtinfo.so.6"] {
            assert_eq!(asking(&[&search, "-lcurses"], needed).as_deref(), Some("-lcurses"));
        }
        assert_eq!(asking(&[&search, "-lcurses"], "libother.so.6"), None);
    }

    #[test]
    fn an_archive_counts_where_no_shared_object_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["liba.a", "libb.a", "libb.so", "libc-1.2.a"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let search = format!("-L{}", folder.path().display());
        let found = |words: &[&str]| -> Vec<PathBuf> {
            LinkWords::read([search.as_str()].iter().chain(words).copied()).code().collect()
        };
        let file = |name: &str| folder.path().join(name);
        let all = [file("liba.a"), file("libc-1.2.a"), "x.o".into(), "y.a".into()];
        assert_eq!(found(&["-la", "-lb", "-lc-1.2", "x.o", "y.a"]), all);
        assert_eq!(found(&["-Wl,-Bstatic", "-lb"]), [file("libb.a")]);
        assert_eq!(found(&["-l:libb.a", "-l:libno-such-archive.a", "-l:libb.so"]), [file("libb.a")]);
    }

    #[test]
    fn link_names_of_three_systems() {
        assert_eq!(link_name("libz.so.1"), "z");
        assert_eq!(link_name("libstdc++.so.6"), "stdc++");
        assert_eq!(link_name("/opt/homebrew/lib/libz.1.dylib"), "z");
        assert_eq!(link_name("vcruntime140.dll"), "vcruntime140");
        assert_eq!(link_name("libpython3.12.so.1.0"), "python3.12");
    }
}
