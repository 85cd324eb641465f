//! Commands without options, which are read without clap: to define its command line takes longer than to judge a file.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Own, split};

/// `version` and `--version`, and `check PATH…` without any option.
pub(super) fn own(head: &[OsString]) -> Option<Own> {
    if let [only] = head
        && (only == "--version" || only == "-V")
    {
        return Some(Own::Version);
    }
    match split::plain(head)? {
        ("check", paths) if !paths.is_empty() => {
            let paths = paths.iter().map(PathBuf::from).collect();
            Some(Own::Check {
                paths,
                matrix: None,
                runs_on: Vec::new(),
                strict_symbols: false,
                scan_instructions: false,
            })
        }
        ("version", []) => Some(Own::Version),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Action, Cli, Options};

    #[test]
    fn they_are_read_as_clap_reads_them() {
        let words = |line: &str| line.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        for plain in ["check a", "check a b/c check", "check -", "check cargo go", "version"] {
            let own = own(&words(plain)).unwrap_or_else(|| panic!("`{plain}` is plain"));
            let cli = Cli::try_parse_from(split::program(words(plain))).expect("a good command line");
            assert_eq!(Action::Own(own), cli.command.into(), "{plain}");
            assert_eq!(cli.options, Options::default(), "{plain}");
        }
        for other in
            ["", "check", "check -q a", "check a --matrix", "check -- a", "check a -h", "facts a", "-q check a"]
        {
            assert_eq!(own(&words(other)), None, "{other}");
        }
        assert_eq!(own(&["check".into(), "".into()]), None);
        for flag in ["--version", "-V"] {
            assert_eq!(own(&words(flag)), Some(Own::Version));
            let said = Cli::try_parse_from(split::program(words(flag))).expect_err("the version is printed instead");
            assert_eq!(said.to_string(), format!("seaworthy {}\n", env!("CARGO_PKG_VERSION")));
        }
    }
}
