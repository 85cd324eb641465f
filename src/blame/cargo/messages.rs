//! What cargo's messages say about a build: whose the rlibs are, and which native libraries were asked for.

use std::path::PathBuf;

use cargo_metadata::{Artifact, Message};

use crate::blame::words::LinkWords;

/// A build as its messages tell it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct CargoBuild {
    /// Libraries of crates, one entry per package.
    pub(crate) crates: Vec<CrateFiles>,
    /// What no other crate is built from: programs, and libraries for C.
    pub(crate) programs: Vec<ProgramFiles>,
    /// Build scripts that ran, or whose output was still fresh.
    pub(crate) scripts: Vec<Script>,
    /// Package id, a file made of it, and the features it was compiled with.
    pub(crate) features: Vec<(String, PathBuf, Vec<String>)>,
}

/// The compiled library of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CrateFiles {
    /// cargo's package id.
    pub(crate) package: String,
    /// Root source file.
    pub(crate) source: PathBuf,
    /// Its rlibs.
    pub(crate) rlibs: Vec<PathBuf>,
    /// Its metadata for the compiler.
    pub(crate) rmeta: Option<PathBuf>,
}

/// A program, or a library for C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramFiles {
    /// cargo's package id.
    pub(crate) package: String,
    /// Root source file.
    pub(crate) source: PathBuf,
    /// What was linked.
    pub(crate) files: Vec<PathBuf>,
}

/// What one build script asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// cargo's package id.
    pub(crate) package: String,
    /// Native libraries, as `cargo:rustc-link-lib` wrote them.
    pub(crate) libs: Vec<String>,
    /// Directories to find them in, without the `native=` prefix.
    pub(crate) directories: Vec<PathBuf>,
    /// Its `OUT_DIR`, which lies below the folder of the target it ran for.
    pub(crate) out: PathBuf,
}

impl Script {
    /// The shared libraries it asks for, as words of a link line.
    pub(crate) fn link_words(&self) -> LinkWords {
        let flags = self.libs.iter().filter_map(|entry| link_flag(entry));
        let folders = self.directories.iter().map(|folder| format!("-L{}", folder.display()));
        let words: Vec<String> = folders.chain(flags).collect();
        LinkWords::read(words.iter().map(String::as_str))
    }

    /// What it gives the linker for what its own package links, by `cargo:rustc-link-arg` and its kin: the part of the key
    /// behind that (`-bins`, `-bin`, none), and the flag. cargo's messages leave these out; its record of the script's
    /// output does not (`src/cargo/core/compiler/custom_build.rs` of cargo 1.95).
    pub(crate) fn link_args(&self) -> Vec<(String, String)> {
        let record = self.out.parent().map(|folder| folder.join("output"));
        let text = record.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let of_line = |line: &str| {
            let line = line.strip_prefix("cargo:")?;
            let (key, flag) = line.strip_prefix(':').unwrap_or(line).split_once('=')?;
            // Its older name.
            let kind = if key == "rustc-cdylib-link-arg" { "-cdylib" } else { key.strip_prefix("rustc-link-arg")? };
            Some((kind.to_owned(), flag.to_owned()))
        };
        text.lines().filter_map(of_line).collect()
    }
}

impl CargoBuild {
    /// Reads the kept messages; lines that are none are passed over, since build scripts write to the same stream.
    pub(crate) fn from_messages(lines: &[u8]) -> Self {
        let mut build = CargoBuild::default();
        for message in Message::parse_stream(lines).flatten() {
            match message {
                Message::CompilerArtifact(artifact) => build.add(artifact),
                Message::BuildScriptExecuted(script) => build.scripts.push(Script {
                    package: script.package_id.repr,
                    libs: script.linked_libs.iter().map(ToString::to_string).collect(),
                    directories: script.linked_paths.iter().map(|path| directory(path.as_str())).collect(),
                    out: script.out_dir.into_std_path_buf(),
                }),
                _ => {}
            }
        }
        build
    }

    fn add(&mut self, artifact: Artifact) {
        let files: Vec<PathBuf> = artifact.filenames.iter().map(|file| file.clone().into_std_path_buf()).collect();
        let ends = |file: &PathBuf, ending: &str| file.extension().is_some_and(|known| known == ending);
        let rlibs: Vec<PathBuf> = files.iter().filter(|file| ends(file, "rlib")).cloned().collect();
        let is_script = artifact.target.is_custom_build();
        let is_linked = artifact.executable.is_some() || artifact.target.is_cdylib() || artifact.target.is_dylib();
        let (package, source) = (artifact.package_id.repr, artifact.target.src_path.into_std_path_buf());
        if let Some(file) = files.first().filter(|_| !is_script) {
            self.features.push((package.clone(), file.clone(), artifact.features));
        }
        if is_linked {
            self.programs.push(ProgramFiles { package: package.clone(), source: source.clone(), files: files.clone() });
        }
        if !rlibs.is_empty() {
            let rmeta = files.into_iter().find(|file| ends(file, "rmeta"));
            self.crates.push(CrateFiles { package, source, rlibs, rmeta });
        }
    }
}

/// A `linked_paths` entry without its kind (`native=`, `dependency=` …).
fn directory(entry: &str) -> PathBuf {
    match entry.split_once('=') {
        Some(("native" | "dependency" | "crate" | "framework" | "all", path)) => path.into(),
        _ => entry.into(),
    }
}

/// The library name a `cargo:rustc-link-lib` entry stands for, and whether it asks for a static one.
///
/// The form is `[KIND[:MODIFIERS]=]NAME[:RENAME]`, of which the linker is told the last (The rustc book, `-l`).
pub(crate) fn link_lib(entry: &str) -> (&str, bool) {
    let (kind, name) = entry.split_once('=').unwrap_or(("", entry));
    let kind = kind.split(':').next().unwrap_or_default();
    (name.rsplit(':').next().unwrap_or(name), kind == "static")
}

/// The flag of a linker that a `cargo:rustc-link-lib` entry stands for, unless it asks for a static library.
pub(crate) fn link_flag(entry: &str) -> Option<String> {
    let (name, is_static) = link_lib(entry);
    // With the modifier `verbatim` the name is a file's.
    let colon = if name.contains(".so") || name.contains(".dll") { ":" } else { "" };
    (!is_static).then(|| format!("-l{colon}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_lib_entries() {
        assert_eq!(link_lib("z"), ("z", false));
        assert_eq!(link_lib("dylib=z"), ("z", false));
        assert_eq!(link_lib("static:+whole-archive=foo"), ("foo", true));
        assert_eq!(link_lib("dylib=foo:bar"), ("bar", false));
        assert_eq!(link_flag("dylib:+verbatim=libfoo.so.3").as_deref(), Some("-l:libfoo.so.3"));
        assert_eq!((link_flag("foo").as_deref(), link_flag("static=foo")), (Some("-lfoo"), None));
    }

    #[test]
    fn arguments_for_the_linker_are_read_under_both_names() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "cargo::rustc-link-arg-bins=-a\ncargo:rustc-cdylib-link-arg=-b=c\ncargo:rustc-link-lib=z\n";
        std::fs::write(folder.path().join("output"), lines).unwrap();
        let script = Script { out: folder.path().join("out"), ..Script::default() };
        let wanted = [("-bins", "-a"), ("-cdylib", "-b=c")].map(|(kind, flag)| (kind.to_owned(), flag.to_owned()));
        assert_eq!(script.link_args(), wanted);
    }

    #[test]
    fn other_lines_between_the_messages_are_passed_over() {
        let lines = b"warning: hello\n{\"reason\":\"nonsense\"}\n{\"reason\":\"build-script-executed\",\"package_id\":\"path+file:///a#b@1.0.0\",\"linked_libs\":[\"static=foo\",\"z\"],\"linked_paths\":[\"native=/tmp/x\"],\"cfgs\":[],\"env\":[],\"out_dir\":\"/tmp\"}\n";
        let build = CargoBuild::from_messages(lines);
        assert_eq!(build.scripts[0].libs, ["static=foo", "z"]);
        assert_eq!(build.scripts[0].directories, [PathBuf::from("/tmp/x")]);
    }
}
