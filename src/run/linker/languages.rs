//! Compilers with command lines of their own that link by themselves: `rustc` and `zig`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::LinkLine;

/// Options of rustc whose value is the next word unless it is joined (`rustc --help -v`).
const RUSTC_WITH_VALUE: &[&str] = &[
    "-L",
    "-l",
    "-A",
    "-W",
    "-D",
    "-F",
    "-Z",
    "--edition",
    "--cfg",
    "--check-cfg",
    "--extern",
    "--target",
    "--sysroot",
    "--cap-lints",
    "--error-format",
    "--color",
    "--remap-path-prefix",
    "--diagnostic-width",
    "--json",
    "--allow",
    "--warn",
    "--deny",
    "--forbid",
];

/// The program or library that rustc is asked for.
pub(super) fn rustc(words: &[OsString]) -> Option<LinkLine> {
    let mut line = LinkLine { of_rustc: true, ..LinkLine::default() };
    let (mut directory, mut name, mut suffix) = (PathBuf::new(), None, String::new());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let (option, joined) = option_and_value(&text);
        let mut value = || joined.map(str::to_owned).or_else(|| Some(rest.next()?.to_string_lossy().into_owned()));
        match option {
            "-o" => line.set_output(value()?),
            "--out-dir" => directory = value()?.into(),
            "--crate-name" => name = value(),
            "--crate-type" => line.shared = is_shared(&value()?)?,
            "--emit" if !value()?.split(',').any(|kind| kind == "link" || kind.starts_with("link=")) => return None,
            "-C" | "--codegen" => suffix.push_str(value()?.strip_prefix("extra-filename=").unwrap_or_default()),
            "--print" if !["link-args", "native-static-libs"].contains(&value()?.as_str()) => return None,
            "-V" | "-vV" | "-Vv" | "--version" | "-h" | "--help" | "--explain" => return None,
            option if RUSTC_WITH_VALUE.contains(&option) => drop(value()),
            _ if text.starts_with('-') => {}
            _ => line.files.push(word.into()),
        }
    }
    let first = line.files.first()?;
    if line.output.extension().is_some_and(|ending| ["rlib", "rmeta", "a"].iter().any(|one| ending == *one)) {
        return None;
    }
    if !line.names_output {
        let name = name.or_else(|| Some(first.file_stem()?.to_string_lossy().into_owned()))? + &suffix;
        line.output = directory.join(if line.shared { format!("lib{}.so", name.replace('-', "_")) } else { name });
    }
    Some(line)
}

/// Whether one of the crate types is a shared object; `None` when nothing of it is linked.
fn is_shared(types: &str) -> Option<bool> {
    match types {
        _ if types.split(',').any(|kind| kind == "bin") => Some(false),
        _ if types.split(',').any(|kind| kind == "cdylib" || kind == "dylib") => Some(true),
        _ => None,
    }
}

/// `--option=value`, `-ovalue`, or a word alone.
fn option_and_value(text: &str) -> (&str, Option<&str>) {
    match text.as_bytes() {
        [b'-', b'-', ..] => text.split_once('=').map_or((text, None), |(option, value)| (option, Some(value))),
        [b'-', b'o' | b'C' | b'L' | b'l' | b'A' | b'W' | b'D' | b'F' | b'Z', _, ..] => (&text[..2], Some(&text[2..])),
        _ => (text, None),
    }
}

/// What `zig build-exe` and `zig build-lib` make; `words` are those behind the command.
pub(super) fn zig(words: &[OsString], is_library: bool) -> Option<LinkLine> {
    const WITH_VALUE: [&str; 10] =
        ["-target", "-mcpu", "-O", "--dep", "--cache-dir", "--global-cache-dir", "-I", "-isystem", "-rpath", "-z"];
    let mut line = LinkLine::default();
    let mut name = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        match &*text {
            "--name" => name = Some(rest.next()?.to_string_lossy().into_owned()),
            "-dynamic" => line.shared = is_library,
            "-static" => line.is_static = true,
            "-L" => line.directories.push(rest.next()?.into()),
            "--library" => line.libraries.push(rest.next()?.to_string_lossy().into_owned()),
            "-fno-emit-bin" | "-h" | "--help" => return None,
            flag if WITH_VALUE.contains(&flag) => drop(rest.next()),
            flag => match (flag.strip_prefix("-femit-bin="), flag.strip_prefix("-l")) {
                (Some(path), _) => line.set_output(path),
                (_, Some(library)) => line.libraries.push(library.to_owned()),
                _ if flag.starts_with('-') => line.files.extend(root_module(flag)),
                _ => line.files.push(word.into()),
            },
        }
    }
    if is_library && !line.shared {
        return None;
    }
    if !line.names_output {
        let name = name.or_else(|| Some(line.files.first()?.file_stem()?.to_string_lossy().into_owned()))?;
        line.output = if line.shared { format!("lib{name}.so") } else { name }.into();
    }
    Some(line)
}

/// The file of `-Mroot=main.zig`.
fn root_module(flag: &str) -> Option<PathBuf> {
    let (_, file) = flag.strip_prefix("-M")?.split_once('=')?;
    Some(Path::new(file).to_path_buf())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use crate::run::linker::{LinkLine, link_line};

    fn line(words: &str) -> Option<LinkLine> {
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        link_line(&words[0], &words[1..], Path::new("/nowhere"))
    }

    #[test]
    fn what_they_make_is_told_by_their_words() {
        for (words, output, shared) in [
            ("rustc m.rs", "m", false),
            ("rustc --edition 2021 -Clto src/m.rs -C extra-filename=-1 --out-dir=out", "out/m-1", false),
            ("/x/rustc -L x --crate-name my_lib --crate-type=cdylib lib.rs", "libmy_lib.so", true),
            ("rustc m.rs -oapp --emit=link,dep-info", "app", false),
            ("zig build-exe a.c -lc -femit-bin=zz", "zz", false),
            ("zig build-exe -target x86_64-linux-gnu -Mroot=src/main.zig", "main", false),
            ("zig build-lib a.c -dynamic --name z", "libz.so", true),
            ("zig c++ -o app a.o", "app", false),
        ] {
            let line = line(words).unwrap_or_else(|| panic!("{words}"));
            assert_eq!((&*line.output, line.shared), (Path::new(output), shared), "{words}");
        }
    }

    #[test]
    fn what_links_nothing() {
        for words in [
            "rustc -vV",
            "rustc --print sysroot",
            "rustc --crate-type lib m.rs -o libm.rlib",
            "rustc m.rs -o libm.rlib",
            "rustc --emit obj m.rs",
            "zig build-lib a.c",
            "zig build-obj a.c",
            "zig version",
            "zig cc -c a.c",
            "zig ar rcs a.a a.o",
        ] {
            assert_eq!(line(words), None, "{words}");
        }
    }
}
