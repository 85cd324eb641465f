//! Flags one by one, in cargo's spelling and in Go's.

use std::ffi::{OsStr, OsString};

use crate::plan::Tool;

/// One flag as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name without dashes.
    pub name: String,
    /// Its value, joined by `=` (or to a short option), or the next word for flags known to take one.
    pub value: Option<OsString>,
    /// Index of its first word.
    pub at: usize,
    /// How many words it takes: 1, or 2 when the value is a word of its own.
    pub words: usize,
}

impl Flag {
    /// The value as text; empty when there is none or it is not UTF-8.
    pub fn text(&self) -> &str {
        self.value.as_deref().and_then(OsStr::to_str).unwrap_or_default()
    }

    /// Whether a boolean flag of Go is on: bare, or with a value that `strconv.ParseBool` takes as true.
    pub fn is_on(&self) -> bool {
        self.value.is_none() || matches!(self.text(), "1" | "t" | "T" | "true" | "TRUE" | "True")
    }
}

/// How a tool spells its flags, and which of them take the next word as their value.
#[derive(Debug, Clone, Copy)]
pub struct Syntax {
    tool: Tool,
    with_value: &'static [&'static str],
    /// Words that are no flags end the flags (before the verb), or are stepped over (after it).
    stops_at_word: bool,
}

/// cargo's, before the verb.
const CARGO_GLOBAL: &[&str] = &["color", "config", "Z", "C", "explain"];
/// cargo's, after the verb: only those of interest; the value of any other never begins with a dash.
const CARGO: &[&str] =
    &["color", "config", "Z", "C", "j", "p", "F", "target", "message-format", "root", "manifest-path", "path", "print"];
/// Go's build flags that take a value, which may begin with a dash (`-ldflags -s`). Source: `go help build`, `go help
/// install` of Go 1.26; `-debug-*` from `cmd/go/internal/work/build.go`.
const GO: &[&str] = &[
    "C",
    "asmflags",
    "buildmode",
    "compiler",
    "covermode",
    "coverpkg",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "mod",
    "modfile",
    "o",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "tags",
    "toolexec",
];

impl Syntax {
    /// The flags before the verb.
    pub fn before_verb(tool: Tool) -> Self {
        let with_value = if tool == Tool::Go { &["C"] } else { CARGO_GLOBAL };
        Syntax { tool, with_value, stops_at_word: true }
    }

    /// The flags after the verb, up to `--`.
    pub fn after_verb(tool: Tool) -> Self {
        Syntax { tool, with_value: if tool == Tool::Go { GO } else { CARGO }, stops_at_word: false }
    }

    /// Whether the word that follows is the value. clap never takes a word with a dash for one; Go's `flag` always does.
    fn takes(self, name: &str, next: Option<&OsString>) -> bool {
        let Some(next) = next else { return false };
        self.with_value.contains(&name) && (self.tool == Tool::Go || !next.as_encoded_bytes().starts_with(b"-"))
    }
}

/// Iterator over the flags among some arguments; ends at `--`.
#[derive(Debug)]
pub struct Flags<'a> {
    syntax: Syntax,
    args: &'a [OsString],
    at: usize,
    /// Short options of the current word that are still to come.
    cluster: Vec<Flag>,
}

impl<'a> Flags<'a> {
    /// Starts at the argument of that index.
    pub fn new(syntax: Syntax, args: &'a [OsString], at: usize) -> Self {
        Flags { syntax, args, at, cluster: Vec::new() }
    }

    /// Index of the word that ended the flags.
    pub fn next_word(&self) -> usize {
        self.at
    }

    fn flag(&mut self, name: String, joined: Option<OsString>) -> Flag {
        let at = self.at;
        let next = self.args.get(at + 1);
        let words = if joined.is_none() && self.syntax.takes(&name, next) { 2 } else { 1 };
        let value = joined.or_else(|| next.filter(|_| words == 2).cloned());
        self.at += words;
        Flag { name, value, at, words }
    }

    /// `-vqj4`: every letter is an option, until one takes the rest, or the next word, as its value.
    fn short_options(&mut self, letters: &str, joined: Option<OsString>) {
        let at = self.at;
        for (index, letter) in letters.char_indices() {
            let name = letter.to_string();
            let rest = letters.get(index + letter.len_utf8()..).unwrap_or_default();
            if !self.syntax.with_value.contains(&name.as_str()) {
                self.cluster.push(Flag { name, value: None, at, words: 1 });
                continue;
            }
            let value = if rest.is_empty() { joined } else { Some(OsString::from(rest)) };
            let flag = self.flag(name, value);
            self.cluster.push(flag);
            break;
        }
        self.at = self.at.max(at + 1);
        self.cluster.reverse();
    }
}

impl Iterator for Flags<'_> {
    type Item = Flag;

    fn next(&mut self) -> Option<Flag> {
        loop {
            if let Some(flag) = self.cluster.pop() {
                return Some(flag);
            }
            let word = self.args.get(self.at)?;
            if word == "--" {
                return None;
            }
            let (name, value) = split_at_equals(word);
            let dashes = name.bytes().take_while(|byte| *byte == b'-').count().min(2);
            let bare = name.get(dashes..).unwrap_or_default();
            if dashes == 0 || bare.is_empty() {
                if self.syntax.stops_at_word {
                    return None;
                }
                self.at += 1;
            } else if self.syntax.tool == Tool::Cargo && dashes == 1 {
                let letters = bare.to_owned();
                self.short_options(&letters, value);
            } else {
                return Some(self.flag(bare.to_owned(), value));
            }
        }
    }
}

/// `--name=value` at its first `=`; the value keeps bytes that are not UTF-8.
#[cfg(unix)]
fn split_at_equals(word: &OsStr) -> (String, Option<OsString>) {
    use std::os::unix::ffi::OsStrExt;
    let bytes = word.as_bytes();
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (&bytes[..at], bytes.get(at + 1..)),
        None => (bytes, None),
    };
    (String::from_utf8_lossy(name).into_owned(), value.map(|value| OsStr::from_bytes(value).to_owned()))
}

/// `--name=value` at its first `=`.
#[cfg(not(unix))]
fn split_at_equals(word: &OsStr) -> (String, Option<OsString>) {
    let text = word.to_string_lossy();
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.into())),
        None => (text.into_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(tool: Tool, line: &[&str]) -> Vec<(String, Option<String>)> {
        let args: Vec<OsString> = line.iter().map(OsString::from).collect();
        let text = |value: OsString| value.to_string_lossy().into_owned();
        Flags::new(Syntax::after_verb(tool), &args, 0).map(|flag| (flag.name, flag.value.map(text))).collect()
    }

    fn some(name: &str, value: &str) -> (String, Option<String>) {
        (name.into(), Some(value.into()))
    }

    #[test]
    fn cargo_flags_with_and_without_equals() {
        let line = ["--target=a", "--target", "b", "--message-format", "-v", "--", "--target=c"];
        let expected = [some("target", "a"), some("target", "b"), ("message-format".into(), None), ("v".into(), None)];
        assert_eq!(flags(Tool::Cargo, &line), expected);
    }

    #[test]
    fn short_options_come_in_clusters() {
        let line = ["-vvj4", "-qp", "pkg", "-h"];
        let names: Vec<_> = flags(Tool::Cargo, &line).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["v", "v", "j", "q", "p", "h"]);
    }

    #[test]
    fn go_takes_one_dash_or_two_and_values_with_dashes() {
        let line = ["-ldflags", "-s -w", "--tags=x", "-race", "./cmd", "-o", "-", "--", "-msan"];
        let expected = [some("ldflags", "-s -w"), some("tags", "x"), ("race".into(), None), some("o", "-")];
        assert_eq!(flags(Tool::Go, &line), expected);
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_not_text_survive() {
        use std::os::unix::ffi::OsStringExt;
        let args = [OsString::from_vec(b"-o=\xff".to_vec())];
        let flag = Flags::new(Syntax::after_verb(Tool::Go), &args, 0).next().expect("a flag");
        assert_eq!(flag.value, Some(OsString::from_vec(vec![0xff])));
    }
}
