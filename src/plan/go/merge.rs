//! Adding to Go's list flags. Of several `-ldflags` or `-tags` go uses the last that fits and merges none, so what the
//! user gave is not followed by ours but rewritten to hold both.

use crate::plan::go_quoting::{join, split};

/// What is added to every linker flag list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkerFlags {
    /// Words to be there.
    pub(crate) words: Vec<String>,
    /// What the C linker has to be told, such as `-static`: makes linking external.
    pub(crate) external: Option<&'static str>,
}

impl LinkerFlags {
    /// Whether there is nothing to add.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.external.is_none()
    }

    /// One `-ldflags` value with ours added; `pattern=` in front stays in front. `None` when go would refuse the value.
    pub(crate) fn added_to(&self, value: &str) -> Option<String> {
        let (pattern, list) = split_pattern(value);
        let mut words = split(list).ok()?;
        let parts: Option<Vec<Vec<String>>> = self.words.iter().map(|word| parts(word)).collect();
        let (ours, users) = (flags(parts?.concat()), flags(words.clone()));
        for flag in ours.into_iter().filter(|flag| !users.contains(flag)) {
            match value_of(&flag, "extldflags") {
                Some(value) => split(&value).ok()?.iter().try_for_each(|word| tell_c_linker(&mut words, word))?,
                None => words.extend(flag),
            }
        }
        if let Some(flag) = self.external {
            make_external(&mut words, flag)?;
        }
        unquote_first(&mut words);
        Some(format!("{pattern}{}", join(&words)?))
    }
}

/// The words of what the policy has as one: `-X` may stand with what follows it, and a value may have spaces. `None` when a quote is not
/// closed.
fn parts(word: &str) -> Option<Vec<String>> {
    let has_value = |(before, after): (&str, &str)| {
        let is_list = flag_value(before, "extldflags").is_some();
        before.contains('=') && (is_list || !after.trim_start().starts_with('-')) && !word.contains(['\'', '"'])
    };
    match word.split_once(char::is_whitespace) {
        Some(parts) if has_value(parts) => Some(vec![word.to_owned()]),
        _ => split(word).ok(),
    }
}

/// The words as flags, each with the value that is a word of its own: one behind a flag without `=` that is no flag itself, or any
/// behind `-extldflags`.
fn flags(words: Vec<String>) -> Vec<Vec<String>> {
    let mut flags: Vec<Vec<String>> = Vec::new();
    for word in words {
        let wants_value = |flag: &&mut Vec<String>| match flag.as_slice() {
            [name] if flag_value(name, "extldflags") == Some(None) => true,
            [name] => name.starts_with('-') && !name.contains('=') && !word.starts_with('-'),
            _ => false,
        };
        match flags.last_mut().filter(wants_value) {
            Some(flag) => flag.push(word),
            None => flags.push(vec![word]),
        }
    }
    flags
}

/// The value of a flag, if it has this name.
fn value_of(flag: &[String], name: &str) -> Option<String> {
    let (word, value) = flag.split_first()?;
    flag_value(word, name)?.or_else(|| value.first().cloned())
}

/// Whether the linker flags ask for internal linking, which `-extldflags` does not reach.
pub(crate) fn is_internal(value: &str) -> bool {
    last_value(value, "linkmode").as_deref() == Some("internal")
}

/// What the linker flags say to the C linker: the words of the last `-extldflags`.
pub(crate) fn for_c_linker(value: &str) -> Vec<String> {
    last_value(value, "extldflags").and_then(|words| split(&words).ok()).unwrap_or_default()
}

/// The words of a value of `-ldflags`, without the packages it is for.
pub(crate) fn linker_words(value: &str) -> Vec<String> {
    split(split_pattern(value).1).unwrap_or_default()
}

/// The last value of one flag in a list of linker flags.
fn last_value(list: &str, name: &str) -> Option<String> {
    let words = linker_words(list);
    words.iter().enumerate().rev().find_map(|(at, word)| match flag_value(word, name)? {
        Some(joined) => Some(joined),
        None => words.get(at + 1).cloned(),
    })
}

/// Whether a value is for the packages named on the command line: one without `pattern=`.
pub(crate) fn is_plain(value: &str) -> bool {
    split_pattern(value).0.is_empty()
}

/// The union of two comma lists of tags; blanks, Go's old separator, become commas.
pub(crate) fn tags(users: &str, ours: &[String]) -> String {
    let mut all: Vec<&str> = users.split([',', ' ']).filter(|tag| !tag.is_empty()).collect();
    for tag in ours.iter().map(String::as_str) {
        // `netcgo` is the opposite of `netgo`; who asks for it gets it.
        let contradicted = tag == "netgo" && all.contains(&"netcgo");
        if !contradicted && !all.contains(&tag) {
            all.push(tag);
        }
    }
    all.join(",")
}

/// `pattern=` and the list behind it. Source: `PerPackageFlag.set` in `cmd/go/internal/load/flag.go`.
fn split_pattern(value: &str) -> (&str, &str) {
    let trimmed = value.trim();
    if trimmed.starts_with('-') {
        return ("", trimmed);
    }
    match trimmed.find('=') {
        Some(at) => trimmed.split_at(at + 1),
        None => ("", trimmed),
    }
}

/// `-name`, `--name` or `-name=value`; the inner `None` means the value is the next word.
fn flag_value(word: &str, name: &str) -> Option<Option<String>> {
    let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    match bare.strip_prefix(name)? {
        "" => Some(None),
        rest => rest.strip_prefix('=').map(|value| Some(value.to_owned())),
    }
}

/// go refuses a value that starts with a quote: `-flag=a b` in front becomes `-flag`, `a b`, which means the same.
fn unquote_first(words: &mut Vec<String>) {
    let parts = words.first().filter(|word| word.contains(char::is_whitespace)).and_then(|word| word.split_once('='));
    if let Some((name, value)) = parts {
        let parts = [name.to_owned(), value.to_owned()];
        words.splice(..1, parts);
    }
}

/// Adds `-linkmode=external`, and `flag` for the C linker.
fn make_external(words: &mut Vec<String>, flag: &str) -> Option<()> {
    if !words.iter().any(|word| flag_value(word, "linkmode").is_some()) {
        words.push("-linkmode=external".to_owned());
    }
    tell_c_linker(words, flag)
}

/// Adds a word to the last `-extldflags`, the one that counts, if it is not there.
fn tell_c_linker(words: &mut Vec<String>, word: &str) -> Option<()> {
    let last = words.iter().rposition(|word| flag_value(word, "extldflags").is_some());
    let joined = |at: usize| words.get(at).and_then(|word| flag_value(word, "extldflags")).flatten();
    let (at, users) = match last.map(|at| (at, joined(at))) {
        None => {
            words.push(format!("-extldflags={word}"));
            return Some(());
        }
        Some((at, Some(joined))) => (at..at + 1, joined),
        Some((at, None)) => (at..(at + 2).min(words.len()), words.get(at + 1).cloned().unwrap_or_default()),
    };
    let mut inner = split(&users).ok()?;
    if !inner.iter().any(|present| present == word) {
        inner.push(word.to_owned());
    }
    let merged = format!("-extldflags={}", join(&inner)?);
    words.splice(at, [merged]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_spaces_stays_one() {
        let added = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            LinkerFlags { words, external: None }.added_to("-s").unwrap()
        };
        assert_eq!(added(&["-X", "main.v=a b"]), "-s -X 'main.v=a b'");
        assert_eq!(added(&["-X=main.v=a b"]), "-s '-X=main.v=a b'");
        assert_eq!(added(&["-extldflags=-static -lm"]), "-s '-extldflags=-static -lm'");
        assert_eq!(added(&["-X main.v=1", "-w -linkmode=external"]), "-s -X main.v=1 -w -linkmode=external");
        assert_eq!(added(&["-X 'main.v=a b'"]), "-s -X 'main.v=a b'");
    }

    #[test]
    fn a_flag_and_its_value_are_compared_as_one() {
        let added = |words: &[&str], users: &str| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            LinkerFlags { words, external: None }.added_to(users).unwrap()
        };
        let two = ["-X", "main.a=1", "-X", "main.b=2"];
        assert_eq!(added(&two, ""), "-X main.a=1 -X main.b=2");
        assert_eq!(added(&two, "-X main.a=1 -s"), "-X main.a=1 -s -X main.b=2");
        assert_eq!(added(&two, "-X main.c=3"), "-X main.c=3 -X main.a=1 -X main.b=2");
        assert_eq!(added(&["-B", "none", "-s"], "-s -linkmode external"), "-s -linkmode external -B none");
        let for_c = ["-extldflags", "-Wl,-z,now"];
        assert_eq!(added(&for_c, "-s"), "-s -extldflags=-Wl,-z,now");
        assert_eq!(added(&for_c, "-s -extldflags -Wl,-z,relro"), "-s '-extldflags=-Wl,-z,relro -Wl,-z,now'");
        assert_eq!(added(&["-extldflags=-static"], "-s -extldflags=-static"), "-s -extldflags=-static");
    }

    fn added(value: &str) -> Option<String> {
        LinkerFlags { words: vec!["-s".into(), "-X 'a.b=c d'".into()], external: None }.added_to(value)
    }

    #[test]
    fn words_for_the_c_linker_are_those_of_the_last_flag() {
        assert_eq!(for_c_linker("-s -extldflags=-lx -extldflags '-L. -lz'"), ["-L.", "-lz"]);
        assert!(for_c_linker("-s -w").is_empty());
    }

    fn external(value: &str) -> Option<String> {
        LinkerFlags { words: vec![], external: Some("-static") }.added_to(value)
    }

    #[test]
    fn ours_are_added_once() {
        assert_eq!(added("").as_deref(), Some("-s -X 'a.b=c d'"));
        assert_eq!(added(" -w -s ").as_deref(), Some("-w -s -X 'a.b=c d'"));
        assert_eq!(added("-s -X 'a.b=c d'").as_deref(), Some("-s -X 'a.b=c d'"));
        assert_eq!(added("all=-w").as_deref(), Some("all=-w -s -X 'a.b=c d'"));
        assert_eq!(added("-X 'unclosed"), None);
    }

    #[test]
    fn external_flags_are_merged_by_value() {
        assert_eq!(external("").as_deref(), Some("-linkmode=external -extldflags=-static"));
        assert_eq!(external("-linkmode external -s").as_deref(), Some("-linkmode external -s -extldflags=-static"));
        let merged = "-linkmode=external '-extldflags=-Wl,-z,now -static'";
        assert_eq!(external("-linkmode=external -extldflags=-Wl,-z,now").as_deref(), Some(merged));
        assert_eq!(external("-linkmode=external -extldflags -Wl,-z,now").as_deref(), Some(merged));
        assert_eq!(external("-linkmode=external '-extldflags=-Wl,-z,now -static'").as_deref(), Some(merged));
        let last_counts = "-extldflags=-static -linkmode=external '-extldflags=-g -static'";
        assert_eq!(external("-extldflags=-static -linkmode=external -extldflags=-g").as_deref(), Some(last_counts));
    }

    #[test]
    fn no_value_starts_with_a_quote() {
        let users = "-extldflags=-Wl,-z,now";
        assert_eq!(external(users).as_deref(), Some("-extldflags '-Wl,-z,now -static' -linkmode=external"));
    }

    #[test]
    fn internal_linking_is_seen() {
        assert!(is_internal("-linkmode=internal") && is_internal("all=-s -linkmode internal"));
        assert!(!is_internal("-linkmode=internal -linkmode=external") && !is_internal("-s"));
    }

    #[test]
    fn tags_are_united() {
        let ours = ["netgo".to_owned(), "x".to_owned()];
        assert_eq!(tags("", &ours), "netgo,x");
        assert_eq!(tags("x y,z", &ours), "x,y,z,netgo");
        assert_eq!(tags("netcgo", &ours), "netcgo,x");
    }
}
