//! One thin file per subcommand; [`main`] is what every binary calls.

mod check;
mod conflicts;
mod diff;
mod doctor;
mod explain;
mod facts;
mod generate;
mod hosts;
mod images;
mod init;
mod inspect;
mod judge;
mod link;
mod manifest;
mod output;
mod plan;
mod policy;
mod rejected;
mod shim;
mod verify;
mod walk;
mod wrap;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::{self, Action, Invocation, Own};
use crate::error::{Error, plain};
use crate::exit;
use crate::facts::Unreadable;
use crate::report;
use crate::ui::{self, Ui};

/// Runs the program with the process's own arguments and environment.
pub fn main() -> ExitCode {
    ExitCode::from(run())
}

fn run() -> u8 {
    let Invocation { options, action } = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(refusal) => return ui::refuse(&refusal),
    };
    let ui = Ui::new(&options);
    let done = match action {
        Action::Wrap { tool, args } => wrap::run(&ui, &options, tool, args),
        Action::Plan { tool, args } => plan::run(&ui, &options, tool, args),
        Action::Link { linker, args } => link::run(&ui, &options, &linker, args),
        Action::Own(own) => match own {
            Own::Doctor => doctor::run(&ui, &options),
            Own::Init { pieces, merge } => init::run(&ui, &options, &pieces, merge),
            Own::Check { paths, matrix, runs_on, strict_symbols, scan_instructions } => check::run(
                &ui,
                &options,
                &paths,
                &check::How { matrix, runs_on, strict_symbols, scan_instructions, signs: false },
            ),
            Own::Manifest { paths } => {
                check::run(&ui, &options, &paths, &check::How { signs: true, ..check::How::default() })
            }
            Own::Verify(verify) => verify::run(&ui, &options, &verify),
            Own::Machine => verify::machine(&ui),
            Own::Diff { old, new } => diff::run(&ui, &options, &old, &new),
            Own::Shim { action, directory, tools } => shim::run(&ui, &options, action, directory.as_deref(), &tools),
            Own::Facts { paths, scan_instructions } => facts::run(&ui, &options, &paths, scan_instructions),
            Own::Explain { rule: Some(rule) } => explain::rule(&ui, &options, &rule),
            Own::Explain { rule: None } | Own::Rules => explain::list(&ui, &options),
            Own::PolicyShow => policy::show(&ui, &options),
            Own::Hosts { name: Some(name), arch } => hosts::show(&ui, &options, &name, &arch),
            Own::Hosts { name: None, arch } => hosts::list(&ui, &options, &arch),
            Own::Completions { shell } => generate::completions(&ui, shell),
            Own::Man => generate::man(&ui),
            Own::Version => ui.out(&format!("{}\n", generate::version())).map(|()| exit::OK),
        },
    };
    done.unwrap_or_else(|error| {
        ui.error(&error);
        error.exit_code()
    })
}

/// What to do about a file that nobody may read.
const DENIED: &str = "; run this as a user who may read it, or leave it out";

/// Why a named file was not looked at, and what to name instead.
fn unreadable(path: &Path, why: &Unreadable) -> String {
    let name = report::path(path);
    match why {
        Unreadable::NotAFile(what) => {
            let next = if path.is_dir() { "; name the files in it" } else { "" };
            format!("cannot read `{name}`: it is {what}, not a file{next}")
        }
        Unreadable::NotLinked(what) => {
            let next = match crate::facts::unpack(what) {
                Some(unpack) => format!("unpack it (`{unpack}`), and name what was in it"),
                None => "name a program or a library".to_owned(),
            };
            format!("cannot read `{name}`: {why}; {next}")
        }
        // What the system says of it on Unix.
        Unreadable::Io(why) if plain(why) == "Permission denied" => {
            format!("cannot read `{name}`: {}{DENIED}", plain(why))
        }
        why => format!("cannot read `{name}`: {}", plain(why)),
    }
}

/// The working directory.
fn current_directory() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|error| {
        Error::Environment(format!("cannot tell the working directory: {}; change to one that is there", plain(error)))
    })
}

/// The bytes of a regular file that is never large, and that messages call `what`.
fn small_file(path: &Path, what: &str, largest: u64) -> Result<Vec<u8>, Error> {
    let name = report::path(path);
    let failed = |why: String| Error::Environment(format!("cannot read {what} `{name}`: {why}"));
    let file = crate::facts::open(path).map_err(|why| failed(plain(why)))?;
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| failed(plain(error)))?;
    if bytes.len() as u64 > largest {
        return Err(failed(format!("it has more than {} KiB, which none needs; is it the right file?", largest >> 10)));
    }
    Ok(bytes)
}
