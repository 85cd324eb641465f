//! Options of the linker among the words for a compiler or a linker, and which of them are behind a finding.

use std::ops::RangeInclusive;

use super::About;
use crate::rules::Cause;
use crate::run::linker::{Part, parts};

/// Folders in which a system's own loader lies (System V ABI supplements of the architectures; musl's `ldso` in `/lib`).
const OF_SYSTEM: &[&str] = &["/lib", "/lib32", "/lib64", "/libx32"];

/// An option of the linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkOption {
    /// What it is; options that are none of these are passed over.
    pub(super) kind: Kind,
    /// Its value; the keyword behind `-z`.
    pub(super) value: String,
    /// The words it stands in.
    pub(super) words: RangeInclusive<usize>,
}

/// What an option is about (ld(1), "Options").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `--dynamic-linker FILE`.
    Loader,
    /// `-rpath DIR`.
    RunPath,
    /// `-z KEYWORD`.
    Keyword,
    /// `-pie`, `-static-pie`.
    Pie,
    /// `-no-pie`.
    NoPie,
    /// `-s`, `-S`.
    Strip,
}

/// Reads the words of a link line; response files are not opened.
pub(super) fn options(words: &[&str]) -> Vec<LinkOption> {
    let parts = parts(words.iter().copied());
    let mut found = Vec::new();
    let mut rest = parts.iter();
    while let Some(part) = rest.next() {
        let Some((kind, value)) = option(part) else { continue };
        let (value, end) = match value {
            Some(value) => (value.to_owned(), *part.words.end()),
            None => {
                let Some(next) = rest.next() else { break };
                (next.text.to_owned(), *next.words.end())
            }
        };
        found.push(LinkOption { kind, value, words: *part.words.start()..=end });
    }
    found
}

/// What a part is, and its value where it carries that with it; `Some("")` for what has none.
fn option<'w>(part: &Part<'w>) -> Option<(Kind, Option<&'w str>)> {
    let text = part.text;
    let long = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
    match name {
        "dynamic-linker" => return Some((Kind::Loader, value)),
        "rpath" => return Some((Kind::RunPath, value)),
        "pie" | "static-pie" | "pic-executable" => return Some((Kind::Pie, Some(""))),
        "no-pie" | "nopie" | "no_pie" => return Some((Kind::NoPie, Some(""))),
        "s" | "S" | "strip-all" | "strip-debug" => return Some((Kind::Strip, Some(""))),
        _ => {}
    }
    let short = |letter: &str| text.strip_prefix(letter).map(|value| Some(value).filter(|value| !value.is_empty()));
    if let Some(value) = short("-z") {
        return Some((Kind::Keyword, value));
    }
    let (loader, run_path) = (short("-I"), short("-R"));
    let own = loader.map(|value| (Kind::Loader, value)).or(run_path.map(|value| (Kind::RunPath, value)));
    own.filter(|_| part.is_handed_on)
}

/// The options that are behind a finding: those it shows, and of opposite ones the last, which counts.
pub(super) fn behind(words: &[&str], about: About<'_>) -> Vec<RangeInclusive<usize>> {
    let options = options(words);
    let mut found: Vec<RangeInclusive<usize>> = Vec::new();
    let last = |is_one: &dyn Fn(&LinkOption) -> bool| options.iter().rfind(|option| is_one(option));
    let keyword = |brings: &'static str, keeps: &'static str| {
        let set = last(&|option| option.kind == Kind::Keyword && [brings, keeps].contains(&option.value.as_str()));
        set.filter(|option| option.value == brings)
    };
    for cause in about.causes {
        match property(cause) {
            Some("stack") => found.extend(keyword("execstack", "noexecstack").map(|option| option.words.clone())),
            Some("relro") => {
                let of = [keyword("norelro", "relro"), keyword("lazy", "now")];
                found.extend(of.into_iter().flatten().map(|option| option.words.clone()));
            }
            Some("run-path") => {
                let shown = |option: &&LinkOption| {
                    option.kind == Kind::RunPath && option.value.split(':').any(|path| about.shows(path))
                };
                found.extend(options.iter().filter(shown).map(|option| option.words.clone()));
            }
            Some("target-cpu") => {
                let set = last(&|option| option.kind == Kind::Keyword && option.value.starts_with("x86-64"));
                let shown = |option: &&LinkOption| about.evidence.iter().any(|line| line.ends_with(&option.value));
                found.extend(set.filter(shown).map(|option| option.words.clone()));
            }
            Some(of @ ("pie" | "start-files")) => {
                let set = last(&|option| matches!(option.kind, Kind::Pie | Kind::NoPie));
                found.extend(set.filter(|option| option.kind == Kind::NoPie).map(|option| option.words.clone()));
                let loader = last(&|option| of != "pie" && option.kind == Kind::Loader && about.shows(&option.value));
                found.extend(loader.map(|option| option.words.clone()));
            }
            Some("text") => found.extend(keyword("notext", "text").map(|option| option.words.clone())),
            _ => {}
        }
        if let Cause::Loader(path) = cause {
            let set = last(&|option| option.kind == Kind::Loader);
            found.extend(set.filter(|option| option.value == *path).map(|option| option.words.clone()));
        }
    }
    found
}

/// Whether one of the options keeps a property off.
pub(super) fn prevent(words: &[&str], property: &str) -> bool {
    options(words).iter().any(|option| match property {
        "stack" => option.kind == Kind::Keyword && option.value == "noexecstack",
        "relro" => option.kind == Kind::Keyword && option.value == "now",
        "debug-info" => option.kind == Kind::Strip,
        _ => false,
    })
}

/// The property a cause is about.
pub(super) fn property(cause: &Cause) -> Option<&str> {
    match cause {
        Cause::Loader(_) => Some("loader"),
        Cause::ExecutableStack => Some("stack"),
        Cause::TextRelocations => Some("text"),
        Cause::Library(name) if name.trim_start_matches("lib").starts_with("std-") => Some("std"),
        Cause::Setting(name) if name == "static linking" => Some("loader"),
        Cause::Setting(name) => Some(name),
        _ => None,
    }
}

/// Where among the causes a loader is that the linker names only where it is told to.
pub(super) fn odd_loader(causes: &[Cause], is_musl: bool) -> Option<usize> {
    causes.iter().position(|cause| matches!(cause, Cause::Loader(path) if !is_ordinary(path, is_musl)))
}

/// Whether a loader is one that linkers name without being told to: taking a flag with it out changes nothing.
pub(super) fn is_ordinary(loader: &str, is_musl: bool) -> bool {
    let Some((folder, file)) = loader.rsplit_once('/') else { return false };
    let is_own =
        if is_musl { file.starts_with("ld-musl-") } else { file.starts_with("ld") && !file.starts_with("ld-musl") };
    OF_SYSTEM.contains(&folder) && is_own
}

/// The words, as they were written.
pub(super) fn text(words: &[&str], range: RangeInclusive<usize>) -> String {
    words.get(range).unwrap_or_default().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind_of(words: &[&str], cause: Cause, evidence: &[&str]) -> Vec<String> {
        let evidence: Vec<String> = evidence.iter().map(ToString::to_string).collect();
        let about = About { causes: &[cause], evidence: &evidence };
        behind(words, about).into_iter().map(|range| text(words, range)).collect()
    }

    #[test]
    fn a_loader_is_read_in_every_form() {
        let loader = || Cause::Loader("/lib/nope.so".into());
        for words in [
            &["-Wl,--dynamic-linker=/lib/nope.so"][..],
            &["-Wl,--dynamic-linker,/lib/nope.so"],
            &["-Wl,-dynamic-linker", "-Wl,/lib/nope.so"],
            &["-Wl,-I/lib/nope.so"],
            &["-Wl,-I,/lib/nope.so"],
            &["-Xlinker", "--dynamic-linker", "-Xlinker", "/lib/nope.so"],
            &["-Xlinker", "-I/lib/nope.so"],
            &["-dynamic-linker", "/lib/nope.so"],
        ] {
            assert_eq!(behind_of(words, loader(), &[]), [words.join(" ")], "{words:?}");
        }
        for words in [&["-I/lib/nope.so"][..], &["-Wl,-I,/lib/other.so"], &["-Wl,-I/lib/nope.so,-I/lib/x.so"]] {
            assert!(behind_of(words, loader(), &[]).is_empty(), "{words:?}");
        }
    }

    #[test]
    fn only_a_run_path_that_the_evidence_shows_is_behind_it() {
        let words = ["-Wl,-rpath,$ORIGIN/lib", "-Wl,-rpath-link,/opt/bad", "-Wl,-R/opt/bad:/usr/lib", "-R", "/opt/bad"];
        let found = behind_of(&words, Cause::Setting("run-path".into()), &["`DT_RUNPATH` contains `/opt/bad`"]);
        assert_eq!(found, ["-Wl,-R/opt/bad:/usr/lib"]);
    }

    #[test]
    fn of_opposites_the_last_counts() {
        let relro = || Cause::Setting("relro".into());
        assert_eq!(behind_of(&["-Wl,-z,relro", "-Wl,-z,norelro"], relro(), &[]), ["-Wl,-z,norelro"]);
        assert!(behind_of(&["-z", "norelro", "-zrelro"], relro(), &[]).is_empty());
        assert_eq!(behind_of(&["-z", "execstack"], Cause::ExecutableStack, &[]), ["-z execstack"]);
        assert_eq!(behind_of(&["-Wl,-z,text", "-Wl,-z,notext"], Cause::TextRelocations, &[]), ["-Wl,-z,notext"]);
        let shown = ["`PT_INTERP` asks for the loader `/lib/nope.so` as well"];
        let start = || Cause::Setting("start-files".into());
        assert_eq!(behind_of(&["-Wl,-I/lib/nope.so"], start(), &shown), ["-Wl,-I/lib/nope.so"]);
        assert!(behind_of(&["-Wl,-I/lib/nope.so"], start(), &[]).is_empty());
        assert!(behind_of(&["-z", "execstack", "-Wl,-z,noexecstack"], Cause::ExecutableStack, &[]).is_empty());
    }

    #[test]
    fn a_systems_own_loader_is_ordinary_where_the_c_library_is_the_systems() {
        assert!(is_ordinary("/lib64/ld-linux-x86-64.so.2", false) && !is_ordinary("/lib64/ld-linux-x86-64.so.2", true));
        assert!(is_ordinary("/lib/ld-musl-x86_64.so.1", true) && !is_ordinary("/lib/ld-musl-x86_64.so.1", false));
        assert!(!is_ordinary("/opt/glibc/lib/ld-linux-x86-64.so.2", false) && !is_ordinary("nope", false));
    }
}
