//! How a part is brought into a file that is there already: only where its meaning cannot change what was there.

use std::fmt::Write as _;

use toml::{Table, Value};

/// Where a part may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// Nowhere without reading the file: it is printed.
    Never,
    /// Before everything else.
    AtTheTop,
    /// After everything else, unless a name at the left margin of the part is there already.
    AtTheEnd,
    /// As further items of the list `repos`, when that is the last key.
    BelowRepos,
    /// After everything else, unless a key of the part is there already.
    Toml,
}

/// The file with the part in it; else why that is not safe.
pub(super) fn merge(old: &str, part: &str, how: Merge) -> Result<String, &'static str> {
    if old.trim().is_empty() && how != Merge::BelowRepos {
        return Ok(part.to_owned());
    }
    match how {
        Merge::Never => Err("only somebody who knows that file can say where"),
        Merge::AtTheTop => Ok(format!("{part}\n{old}")),
        Merge::AtTheEnd => match names(part).any(|name| names(old).any(|known| known == name)) {
            true => Err("it has something of that name already"),
            false => Ok(joined(old, part)),
        },
        Merge::BelowRepos => below_repos(old, part),
        Merge::Toml => toml(old, part),
    }
}

fn joined(old: &str, part: &str) -> String {
    format!("{}\n\n{part}", old.trim_end())
}

/// What stands at the left margin, up to the first character that ends a name.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.lines().filter(move |line| line.starts_with(is_name)).map(move |line| match line.find(|c| !is_name(c)) {
        Some(end) => &line[..end],
        None => line,
    })
}

/// Items of a block sequence may stand at the margin of their key or further in; the part's are moved to where the others are.
fn below_repos(old: &str, part: &str) -> Result<String, &'static str> {
    const UNCLEAR: &str = "its list `repos` is not the last thing in it";
    let at_margin = |line: &&str| !line.starts_with([' ', '-', '#']) && !line.trim().is_empty();
    if old.lines().rfind(at_margin).map(str::trim_end) != Some("repos:") {
        return Err(UNCLEAR);
    }
    let after = old.lines().skip_while(|line| line.trim_end() != "repos:").skip(1);
    let first = after.map(str::trim_end).find(|line| !line.is_empty() && !line.trim_start().starts_with('#'));
    let indent = match first {
        Some(item) if item.trim_start().starts_with('-') => item.len() - item.trim_start().len(),
        Some(_) => return Err(UNCLEAR),
        None => 2,
    };
    let mut merged = format!("{}\n", old.trim_end());
    for line in part.lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(merged, "{:indent$}{line}", "");
    }
    Ok(merged)
}

fn toml(old: &str, part: &str) -> Result<String, &'static str> {
    let (Ok(known), Ok(new)) = (old.parse::<Table>(), part.parse::<Table>()) else {
        return Err("it is no TOML");
    };
    if clash(&known, &new) {
        return Err("it says something about that already");
    }
    let merged = joined(old, part);
    // A table that was written inline cannot be continued.
    if merged.parse::<Table>().is_err() { Err("its tables cannot be continued") } else { Ok(merged) }
}

fn clash(known: &Table, new: &Table) -> bool {
    new.iter().any(|(key, value)| match (known.get(key), value) {
        (None, _) => false,
        (Some(Value::Table(known)), Value::Table(new)) => clash(known, new),
        (Some(_), _) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_goes_where_the_others_are() {
        let part = "- repo: local\n  hooks: []\n";
        let merged = merge("ci: {}\nrepos:\n- repo: a\n", part, Merge::BelowRepos);
        assert_eq!(merged.as_deref(), Ok("ci: {}\nrepos:\n- repo: a\n- repo: local\n  hooks: []\n"));
        let merged = merge("repos:\n    # first\n    - repo: a\n", part, Merge::BelowRepos).expect("it is clear where");
        assert!(merged.ends_with("    - repo: a\n    - repo: local\n      hooks: []\n"), "{merged}");
        for unclear in ["repos: []\n", "repos:\n- repo: a\nci: {}\n", "{repos: []}", ""] {
            assert!(merge(unclear, part, Merge::BelowRepos).is_err(), "{unclear}");
        }
    }

    #[test]
    fn a_name_or_a_key_that_is_there_is_never_taken() {
        assert_eq!(merge("a:\n  x\n", "b:\n  y\n", Merge::AtTheEnd).as_deref(), Ok("a:\n  x\n\nb:\n  y\n"));
        assert!(merge("b args:\n  x\n", "b:\n  y\n", Merge::AtTheEnd).is_err());
        let part = "[target.t]\nlinker = \"l\"\n";
        assert!(merge("[target.t]\nrunner = \"r\"\n", part, Merge::Toml).is_err(), "a table is not opened twice");
        assert!(merge("target.t.linker = \"m\"\n", part, Merge::Toml).is_err());
        assert!(merge("target = { u = {} }\n", part, Merge::Toml).is_err());
        assert!(merge("[build]\njobs = 1\n", part, Merge::Toml).is_ok());
        assert!(merge("= =", part, Merge::Toml).is_err());
    }
}
