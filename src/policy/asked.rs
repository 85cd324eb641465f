//! A policy for other hosts than those it names, as `check --runs-on` asks for.

use super::problem::visible;
use super::validate::close_hosts;
use super::{Origin, Policy, Setting};
use crate::hosts;
use crate::listing::any_of;

impl Policy {
    /// The same policy for these hosts alone, whatever it lists for all artifacts or for some.
    ///
    /// # Errors
    /// A sentence about the first name that is no host's: neither of the catalogue nor of `[hosts.NAME]`.
    pub(crate) fn for_hosts(mut self, names: &[String]) -> Result<Policy, String> {
        if let Some(unknown) = names.iter().find(|name| !hosts::is_known(name) && !self.hosts.contains_key(*name)) {
            let close = close_hosts(unknown, &self);
            let hint = if close.is_empty() { String::new() } else { format!(" (did you mean {}?)", any_of(&close)) };
            return Err(format!("unknown host `{}`{hint}; `seaworthy hosts` lists them", visible(unknown)));
        }
        let asked = |name: &String| Setting { value: name.clone(), origin: Origin::CommandLine };
        self.runs_on = names.iter().map(asked).collect();
        for artifact in &mut self.artifacts {
            artifact.runs_on = None;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::policy::parse_str;

    fn asked(names: &[&str]) -> Result<Policy, String> {
        let own = "runs-on = [\"scratch\"]\n[hosts.appliance]\nglibc = \"2.28\"\n[[artifact]]\npath = \"a\"\nruns-on = [\"rhel:8\"]\n";
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        parse_str(own, Path::new("seaworthy.toml")).expect("a good policy").for_hosts(&names)
    }

    #[test]
    fn hosts_that_are_asked_for_replace_all_others() {
        let policy = asked(&["alpine:3.20", "appliance"]).expect("both are known");
        let names: Vec<&str> = policy.runs_on.iter().map(|name| name.value.as_str()).collect();
        assert_eq!(names, ["alpine:3.20", "appliance"]);
        assert!(policy.runs_on.iter().all(|name| name.origin == Origin::CommandLine));
        assert_eq!(policy.artifacts[0].runs_on, None);
    }

    #[test]
    fn an_unknown_host_is_named_with_what_is_close() {
        let said = asked(&["alpin:3.20"]).expect_err("no such host");
        assert!(said.starts_with("unknown host `alpin:3.20` (did you mean `alpine:3.20`"), "{said}");
        assert!(asked(&["\u{1b}[2J"]).is_err_and(|said| !said.contains('\u{1b}')));
    }
}
