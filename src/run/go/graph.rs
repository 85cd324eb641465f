//! go's action graph (`-debug-actiongraph`), as far as it says what was written where.
//!
//! Undocumented, and the same from Go 1.21 to 1.26: `link` makes a program, `link-install` puts it where the user wants it.
//! A `link` nothing installs is thrown away. Source: `cmd/go/internal/work/{exec,build}.go`.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem::Finder;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// What the graph says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    /// Files that were put somewhere, each with the import path of its main package.
    pub(super) installed: Vec<(String, Option<String>)>,
    /// Main packages that were linked and thrown away.
    pub(super) discarded: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Action<'a> {
    #[serde(rename = "ID")]
    id: u64,
    #[serde(rename = "Mode", borrow, default)]
    mode: Cow<'a, str>,
    #[serde(rename = "Package", borrow, default)]
    package: Cow<'a, str>,
    #[serde(rename = "Deps", default)]
    deps: Option<Vec<u64>>,
    #[serde(rename = "Target", borrow, default)]
    target: Cow<'a, str>,
}

/// How an action begins where go lays it out. All that counts of a `link` is in it; the packages it links, of which there may be
/// thousands, come after.
struct Head<'a> {
    id: u64,
    mode: &'a str,
    /// Where it follows, and is written as it is.
    package: Option<&'a str>,
}

impl<'a> Head<'a> {
    fn of(action: &'a [u8]) -> Option<Self> {
        let (id, rest) = upto(action.strip_prefix(b"{\n\t\t\"ID\": ")?, b',')?;
        let (mode, rest) = upto(rest.strip_prefix(b"\n\t\t\"Mode\": \"")?, b'"')?;
        let package = rest.strip_prefix(b",\n\t\t\"Package\": \"").and_then(|rest| upto(rest, b'"'));
        Some(Head { id: id.parse().ok()?, mode, package: package.map(|(package, _)| package) })
    }
}

/// The text before a byte, unless some of it is escaped, and what comes behind that byte.
fn upto(bytes: &[u8], end: u8) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|byte| *byte == end || *byte == b'\\')?;
    let (text, rest) = bytes.split_at_checked(at)?;
    Some((std::str::from_utf8(text).ok()?, rest.strip_prefix(&[end])?))
}

/// The two modes of interest, picked out while the graph is read: it may have ten thousands of other actions.
#[derive(Default)]
struct Picked {
    any: bool,
    links: Vec<(u64, String)>,
    kept: Vec<u64>,
    installed: Vec<(String, Option<String>)>,
}

/// Reads a graph.
///
/// # Errors
///
/// When the text is no graph: one clause that says why.
pub(super) fn parse(text: &[u8]) -> Result<Graph, String> {
    if text.is_empty() {
        return Err("go wrote none".to_owned());
    }
    let mut picked = Picked::from(text).map_err(|error| error.to_string())?;
    if !picked.any {
        return Err("it is empty".to_owned());
    }
    picked.kept.sort_unstable();
    let thrown_away = picked.links.into_iter().filter(|(id, _)| picked.kept.binary_search(id).is_err());
    Ok(Graph { installed: picked.installed, discarded: thrown_away.map(|(_, package)| package).collect() })
}

impl Picked {
    /// Only the actions of interest are read where the text is laid out as go lays it out, an action between two braces at the
    /// depth of one tabulator: a line feed is never part of a value. Any other text is read as a whole.
    fn from(text: &[u8]) -> Result<Self, serde_json::Error> {
        let list = text.trim_ascii().strip_prefix(b"[\n\t").and_then(|list| list.strip_suffix(b"\n]"));
        let Some(mut rest) = list else { return serde_json::from_slice(text) };
        let between = Finder::new(b"\n\t},\n\t{");
        let mut picked = Picked::default();
        while !rest.is_empty() {
            picked.any = true;
            // Up to the closing brace, and from the next opening one.
            let (end, next) = between.find(rest).map_or((rest.len(), rest.len()), |at| (at + 3, at + 6));
            let action = rest.get(..end).unwrap_or(rest);
            rest = rest.get(next..).unwrap_or_default();
            match Head::of(action) {
                Some(Head { id, mode: "link", package: Some(package) }) => picked.links.push((id, package.to_owned())),
                Some(head) if !head.mode.starts_with("link") => {}
                _ => picked.take(serde_json::from_slice(action)?),
            }
        }
        Ok(picked)
    }

    fn take(&mut self, action: Action<'_>) {
        self.any = true;
        match &*action.mode {
            "link" => self.links.push((action.id, action.package.into_owned())),
            "link-install" => {
                self.kept.extend(action.deps.unwrap_or_default());
                // An archive (`-buildmode=c-archive`) is not linked yet; somebody's C linker will do that.
                let is_archive = [".a", ".lib"].iter().any(|end| action.target.ends_with(end));
                if !action.target.is_empty() && !is_archive {
                    let package = Some(action.package.into_owned()).filter(|package| !package.is_empty());
                    self.installed.push((action.target.into_owned(), package));
                }
            }
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Picked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Actions;
        impl<'de> Visitor<'de> for Actions {
            type Value = Picked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of actions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut actions: A) -> Result<Picked, A::Error> {
                let mut picked = Picked::default();
                while let Some(action) = actions.next_element::<Action<'de>>()? {
                    picked.take(action);
                }
                Ok(picked)
            }
        }
        deserializer.deserialize_seq(Actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_and_discarded_programs_are_told_apart() {
        let graph = parse(
            br#"[
            {"ID":0,"Mode":"build","Deps":[1,2]},
            {"ID":1,"Mode":"link-install","Package":"x.org/a","Deps":[3],"Target":"out/a"},
            {"ID":2,"Mode":"link-install","Package":"x.org/c","Deps":[5],"Target":"libc.a"},
            {"ID":3,"Mode":"link","Package":"x.org/a","Deps":null,"Target":"/tmp/go-build1/b001/exe/a.out"},
            {"ID":4,"Mode":"link","Package":"x.org/b"},
            {"ID":5,"Mode":"link","Package":"x.org/c","Later":{"unknown":[1,{}]}},
            {"ID":6,"Mode":"build-install","Package":"x.org/l","Target":"l.a"}]"#,
        );
        let expected =
            Graph { installed: vec![("out/a".into(), Some("x.org/a".into()))], discarded: vec!["x.org/b".into()] };
        assert_eq!(graph, Ok(expected));
    }

    #[test]
    fn a_graph_as_go_lays_it_out_says_the_same_as_one_that_is_not() {
        let laid_out = "[\n\t{\n\t\t\"ID\": 0,\n\t\t\"Mode\": \"go build\",\n\t\t\"Deps\": [\n\t\t\t1\n\t\t],\n\t\t\"Cmd\": null\n\t},\n\
            \t{\n\t\t\"ID\": 1,\n\t\t\"Mode\": \"link-install\",\n\t\t\"Package\": \"x.org/a\",\n\t\t\"Deps\": [\n\t\t\t3\n\t\t],\n\
            \t\t\"Target\": \"out/\\\"Mode\\\": \\\"build\"\n\t},\n\
            \t{\n\t\t\"ID\": 3,\n\t\t\"Mode\": \"link\",\n\t\t\"Package\": \"x.org/a\"\n\t},\n\
            \t{\n\t\t\"ID\": 4,\n\t\t\"Mode\": \"link\",\n\t\t\"Package\": \"x.org/b\",\n\t\t\"Deps\": [\n\t\t\t1\n\t\t]\n\t},\n\
            \t{\n\t\t\"ID\": 5,\n\t\t\"Mode\": \"link\",\n\t\t\"Package\": \"x.org/\\u0026c\"\n\t},\n\
            \t{\n\t\t\"ID\": 6,\n\t\t\"Mode\": \"link\",\n\t\t\"Deps\": null,\n\t\t\"Package\": \"x.org/d\"\n\t}\n]";
        let otherwise = laid_out.replace(['\n', '\t'], "");
        let graph = parse(laid_out.as_bytes()).expect("a graph");
        assert_eq!(graph.installed, [("out/\"Mode\": \"build".into(), Some("x.org/a".into()))]);
        assert_eq!(graph.discarded, ["x.org/b", "x.org/&c", "x.org/d"]);
        assert_eq!(parse(otherwise.as_bytes()), Ok(graph));
    }

    #[test]
    fn what_is_no_graph_says_so() {
        for text in [&b""[..], b"[]", b"{}", b"[{\"ID\":1", b"null", b"\xff", b"[\n\t\n]", b"[\n\t{\n\t\t\"ID\": 1\n]"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
