//! Whether to colour.

use std::ffi::OsString;

use crate::cli::ColorChoice;

/// `--color` first, then `NO_COLOR` (no-color.org), `CLICOLOR_FORCE` (bixense.com/clicolors), `CARGO_TERM_COLOR`, then
/// the terminal.
pub(super) fn decide(
    choice: ColorChoice,
    variable: impl Fn(&str) -> Option<OsString>,
    is_terminal: impl FnOnce() -> bool,
) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => return true,
        ColorChoice::Never => return false,
        ColorChoice::Auto => {}
    }
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    match set("CARGO_TERM_COLOR") {
        Some(value) if value == "always" => return true,
        Some(value) if value == "never" => return false,
        _ => {}
    }
    let dumb = set("TERM").is_some_and(|value| value == "dumb") || set("CLICOLOR").is_some_and(|value| value == "0");
    !dumb && is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(choice: ColorChoice, variables: &[(&str, &str)], terminal: bool) -> bool {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        decide(choice, find, || terminal)
    }

    #[test]
    fn the_option_beats_the_environment_and_that_the_terminal() {
        assert!(colored(ColorChoice::Always, &[("NO_COLOR", "1")], false));
        assert!(!colored(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true));
        assert!(!colored(ColorChoice::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(colored(ColorChoice::Auto, &[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], false));
        assert!(colored(ColorChoice::Auto, &[("CARGO_TERM_COLOR", "always")], false));
        assert!(!colored(ColorChoice::Auto, &[("CARGO_TERM_COLOR", "never")], true));
        assert!(!colored(ColorChoice::Auto, &[("TERM", "dumb")], true));
        assert!(colored(ColorChoice::Auto, &[], true));
        assert!(!colored(ColorChoice::Auto, &[], false));
    }
}
