//! `seaworthy policy show`: every value of the policy, with where it comes from.

use crate::Error;
use crate::cli::{Listing, Options};
use crate::report;
use crate::ui::Ui;

use super::output;

/// Prints the policy that holds in the working directory.
///
/// # Errors
/// When it cannot be read, or has errors.
pub(super) fn show(ui: &Ui, options: &Options) -> Result<u8, Error> {
    let policy = crate::policy::load(options.policy.as_deref(), &super::current_directory()?)?;
    let value = serde_json::to_value(&policy).unwrap_or_default();
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&value),
        Listing::Text => policy.to_toml(),
    };
    output::print(ui, &text)
}
