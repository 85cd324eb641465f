//! What cargo's messages say about a build: whose the rlibs are, and which native libraries were asked for.

use std::path::PathBuf;

use cargo_metadata::Message;

/// A build as its messages tell it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct CargoBuild {
    /// Libraries of crates, one entry per package.
    pub(crate) crates: Vec<CrateFiles>,
    /// Package id and root source file of programs.
    pub(crate) programs: Vec<(String, PathBuf)>,
    /// Build scripts that ran, or whose output was still fresh.
    pub(crate) scripts: Vec<Script>,
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
}

/// What one build script asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl CargoBuild {
    /// Reads the kept messages; lines that are none are passed over, since build scripts write to the same stream.
    pub(crate) fn from_messages(lines: &[u8]) -> Self {
        let mut build = CargoBuild::default();
        for message in Message::parse_stream(lines).flatten() {
            match message {
                Message::CompilerArtifact(artifact) => {
                    let rlibs: Vec<PathBuf> = artifact
                        .filenames
                        .iter()
                        .filter(|file| file.extension() == Some("rlib"))
                        .map(|file| file.clone().into_std_path_buf())
                        .collect();
                    let (package, source) = (artifact.package_id.repr, artifact.target.src_path.into_std_path_buf());
                    if !rlibs.is_empty() {
                        build.crates.push(CrateFiles { package, source, rlibs });
                    } else if artifact.executable.is_some() {
                        build.programs.push((package, source));
                    }
                }
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
/// The form is `[KIND[:MODIFIERS]=]NAME[:RENAME]` (The rustc book, `-l`).
pub(crate) fn link_lib(entry: &str) -> (&str, bool) {
    let (kind, name) = entry.split_once('=').unwrap_or(("", entry));
    let kind = kind.split(':').next().unwrap_or_default();
    (name.split(':').next().unwrap_or(name), kind == "static")
}

/// Whether a `cargo:rustc-link-lib` entry asks for the shared library behind `-l wanted`.
pub(crate) fn asks_for(entry: &str, wanted: &str) -> bool {
    let (name, is_static) = link_lib(entry);
    // With the modifier `verbatim` the name is a file's.
    !is_static && (name == wanted || (name.contains(".so") && link_name(name) == wanted))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_lib_entries() {
        assert_eq!(link_lib("z"), ("z", false));
        assert_eq!(link_lib("dylib=z"), ("z", false));
        assert_eq!(link_lib("static:+whole-archive=foo"), ("foo", true));
        assert_eq!(link_lib("dylib=foo:bar"), ("foo", false));
        assert!(asks_for("dylib:+verbatim=libfoo.so.3", "foo") && asks_for("foo", "foo"));
        assert!(!asks_for("static=foo", "foo") && !asks_for("libfoo", "foo"));
    }

    #[test]
    fn link_names_of_three_systems() {
        assert_eq!(link_name("libz.so.1"), "z");
        assert_eq!(link_name("libstdc++.so.6"), "stdc++");
        assert_eq!(link_name("/opt/homebrew/lib/libz.1.dylib"), "z");
        assert_eq!(link_name("vcruntime140.dll"), "vcruntime140");
        assert_eq!(link_name("libpython3.12.so.1.0"), "python3.12");
    }

    #[test]
    fn other_lines_between_the_messages_are_passed_over() {
        let lines = b"warning: hello\n{\"reason\":\"nonsense\"}\n{\"reason\":\"build-script-executed\",\"package_id\":\"path+file:///a#b@1.0.0\",\"linked_libs\":[\"static=foo\",\"z\"],\"linked_paths\":[\"native=/tmp/x\"],\"cfgs\":[],\"env\":[],\"out_dir\":\"/tmp\"}\n";
        let build = CargoBuild::from_messages(lines);
        assert_eq!(build.scripts[0].libs, ["static=foo", "z"]);
        assert_eq!(build.scripts[0].directories, [PathBuf::from("/tmp/x")]);
    }
}
