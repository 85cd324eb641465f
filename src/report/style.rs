//! Colours of the reports for people.

use anstyle::{AnsiColor, Style};

/// One style per meaning; [`Styles::PLAIN`] has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    /// A finding that fails the build, or that the job could not be done.
    pub error: Style,
    /// A finding that does not.
    pub warning: Style,
    /// An artifact without findings.
    pub ok: Style,
    /// The names of a finding's further lines.
    pub label: Style,
    /// The sentence itself.
    pub strong: Style,
}

impl Styles {
    /// No escape sequence at all: files, pipes, `--color never`.
    pub const PLAIN: Styles = Styles {
        error: Style::new(),
        warning: Style::new(),
        ok: Style::new(),
        label: Style::new(),
        strong: Style::new(),
    };

    /// As rustc and cargo colour theirs.
    pub const COLORED: Styles = Styles {
        error: AnsiColor::BrightRed.on_default().bold(),
        warning: AnsiColor::BrightYellow.on_default().bold(),
        ok: AnsiColor::BrightGreen.on_default().bold(),
        label: AnsiColor::BrightBlue.on_default().bold(),
        strong: Style::new().bold(),
    };

    /// Coloured or not.
    pub const fn new(colored: bool) -> Styles {
        if colored { Styles::COLORED } else { Styles::PLAIN }
    }
}
