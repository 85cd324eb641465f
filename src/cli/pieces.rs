//! The options of `seaworthy init`: one for each of [`PIECES`].

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::init::PIECES;

/// The names of those that were asked for, in the order of the table.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces(pub(super) Vec<&'static str>);

impl FromArgMatches for Pieces {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Pieces, clap::Error> {
        Ok(Pieces(PIECES.iter().map(|piece| piece.name).filter(|name| matches.get_flag(name)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Pieces::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Pieces {
    fn augment_args(command: Command) -> Command {
        let option = |name| Arg::new(name).long(name).action(ArgAction::SetTrue).help_heading("What to add");
        command.args(PIECES.iter().map(|piece| option(piece.name).help(piece.about)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
