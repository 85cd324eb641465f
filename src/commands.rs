//! One thin file per subcommand; [`main`] is what both binaries call.

mod check;
mod conflicts;
mod doctor;
mod explain;
mod facts;
mod generate;
mod hosts;
mod init;
mod inspect;
mod judge;
mod link;
mod output;
mod plan;
mod policy;
mod rejected;
mod walk;
mod wrap;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{self, Action, Invocation, Own};
use crate::error::{Error, plain};
use crate::exit;
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
        Action::Link { program, args } => link::run(&ui, &options, program.as_deref(), args),
        Action::Own(own) => match own {
            Own::Doctor => doctor::run(&ui, &options),
            Own::Init { pieces, merge } => init::run(&ui, &options, &pieces, merge),
            Own::Check { paths, matrix, strict_symbols } => {
                check::run(&ui, &options, &paths, check::How { matrix, strict_symbols })
            }
            Own::Facts { paths } => facts::run(&ui, &options, &paths),
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

/// The working directory.
fn current_directory() -> Result<PathBuf, Error> {
    std::env::current_dir()
        .map_err(|error| Error::Environment(format!("cannot tell the working directory: {}", plain(error))))
}
