//! Globs over paths, targets and symbols.

use std::fmt;

use globset::{GlobBuilder, GlobSet};
use serde::{Serialize, Serializer};

/// A compiled glob, which is its text wherever it is compared, printed or serialised.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    /// Whether it stands for a file name, wherever that lies.
    bare: bool,
    /// Whether it starts at a root.
    absolute: bool,
    matcher: GlobSet,
}

impl Pattern {
    /// A glob over paths: `*` stays within one part, `**` does not; a leading `./` is dropped and a trailing `/` stands for
    /// everything below. On Windows case does not matter.
    ///
    /// # Errors
    /// One clause that says what is wrong with the glob.
    pub fn path(text: &str) -> Result<Self, String> {
        let mut glob = text.strip_prefix("./").unwrap_or(text).to_owned();
        if glob.ends_with('/') {
            glob.push_str("**");
        }
        let matcher = compile(&glob, true)?;
        let absolute = glob.starts_with('/') || glob.as_bytes().get(1) == Some(&b':');
        Ok(Pattern { text: text.to_owned(), bare: !glob.contains('/'), absolute, matcher })
    }

    /// A glob over anything that is no path: `*` matches whatever there is.
    ///
    /// # Errors
    /// As for [`Pattern::path`].
    pub fn plain(text: &str) -> Result<Self, String> {
        Ok(Pattern { text: text.to_owned(), bare: false, absolute: false, matcher: compile(text, false)? })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can only mean a file of an image, or one by its whole path.
    pub(super) fn is_rooted(&self) -> bool {
        self.absolute || self.text.contains(':')
    }

    /// Whether it matches this text as a whole.
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// Whether it matches a file under any of its names.
    pub fn matches_file(&self, names: &FileNames) -> bool {
        if self.bare {
            return self.matches(&names.base);
        }
        let whole = if self.absolute { Some(&names.absolute) } else { names.outside.then_some(&names.absolute) };
        names.relative.iter().chain(whole).any(|name| self.matches(name))
    }
}

/// Whether a text is a glob and no name: entitlements have letters, digits, dots and hyphens.
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Bytes of the longest glob; nesting in a longer one could exhaust the stack of its parser.
const LONGEST: usize = 1000;

fn compile(glob: &str, separators: bool) -> Result<GlobSet, String> {
    if glob.is_empty() {
        return Err("an empty glob matches nothing".to_owned());
    }
    if glob.len() > LONGEST {
        return Err(format!("a glob has at most {LONGEST} bytes"));
    }
    let wrong = |error: globset::Error| error.kind().to_string();
    let case = separators && cfg!(windows);
    let glob = GlobBuilder::new(glob).literal_separator(separators).case_insensitive(case).build().map_err(wrong)?;
    // A set of one: unlike a single matcher it reports, and does not panic on, what no regular expression can hold.
    GlobSet::builder().add(glob).build().map_err(wrong)
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The names a file goes by when globs are matched, each with `/` between its parts; by default none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileNames {
    /// Relative to the working directory and to the directory of the policy, where it lies below them.
    relative: Vec<String>,
    /// From the root.
    absolute: String,
    /// Whether it lies below neither.
    outside: bool,
    /// The last part.
    base: String,
}

impl FileNames {
    /// The names of the file at `path`, which is absolute or relative to `directory`; `policy` is the directory the policy
    /// file lies in. Nothing is looked up on disk.
    pub fn new(path: &std::path::Path, directory: &std::path::Path, policy: Option<&std::path::Path>) -> Self {
        let absolute = lexical(directory.join(path));
        let below = |base: &std::path::Path| absolute.strip_prefix(lexical(directory.join(base))).ok().map(slashes);
        let mut relative: Vec<String> = [Some(directory), policy].into_iter().flatten().filter_map(below).collect();
        relative.dedup();
        let outside = relative.is_empty();
        // Without a known working directory all there is to match is the path as it stands.
        let whole = slashes(&absolute);
        let base = whole.rsplit('/').next().unwrap_or_default().to_owned();
        FileNames { relative, absolute: whole, outside, base }
    }
}

impl FileNames {
    /// The same names for a file of an image, which lies at the absolute path `inside` it: globs from a root mean the image's.
    pub fn in_image(self, inside: &str) -> Self {
        let base = inside.rsplit('/').next().unwrap_or_default().to_owned();
        FileNames { absolute: inside.to_owned(), base, ..self }
    }
}

/// `path` without `.` and `..`, as far as that can be told without looking.
fn lexical(path: std::path::PathBuf) -> std::path::PathBuf {
    use std::path::Component;
    if is_plain(&path) {
        return path;
    }
    let mut clean = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Whether the path of a file is as short as it can be told, as nearly all are. Told from its bytes: to take a path apart and
/// put it together again costs more than most rules.
fn is_plain(path: &std::path::Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_odd = |pair: &[u8]| matches!(pair, b"//" | b"/.");
    cfg!(unix) && !bytes.starts_with(b".") && !bytes.ends_with(b"/") && !bytes.windows(2).any(is_odd)
}

/// `path` with `/` between its parts, whatever the system writes; bytes that are not UTF-8 become `U+FFFD`.
fn slashes(path: &std::path::Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn hits(glob: &str, path: &str) -> bool {
        let names = FileNames::new(Path::new(path), Path::new("/home/me/app/sub"), Some(Path::new("/home/me/app")));
        Pattern::path(glob).expect("a good glob").matches_file(&names)
    }

    #[test]
    fn stars_stay_within_a_part_unless_doubled() {
        assert!(hits("bin/*", "bin/app"));
        assert!(!hits("bin/*", "bin/deep/app"));
        assert!(hits("bin/**", "bin/deep/app"));
        assert!(hits("bin/", "bin/deep/app"));
        assert!(hits("./bin/{app,tool}", "bin/tool"));
    }

    #[test]
    fn a_pattern_without_a_slash_is_a_file_name() {
        assert!(hits("app", "target/release/app"));
        assert!(hits("*.so", "/elsewhere/lib/x.so"));
        assert!(!hits("app", "app/other"));
    }

    #[test]
    fn paths_are_relative_to_the_working_directory_and_to_the_policy() {
        assert!(hits("bin/app", "/home/me/app/sub/bin/app"));
        assert!(hits("sub/bin/app", "/home/me/app/sub/bin/app"));
        assert!(hits("bin/app", "../bin/app"));
        assert!(hits("bin/app", "./x/../bin/app"));
        assert!(hits("bin/app", "/home/me//app/./sub/bin/app"));
        assert!(hits("bin/.app", "bin/.app"));
        assert!(!hits("me/**", "/home/me/app/sub/bin/app"));
    }

    #[test]
    fn files_outside_go_by_their_full_path_and_absolute_globs_always_hold() {
        assert!(hits("/opt/**", "/opt/bin/app"));
        assert!(hits("**/bin/app", "/opt/bin/app"));
        assert!(hits("/home/me/**", "bin/app"));
        assert!(!hits("**/me/**", "bin/app"), "where the project lies must not matter");
    }

    #[test]
    fn bad_globs_say_what_is_wrong() {
        for glob in ["", "a[", "{a,b", "a\\", "x{y"] {
            assert!(Pattern::path(glob).is_err(), "{glob:?}");
        }
        for nested in [300, 100_000] {
            assert!(Pattern::path(&format!("{}a{}", "{".repeat(nested), "}".repeat(nested))).is_err(), "{nested}");
        }
        assert_eq!(Pattern::path("[").unwrap_err(), "unclosed character class; missing ']'");
    }

    #[test]
    fn plain_patterns_cross_slashes() {
        let plain = |glob: &str, text: &str| Pattern::plain(glob).expect("a good glob").matches(text);
        assert!(plain("*-linux-*", "x86_64-unknown-linux-musl"));
        assert!(plain("linux/*", "linux/amd64"));
        assert!(plain("Py*", "PyList_New"));
        assert!(!plain("Py*", "_Py_Dealloc"));
    }
}
