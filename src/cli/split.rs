//! Cuts a command line into what is ours and what belongs to the wrapped tool.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::plan::Tool;
use crate::run::linker::Linker;

/// A command line, cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// What clap reads, without the program's name.
    pub(super) head: Vec<OsString>,
    /// The tool and its arguments, untouched.
    pub(super) tool: Option<(Tool, Vec<OsString>)>,
    /// The word `plan` stands before the tool.
    pub(super) plan: bool,
    /// A linker and its arguments, untouched.
    pub(super) link: Option<(Linker, Vec<OsString>)>,
}

/// Long options of ours that take a value in the next argument.
const VALUE_OPTIONS: [&str; 6] = ["--policy", "--report", "--format", "--color", "--manifest", "--sign-key"];

/// Long options of ours that take none.
const FLAGS: [&str; 3] = ["--quiet", "--verbose", "--in-toto"];

/// Cuts `argv`, the program's own name first.
pub(super) fn split(argv: Vec<OsString>) -> Split {
    let mut argv = argv.into_iter();
    let name = argv.next().unwrap_or_default();
    let mut args: Vec<OsString> = argv.collect();
    if let Some(tool) = shim_of(&name) {
        return Split { tool: Some((tool, args)), ..Split::default() };
    }
    match stem(&name).as_str() {
        "seaworthy-cc" => Split { link: Some((Linker::Compiler, args)), ..Split::default() },
        "seaworthy-ld" => Split { link: Some((Linker::Plain, args)), ..Split::default() },
        "cargo-seaworthy" => {
            if args.first().is_some_and(|first| first == "seaworthy") {
                args.remove(0);
            }
            split_subcommand(args)
        }
        _ => split_plain(args),
    }
}

/// `seaworthy [OPTIONS] [plan] [OPTIONS] [--] cargo|go ARGS…`: ours until the first word that is not an option.
fn split_plain(args: Vec<OsString>) -> Split {
    let mut head = Vec::new();
    let mut plan = false;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if let Some(tool) = tool_of(arg) {
            let rest = args.into_iter().skip(at + 1).collect();
            return Split { head, tool: Some((tool, rest)), plan, link: None };
        }
        match classify(arg) {
            Word::TakesValue => {
                head.extend(args.iter().skip(at).take(2).cloned());
                at += 1;
            }
            Word::Flag | Word::Unknown => head.push(arg.clone()),
            Word::Plain if arg == "plan" && !plan => plan = true,
            Word::Plain if arg == "link" && !plan => {
                if let Some(link) = linker(&args[at + 1..]) {
                    return Split { head, link: Some(link), ..Split::default() };
                }
                break;
            }
            Word::Separator if args.get(at + 1).is_some_and(|next| tool_of(next).is_some()) => {}
            Word::Plain | Word::Separator => break,
        }
        at += 1;
    }
    Split { head: args, ..Split::default() }
}

/// Puts the program's name back in front, in the form that messages show.
pub(super) fn program(head: Vec<OsString>) -> Vec<OsString> {
    std::iter::once(OsString::from("seaworthy")).chain(head).collect()
}

/// A command and what follows it, without any option: no clap is needed to read that.
pub(super) fn plain(head: &[OsString]) -> Option<(&str, &[OsString])> {
    let (command, args) = head.split_first()?;
    let is_plain = |arg: &OsString| arg == "-" || !arg.is_empty() && matches!(classify(arg), Word::Plain);
    args.iter().all(is_plain).then_some((command.to_str()?, args))
}

/// `[--] PROGRAM ARGS…`; help and mistakes are left to clap.
fn linker(args: &[OsString]) -> Option<(Linker, Vec<OsString>)> {
    let args = args.strip_prefix(&[OsString::from("--")]).unwrap_or(args);
    let (program, args) = args.split_first()?;
    matches!(classify(program), Word::Plain).then(|| (Linker::Named(program.clone()), args.to_vec()))
}

/// `cargo seaworthy [OPTIONS] ARGS…`: ours while an option is known to be ours; the rest is cargo's.
fn split_subcommand(mut args: Vec<OsString>) -> Split {
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        match classify(arg) {
            Word::TakesValue => at += 2,
            Word::Flag => at += 1,
            Word::Unknown if is_help(arg) => return Split { head: args, ..Split::default() },
            Word::Separator => {
                args.remove(at);
                break;
            }
            Word::Unknown | Word::Plain => break,
        }
    }
    if at >= args.len() {
        return Split { head: args, ..Split::default() };
    }
    let rest = args.split_off(at);
    Split { head: args, tool: Some((Tool::Cargo, rest)), ..Split::default() }
}

/// What one argument is to us.
enum Word {
    /// An option of ours whose value is the next argument.
    TakesValue,
    /// An option of ours that is complete.
    Flag,
    /// An option that is not ours.
    Unknown,
    /// `--`.
    Separator,
    /// Not an option.
    Plain,
}

fn classify(arg: &OsStr) -> Word {
    let bytes = arg.as_encoded_bytes();
    if bytes == b"--" {
        return Word::Separator;
    }
    if VALUE_OPTIONS.iter().any(|option| arg == *option) {
        return Word::TakesValue;
    }
    let with_value = |option: &&str| bytes.strip_prefix(option.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
    if FLAGS.iter().any(|flag| arg == *flag) || VALUE_OPTIONS.iter().any(with_value) {
        return Word::Flag;
    }
    match bytes {
        [b'-', short @ ..] if !short.is_empty() && short.iter().all(|byte| b"qv".contains(byte)) => Word::Flag,
        [b'-', ..] => Word::Unknown,
        _ => Word::Plain,
    }
}

fn tool_of(arg: &OsStr) -> Option<Tool> {
    [Tool::Cargo, Tool::Go].into_iter().find(|tool| arg == tool.name())
}

fn is_help(arg: &OsStr) -> bool {
    ["-h", "--help", "-V", "--version"].iter().any(|help| arg == *help)
}

/// The tool whose shim a program is when it is called by that name.
pub(crate) fn shim_of(name: &OsStr) -> Option<Tool> {
    let stem = stem(name);
    [Tool::Cargo, Tool::Go].into_iter().find(|tool| tool.name() == stem)
}

/// The name a program was called by, without directory and `.exe`; in lower case where case does not matter.
fn stem(name: &OsStr) -> String {
    let name = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    if cfg!(windows) {
        let lower = name.to_ascii_lowercase();
        return lower.strip_suffix(".exe").unwrap_or(&lower).to_owned();
    }
    name.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str) -> Split {
        split(line.split_whitespace().map(OsString::from).collect())
    }

    fn expect(line: &str, head: &str, tool: Option<(Tool, &str)>) {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        let split = cut(line);
        assert_eq!(split.head, words(head), "head of {line}");
        assert_eq!(split.tool, tool.map(|(tool, rest)| (tool, words(rest))), "tool of {line}");
    }

    #[test]
    fn everything_after_the_tool_is_the_tools() {
        expect("seaworthy cargo --help", "", Some((Tool::Cargo, "--help")));
        expect("seaworthy cargo -q build -- x", "", Some((Tool::Cargo, "-q build -- x")));
        expect("seaworthy go -- --policy x", "", Some((Tool::Go, "-- --policy x")));
        expect("seaworthy go", "", Some((Tool::Go, "")));
        expect("seaworthy cargo cargo go plan", "", Some((Tool::Cargo, "cargo go plan")));
    }

    #[test]
    fn what_stands_before_the_tool_is_ours() {
        expect("seaworthy -q --policy p.toml cargo build", "-q --policy p.toml", Some((Tool::Cargo, "build")));
        expect("seaworthy --policy=go -vq go build", "--policy=go -vq", Some((Tool::Go, "build")));
        expect("seaworthy -- cargo build", "", Some((Tool::Cargo, "build")));
        expect("seaworthy --bogus cargo build", "--bogus", Some((Tool::Cargo, "build")));
    }

    #[test]
    fn the_value_of_an_option_is_not_a_tool() {
        expect("seaworthy --policy cargo go build", "--policy cargo", Some((Tool::Go, "build")));
        expect("seaworthy --report go", "--report go", None);
    }

    #[test]
    fn other_commands_go_to_clap_whole() {
        expect("seaworthy check cargo", "check cargo", None);
        expect("seaworthy check -- cargo", "check -- cargo", None);
        expect("seaworthy help go", "help go", None);
        expect("seaworthy", "", None);
    }

    #[test]
    fn plan_wraps_a_tool_too() {
        let split = cut("seaworthy -v plan --format json cargo build --help");
        assert!(split.plan);
        expect(
            "seaworthy -v plan --format json cargo build --help",
            "-v --format json",
            Some((Tool::Cargo, "build --help")),
        );
        expect("seaworthy --policy plan plan go build", "--policy plan", Some((Tool::Go, "build")));
        expect("seaworthy plan --help", "plan --help", None);
        expect("seaworthy plan", "plan", None);
    }

    #[test]
    fn cargo_subcommand_wraps_cargo() {
        expect("/x/cargo-seaworthy seaworthy build -p a", "", Some((Tool::Cargo, "build -p a")));
        expect("cargo-seaworthy build", "", Some((Tool::Cargo, "build")));
        expect("cargo-seaworthy seaworthy -q --policy x check", "-q --policy x", Some((Tool::Cargo, "check")));
        expect("cargo-seaworthy seaworthy --locked build", "", Some((Tool::Cargo, "--locked build")));
        expect("cargo-seaworthy seaworthy -q -- -q build", "-q", Some((Tool::Cargo, "-q build")));
        expect("cargo-seaworthy seaworthy --help", "--help", None);
        expect("cargo-seaworthy seaworthy build --help", "", Some((Tool::Cargo, "build --help")));
        expect("cargo-seaworthy seaworthy", "", None);
        expect("cargo-seaworthy seaworthy seaworthy", "", Some((Tool::Cargo, "seaworthy")));
    }

    #[test]
    fn a_linker_keeps_its_arguments() {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        let split = cut("seaworthy -q link -- cc -o app a.o -v --policy x");
        assert_eq!(split.head, words("-q"));
        assert_eq!(split.link, Some((Linker::Named("cc".into()), words("-o app a.o -v --policy x"))));
        assert_eq!(cut("seaworthy link cc -v").link, Some((Linker::Named("cc".into()), words("-v"))));
        assert_eq!(cut("/x/seaworthy-ld -o app").link, Some((Linker::Plain, words("-o app"))));
        assert_eq!(cut("/x/seaworthy-cc -o app").link, Some((Linker::Compiler, words("-o app"))));
        assert_eq!(cut("seaworthy link --help").link, None);
        assert_eq!(cut("seaworthy link --").link, None);
    }

    #[test]
    fn a_shim_takes_no_options() {
        expect("/shims/cargo --policy x build", "", Some((Tool::Cargo, "--policy x build")));
        expect("go version", "", Some((Tool::Go, "version")));
    }

    #[test]
    fn options_are_those_of_the_definition() {
        let command = crate::cli::command();
        for arg in command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
            let long = format!("--{}", arg.get_long().unwrap());
            let known: &[&str] = if arg.get_action().takes_values() { &VALUE_OPTIONS } else { &FLAGS };
            assert!(known.contains(&long.as_str()), "{long} is not known to the splitter");
        }
    }
}
