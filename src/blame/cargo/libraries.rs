//! Who asks for a shared library in a cargo build.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::artifact::ArtifactBlame;
use super::messages::{Script, link_flag};
use super::source;
use crate::blame::words::{LinkWords, link_name};
use crate::blame::{Culprits, fixes};
use crate::listing::listed;
use crate::plan::users::{Source, Sourced};
use crate::rules::Cause;
use crate::run::cargo::name_and_version;
use crate::run::linker::response;

/// Libraries that the standard library of every Linux target with glibc asks for itself.
const STDS_OWN: &[&str] = &["c", "gcc_s"];
/// Libraries of glibc: a program needs them by what it calls, whoever asked for them.
const GLIBCS: &[&str] = &["c", "m", "dl", "pthread", "rt", "util", "resolv"];

/// Who asks for a library.
#[derive(Debug, Default)]
struct Asking {
    /// Package ids, and how each asks.
    packages: BTreeMap<String, String>,
    /// Flags, with their places.
    flags: BTreeSet<String>,
}

impl ArtifactBlame<'_> {
    /// Adds who asks for the libraries among the causes, and for which of several.
    pub(super) fn of_libraries(&self, causes: &[Cause], culprits: &mut Culprits) {
        let needed: BTreeSet<&str> = causes
            .iter()
            .filter_map(|cause| if let Cause::Library(name) = cause { Some(name.as_str()) } else { None })
            .collect();
        let is_told = |needed: &&&str| {
            let name = link_name(needed);
            // The loader is a library of glibc too.
            ![GLIBCS, STDS_OWN].iter().any(|own| own.contains(&name)) && !name.starts_with("ld-linux")
        };
        let several = needed.iter().filter(is_told).count() > 1;
        let (mut shared, mut unknown): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        // Each phrase once, with the libraries that it is about.
        let mut phrases: Vec<(String, Vec<&str>)> = Vec::new();
        for library in &needed {
            let before = culprits.phrases.len();
            if self.of_library(library, culprits) {
                shared.push(link_name(library));
            }
            let added = culprits.phrases.split_off(before);
            unknown.extend(Some(*library).filter(|_| added.is_empty() && is_told(&library)));
            for phrase in added {
                match phrases.iter_mut().find(|(known, _)| *known == phrase) {
                    Some((_, libraries)) => libraries.push(library),
                    None => phrases.push((phrase, vec![library])),
                }
            }
        }
        culprits.phrases.extend(phrases.into_iter().map(|(phrase, libraries)| match several {
            true => phrase.replace("for the library", &format!("for `{}`", libraries.join("` and `"))),
            false => phrase,
        }));
        if !culprits.phrases.is_empty() {
            culprits.phrases.extend(unknown.iter().map(|library| format!("nobody is found who asks for `{library}`")));
        }
        culprits.help = culprits.help.take().or_else(|| statically(&shared));
    }

    /// Adds who asks for the library that the artifact needs as `needed`; whether somebody does who can have it linked in.
    fn of_library(&self, needed: &str, culprits: &mut Culprits) -> bool {
        let name = link_name(needed);
        let mut asking = Asking::default();
        if !GLIBCS.contains(&name) {
            self.by_words(&mut asking, |words| words.names(needed));
            self.by_attributes(name, &mut asking);
            if asking.is_empty() {
                self.by_words(&mut asking, |words| words.stands_for(needed));
            }
        }
        let for_glibc = self.artifact.target.as_deref().is_none_or(|target| target.contains("-linux-gnu"));
        if asking.is_empty() && STDS_OWN.contains(&name) && for_glibc {
            culprits.phrases.push(format!("the Rust standard library asks for `{name}` on this target"));
        }
        for (package, how) in &asking.packages {
            let advice = fixes::of_crate(name_and_version(package).0).map(str::to_owned);
            culprits.help = culprits.help.take().or(advice);
            culprits.phrases.push(format!("{}: {how}", self.named(package)));
        }
        let is_shared = !asking.is_empty() && needed.contains(".so");
        culprits.phrases.extend(asking.flags);
        is_shared
    }

    /// Build scripts, what the configuration has in their place, and flags of rustc.
    fn by_words(&self, asking: &mut Asking, finds: impl Fn(&LinkWords) -> Option<&str>) {
        for script in self.scripts() {
            if finds(&script.link_words()).is_some() {
                asking.packages.insert(script.package.clone(), "its build script asks for the library".into());
            } else if let Some(word) = finds(&LinkWords::read(self.own_args(script).iter().map(String::as_str))) {
                asking.packages.insert(script.package.clone(), format!("its build script gives the linker `{word}`"));
            }
        }
        let users = &self.blame.plan.users;
        for target in users.targets.iter().filter(|target| self.is_for(&target.target.value)) {
            for (links, entry) in &target.overrides {
                let words = LinkWords::read(link_flag(&entry.value).as_deref());
                let package = finds(&words).and_then(|_| self.package_with_links(links));
                asking.packages.extend(package.map(|package| {
                    let key = format!("target.{}.{links}.rustc-link-lib", target.target.value);
                    (package, format!("`{key}` of {} asks for the library", entry.place()))
                }));
            }
            asking.flags.extend(by_flags(&target.flags, &finds));
        }
        asking.flags.extend(by_flags(&self.last_flags(), &finds));
    }

    /// What a build script gives the linker for this artifact: its own package's gives what the artifact is of, another's
    /// what it says of `cdylib` (`LinkArgTarget` in `src/cargo/core/compiler` of cargo 1.95).
    pub(super) fn own_args(&self, script: &Script) -> Vec<String> {
        let path = &self.artifact.path;
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let is_own = self.artifact.package.as_deref() == Some(name_and_version(&script.package).0);
        let is_library = path.extension().is_some_and(|ending| ending != "exe");
        let is_example =
            !is_library && path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "examples");
        let args = script.link_args().into_iter().filter_map(|(kind, flag)| match kind.as_str() {
            "-cdylib" => is_library.then_some(flag),
            _ if !is_own => None,
            "" => Some(flag),
            "-bins" => (!is_library && !is_example).then_some(flag),
            "-examples" => is_example.then_some(flag),
            "-bin" if is_example => None,
            "-bin" => flag.split_once('=').filter(|(bin, _)| *bin == name).map(|(_, flag)| flag.to_owned()),
            _ => None,
        });
        let args: Vec<OsString> = args.map(OsString::from).collect();
        let words = response::expand(&args, Path::new("")).into_iter();
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// What stands behind the `--` of `cargo rustc`.
    pub(super) fn last_flags(&self) -> Vec<Sourced> {
        let plan = self.blame.plan;
        let is_rustc = plan.verb.as_deref() == Some("rustc");
        let at = plan.args.iter().position(|word| word == "--").filter(|_| is_rustc);
        let words = at.and_then(|at| plan.args.get(at + 1..)).unwrap_or_default().iter();
        let flag = |word: &str| Sourced { value: word.to_owned(), source: Source::CommandLine };
        words.filter_map(|word| word.to_str()).map(flag).collect()
    }

    /// `#[link]` attributes of crates, and of the program.
    fn by_attributes(&self, library: &str, asking: &mut Asking) {
        let crates = self.blame.build.crates.iter().filter(|files| self.is_linked(&files.package));
        let crates = crates.filter(|files| source::crate_links(files, library));
        // Beside somebody who surely asks for it, only who surely does.
        let (is_sure, is_flag) = (!asking.is_empty(), !asking.flags.is_empty());
        let crates = crates.filter(|files| !is_sure || source::surely_links(files, library, is_flag));
        let crates = crates.map(|files| &files.package);
        let own = self.program().filter(|files| source::program_links(files, library)).map(|files| &files.package);
        let how = || "its `#[link]` asks for the library".to_owned();
        for package in crates.chain(own) {
            asking.packages.entry(package.clone()).or_insert_with(how);
        }
    }

    fn package_with_links(&self, links: &str) -> Option<String> {
        let tree = self.blame.tree(self.artifact.target.as_deref())?;
        tree.with_links(links).filter(|package| self.is_linked(package)).map(str::to_owned)
    }

    /// Whether it was built for the target, or for none where that is empty.
    pub(super) fn is_for(&self, target: &str) -> bool {
        self.artifact.target.as_deref().unwrap_or_default() == target
    }
}

impl Asking {
    fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.flags.is_empty()
    }
}

/// Flags of rustc that ask for the library, each with its place.
fn by_flags(flags: &[Sourced], finds: impl Fn(&LinkWords) -> Option<&str>) -> Option<String> {
    let words = of_rustc(flags.iter().map(|flag| flag.value.as_str()));
    let word = finds(&words)?;
    let name = word.trim_start_matches("-l").trim_start();
    let flag = flags.iter().find(|flag| flag.value.ends_with(word) || flag.value.ends_with(name))?;
    Some(format!("`{word}`, set by {}", flag.place()))
}

/// What flags of rustc say to the linker.
fn of_rustc<'w>(flags: impl Iterator<Item = &'w str>) -> LinkWords {
    let mut words: Vec<String> = Vec::new();
    let mut flags = flags;
    while let Some(flag) = flags.next() {
        let codegen = flag.strip_prefix("-C").unwrap_or(flag);
        if let Some(word) = codegen.strip_prefix("link-arg=") {
            words.push(word.to_owned());
        } else if let Some(list) = codegen.strip_prefix("link-args=") {
            words.extend(list.split_whitespace().map(str::to_owned));
        } else if let Some(entry) = flag.strip_prefix("-l") {
            let entry = if entry.is_empty() { flags.next().unwrap_or_default() } else { entry };
            words.extend(link_flag(entry));
        } else if let Some(folder) = flag.strip_prefix("-L") {
            let folder = if folder.is_empty() { flags.next().unwrap_or_default() } else { folder };
            words.push(format!("-L{}", folder.split_once('=').map_or(folder, |(_, folder)| folder)));
        }
    }
    LinkWords::read(words.iter().map(String::as_str))
}

/// What to do about libraries of which nothing more is known.
fn statically(libraries: &[&str]) -> Option<String> {
    let (cxx, others): (Vec<&str>, Vec<&str>) =
        libraries.iter().partition(|library| matches!(**library, "stdc++" | "c++"));
    let cxx = cxx.first().map(|library| {
        format!(
            "set `CXXSTDLIB=static:-bundle={library}` for build scripts that use the crate `cc`: the C++ library is then linked in"
        )
    });
    let others = others.first().map(|first| {
        format!(
            "link {} statically: by a feature of the crate that builds it from source (`vendored`, `bundled`, `static`), or from \
             its archive `lib{first}.a`, asked for as `static={first}`, with `cargo:rustc-link-search=native=DIR` for the folder \
             it lies in",
            listed(&others, others.len())
        )
    });
    let advice: Vec<String> = others.into_iter().chain(cxx).collect();
    (!advice.is_empty()).then(|| advice.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_rustc_are_told_with_their_place() {
        let flag =
            |value: &str, variable: &str| Sourced { value: value.into(), source: Source::Variable(variable.into()) };
        let flags = [
            flag("-L", "A"),
            flag("native=/x", "A"),
            flag("-C", "A"),
            flag("link-arg=-lz", "A"),
            flag("-ldylib=foo", "B"),
            flag("-l", "C"),
            flag("static=bar", "C"),
        ];
        let of = |needed: &str| by_flags(&flags, |words| words.names(needed));
        assert_eq!(of("libz.so.1").as_deref(), Some("`-lz`, set by `A` in the environment"));
        assert_eq!(of("libfoo.so").as_deref(), Some("`-lfoo`, set by `B` in the environment"));
        assert_eq!(of("libbar.so"), None);
    }
}
