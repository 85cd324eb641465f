//! `seaworthy completions`, `man`, `version`: what is generated from the definition of the command line.

use clap_complete::Shell;

use crate::cli;
use crate::error::{Error, plain};
use crate::exit;
use crate::ui::Ui;

/// Prints a completion script.
pub(super) fn completions(ui: &Ui, shell: Shell) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    ui.out(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}

/// Prints the man page, in roff.
pub(super) fn man(ui: &Ui) -> Result<u8, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(cli::command())
        .render(&mut page)
        .map_err(|error| Error::Environment(format!("cannot make the man page: {}", plain(error))))?;
    ui.out(&String::from_utf8_lossy(&page))?;
    Ok(exit::OK)
}

/// `seaworthy 0.1.0`, as `--version` prints it.
pub(super) fn version() -> String {
    format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}
