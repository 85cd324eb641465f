//! The only writer to the terminal: colour, progress, quiet. Everything from outside is escaped before it is printed.

mod color;
mod progress;
mod width;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::stream::{AsLockedWrite, RawStream};

use crate::Error;
use crate::cli::{Format, Options};
use crate::report::{Detail, Styles, escape};

pub use progress::Progress;

/// Where this run prints, and how.
#[derive(Debug, Clone)]
pub struct Ui {
    color_out: bool,
    color_err: bool,
    width_out: Option<usize>,
    detail: Detail,
    github: bool,
    step_summary: Option<PathBuf>,
}

impl Ui {
    /// As the options, the environment and the terminal say.
    pub fn new(options: &Options) -> Ui {
        let choice = options.color.unwrap_or_default();
        let variable = |name: &str| std::env::var_os(name);
        let detail = match (options.quiet, options.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        Ui {
            color_out: color::decide(choice, variable, || io::stdout().is_terminal()),
            color_err: color::decide(choice, variable, || io::stderr().is_terminal()),
            width_out: width::of(io::stdout(), variable("COLUMNS")),
            detail,
            github: std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            step_summary: std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }

    /// How much is said.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Whether the run is a job of GitHub Actions.
    pub fn is_github(&self) -> bool {
        self.github
    }

    /// The file that a step of GitHub Actions adds its summary to.
    pub fn step_summary(&self) -> Option<&Path> {
        self.step_summary.as_deref()
    }

    /// Styles for standard output.
    pub fn styles_out(&self) -> Styles {
        Styles::new(self.color_out)
    }

    /// Characters that fit into a line of standard output, where that is a terminal and they are known.
    pub fn width_out(&self) -> Option<usize> {
        self.width_out
    }

    /// Styles for standard error.
    pub fn styles_err(&self) -> Styles {
        Styles::new(self.color_err)
    }

    /// Prints to standard output; a reader that has gone away (`| head`) is no error.
    ///
    /// # Errors
    /// When standard output cannot take it, as on a full disk.
    pub fn out(&self, text: &str) -> Result<(), Error> {
        match write(io::stdout().lock(), self.color_out, text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::Environment(format!("cannot write to standard output: {}", crate::error::plain(&error))))
            }
            _ => Ok(()),
        }
    }

    /// Prints to standard error; there is nobody to tell when that fails.
    pub fn err(&self, text: &str) {
        let _ = write(io::stderr().lock(), self.color_err, text);
    }

    /// Says what kept the job from being done.
    pub fn error(&self, error: &Error) {
        if let Error::Policy(errors) = error {
            let blocks = if self.color_err { &errors.styled } else { &errors.rendered };
            for block in blocks {
                self.err(&format!("{}\n\n", block.trim_end()));
            }
        }
        let style = self.styles_err();
        self.err(&format!(
            "{}error{:#}{}: {}{:#}\n",
            style.error,
            style.error,
            style.strong,
            escape(&error.to_string()),
            style.strong
        ));
    }

    /// Says what the user should know although the job goes on.
    pub fn note(&self, text: &str) {
        if self.detail != Detail::Quiet {
            let style = self.styles_err().strong;
            self.err(&format!("{style}note{style:#}: {}\n", escape(text)));
        }
    }

    /// A likely cause of a failure that is not ours, and what to do about it.
    pub fn hint(&self, cause: &str, fix: &str) {
        let styles = self.styles_err();
        let (strong, label) = (styles.strong, styles.label);
        self.err(&format!("{strong}hint{strong:#}: {}\n  {label}={label:#} help: {}\n", escape(cause), escape(fix)));
    }

    /// Progress of reading so many files.
    pub fn progress(&self, total: usize, format: Format) -> Progress {
        Progress::over(total, self.shows_progress(format))
    }

    /// Progress of looking for files.
    pub fn searching(&self, format: Format) -> Progress {
        Progress::search(self.shows_progress(format))
    }

    /// On a terminal, for people who want to hear of it.
    fn shows_progress(&self, format: Format) -> bool {
        self.detail != Detail::Quiet && format == Format::Text && io::stderr().is_terminal()
    }
}

/// Prints help, the version, or what is wrong with the command line; gives the exit code.
pub fn refuse(refusal: &crate::cli::Refusal) -> u8 {
    let _ = refusal.0.print();
    if refusal.0.use_stderr() { crate::exit::USAGE } else { crate::exit::OK }
}

fn write<S: RawStream + AsLockedWrite>(mut stream: S, color: bool, text: &str) -> io::Result<()> {
    if !color {
        stream.write_all(text.as_bytes())?;
        return stream.flush();
    }
    // Translates for consoles of Windows that do not know escape sequences.
    let mut stream = anstream::AutoStream::always(stream);
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
