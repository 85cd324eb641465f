//! Clashes between what the user set and what the policy wants: shown before the build, instead of it.

use std::fmt::Write as _;

use crate::plan::Conflict;
use crate::report::{self, Styles, escape};

/// One block per clash, with both sources and the way out.
pub(super) fn text(conflicts: &[Conflict], styles: &Styles) -> String {
    let (error, strong, label) = (styles.error, styles.strong, styles.label);
    let mut out = String::new();
    for conflict in conflicts {
        let (user, policy) = (escape(&conflict.user), escape(&conflict.policy));
        let _ = writeln!(
            out,
            "{error}error[conflict]{error:#}{strong}: `{user}` clashes with `{policy}`; the build was not started{strong:#}"
        );
        for (name, text) in [
            ("set", format!("`{user}` by {}", escape(&conflict.user_source))),
            ("policy", format!("`{policy}` ({})", report::origin(&conflict.origin))),
            ("help", escape(&conflict.help).into_owned()),
        ] {
            let _ = writeln!(out, "  {label}={label:#} {name}: {text}");
        }
    }
    out
}
