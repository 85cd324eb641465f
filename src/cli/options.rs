//! Our own options; they stand before `cargo` or `go`, and anywhere for the other commands.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::Error;

/// Our own options.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct Options {
    /// Policy file; without it `seaworthy.toml` is looked for in this directory and its parents
    #[arg(long, value_name = "FILE", global = true, env = "SEAWORTHY_POLICY", hide_env = true)]
    pub policy: Option<PathBuf>,
    /// Write a report to a file as well, in any format of --format; may be given several times. `{output}` in the name stands for what `link` makes
    #[arg(
        long,
        value_name = "FORMAT=FILE",
        global = true,
        env = "SEAWORTHY_REPORT",
        hide_env = true,
        value_parser = report_to()
    )]
    pub report: Vec<ReportTo>,
    /// What is printed: `text` (blocks with evidence and help), `short` (one line per finding), or for programs and pages
    /// `json`, `sarif`, `junit`, `github` (annotations), `markdown` or `html`
    #[arg(
        long,
        value_name = "FORMAT",
        global = true,
        env = "SEAWORTHY_FORMAT",
        hide_env = true,
        hide_possible_values = true
    )]
    pub format: Option<Format>,
    /// Colours: `always`, `never` or `auto`, which follows NO_COLOR, CLICOLOR_FORCE, CARGO_TERM_COLOR and the terminal
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        env = "SEAWORTHY_COLOR",
        hide_env = true,
        hide_possible_values = true
    )]
    pub color: Option<ColorChoice>,
    /// The platform signature: written by a guarded build that passes, read by `verify`; or SEAWORTHY_MANIFEST
    #[arg(long, value_name = "FILE", global = true)]
    pub manifest: Option<PathBuf>,
    /// Write it as an in-toto statement
    #[arg(long, global = true)]
    pub in_toto: bool,
    /// Sign it with this Ed25519 key (PKCS#8, PEM), in a DSSE envelope; or SEAWORTHY_SIGN_KEY
    #[arg(long, value_name = "FILE", global = true)]
    pub sign_key: Option<PathBuf>,
    /// Print findings only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every finding by itself, and what was changed, what does not apply, and why
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Options {
    /// The format for the terminal.
    pub fn format(&self) -> Format {
        self.format.unwrap_or_default()
    }

    /// The form for a command that prints no report.
    ///
    /// # Errors
    /// When the user asks for a form that only reports have.
    pub fn listing(&self) -> Result<Listing, Error> {
        match self.format() {
            Format::Text | Format::Short => Ok(Listing::Text),
            Format::Json => Ok(Listing::Json),
            other => Err(Options::of_reports(other, "`text` or `json`")),
        }
    }

    /// The refusal of a form that only reports have; `forms` are those of the command.
    pub fn of_reports(format: Format, forms: &str) -> Error {
        Error::Usage(format!(
            "`--format {format}` is a form of reports, which this command does not make; it prints {forms}"
        ))
    }
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Blocks with evidence and help.
    #[default]
    Text,
    /// One line per finding.
    Short,
    /// The stable interface for programs.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for CI systems that show tests.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Markdown, for pull requests and wikis.
    Markdown,
    /// One page for a browser, with everything in it.
    Html,
}

/// Form of what is no report: facts, rule pages, plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// Form of the table of artifacts and hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MatrixForm {
    /// For the terminal.
    Text,
    /// For pull requests and wikis.
    Markdown,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// As the terminal and the environment say.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One `--report FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    /// The form.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// Environment variables that stand in for options.
pub(super) const VARIABLES: [&str; 4] = ["SEAWORTHY_POLICY", "SEAWORTHY_REPORT", "SEAWORTHY_FORMAT", "SEAWORTHY_COLOR"];

/// Splits `FORMAT=FILE`; the file need not be UTF-8.
fn report_to() -> impl TypedValueParser<Value = ReportTo> {
    OsStringValueParser::new().try_map(|value| parse_report_to(&value))
}

fn parse_report_to(value: &OsStr) -> Result<ReportTo, String> {
    let formats = || {
        let names: Vec<_> = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        names.iter().map(|name| format!("`{}`", name.get_name())).collect::<Vec<_>>().join(", ")
    };
    let (name, path) = split_at_equals(value)
        .ok_or_else(|| format!("FORMAT=FILE is wanted, as in `json=report.json`; the formats are {}", formats()))?;
    let format = Format::from_str(&name.to_string_lossy(), false)
        .map_err(|_| format!("no report format `{}`; the formats are {}", name.to_string_lossy(), formats()))?;
    if path.is_empty() {
        return Err("the file's name is missing after `=`".into());
    }
    Ok(ReportTo { format, path: path.into() })
}

/// Splits at the first `=`, whatever bytes stand behind it.
fn split_at_equals(value: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = value.as_encoded_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=')?;
    let (name, rest) = (bytes.get(..at)?, bytes.get(at + 1..)?);
    Some((os_string(name), os_string(rest)))
}

/// Bytes cut from an [`OsStr`] beside an ASCII character, as an [`OsString`] again.
#[cfg(unix)]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

/// Bytes cut from an [`OsStr`] beside an ASCII character; a name that is not Unicode loses its unpaired surrogates.
#[cfg(not(unix))]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_names_a_format_and_a_file() {
        let report = parse_report_to(OsStr::new("json=a=b.json")).unwrap();
        assert_eq!(report, ReportTo { format: Format::Json, path: "a=b.json".into() });
        assert!(parse_report_to(OsStr::new("report.json")).unwrap_err().contains("FORMAT=FILE"));
        assert!(parse_report_to(OsStr::new("yaml=x")).unwrap_err().contains("`json`"));
        assert!(parse_report_to(OsStr::new("json=")).unwrap_err().contains("missing"));
    }

    #[cfg(unix)]
    #[test]
    fn report_file_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let report = parse_report_to(OsStr::from_bytes(b"json=\xff.json")).unwrap();
        assert_eq!(report.path.as_os_str().as_bytes(), b"\xff.json");
    }

    #[test]
    fn variables_are_those_of_the_definition() {
        let command = crate::cli::command();
        let mut defined: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
        let mut known = VARIABLES.to_vec();
        defined.sort_unstable();
        known.sort_unstable();
        assert_eq!(defined, known);
    }
}
