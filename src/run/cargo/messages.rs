//! What cargo's messages say: programs, shared objects, and whether the build is finished.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use super::package_id::name_and_version;
use super::relay::START;
use crate::run::{Artifact, Dropped, Role};

/// Most that is kept unparsed for [`crate::blame`].
const MOST_UNPARSED: usize = 256 << 20;
/// Room for it from the start: messages of some hundred units. What stays empty of it costs nothing.
const UNPARSED: usize = 128 << 10;

/// Whether a line that begins like a message ends like one.
pub(super) fn is_cargos(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(b"}")
}

/// What the messages told so far.
#[derive(Debug)]
pub(super) struct Found<'p> {
    targets: &'p [String],
    pub(super) artifacts: Vec<Artifact>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) unparsed: Vec<u8>,
    pub(super) finished: bool,
    pub(super) unread: Option<String>,
}

/// `compiler-artifact`, as far as it matters. Source: The Cargo Book, "External tools".
#[derive(Debug, Deserialize)]
struct CompilerArtifact<'a> {
    #[serde(borrow, default)]
    package_id: Cow<'a, str>,
    #[serde(borrow)]
    target: Target<'a>,
    #[serde(default)]
    profile: Profile,
    #[serde(borrow, default)]
    filenames: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    executable: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct Target<'a> {
    #[serde(borrow, default)]
    crate_types: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
struct Profile {
    #[serde(default)]
    test: bool,
}

impl<'p> Found<'p> {
    pub(super) fn new(targets: &'p [String]) -> Self {
        let (artifacts, dropped, unparsed) = (Vec::new(), Vec::new(), Vec::with_capacity(UNPARSED));
        Found { targets, artifacts, dropped, unparsed, finished: false, unread: None }
    }

    pub(super) fn too_long(&mut self) {
        self.unread = Some("a message of cargo was too long to be read".to_owned());
    }

    /// A whole line that is a message of cargo's. Diagnostics, by far the longest, nobody wants to know.
    pub(super) fn message(&mut self, line: &[u8]) {
        let reason = line.strip_prefix(START).unwrap_or_default();
        if reason.starts_with(b"compiler-artifact") {
            if let Some((id, path)) = program(line) {
                self.add(PathBuf::from(path), Role::Program, package(id));
            } else if makes_something_to_judge(line) {
                match serde_json::from_slice(line) {
                    Ok(artifact) => self.artifact(&artifact),
                    Err(error) => {
                        let why = format!("a message of cargo was not understood ({error}); its artifact is not known");
                        self.unread = Some(why);
                    }
                }
            }
            self.keep(line);
        } else if reason.starts_with(b"build-script-executed") {
            self.keep(line);
        } else if reason.starts_with(b"build-finished") {
            self.finished = true;
        }
    }

    fn keep(&mut self, line: &[u8]) {
        let (length, room) = (self.unparsed.len() + line.len(), self.unparsed.capacity());
        if length > MOST_UNPARSED {
            return;
        }
        if length > room {
            // Memory that nothing is written to costs nothing, and every copy touches all of it anew.
            self.unparsed.reserve(line.len() + 3 * room);
        }
        self.unparsed.extend_from_slice(line);
    }

    fn artifact(&mut self, message: &CompilerArtifact<'_>) {
        if message.profile.test {
            return; // a test program runs where it was built
        }
        let package = package(&message.package_id);
        if let Some(path) = &message.executable {
            self.add(PathBuf::from(&**path), Role::Program, package);
            return;
        }
        let is = |kind: &str| message.target.crate_types.iter().any(|one| one == kind);
        let Some(kind) = ["cdylib", "dylib"].into_iter().find(|kind| is(kind)) else { return };
        // A file still in `deps` belongs to a dependency: it was not asked for, and is not for others.
        let files = || message.filenames.iter().map(|name| Path::new(&**name)).filter(|path| !is_in_deps(path));
        let has = |extensions: &[&str], path: &Path| {
            path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
        };
        let shared: Vec<_> = files().filter(|path| has(&["so", "dylib", "dll"], path)).collect();
        for path in &shared {
            self.add(path.to_path_buf(), Role::SharedObject, package.clone());
        }
        let is_dropped = shared.is_empty() && files().next().is_some() && !files().any(|path| has(&["wasm"], path));
        if is_dropped {
            let what = format!("the {kind} of `{}`", message.target.name);
            self.dropped.push(Dropped { what, target: files().next().and_then(|file| self.target(file)) });
        }
    }

    fn add(&mut self, path: PathBuf, role: Role, package: Option<String>) {
        let target = self.target(&path);
        self.artifacts.push(Artifact { path, role, package, target });
    }

    /// The target that a file was made for: of several, the one whose directory it is in.
    fn target(&self, path: &Path) -> Option<String> {
        let within = |target: &&String| path.components().any(|part| part.as_os_str() == target.as_str());
        match self.targets {
            [only] => Some(only.clone()),
            several => several.iter().find(within).cloned(),
        }
    }
}

/// Package id and path of a program that is no test, where both can be told from the bytes: a message as cargo writes it, and in
/// which neither is escaped. To read all of a message takes as long as to read a small program. No text within a string looks
/// like any of these, since its quotes are escaped.
fn program(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok()?.trim_ascii_end();
    let (id, _) = line.strip_prefix(r#"{"reason":"compiler-artifact","package_id":""#)?.split_once('"')?;
    let line = line.strip_suffix(r#"","fresh":true}"#).or_else(|| line.strip_suffix(r#"","fresh":false}"#))?;
    let (rest, path) = line.rsplit_once('"')?;
    let rest = rest.strip_suffix(r#""executable":"#)?;
    let is_plain = !id.contains('\\') && !path.contains('\\');
    (is_plain && rest.contains(r#","test":false},"features":["#)).then_some((id, path))
}

/// The name in a package id.
fn package(id: &str) -> Option<String> {
    let name = name_and_version(id).0;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Told from the bytes, since most messages are about libraries. Where in doubt, the message is read.
fn makes_something_to_judge(line: &[u8]) -> bool {
    /// How cargo ends the message of what is no program.
    const NO_PROGRAM: [&[u8]; 2] = [br#""executable":null,"fresh":true}"#, br#""executable":null,"fresh":false}"#];
    /// The end of `"cdylib"`, too.
    static DYLIB: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#"dylib""#));
    let line = line.trim_ascii_end();
    !NO_PROGRAM.iter().any(|end| line.ends_with(end)) || DYLIB.find(line).is_some()
}

fn is_in_deps(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == "deps")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(line: &str) -> (Vec<(String, Role)>, usize) {
        let mut found = Found::new(&[]);
        found.message(line.as_bytes());
        assert_eq!(found.unread, None);
        let artifacts = found.artifacts.into_iter().map(|one| (one.path.display().to_string(), one.role)).collect();
        (artifacts, found.dropped.len())
    }

    #[test]
    fn artifacts_are_told_from_by_products() {
        let message = |kind: &str, files: &str, executable: &str, test: bool| {
            take(&format!(
                r#"{{"reason":"compiler-artifact","package_id":"a 1 (x)","target":{{"crate_types":["{kind}"],"name":"a"}},"profile":{{"test":{test}}},"filenames":["{files}"],"executable":{executable}}}"#
            ))
        };
        let program = message("bin", "/t/debug/a", "\"/t/debug/a\"", false);
        assert_eq!(program, (vec![("/t/debug/a".into(), Role::Program)], 0));
        assert_eq!(message("bin", "/t/debug/a", "\"/t/debug/a\"", true), (vec![], 0));
        assert_eq!(message("bin", "/t/build/b", "null", false), (vec![], 0));
        let shared = message("cdylib", "/t/debug/liba.so", "null", false);
        assert_eq!(shared, (vec![("/t/debug/liba.so".into(), Role::SharedObject)], 0));
        assert_eq!(message("cdylib", "/t/debug/deps/liba.so", "null", false), (vec![], 0));
        assert_eq!(message("cdylib", "/t/debug/liba.rlib", "null", false), (vec![], 1));
        assert_eq!(message("cdylib", "/t/debug/a.wasm", "null", false), (vec![], 0));
        assert_eq!(message("proc-macro", "/t/debug/liba.so", "null", false), (vec![], 0));
    }

    #[test]
    fn what_cargo_dropped_is_of_the_target_whose_directory_it_is_in() {
        let targets = ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"].map(str::to_owned);
        let mut found = Found::new(&targets);
        found.message(
            br#"{"reason":"compiler-artifact","package_id":"a 1 (x)","target":{"crate_types":["cdylib","rlib"],"name":"a"},"filenames":["/t/x86_64-unknown-linux-musl/debug/liba.rlib"],"executable":null}"#,
        );
        assert_eq!(found.dropped, [Dropped { what: "the cdylib of `a`".into(), target: Some(targets[1].clone()) }]);
    }

    #[test]
    fn what_is_told_from_the_bytes_is_what_the_message_says() {
        let message = |id: &str, profile: &str, executable: &str, end: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"crate_types":["bin"],"name":"a","test":true}},"profile":{{"opt_level":"0"{profile}}},"features":["\",\"test\":false"],"filenames":["/t/a"],"executable":{executable}{end}"#
            )
        };
        let (id, no_test, fresh) = ("path+file:///x/a#0.1.0", r#","test":false"#, r#","fresh":true}"#);
        let built = format!("{}\n", r#","fresh":false}"#);
        for (line, told, programs) in [
            (message(id, no_test, r#""/t/a b""#, fresh), true, 1),
            (message(id, no_test, r#""/t/é""#, &built), true, 1),
            (message("a 0.1.0 (path+file:///x)", no_test, r#""/t/a""#, fresh), true, 1),
            (message(r"path+file:///x/\u0061#0.1.0", no_test, r#""/t/a""#, fresh), false, 1),
            (message(id, no_test, r#""C:\\t\\a.exe""#, fresh), false, 1),
            (message(id, no_test, r#""/t/\"executable\":\"a""#, fresh), false, 1),
            (message(id, no_test, r#""/t/a""#, r#","fresh":true,"later":1}"#), false, 1),
            (message(id, r#","test":true"#, r#""/t/a""#, fresh), false, 0),
            (message(id, "", r#""/t/a""#, fresh), false, 1),
            (message(id, no_test, "null", fresh), false, 0),
        ] {
            assert_eq!(program(line.as_bytes()).is_some(), told, "{line}");
            let found = |line: &str| {
                let mut found = Found::new(&[]);
                found.message(line.as_bytes());
                (found.artifacts, found.unread)
            };
            let spelled_otherwise = line.replacen(r#","package_id""#, r#", "package_id""#, 1);
            assert!(program(spelled_otherwise.as_bytes()).is_none());
            assert_eq!(found(&line), found(&spelled_otherwise));
            assert_eq!(found(&line).0.len(), programs, "{line}");
        }
    }
}
