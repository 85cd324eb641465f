//! Which forms each command prints: what `--format` and `--report` say in its help. Reports have them all, and few commands make one.

use clap::{Arg, Command};

/// Commands that print no report, with what they print.
const LISTINGS: [(&str, &str); 10] = [
    ("plan", LISTING),
    ("verify", "What is printed: `text`, `short` (one line for each need that is not met), or `json` for programs"),
    ("doctor", LISTING),
    ("diff", "What is printed: `text`, `json` for programs, or `markdown`"),
    ("shim", LISTING),
    ("facts", LISTING),
    ("explain", LISTING),
    ("rules", LISTING),
    ("hosts", LISTING),
    ("policy", LISTING),
];
const LISTING: &str = "What is printed: `text`, or `json` for programs";

/// Commands that print one thing in one form.
const FIXED: [&str; 5] = ["machine", "init", "completions", "man", "version"];

/// What is said of platform signatures, which few commands write and one reads.
const SIGNATURE: [&str; 3] = ["manifest", "in_toto", "sign_key"];

/// The command line whose commands say of these options what holds for them.
pub(super) fn said(mut command: Command) -> Command {
    let own: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let arg = |id: &str| own.iter().find(|arg| arg.get_id() == id).cloned();
    for (name, help) in LISTINGS {
        let format = arg("format").map(|arg| arg.help(help));
        let report = arg("report").map(|arg| match name {
            "diff" => {
                arg.help("Write the comparison to a file as well, in any of these formats; may be given several times")
            }
            _ => arg.hide(true),
        });
        let reads = usize::from(name == "verify");
        let hidden = SIGNATURE.into_iter().skip(reads).filter_map(arg).map(|arg| arg.hide(true));
        command = command.mut_subcommand(name, |sub| sub.args(format.into_iter().chain(report).chain(hidden)));
    }
    for name in FIXED {
        let hidden = ["format", "report"].into_iter().chain(SIGNATURE).filter_map(arg).map(|arg| arg.hide(true));
        command = command.mut_subcommand(name, |sub| sub.args(hidden));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(name: &str) -> String {
        let mut command = crate::cli::command();
        command.build();
        command.find_subcommand_mut(name).expect("a command").render_long_help().to_string()
    }

    #[test]
    fn help_names_the_forms_that_there_are() {
        for (name, said) in LISTINGS {
            let help = help(name);
            assert!(!help.contains("sarif") && said.contains("json"), "{name}: {help}");
            assert_eq!(help.contains("markdown"), name == "diff", "{name}");
            assert_eq!(help.contains("--report"), name == "diff", "{name}");
            assert_eq!((help.contains("--manifest"), help.contains("--sign-key")), (name == "verify", false), "{name}");
        }
        for name in FIXED {
            assert!(!help(name).contains("--format"), "{name}");
        }
        for name in ["check", "manifest"] {
            assert!(help(name).contains("sarif") && help(name).contains("--report"), "{name}");
        }
    }

    #[test]
    fn every_command_is_of_one_kind() {
        let wraps = ["cargo", "go", "check", "link", "manifest", "help"];
        let command = crate::cli::command();
        let known =
            |name: &str| LISTINGS.iter().any(|(of, _)| *of == name) || FIXED.contains(&name) || wraps.contains(&name);
        let unknown: Vec<&str> = command.get_subcommands().map(Command::get_name).filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
