//! How wide a terminal is.

use std::ffi::OsString;
use std::io::IsTerminal;

/// Characters in a line of `stream`, where it is a terminal: what `COLUMNS` says, then what the terminal itself does.
pub(super) fn of(stream: impl Terminal, columns: Option<OsString>) -> Option<usize> {
    stream.is_terminal().then(|| said(columns).or_else(|| asked(&stream))).flatten()
}

/// `COLUMNS`, as shells set it (POSIX, chapter 8.3).
fn said(columns: Option<OsString>) -> Option<usize> {
    columns?.to_str()?.parse().ok().filter(|columns| *columns > 0)
}

#[cfg(unix)]
pub(super) trait Terminal: IsTerminal + std::os::fd::AsFd {}
#[cfg(unix)]
impl<T: IsTerminal + std::os::fd::AsFd> Terminal for T {}

#[cfg(unix)]
fn asked(stream: &impl Terminal) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
pub(super) trait Terminal: IsTerminal {}
#[cfg(not(unix))]
impl<T: IsTerminal> Terminal for T {}

/// No crate here asks the console.
#[cfg(not(unix))]
fn asked(_: &impl Terminal) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_a_number_or_nothing() {
        assert_eq!(said(Some("132".into())), Some(132));
        for none in ["", "0", "-1", "wide"] {
            assert_eq!(said(Some(none.into())), None, "{none}");
        }
        assert_eq!(said(None), None);
    }

    #[test]
    fn what_is_no_terminal_has_no_width() {
        let file = tempfile::tempfile().expect("a file");
        assert_eq!(of(file, Some("80".into())), None);
    }
}
